"""Make a proof: read, prove, mend what is refuted, replay it, compare it with a revision."""

import time
from dataclasses import dataclass

from valetkey.cli.prove_change import change_of
from valetkey.cli.prove_inputs import Inputs, Read, read, read_at
from valetkey.cli.prove_progress import progress
from valetkey.cli.prove_proof import MEND_SECONDS, Change, Proof, Replayed, Unmended
from valetkey.cli.prove_running import Certified, Limits, Memory, run
from valetkey.errors import ValetkeyError
from valetkey.isolation.answer import Answer, Report
from valetkey.isolation.mending import Mend, mend
from valetkey.isolation.problem import Problem, problem_of

State = tuple[Problem, Report]
"""What was asked about, and what was answered."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be done beside proving."""

    mend: bool = True
    replay: bool = False
    since: str | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """The proof, and why each proved question has no solution."""

    proof: Proof
    certificates: tuple[Certified, ...]


def make(inputs: Inputs, limits: Limits, wanted: Wanted) -> Made:
    """Return the proof of what the files say. Raises ValetkeyError as `read` and the prover."""
    found = read(inputs)
    then = None if wanted.since is None else read_at(inputs, wanted.since)
    problem = problem_of(found.tenancy, found.policies)
    memory: Memory = {}
    with progress("proving") as advance:
        done = run(problem, limits, advance, memory=memory)
    now = (problem, done.report)
    found_mend, unmended = _mend(now, limits, memory) if wanted.mend else (None, Unmended.UNSOUGHT)
    proof = Proof(
        tenancy=found.tenancy,
        policies=found.policies,
        report=done.report,
        files=found.files,
        mend=found_mend,
        unmended=unmended,
        change=_change(then, wanted.since, limits, now=now, memory=memory),
        replayed=_replayed(found, done.report) if wanted.replay else (),
    )
    return Made(proof, done.certificates)


class _TooLongError(Exception):
    """Nobody waits this long for a mend."""


def _mend(now: State, limits: Limits, memory: Memory) -> tuple[Mend | None, Unmended]:
    """Return the smallest edit that proves, where one is needed and found in time, else why not."""
    problem, report = now
    if report.answer is not Answer.REFUTED:
        return None, Unmended.UNSOUGHT
    until = time.monotonic() + MEND_SECONDS
    with progress("mending") as advance:

        def prove(candidate: Problem) -> Report:
            if time.monotonic() > until:
                raise _TooLongError
            return run(candidate, limits, advance, memory=memory).report

        try:
            return mend(problem, report, prove), Unmended.UNFOUND
        except _TooLongError:
            return None, Unmended.TOO_LONG


def _change(
    then: Read | None, revision: str | None, limits: Limits, *, now: State, memory: Memory
) -> Change | None:
    """Return what came since the revision, whose policies are proved for it, too."""
    if then is None or revision is None:
        return None
    before = problem_of(then.tenancy, then.policies)
    with progress("comparing") as advance:
        report = run(before, limits, advance, memory=memory).report
    return change_of(revision, (before, report), now, missing=then.missing)


def _replayed(found: Read, report: Report) -> tuple[Replayed, ...]:
    """Return what a local AWS did for each witness. Raises ValetkeyError `extra-missing`."""
    try:
        from valetkey.cli.prove_replay import replays
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] == "valetkey":
            raise
        raise ValetkeyError(
            "extra-missing",
            f"a replay needs `{error.name}`, which is not installed",
            hint="pip install 'valetkey[localaws]'",
        ) from error

    return replays(found.tenancy, found.policies, report)
