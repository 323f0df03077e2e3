"""Who is named, who is excepted, and which keys follow from a caller."""

from typing import Any

import pytest

from tests.iam.build import ACCOUNT, OBJECT, ROLE, SESSION, policy, session, statement
from valetkey.iam import (
    Effect,
    Layer,
    Policies,
    Principal,
    PrincipalKind,
    Request,
    RequestError,
    evaluate,
)

PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/id.example.com"
USER = f"arn:aws:iam::{ACCOUNT}:user/team/alice"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
SERVICE = "lambda.amazonaws.com"


def arn(name: str, **changes: Any) -> Principal:
    return Principal(PrincipalKind.ARN, name, **changes)


def federated(name: str = PROVIDER, **changes: Any) -> Principal:
    return Principal(PrincipalKind.FEDERATED, name, **changes)


def service(name: str = SERVICE) -> Principal:
    return Principal(PrincipalKind.SERVICE, name)


ANYBODY = Principal(PrincipalKind.ANONYMOUS, "*")


@pytest.mark.parametrize(
    ("principal", "element", "spared"),
    [
        (federated(), {"Federated": PROVIDER}, True),
        (federated(), {"Federated": PROVIDER + "x"}, False),
        (federated(), {"AWS": ACCOUNT}, False),
        (service(), {"Service": SERVICE}, True),
        (service(), {"Service": "s3.amazonaws.com"}, False),
        (ANYBODY, {"AWS": ACCOUNT}, False),
        (ANYBODY, "*", True),
        (session(), "*", True),
        (arn(ROOT), {"AWS": ACCOUNT}, True),
        (arn(ROOT), {"AWS": "999988887777"}, False),
        (arn(ROLE), {"AWS": [ACCOUNT, ROLE]}, True),
        (arn(ROLE), {"AWS": [ACCOUNT]}, False),
        (arn(ROLE), {"AWS": [ROLE]}, False),
        (session(), {"AWS": [ACCOUNT, ROLE, SESSION]}, True),
        (session(), {"AWS": [ACCOUNT, ROLE]}, False),
        (session(), {"AWS": [ACCOUNT, SESSION]}, False),
        (arn(USER), {"AWS": [ACCOUNT, USER]}, True),
        (arn(USER), {"AWS": [ACCOUNT]}, False),
        (arn(USER), {"AWS": [USER]}, False),
    ],
)
def test_not_principal_spares_whom_it_lists_with_all_above(
    principal: Principal, element: Any, spared: bool
) -> None:
    bucket = policy(
        statement(Principal="*"),
        statement(Effect="Deny", NotPrincipal=element),
        layer=Layer.RESOURCE,
    )
    decision = evaluate(Request(principal, "s3:GetObject", OBJECT), Policies(resource=bucket))

    assert decision.effect is (Effect.ALLOW if spared else Effect.EXPLICIT_DENY)


@pytest.mark.parametrize(
    ("principal", "element", "granted"),
    [
        (arn(USER), {"AWS": ROLE}, False),  # who has no role is of none
        (arn(ROLE), {"AWS": ROLE}, True),
        (arn(ROLE), {"AWS": f"arn:aws:iam::{ACCOUNT}:role/team/agent"}, False),
        (arn(USER), {"AWS": USER}, True),
        (arn(USER), {"Federated": USER}, False),
        (federated(), {"Service": SERVICE, "Federated": "other.example.com"}, False),
        (service(), {"Service": SERVICE}, True),
        (service(), {"Federated": SERVICE}, False),
    ],
)
def test_an_element_names_its_own_kind(principal: Principal, element: Any, granted: bool) -> None:
    bucket = policy(statement(Principal=element), layer=Layer.RESOURCE)
    request = Request(principal, "s3:GetObject", OBJECT, resource_account=ACCOUNT)

    assert evaluate(request, Policies(resource=bucket)).allowed is granted


def test_a_grant_to_the_account_names_its_root_directly() -> None:
    bucket = policy(statement(Principal={"AWS": ACCOUNT}), layer=Layer.RESOURCE)
    policies = Policies(resource=bucket, session=())

    assert evaluate(Request(arn(ROOT), "s3:GetObject", OBJECT), policies).allowed
    assert not evaluate(Request(arn(USER), "s3:GetObject", OBJECT), policies).allowed


NO_SERVICE = {"aws:principalisawsservice": "false"}
OF_ACCOUNT = {**NO_SERVICE, "aws:principalaccount": ACCOUNT}


@pytest.mark.parametrize(
    ("principal", "keys"),
    [
        (
            arn(USER),
            {
                **OF_ACCOUNT,
                "aws:principalarn": USER,
                "aws:principaltype": "User",
                "aws:username": "alice",
            },
        ),
        (session(), {**OF_ACCOUNT, "aws:principalarn": ROLE, "aws:principaltype": "AssumedRole"}),
        (arn(ROOT), {**OF_ACCOUNT, "aws:principalarn": ROOT, "aws:principaltype": "Account"}),
        (
            service(),
            {"aws:principalisawsservice": "true", "aws:principalservicename": SERVICE},
        ),
        (
            ANYBODY,
            {
                **NO_SERVICE,
                "aws:principaltype": "Anonymous",
                "aws:principalaccount": "anonymous",
            },
        ),
        (federated(), NO_SERVICE),
    ],
)
def test_a_caller_has_the_keys_of_its_kind_and_no_others(
    principal: Principal, keys: dict[str, str]
) -> None:
    assert principal.keys == keys


@pytest.mark.parametrize(
    ("principal", "account"),
    [
        (federated(), ACCOUNT),
        (federated("accounts.google.com"), None),
        (federated("accounts.google.com", account="999988887777"), "999988887777"),
        (federated(account="999988887777"), "999988887777"),
        (service(), None),
    ],
)
def test_a_provider_has_the_account_of_its_arn(principal: Principal, account: str | None) -> None:
    assert principal.account == account


@pytest.mark.parametrize(
    ("kind", "name", "account", "shown"),
    [
        (PrincipalKind.ARN, SESSION, "999988887777", "`999988887777`"),
        (PrincipalKind.ARN, "alice", None, "`alice`"),
        (PrincipalKind.FEDERATED, PROVIDER, "12", "`12`"),
    ],
)
def test_a_refused_caller_is_shown(
    kind: PrincipalKind, name: str, account: str | None, shown: str
) -> None:
    with pytest.raises(RequestError) as caught:
        Principal(kind, name, account=account)

    assert caught.value.code == "malformed-principal"
    assert shown in caught.value.message
