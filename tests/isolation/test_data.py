"""What there is to ask about data: every action, place and statement, and what the map gives."""

import pytest

from tests.isolation.tenants import BUCKET, only, own, trust_with
from tests.isolation.trusts import a_problem, allow
from tests.tenancy.maps import ORDERS, ROLE
from valetkey.isolation.data import attempts, keys_of, rights_by_action
from valetkey.isolation.formula import FALSE, Assignment, Formula, holds
from valetkey.isolation.keys import Fixed, Keys, One
from valetkey.isolation.owners import owners
from valetkey.isolation.places_of_data import REST, located
from valetkey.isolation.problem import Problem
from valetkey.isolation.regions import given, reaches, regions_of
from valetkey.isolation.session import TagState
from valetkey.isolation.sessions import session_of, tag_keys
from valetkey.tenancy import CATALOG, Reach, Shape, rights_of

EVERYTHING = only(allow("*", "*"))
NOTHING = Assignment({}, {})


def asked(problem: Problem) -> set[tuple[str, str | None]]:
    """Return the actions and places of all attempts."""
    session = session_of(problem, problem.roles[0])
    found = attempts(session, rights_by_action(problem))
    return {(one.ask.action, one.place.arn) for one in found}


def test_every_action_on_data_is_asked_at_every_place_of_its_service() -> None:
    found = asked(a_problem(grants=EVERYTHING))
    data = {known.name for known in CATALOG if known.reach is Reach.DATA}
    assert {action for action, place in found if place is None} == data
    assert {("s3:GetObject", BUCKET), ("s3:ListBucket", BUCKET), ("dynamodb:Scan", ORDERS)} <= found


def test_what_no_statement_allows_is_not_asked() -> None:
    found = asked(a_problem(grants=only(allow("s3:GetObject", "*"))))
    assert {action for action, _ in found} == {"s3:GetObject"}


def test_an_action_that_reaches_no_data_is_left_to_no_way_up() -> None:
    named = ["logs:PutLogEvents", "dynamodb:DescribeTable", "S3:getobject"]
    found = asked(a_problem(grants=only(allow(named, "*"))))
    assert {action for action, _ in found} == {"s3:GetObject"}


def test_each_statement_is_asked_about_alone() -> None:
    problem = a_problem(grants=only(allow("s3:GetObject", "*"), allow("s3:Get*", "*")))
    session = session_of(problem, problem.roles[0])
    found = [one for one in attempts(session, {}) if one.ask.action == "s3:GetObject"]
    by_place = [one for one in found if one.place.arn == BUCKET]
    assert [one.by for one in by_place] == [
        "by permissions statement 0",
        "by permissions statement 1",
    ]
    assert all(len(one.ask.policies.identity[0].statements) == 1 for one in by_place)
    assert all(len(one.policies.identity[0].statements) == 2 for one in by_place)


def test_tags_that_only_policies_name_are_those_of_a_session_too() -> None:
    more = {"ForAllValues_StringEquals": {"aws:TagKeys": ["user_id", "repo"]}}
    statement = allow("s3:GetObject", f"{BUCKET}/${{aws:PrincipalTag/Team}}/*")
    problem = a_problem(trust=trust_with(**more), grants=own(statement))
    keys = tag_keys(problem, problem.roles[0])
    assert set(keys) == {"user_id", "valetkey_run", "repo", "Team"}


def test_a_condition_on_whether_tag_keys_are_there_names_no_tag() -> None:
    problem = a_problem(grants=own())
    assert tag_keys(problem, problem.roles[0]) == ("user_id", "valetkey_run")


def gives(keys: Keys, resource: str, action: str) -> Formula:
    """Return that the map of the tests gives this to a run with all tags."""
    rights = rights_by_action(a_problem())[action]
    tags = {"user_id": TagState.FULL}
    return given(rights, (resource,), keys, tags=tags, prefix="a.")


