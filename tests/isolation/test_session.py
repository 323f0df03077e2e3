"""The principal tags of a session: its own over the role's, whatever their case."""

import pytest

from tests.iam.build import ROLE, statement
from tests.isolation.build import problem_with
from valetkey.isolation.formula import (
    FALSE,
    TRUE,
    Alphabet,
    Assignment,
    Drawn,
    Flag,
    Symbol,
    all_of,
    holds,
)
from valetkey.isolation.keys import Absent, Fixed, One, cases, value_of
from valetkey.isolation.problem import CompiledRole
from valetkey.isolation.session import (
    TagState,
    in_alphabet,
    session_keys,
    tag_flag,
    tag_symbol,
)

NAME = "aws:principaltag/user_id"


def role(**tags: str) -> CompiledRole:
    return problem_with(statement(), tags=tags).roles[0]


def test_a_tag_is_what_is_known_of_it() -> None:
    def model(state: TagState) -> object:
        return session_keys(role(), {"user_id": state}, "a.")[NAME]

    assert model(TagState.FREE) == One((Symbol("a.tag.user_id"),), Flag("a.has.user_id"))
    assert model(TagState.FULL) == One((Symbol("a.tag.user_id"),), TRUE)
    assert model(TagState.ABSENT) == Absent()
    assert model(TagState.EMPTY) == Fixed("")


def test_names_are_those_of_the_flag_and_the_symbol() -> None:
    assert tag_symbol("User_Id", "b.") == Symbol("b.tag.User_Id")
    assert tag_flag("User_Id", "b.") == Flag("b.has.User_Id")


@pytest.mark.parametrize(
    ("state", "has", "expected"),
    [
        (TagState.FREE, False, "own"),
        (TagState.FREE, True, "session's"),
        (TagState.ABSENT, False, "own"),
        (TagState.FULL, False, "session's"),
        (TagState.EMPTY, False, ""),
    ],
)
def test_the_roles_own_tag_is_there_where_the_session_has_none(
    state: TagState, has: bool, expected: str
) -> None:
    """Ignoring case: it fills in for the isolation tag that was left out."""
    model = session_keys(role(USER_ID="own"), {"user_id": state}, "a.")[NAME]
    given = Assignment({"a.tag.user_id": "session's"}, {"a.has.user_id": has})

    assert value_of(model, given) == expected
    assert sum(holds(one.when, given) for one in cases(model)) == 1


def test_the_roles_other_tags_are_principal_tags_too() -> None:
    assert session_keys(role(Team="x"), {}, "a.") == {"aws:principaltag/team": Fixed("x")}


def test_a_session_of_the_role_is_encoded_with_the_roles_path() -> None:
    assert role().policies.arn == ROLE


def test_tags_are_of_the_letters_that_sts_takes_and_full_ones_are_not_empty() -> None:
    tags = {"u": TagState.FULL, "v": TagState.FREE, "w": TagState.ABSENT, "x": TagState.EMPTY}
    formula = in_alphabet(tags, "a.")

    assert holds(formula, Assignment({"a.tag.u": "x"}, {}))
    assert not holds(formula, Assignment({"a.tag.u": ""}, {}))
    assert not holds(formula, Assignment({"a.tag.u": "*"}, {}))
    assert not holds(formula, Assignment({"a.tag.u": "x", "a.tag.v": "*"}, {}))
    assert in_alphabet({"v": TagState.FREE}, "") == Drawn(Symbol("tag.v"), Alphabet.TAG)
    assert in_alphabet({}, "") == TRUE
    assert all_of([formula, FALSE]) == FALSE
