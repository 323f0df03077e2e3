"""Make a proof: read, prove, mend what is refuted, replay it, compare it with a revision."""

import time
from dataclasses import dataclass

from valetkey.cli.prove_change import change_of
from valetkey.cli.prove_inputs import Inputs, Read, at, read
from valetkey.cli.prove_progress import progress
from valetkey.cli.prove_proof import Change, Proof, Replayed
from valetkey.cli.prove_running import Certified, Limits, Memory, run
from valetkey.errors import ValetkeyError
from valetkey.isolation.answer import Answer, Report
from valetkey.isolation.mending import Mend, mend
from valetkey.isolation.problem import Problem, problem_of

MEND_SECONDS = 60.0


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
    problem = problem_of(found.tenancy, found.policies)
    memory: Memory = {}
    with progress("proving") as advance:
        done = run(problem, limits, advance, memory=memory)
    report = done.report
    proof = Proof(
        tenancy=found.tenancy,
        policies=found.policies,
        report=report,
        files=found.files,
        mend=_mend(problem, report, limits, memory) if wanted.mend else None,
        change=_change(inputs, limits, wanted.since, (problem, report)),
        replayed=_replayed(found, report) if wanted.replay else (),
    )
    return Made(proof, done.certificates)


class _TooLongError(Exception):
    """Nobody waits this long for a mend."""


def _mend(problem: Problem, report: Report, limits: Limits, memory: Memory) -> Mend | None:
    """Return the smallest edit that proves, where one is needed and found in time."""
    if report.answer is not Answer.REFUTED:
        return None
    until = time.monotonic() + MEND_SECONDS
    with progress("mending") as advance:

        def prove(candidate: Problem) -> Report:
            if time.monotonic() > until:
                raise _TooLongError
            return run(candidate, limits, advance, memory=memory).report

        try:
            return mend(problem, report, prove)
        except _TooLongError:
            return None


def _change(
    inputs: Inputs, limits: Limits, revision: str | None, now: tuple[Problem, Report]
) -> Change | None:
    """Return what came since the revision, whose policies are proved for it, too."""
    if revision is None:
        return None
    with at(inputs, revision) as then, progress("comparing") as advance:
        before = problem_of(then.tenancy, then.policies)
        return change_of(revision, (before, run(before, limits, advance).report), now)


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
