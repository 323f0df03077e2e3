"""Callers, their keys, and who a Principal element names."""

from typing import Any

import pytest

from tests.iam.build import ACCOUNT, OBJECT, ROLE, SESSION, policy, session, statement
from valetkey.iam import (
    Layer,
    Policies,
    Principal,
    PrincipalKind,
    Request,
    RequestError,
    evaluate,
)


def granted(principal: Principal, element: Any) -> bool:
    bucket = policy(statement(Principal=element), layer=Layer.RESOURCE)
    return evaluate(Request(principal, "s3:GetObject", OBJECT), Policies(resource=bucket)).allowed


@pytest.mark.parametrize(
    "name",
    [
        "",
        "*",
        "alice",
        "arn:aws:iam::123456789012:group/g",
        "arn:aws:s3:::b",
        "arn:aws:iam::12345:user/a",
        "arn:aws:iam:::user/a",
        "arn:aws:iam::123456789012:user/*",
        "arn:aws:sts::123456789012:assumed-role/",
    ],
)
def test_only_a_callers_arn_is_one(name: str) -> None:
    with pytest.raises(RequestError) as caught:
        Principal(PrincipalKind.ARN, name)

    assert caught.value.code == "malformed-principal"


def test_the_account_is_the_arns() -> None:
    assert session().account == ACCOUNT
    with pytest.raises(RequestError):
        Principal(PrincipalKind.ARN, SESSION, account="999988887777")


def test_tag_keys_that_differ_by_case_are_refused() -> None:
    with pytest.raises(RequestError) as caught:
        session({"Team": "a", "team": "b"})

    assert caught.value.code == "malformed-principal"


def test_a_session_tag_wins_over_the_roles_ignoring_case() -> None:
    keys = session({"TEAM": "session"}, role_tags={"team": "role", "cost": "c"}).keys

    assert keys["aws:principaltag/team"] == "session"
    assert keys["aws:principaltag/cost"] == "c"


def test_the_role_of_a_session_is_derived_without_a_path() -> None:
    assert session().keys["aws:principalarn"] == ROLE


def test_a_role_is_named_with_its_path() -> None:
    element = {"AWS": f"arn:aws:iam::{ACCOUNT}:role/team/agent"}

    assert granted(session(), element)  # names are unique in an account, the path is unknown
    assert granted(session(role_arn=f"arn:aws:iam::{ACCOUNT}:role/team/agent"), element)
    assert not granted(session(role_arn=f"arn:aws:iam::{ACCOUNT}:role/other/agent"), element)
    assert not granted(session(role_arn=ROLE), element)


@pytest.mark.parametrize(
    "role",
    [
        "arn:aws:iam::999988887777:role/agent",
        f"arn:aws:iam::{ACCOUNT}:role/other",
        f"arn:aws:iam::{ACCOUNT}:role/agent/other",
        f"arn:aws:iam::{ACCOUNT}:user/agent",
        f"arn:aws-cn:iam::{ACCOUNT}:role/agent",
    ],
)
def test_a_sessions_role_is_its_own(role: str) -> None:
    with pytest.raises(RequestError) as caught:
        session(role_arn=role)

    assert caught.value.code == "malformed-principal"
    with pytest.raises(RequestError):
        Principal(PrincipalKind.ARN, f"arn:aws:iam::{ACCOUNT}:user/agent", role_arn=ROLE)


def test_only_the_path_makes_a_role_service_linked() -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/x.amazonaws.com/agent"

    assert session(role_arn=role).is_service_linked
    assert Principal(PrincipalKind.ARN, role).is_service_linked
    assert not session(role_arn=f"arn:aws:iam::{ACCOUNT}:role/a/aws-service-role/agent"
                       ).is_service_linked  # fmt: skip
    assert not session().is_service_linked


def test_a_deleted_principals_id_names_nobody() -> None:
    assert not granted(session(), {"AWS": "AROA1234567890EXAMPLE"})


def test_a_provider_does_not_make_its_account_the_caller() -> None:
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/id.example.com"
    caller = Principal(PrincipalKind.FEDERATED, provider)

    assert "aws:principalaccount" not in caller.keys
    assert not granted(caller, {"AWS": ACCOUNT})
    assert granted(caller, {"Federated": provider})


def test_an_anonymous_principal_has_no_name() -> None:
    with pytest.raises(RequestError):
        Principal(PrincipalKind.ANONYMOUS, "somebody")
    assert granted(Principal(PrincipalKind.ANONYMOUS, "*"), "*")


@pytest.mark.parametrize(
    "change",
    [
        {"resource_account": "12"},
        {"resource": "a" * 5_000},
        {"context": {"A": "1", "a": "2"}},
        {"context": {"a": "x" * 70_000}},
        {"context": {"a": ("x",) * 1_001}},
        {"now": float("nan")},
        {"now": -1.0},
        {"now": 1e20},
    ],
)
def test_a_request_that_none_can_make_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(RequestError) as caught:
        Request(**{"principal": session(), "action": "s3:*", "resource": "*", **change})

    assert caught.value.code == "malformed-request"


def test_the_context_adds_but_never_overrides() -> None:
    context = {"AWS:principaltag/Team": "forged", "aws:userid": "AROA:s1", "aws:CurrentTime": "x"}
    keys = Request(session({"team": "t"}), "s3:GetObject", "*", context=context, now=0.9).keys

    assert keys["aws:principaltag/team"] == "t"
    assert keys["aws:userid"] == "AROA:s1"
    assert keys["aws:currenttime"] == "1970-01-01T00:00:00Z"
    assert keys["aws:epochtime"] == "0"
    assert keys["aws:resourceaccount"] == ACCOUNT
