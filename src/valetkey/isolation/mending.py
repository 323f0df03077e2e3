"""The smallest mend: edits of the policies after which nothing is refuted.

Edits are guesses, tried in order of their size; what makes one right is the proof that follows
it. Nothing here is believed about IAM.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from valetkey.iam import PolicyError
from valetkey.isolation.answer import Answer, Report, Witness
from valetkey.isolation.editing import Edit
from valetkey.isolation.mends_of_permissions import permission_edits
from valetkey.isolation.mends_of_trust import (
    resource_policy_edits,
    role_tag_edits,
    trust_edits,
)
from valetkey.isolation.problem import Problem, problem_of
from valetkey.tenancy import PolicySet, TenancyError, TenancyMap

MOST_EDITS = 6
MOST_PROOFS = 120
"""A mend is a courtesy: where this many proofs show none, a person must look anyway."""


@dataclass(frozen=True, slots=True)
class Mend:
    """Policies of which nothing is refuted, the edits in words, and the report that says so."""

    policies: PolicySet
    edits: tuple[str, ...]
    report: Report


def mend(
    problem: Problem,
    report: Report,
    prove: Callable[[Problem], Report],
    *,
    most_proofs: int = MOST_PROOFS,
) -> Mend | None:
    """Return the smallest mend that was found; None where none was, or nothing is refuted.

    Each edit refutes less than before it, and no theorem is answered worse than before it: what
    was proved stays proved, what was unknown is unknown for no new reason.
    """
    tries = _Tries(prove, most_proofs)
    for whole in (False, True):
        found = _searched(problem, report, tries, whole=whole)
        if found is not None:
            return found
    return None


@dataclass(slots=True)
class _Tries:
    """Proves edits, so many at most."""

    prove: Callable[[Problem], Report]
    left: int

    def of(self, problem: Problem, edit: Edit) -> Report | None:
        """Return the report about the policies with the edit, None if that can't be told."""
        if self.left == 0:
            return None
        self.left -= 1
        try:
            return self.prove(problem_of(problem.tenancy, edit.policies))
        except (PolicyError, TenancyError):
            return None  # the edit made no policy of it


def _searched(problem: Problem, report: Report, tries: _Tries, *, whole: bool) -> Mend | None:
    """Return what edit after edit leads to, each the one after which the least is refuted."""
    edits: list[str] = []
    while report.answer is Answer.REFUTED and len(edits) < MOST_EDITS:
        best: tuple[Edit, Report] | None = None
        for edit in _edits(problem, report):
            if edit.whole and not whole:
                continue
            tried = tries.of(problem, edit)
            if tried is not None and _is_better(report, tried):
                if best is None or _findings(tried) < _findings(best[1]):
                    best = edit, tried
                if not _findings(tried):
                    break
        if best is None:
            return None
        edits.append(best[0].words)
        problem, report = problem_of(problem.tenancy, best[0].policies), best[1]
    if report.answer is Answer.REFUTED or not edits:
        return None
    return Mend(problem.policies, tuple(edits), report)


def _edits(problem: Problem, report: Report) -> Iterator[Edit]:
    """Yield each edit once, those for the first findings first."""
    seen: list[PolicySet] = []
    for witness in _witnesses(report):
        for edit in _for(problem.tenancy, problem.policies, witness):
            if edit.policies not in seen:
                seen.append(edit.policies)
                yield edit


def _for(tenancy: TenancyMap, policies: PolicySet, witness: Witness) -> Iterator[Edit]:
    yield from role_tag_edits(tenancy, policies)
    yield from permission_edits(tenancy, policies, witness)
    yield from resource_policy_edits(tenancy, policies, witness)
    yield from trust_edits(tenancy, policies, witness)


def _witnesses(report: Report) -> Iterator[Witness]:
    for theorem in report.theorems:
        yield from theorem.witnesses


def _findings(report: Report) -> int:
    return sum(len(theorem.witnesses) for theorem in report.theorems)


def _is_better(before: Report, after: Report) -> bool:
    """Tell whether less is refuted, and no theorem is answered worse or for a new reason."""
    old = {one.theorem: one for one in before.theorems}
    for now in after.theorems:
        was = old[now.theorem]
        if len(now.witnesses) > len(was.witnesses) or set(now.reasons) - set(was.reasons):
            return False
    return _findings(after) < _findings(before)
