"""What a decision rests on, and what a near miss shows."""

from typing import Any

import pytest

from tests.iam.build import ACCOUNT, OBJECT, ROLE, SESSION, policy, session, statement
from valetkey.iam import (
    Decision,
    Effect,
    Layer,
    NearMiss,
    Policies,
    Policy,
    Principal,
    PrincipalKind,
    Request,
    StatementRef,
    evaluate,
    explain,
)

ROOT = Principal(PrincipalKind.ARN, f"arn:aws:iam::{ACCOUNT}:root")
SERVICE = Principal(PrincipalKind.SERVICE, "lambda.amazonaws.com")
ASSUME = {"Action": "sts:AssumeRole", "Resource": None}


def named(name: str, layer: Layer = Layer.IDENTITY, **changes: Any) -> Policy:
    return policy(statement(**changes), layer=layer, name=name)


def ask(policies: Policies, principal: Principal | None = None, action: str = "s3:Get") -> Decision:
    return evaluate(Request(principal or session(), action, OBJECT), policies)


def rests_on(decision: Decision) -> list[str]:
    return [ref.policy for ref in decision.determining]


def test_an_allow_rests_on_every_layer_that_had_to_give_it() -> None:
    policies = Policies(
        identity=(named("own"),),
        boundary=named("boundary", Layer.BOUNDARY),
        session=(named("session", Layer.SESSION),),
        resource_control=((named("rcp", Layer.RESOURCE_CONTROL, Principal="*"),),),
        service_control=(
            (named("scp of root", Layer.SERVICE_CONTROL),),
            (named("scp of account", Layer.SERVICE_CONTROL),),
        ),
    )

    assert rests_on(ask(policies)) == [
        "own",
        "boundary",
        "session",
        "rcp",
        "scp of root",
        "scp of account",
    ]


def test_a_grant_to_the_role_rests_on_its_limits_too() -> None:
    policies = Policies(
        resource=named("bucket", Layer.RESOURCE, Principal={"AWS": ROLE}),
        boundary=named("boundary", Layer.BOUNDARY),
        session=(named("session", Layer.SESSION),),
    )

    assert rests_on(ask(policies)) == ["bucket", "boundary", "session"]


def test_a_service_rests_on_the_resources_grant() -> None:
    bucket = named("bucket", Layer.RESOURCE, Principal={"Service": SERVICE.name})
    decision = ask(Policies(resource=bucket), SERVICE)

    assert decision.allowed
    assert rests_on(decision) == ["bucket"]
    assert decision.because == "bucket statement 0 allows the s3:Get action"


@pytest.mark.parametrize(
    ("policies", "because"),
    [
        (Policies(identity=(named("p", Effect="Deny"),)), "an identity-based policy"),
        (Policies(boundary=named("p", Layer.BOUNDARY, Effect="Deny")), "a permissions boundary"),
        (Policies(session=(named("p", Layer.SESSION, Effect="Deny"),)), "a session policy"),
        (
            Policies(resource=named("p", Layer.RESOURCE, Effect="Deny", Principal="*")),
            "a resource-based policy",
        ),
    ],
)
def test_an_explicit_deny_says_where_it_stands(policies: Policies, because: str) -> None:
    assert ask(policies).because == f"explicit deny in {because}"


@pytest.mark.parametrize(
    ("principal", "action", "effect", "because"),
    [
        (SERVICE, "s3:Get", Effect.IMPLICIT_DENY, "no resource-based policy allows the s3:Get"),
        (SERVICE, "sts:AssumeRole", Effect.IMPLICIT_DENY, "no role trust policy allows the sts:"),
        (session(), "sts:TagSession", Effect.IMPLICIT_DENY, "no role trust policy allows the sts:"),
        (ROOT, "sts:AssumeRole", Effect.IMPLICIT_DENY, "an account's root may not assume a role"),
        (ROOT, "s3:Get", Effect.ALLOW, "the root of the account may do all"),
    ],
)
def test_the_reason_fits_the_caller(
    principal: Principal, action: str, effect: Effect, because: str
) -> None:
    own = (named("own"),) if principal.kind is PrincipalKind.ARN and principal != ROOT else ()
    decision = ask(Policies(identity=own), principal, action)

    assert decision.effect is effect
    assert decision.because.startswith(because)
    assert decision.determining == ()


def misses(one: dict[str, Any], layer: Layer, **context: str) -> tuple[NearMiss, ...]:
    whole = policy(one, layer=layer)
    policies = Policies(resource=whole) if layer is Layer.RESOURCE else Policies(identity=(whole,))
    return explain(Request(session(), "s3:Get", OBJECT, context=context), policies).near_misses


REF = StatementRef("p", 0)


@pytest.mark.parametrize(
    ("changes", "miss"),
    [
        (
            {"Effect": "Deny", "NotPrincipal": "*"},
            NearMiss(REF, "Deny", "NotPrincipal", ("*",), SESSION),
        ),
        (
            {"Principal": {"AWS": "999988887777"}},
            NearMiss(REF, "Allow", "Principal", ("999988887777",), SESSION),
        ),
        (
            {"Principal": "*", "Resource": None, "NotResource": "arn:aws:s3:::?/*"},
            NearMiss(REF, "Allow", "NotResource", ("arn:aws:s3:::?/*",), OBJECT),
        ),
        (
            {"Principal": "*", "Resource": "arn:aws:s3:::\U0001f600/\ud800*"},
            NearMiss(REF, "Allow", "Resource", ("arn:aws:s3:::\U0001f600/\ufffd*",), OBJECT),
        ),
    ],
)
def test_a_near_miss_is_the_one_element_that_failed(
    changes: dict[str, Any], miss: NearMiss
) -> None:
    assert misses(statement(**changes), Layer.RESOURCE) == (miss,)


@pytest.mark.parametrize(
    ("operator", "wanted", "got"),
    [
        ("Null", ("true",), "x"),
        ("StringLike", ("?y*",), "x"),
        ("NumericLessThan", ("5", "6"), "x"),
        ("Bool", ("true",), "x"),
        ("IpAddress", ("10.0.0.0/8",), "x"),
        ("ArnLike", ("arn:aws:s3:::*",), "x"),
        ("BinaryEquals", ("AAAA",), "x"),
        ("DateLessThan", ("2026-11-21",), "x"),
    ],
)
def test_a_near_miss_of_every_kind_of_condition_shows_its_values(
    operator: str, wanted: tuple[str, ...], got: str
) -> None:
    one = statement(Effect="Deny", Condition={operator: {"My:Key": list(wanted)}})

    assert misses(one, Layer.IDENTITY, **{"my:key": got}) == (
        NearMiss(REF, "Deny", "Condition", wanted, got, operator=operator, key="My:Key"),
    )