@pytest.mark.parametrize(
    ("prefix", "is_given"),
    [("traces/a/", True), ("traces/a/b", True), ("traces/a", False), ("", False)],
)
def test_a_listing_is_given_of_what_begins_with_the_own_prefix(prefix: str, is_given: bool) -> None:
    keys = {"s3:prefix": One((prefix,))} if prefix else {"s3:prefix": Fixed("")}
    formula = gives(keys, BUCKET, "s3:listbucket")
    assert holds(formula, Assignment({"a.tag.user_id": "a"}, {})) is is_given


def test_without_the_key_that_says_which_data_nothing_is_given() -> None:
    assert gives({}, ORDERS, "dynamodb:getitem") == FALSE
    own_row = {"dynamodb:leadingkeys": Fixed(("TENANT#a",))}
    formula = gives(own_row, ORDERS, "dynamodb:getitem")
    assert holds(formula, Assignment({"a.tag.user_id": "a"}, {}))
    both = {"dynamodb:leadingkeys": Fixed(("TENANT#a", "TENANT#b"))}
    assert not holds(
        gives(both, ORDERS, "dynamodb:batchgetitem"), Assignment({"a.tag.user_id": "a"}, {})
    )


def test_a_run_without_the_tag_is_given_nothing() -> None:
    rights = rights_by_action(a_problem())["s3:getobject"]
    for state in (TagState.ABSENT, TagState.EMPTY):
        resource = (f"{BUCKET}/traces//x",)
        assert given(rights, resource, {}, tags={"user_id": state}, prefix="a.") == FALSE


@pytest.mark.parametrize(("name", "is_table"), [("table/x", True), ("table/x/index/y", False)])
def test_a_table_elsewhere_is_no_index(name: str, is_table: bool) -> None:
    place = a_problem().places("dynamodb:GetItem")[-1]
    at = located(place, Shape.TABLE, action="dynamodb:GetItem", role_arn=ROLE)
    assert at is not None
    solution = Assignment({REST.name: f"eu-west-1:111122223333:{name}"}, {})
    assert holds(at.possible, solution) is is_table


REACHED = [("", True), ("tr", True), ("traces/a", True), ("traces/a/b", True), ("other/", False)]


@pytest.mark.parametrize(("prefix", "is_reached"), REACHED)
def test_a_listing_reaches_whatever_its_prefix_begins(prefix: str, is_reached: bool) -> None:
    regions = regions_of(rights_of(a_problem().tenancy))
    listed = [one for one in regions if one.key and one.key.name == "s3:prefix"]
    keys: Keys = {"s3:prefix": Fixed(prefix)}
    assert holds(reaches(listed[0], (BUCKET,), keys), NOTHING) is is_reached


OWNERS = [
    (f"{BUCKET}/traces/b/x", {}, "b"),
    (BUCKET, {"s3:prefix": "traces/b/"}, "b"),
    (BUCKET, {"s3:prefix": "traces/a"}, "ab"),
    (BUCKET, {}, "b"),
    (ORDERS, {"dynamodb:leadingkeys": ("TENANT#a", "TENANT#c")}, "c"),
    (ORDERS, {}, "b"),
    (f"{ORDERS}/index/by_date", {"dynamodb:leadingkeys": ("2026",)}, "b"),
    (f"{BUCKET}/traces/a/x", {}, None),
    (f"{BUCKET}/other/x", {}, None),
]


@pytest.mark.parametrize(("resource", "values", "owner"), OWNERS)
def test_the_owner_of_what_a_request_reaches_is_another_run(
    resource: str, values: dict[str, str], owner: str | None
) -> None:
    regions = regions_of(rights_of(a_problem().tenancy))
    found = next(iter(owners(regions, {"user_id": "a"}, resource, values)), None)
    assert (found and found[1]["user_id"]) == owner


def test_a_key_has_as_many_members_as_the_question_needs() -> None:
    problem = a_problem(grants=own())
    session = session_of(problem, problem.roles[0])
    action = "dynamodb:BatchGetItem"
    policies = problem.policies_of(problem.roles[0], problem.places(action)[0])
    rights = rights_by_action(problem)[action.lower()]
    keys = keys_of(session, action, (ORDERS,), policies=policies, own=rights)
    assert "aws:principaltag/user_id" in keys
    assert "dynamodb:leadingkeys" in keys
