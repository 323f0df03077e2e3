"""Isolation: of which resources, accounts and sessions it is asked, and of which it is not."""

from tests.isolation.tenants import (
    BUCKET,
    OWN_OBJECTS,
    a_map_of_prefixes,
    is_proved,
    only,
    own,
    refuted,
)
from tests.isolation.trusts import a_problem, allow, document, verdicts
from tests.tenancy.maps import ORDERS, ROLE
from valetkey.isolation.theorem_isolation import isolation


def test_an_account_that_a_condition_names_is_asked_about() -> None:
    for wanted in ("222222222222", "2222*"):
        there = {"StringLike": {"aws:ResourceAccount": wanted}}
        statement = allow("s3:PutObject", "*", Condition=there)
        found = verdicts(isolation, a_problem(grants=own(statement)))
        (witness,) = [one.witness for one in found if one.witness]
        assert str(witness.resource_account).startswith("2222")


STREAM = f"{ORDERS}/stream/2026"


def test_a_stream_with_a_policy_of_its_own_is_not_hidden_by_it() -> None:
    problem = a_problem(grants=own(allow("dynamodb:GetRecords", STREAM)), resources={STREAM: None})
    assert refuted(isolation, problem).resource == STREAM
    gives = {**allow("dynamodb:GetRecords", STREAM), "Principal": {"AWS": ROLE}}
    problem = a_problem(grants=own(), resources={STREAM: document(gives)})
    assert refuted(isolation, problem).resource == STREAM


def test_actions_of_other_services_on_everything_are_not_isolations() -> None:
    more = own(allow(["logs:PutLogEvents", "dynamodb:DescribeTable"], "*"))
    assert is_proved(isolation, a_problem(grants=more))


def test_a_statement_with_resources_of_two_services_mixes_them_not() -> None:
    listed = {"StringEquals": {"aws:ResourceTag/a": "b"}}
    both = allow(["s3:GetObject", "sqs:SendMessage"], [OWN_OBJECTS, ORDERS], Condition=listed)
    assert is_proved(isolation, a_problem(grants=own(both)))


def test_an_id_of_a_session_is_one_that_a_session_has() -> None:
    whose = {"StringLike": {"aws:userid": ["AIDA*", ""]}}
    never = allow("s3:GetObject", "*", Condition=whose)
    assert is_proved(isolation, a_problem(grants=own(never)))
    some = {"StringLike": {"aws:userid": "AROAEXAMPLE:*"}}
    statement = allow("s3:GetObject", "*", Condition=some)
    witness = refuted(isolation, a_problem(grants=own(statement)))
    assert str(witness.context["aws:userid"]).startswith("AROAEXAMPLE:")


def test_a_shared_listing_meets_what_an_entry_owns_though_it_lets_nobody_list() -> None:
    shared = [{"arn": BUCKET, "access": ["list"]}]
    tenancy = a_map_of_prefixes("traces/{user_id}/", shared=shared)
    grants = only(allow("s3:GetObject", OWN_OBJECTS), allow("s3:ListBucket", BUCKET))
    assert not is_proved(isolation, a_problem(tenancy, grants=grants))
