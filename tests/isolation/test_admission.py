"""Which session tags a trust policy lets in."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.isolation.trusts import Statement, a_problem, allow, bounded, document, trust_of
from tests.tenancy.maps import BROKER
from valetkey.isolation.admission import admitted, let_in, readmitted
from valetkey.isolation.deciding import decide
from valetkey.isolation.formula import Assignment, Equal, all_of
from valetkey.isolation.session import TagState, in_alphabet, tag_symbol
from valetkey.isolation.solution import Satisfiable
from valetkey.tenancy import Attached

OURS = {"user_id": TagState.FULL, "valetkey_run": TagState.FULL}
ALICE = {"user_id": "alice", "valetkey_run": "r-1"}


def _is_let_in(
    trust: Statement, states: Mapping[str, TagState], values: Mapping[str, str] | None = None
) -> bool:
    """Tell whether there is a session with tags of these states (and values) that is let in,
    and that the evaluator lets it in.
    """
    problem = a_problem(trust=trust)
    role = problem.roles[0]
    given = Assignment({f"a.tag.{key}": text for key, text in (values or {}).items()}, {})
    if values is not None:
        return readmitted(role, states, given, prefix="a.", problem=problem)
    opened = admitted(role, states, prefix="a.", problem=problem)
    found = decide(all_of([opened, in_alphabet(states, "a.")]))
    if not isinstance(found, Satisfiable):
        return False
    assignment = let_in(role, states, found.assignment, prefix="a.", problem=problem)
    assert assignment is not None
    return True


def test_exactly_our_tags_are_let_in() -> None:
    assert _is_let_in(trust_of(), OURS)
    assert _is_let_in(trust_of(), OURS, ALICE)


@pytest.mark.parametrize("key", OURS)
@pytest.mark.parametrize("state", [TagState.ABSENT, TagState.EMPTY])
def test_no_session_without_one_of_our_tags_is_let_in(key: str, state: TagState) -> None:
    assert not _is_let_in(trust_of(), {**OURS, key: state})
    assert _is_let_in(trust_of(condition={}), {**OURS, key: state})


def test_no_other_tag_is_let_in_beside_ours() -> None:
    more = {**OURS, "team": TagState.FREE, "role": TagState.FULL}
    assert not _is_let_in(trust_of(), more)
    assert _is_let_in(trust_of(condition={}), more)


@pytest.mark.parametrize(
    ("user_id", "expected"), [("alice", True), ("a/b", False), ("", False), ("a b", True)]
)
def test_a_value_is_let_in_as_its_bounds_say(user_id: str, expected: bool) -> None:
    assert _is_let_in(trust_of(), OURS, {**ALICE, "user_id": user_id}) is expected


def test_tags_need_tag_session_too() -> None:
    only_assume = {
        "Effect": "Allow",
        "Principal": {"AWS": BROKER},
        "Action": "sts:AssumeRole",
    }
    assert not _is_let_in(document(only_assume), OURS)
    assert not _is_let_in(document(only_assume), OURS, ALICE)
    assert _is_let_in(document(only_assume), dict.fromkeys(OURS, TagState.ABSENT))


def test_a_tag_session_alone_lets_nobody_in() -> None:
    only_tags = {"Effect": "Allow", "Principal": {"AWS": BROKER}, "Action": "sts:TagSession"}
    assert not _is_let_in(document(only_tags), OURS)


def test_one_caller_must_have_both_actions() -> None:
    other = "arn:aws:iam::111122223333:role/Other"
    assume = {"Effect": "Allow", "Principal": {"AWS": BROKER}, "Action": "sts:AssumeRole"}
    tag = {"Effect": "Allow", "Principal": {"AWS": other}, "Action": "sts:TagSession"}
    assert not _is_let_in(document(assume, tag), OURS)


def test_what_else_a_caller_brings_is_the_callers_choice() -> None:
    condition: dict[str, Any] = {**bounded(), "StringEquals": {"sts:ExternalId": "us"}}
    problem = a_problem(trust=trust_of(condition=condition))
    found = decide(admitted(problem.roles[0], OURS, prefix="a.", problem=problem))
    assert isinstance(found, Satisfiable)
    assert "us" in found.assignment.texts.values()


def test_a_deny_keeps_its_sessions_out() -> None:
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sts:*",
        "Condition": {"StringEquals": {"aws:RequestTag/user_id": "root"}},
    }
    trust = trust_of(deny)
    assert not _is_let_in(trust, OURS, {**ALICE, "user_id": "root"})
    assert _is_let_in(trust, OURS, ALICE)


def test_a_tag_in_other_letters_is_let_in_by_the_weaker_reading() -> None:
    """What keeps `admin` out and not `Admin` keeps neither out for sure."""
    condition: dict[str, Any] = {"StringLike": {"aws:RequestTag/user_id": "Admin"}}
    problem = a_problem(trust=trust_of(condition=condition))
    role = problem.roles[0]
    opened = admitted(role, OURS, prefix="a.", problem=problem)
    small = Equal((tag_symbol("user_id", "a."),), ("admin",))
    assert isinstance(decide(all_of([opened, small])), Satisfiable)
    assert not _is_let_in(trust_of(condition=condition), OURS, {**ALICE, "user_id": "admin"})


def test_a_key_that_policies_spell_otherwise_is_let_in_as_the_trust_spells_it() -> None:
    """AWS tells tag keys apart without regard to case: `TEAM` is the tag that `team` reads."""
    condition: dict[str, Any] = {"ForAllValues:StringEquals": {"aws:TagKeys": ["TEAM"]}}
    assert _is_let_in(trust_of(condition=condition), {"team": TagState.FULL})


def test_a_key_that_a_deny_knows_in_one_spelling_is_let_in_in_another() -> None:
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sts:*",
        "Condition": {"ForAnyValue:StringEquals": {"aws:TagKeys": "team"}},
    }
    assert _is_let_in(trust_of(deny, condition={}), {"team": TagState.FULL})


def test_tags_of_which_nothing_is_known_are_passed_where_the_trust_asks_for_some() -> None:
    """Each of the conditions wants a tag of its own, and none is the map's."""
    wanted: dict[str, Any] = {
        "ForAnyValue:StringEquals": {"aws:TagKeys": ["q"]},
        "ForAnyValue:StringLike": {"aws:TagKeys": ["p*"]},
    }
    nobody = dict.fromkeys(OURS, TagState.ABSENT)
    assert _is_let_in(trust_of(condition=wanted), nobody)
    assert not _is_let_in(trust_of(condition={**bounded(), **wanted}), OURS)


