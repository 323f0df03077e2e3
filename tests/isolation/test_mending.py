"""Mends: edits are guesses, and only a proof makes one right."""

from collections.abc import Callable
from dataclasses import replace

from tests.isolation.leaks import (
    BUCKET,
    FIRST,
    HOLES,
    IN_ROLE,
    MAP,
    OWN,
    READ,
    ROLE,
    TABLE,
    TRUSTED,
    USER,
    policies_with,
    witness_of,
)
from valetkey.iam import StatementRef
from valetkey.isolation.answer import Answer, Report, Theorem, TheoremAnswer, Witness
from valetkey.isolation.mending import mend
from valetkey.isolation.problem import Problem, problem_of
from valetkey.tenancy import (
    PolicySet,
)

Finding = Callable[[PolicySet], Witness | None]


class ScriptedProver:
    """Refutes what its findings say of the policies; counts what it is asked."""

    def __init__(self, **findings: Finding) -> None:
        self.findings = findings
        self.asked = 0

    def __call__(self, problem: Problem) -> Report:
        self.asked += 1
        found: dict[Theorem, list[Witness]] = {theorem: [] for theorem in Theorem}
        for name, finding in self.findings.items():
            witness = finding(problem.policies)
            if witness is not None:
                theorem = Theorem.USABLE if name.startswith("usable") else Theorem.ISOLATION
                found[theorem].append(witness)
        return Report(
            tuple(
                TheoremAnswer(theorem, Answer.REFUTED if some else Answer.PROVED, tuple(some))
                for theorem, some in found.items()
            )
        )


def _written(policies: PolicySet) -> str:
    return str(policies.roles[0].permissions[0].document)


def _too_open(policies: PolicySet) -> Witness | None:
    is_open = f"traces/{USER}*" in _written(policies)
    return witness_of("s3:GetObject", f"{BUCKET}/traces/ab/x", FIRST) if is_open else None


def _scans(policies: PolicySet) -> Witness | None:
    statement = StatementRef("permissions", 1)
    return witness_of("dynamodb:Scan", TABLE, statement) if "Scan" in _written(policies) else None


def _cannot_read(policies: PolicySet) -> Witness | None:
    reads = "GetObject" in _written(policies) and "Query" in _written(policies)
    return None if reads else witness_of("s3:GetObject", OWN, expected="allow")


def test_edits_are_made_until_nothing_is_refuted() -> None:
    problem = problem_of(MAP, policies_with(*HOLES))
    prove = ScriptedProver(open=_too_open, scan=_scans, usable=_cannot_read)

    found = mend(problem, prove(problem), prove)

    assert found is not None
    assert found.report.answer is Answer.PROVED
    assert found.policies == policies_with(READ, {**HOLES[1], "Action": "dynamodb:Query"})
    assert found.edits == (
        "permissions, statement 1: a `/` after the variable",
        "permissions, statement 2: without `dynamodb:Scan`",
    )


def test_an_edit_that_takes_what_the_map_gives_is_no_mend() -> None:
    problem = problem_of(MAP, policies_with(*HOLES))

    def reads_all(policies: PolicySet) -> Witness | None:
        reads = "GetObject" in _written(policies)
        return witness_of("s3:GetObject", OWN, FIRST) if reads else None

    prove = ScriptedProver(reads=reads_all, usable=_cannot_read)

    assert mend(problem, prove(problem), prove) is None


def test_no_edit_trades_two_findings_for_one_of_another_theorem() -> None:
    deny = {"Effect": "Deny", "Action": "s3:PutObject", "Resource": "*"}
    problem = problem_of(MAP, policies_with(READ, deny))

    def reads(policies: PolicySet) -> Witness | None:
        found = "GetObject" in _written(policies)
        return witness_of("s3:GetObject", OWN, FIRST) if found else None

    def does_nothing(policies: PolicySet) -> Witness | None:
        works = "GetObject" in _written(policies) or "Query" in _written(policies)
        return None if works else witness_of("dynamodb:Query", TABLE, expected="allow")

    prove = ScriptedProver(reads=reads, again=reads, usable=does_nothing)

    assert mend(problem, prove(problem), prove) is None


def test_where_nothing_is_refuted_nothing_is_tried() -> None:
    problem = problem_of(MAP, policies_with(READ))
    prove = ScriptedProver(open=_too_open)
    report = prove(problem)

    assert mend(problem, report, prove) is None
    assert prove.asked == 1


def test_it_gives_up_after_so_many_proofs() -> None:
    problem = problem_of(MAP, policies_with(*HOLES))
    prove = ScriptedProver(always=lambda _: witness_of("s3:GetObject", OWN, FIRST))
    report = prove(problem)

    assert mend(problem, report, prove, most_proofs=3) is None
    assert prove.asked == 4


def test_a_document_is_written_anew_only_where_no_edit_helps() -> None:
    lax = {**TRUSTED, "Statement": [{**TRUSTED["Statement"][0], "Condition": {}}]}
    problem = problem_of(MAP, policies_with(READ, trust=lax))

    def unlike(policies: PolicySet) -> Witness | None:
        return None if policies.roles[0].trust == TRUSTED else IN_ROLE

    prove = ScriptedProver(trust=unlike)
    found = mend(problem, prove(problem), prove)

    assert found is not None
    assert found.edits == (f"trust of {ROLE}: as the map writes it",)


def test_what_is_unknown_for_a_new_reason_is_no_mend() -> None:
    problem = problem_of(MAP, policies_with(*HOLES[:1]))
    scripted = ScriptedProver(open=_too_open)

    def prove(asked: Problem) -> Report:
        report = scripted(asked)
        if report.answer is Answer.REFUTED:
            return report
        unknown = replace(report.theorems[0], answer=Answer.UNKNOWN, reasons=("who knows",))
        return Report((unknown, *report.theorems[1:]))

    assert mend(problem, prove(problem), prove) is None
