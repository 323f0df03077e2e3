"""What the answers to questions say together."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

from tests.isolation.trusts import (
    BUCKET,
    a_map,
    a_problem,
    allow,
    bounded,
    permissions,
    trust_of,
)
from tests.tenancy.maps import ORDERS, ROLE
from valetkey.iam import RequestError
from valetkey.isolation import (
    Answer,
    Answered,
    Question,
    Report,
    Settled,
    Theorem,
    Verdict,
    Witness,
    conclude,
    problem_of,
    prove,
    proving,
    questions,
    verdict,
)
from valetkey.isolation.formula import TRUE, Assignment, Formula, Symbol
from valetkey.isolation.problem import Problem
from valetkey.isolation.solution import Satisfiable, Solution, Undecided, Unsatisfiable
from valetkey.isolation.unencodable import Unencodable
from valetkey.tenancy import AgentRole, PolicySet, generated

WITNESS = Witness("arn", (), "s3:GetObject", "arn", {}, "deny", "allow", "why")
PROVED = Verdict(Answer.PROVED, "one")
UNKNOWN = Verdict(Answer.UNKNOWN, "two", reason="nobody knows")
REFUTED = Verdict(Answer.REFUTED, "three", witness=WITNESS)
NOTHING = Assignment({}, {})


def _question(found: Witness | None) -> Question:
    return Question(Theorem.USABLE, "about", TRUE, (), lambda _: found)


def _report(*verdicts: Verdict) -> Report:
    return conclude(a_problem(), [Answered(Theorem.USABLE, one, 0.5) for one in verdicts])


def _usable(report: Report) -> Answer:
    return next(one.answer for one in report.theorems if one.theorem is Theorem.USABLE)


def test_no_solution_is_a_proof() -> None:
    assert verdict(_question(WITNESS), Unsatisfiable()).answer is Answer.PROVED


def test_a_solution_that_the_evaluator_confirms_refutes() -> None:
    found = verdict(_question(WITNESS), Satisfiable(NOTHING))
    assert (found.answer, found.witness) == (Answer.REFUTED, WITNESS)


def test_a_solution_that_the_evaluator_does_not_confirm_is_unknown() -> None:
    found = verdict(_question(None), Satisfiable(NOTHING))
    reason = f"{proving.NOT_REPRODUCED} (about)"
    assert (found.answer, found.reason) == (Answer.UNKNOWN, reason)


def test_what_is_not_confirmed_is_said_with_its_keys() -> None:
    given = Assignment({"a.key.aws:userid#name": "x", "a.tag.user_id": "a"}, {})
    reason = verdict(_question(None), Satisfiable(given)).reason
    assert reason == f"{proving.NOT_REPRODUCED} (about, by the keys `aws:userid`)"


def test_a_solution_that_no_request_can_have_is_unknown() -> None:
    def impossible(_: Assignment) -> Witness | None:
        raise RequestError("malformed-request", "too long")

    question = Question(Theorem.USABLE, "about", TRUE, (), impossible)
    assert verdict(question, Satisfiable(NOTHING)).answer is Answer.UNKNOWN


def test_a_solver_that_does_not_know_is_unknown_with_its_reason() -> None:
    found = verdict(_question(WITNESS), Undecided("out of time"))
    assert (found.answer, found.reason) == (Answer.UNKNOWN, "out of time")


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ((), Answer.UNKNOWN),
        ((PROVED,), Answer.PROVED),
        ((PROVED, UNKNOWN), Answer.UNKNOWN),
        ((PROVED, UNKNOWN, REFUTED), Answer.REFUTED),
        ((REFUTED, PROVED), Answer.REFUTED),
    ],
)
def test_refuted_comes_before_unknown_and_unknown_before_proved(
    verdicts: tuple[Verdict, ...], expected: Answer
) -> None:
    assert _usable(_report(*verdicts)) is expected


def test_a_report_tells_every_theorem_once_in_order() -> None:
    assert [one.theorem for one in _report(PROVED).theorems] == list(Theorem)


def test_a_theorem_without_a_question_is_unknown_and_so_is_the_report() -> None:
    report = _report(PROVED)
    assert report.answer is Answer.UNKNOWN
    assert all(one.reasons for one in report.theorems if one.answer is Answer.UNKNOWN)


def test_seconds_and_questions_are_counted() -> None:
    usable = _report(PROVED, UNKNOWN, REFUTED).theorems[-1]
    assert (usable.queries, usable.seconds) == (3, 1.5)
    assert (usable.witnesses, usable.reasons) == ((WITNESS,), ("nobody knows",))


def test_what_the_generator_writes_is_proved() -> None:
    tenancy = a_map()
    report = prove(problem_of(tenancy, generated(tenancy)))
    assert {one.theorem: one.reasons for one in report.theorems if one.reasons} == {}
    assert report.answer is Answer.PROVED


def test_one_refuted_theorem_refutes_the_whole() -> None:
    report = prove(a_problem(grants=permissions(allow("dynamodb:Scan", ORDERS))))
    assert report.answer is Answer.REFUTED


def _settled(problem: Problem) -> Mapping[Theorem, list[str]]:
    found: dict[Theorem, list[str]] = {theorem: [] for theorem in Theorem}
    for one in questions(problem):
        if isinstance(one, Settled) and one.verdict.answer is Answer.UNKNOWN:
            found[one.theorem].append(one.verdict.reason or "")
    return found


@pytest.mark.parametrize("arn", [BUCKET, ORDERS])
def test_a_resource_policy_that_was_not_supplied_leaves_every_theorem_unknown(arn: str) -> None:
    whole = a_problem()
    assert not any(_settled(whole).values())
    known = {one: None for one in whole.policies.resource_policies if one != arn}
    found = _settled(problem_of(whole.tenancy, PolicySet(whole.policies.roles, known)))
    assert all(any(arn in one for one in reasons) for reasons in found.values())


def test_a_role_of_the_map_that_was_not_supplied_leaves_every_theorem_unknown() -> None:
    whole = a_problem()
    policies = PolicySet((), whole.policies.resource_policies)
    assert all(_settled(problem_of(whole.tenancy, policies)).values())
    second = replace(whole.tenancy, roles=(*whole.tenancy.roles, AgentRole("two", f"{ROLE}Two")))
    found = _settled(a_problem(second))
    assert all(any(f"{ROLE}Two" in one for one in reasons) for reasons in found.values())


def test_what_a_source_does_not_say_leaves_every_theorem_unknown() -> None:
    found = _settled(a_problem(unread=("a parameter without a value",)))
    assert all("a parameter without a value" in reasons for reasons in found.values())


def test_a_theorem_that_a_formula_cannot_say_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def unsayable(_: Problem) -> Iterator[Settled]:
        yield Settled(Theorem.USABLE, REFUTED)
        raise Unencodable("two readings of a key")

    monkeypatch.setitem(proving.THEOREMS, Theorem.USABLE, unsayable)
    found = proving.questions_of(a_problem(), Theorem.USABLE)
    assert [one.verdict for one in found if isinstance(one, Settled)] == [
        REFUTED,
        Verdict(Answer.UNKNOWN, "what can't be said", reason="two readings of a key"),
    ]


def test_a_solver_that_never_answers_proves_nothing() -> None:
    def never(_: Formula, /, *, plain: tuple[Symbol, ...]) -> Solution:
        return Undecided("no time")

    condition = {**bounded(), "StringLike": {"aws:RequestTag/user_id": "?*"}}
    report = prove(a_problem(trust=trust_of(condition=condition)), never)
    assert report.answer is not Answer.PROVED