def test_another_tag_is_none_of_the_sessions_own_in_other_letters() -> None:
    condition: dict[str, Any] = {"ForAnyValue:StringEquals": {"aws:TagKeys": ["USER_ID"]}}
    absent = dict.fromkeys(OURS, TagState.ABSENT)
    assert not _is_let_in(trust_of(condition=condition), absent)
    assert _is_let_in(trust_of(condition=condition), {**absent, "user_id": TagState.FULL})


def test_of_an_account_the_one_is_let_in_whom_a_condition_means() -> None:
    condition = {**bounded(), "ArnEquals": {"aws:PrincipalArn": BROKER}}
    trust = trust_of(principal={"AWS": "111122223333"}, condition=condition)
    assert _is_let_in(trust, OURS)
    assert _is_let_in(trust, OURS, ALICE)


def test_of_an_account_somebody_may_be_let_in_whom_we_do_not_know() -> None:
    condition = {**bounded(), "ArnEquals": {"aws:PrincipalArn": f"{BROKER}s"}}
    other = {"AWS": "999988887777"}
    problem = a_problem(trust=trust_of(principal=other, condition=condition))
    found = decide(admitted(problem.roles[0], OURS, prefix="a.", problem=problem))
    assert isinstance(found, Satisfiable)


def test_a_key_that_a_resource_control_knows_in_one_spelling_is_let_in_in_another() -> None:
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sts:*",
        "Resource": "*",
        "Condition": {"ForAnyValue:StringEquals": {"aws:TagKeys": "team"}},
    }
    control = Attached("control", document(allow("*", "*", Principal="*"), deny))
    problem = a_problem(trust=trust_of(condition={}), resource_control=((control,),))
    opened = admitted(problem.roles[0], {"team": TagState.FULL}, prefix="a.", problem=problem)
    assert isinstance(decide(opened), Satisfiable)
