"""Why: the deciding statements, and what kept the others from taking effect."""

import pytest

from tests.iam.build import ACCOUNT, OBJECT, ROLE, SESSION, policy, session, statement
from valetkey.iam import (
    Effect,
    Layer,
    NearMiss,
    Policies,
    Principal,
    PrincipalKind,
    Request,
    StatementRef,
    evaluate,
    explain,
)
from valetkey.iam.explain import Says, layers_of


def test_a_near_miss_shows_the_values_compared() -> None:
    own = statement(Sid="Own", Resource="arn:aws:s3:::b/traces/${aws:PrincipalTag/user_id}/*")
    request = Request(session({"user_id": "u2"}), "s3:GetObject", OBJECT)

    decision = explain(request, Policies(identity=(policy(own),)))

    assert decision.effect is Effect.IMPLICIT_DENY
    assert decision.near_misses == (
        NearMiss(
            StatementRef("p", 0, "Own"),
            "Allow",
            "Resource",
            ("arn:aws:s3:::b/traces/u2/*",),
            OBJECT,
        ),
    )


def test_a_near_miss_shows_the_condition_that_failed() -> None:
    block = {"StringEquals": {"S3:prefix": ["a", "${aws:PrincipalTag/x}"]}, "Null": {"k": "true"}}
    request = Request(session(), "s3:GetObject", OBJECT, context={"s3:prefix": "b"})

    (miss,) = explain(request, Policies(identity=(policy(statement(Condition=block)),))).near_misses

    assert (miss.element, miss.operator, miss.key) == ("Condition", "StringEquals", "S3:prefix")
    assert miss.wanted == ("a", "${aws:PrincipalTag/x} (no value)")
    assert miss.got == "b"


def test_a_near_miss_shows_whom_the_statement_names() -> None:
    bucket = policy(
        statement(Effect="Deny", Principal={"AWS": "999988887777"}), layer=Layer.RESOURCE
    )

    (miss,) = explain(
        Request(session(), "s3:GetObject", OBJECT), Policies(resource=bucket)
    ).near_misses

    assert (miss.effect, miss.element) == ("Deny", "Principal")
    assert (miss.wanted, miss.got) == (("999988887777",), SESSION)


def test_statements_of_other_actions_are_no_near_misses() -> None:
    policies = Policies(identity=(policy(statement(Action="ec2:*")),))

    assert explain(Request(session(), "s3:GetObject", OBJECT), policies).near_misses == ()


def test_explain_decides_as_evaluate_does() -> None:
    policies = Policies(identity=(policy(statement(), statement(Effect="Deny")),))
    request = Request(session(), "s3:GetObject", OBJECT)

    explained, evaluated = explain(request, policies), evaluate(request, policies)

    assert explained == evaluated
    assert evaluated.determining == (StatementRef("p", 1),)
    assert evaluated.because == "explicit deny in an identity-based policy"


def test_the_reason_says_which_layer_is_missing() -> None:
    request = Request(session(), "s3:GetObject", OBJECT)
    allow = policy(statement())

    assert evaluate(request, Policies()).because == (
        "no identity-based policy allows the s3:GetObject action"
    )
    assert evaluate(request, Policies(identity=(allow,), session=())).because == (
        "no session policy allows the s3:GetObject action"
    )


def test_what_is_contested_is_flagged() -> None:
    loose = statement(Resource=None, NotResource="arn:aws:s3:::b/${aws:PrincipalTag/t}/*")
    policies = Policies(identity=(policy(loose),))

    untagged = evaluate(Request(session(), "s3:GetObject", OBJECT), policies)
    tagged = evaluate(Request(session({"t": "x"}), "s3:GetObject", OBJECT), policies)

    assert untagged.allowed
    assert untagged.contested == untagged.determining
    assert tagged.allowed
    assert tagged.contested == ()


def test_not_principal_is_flagged() -> None:
    other = statement(Effect="Deny", NotPrincipal={"AWS": "999988887777"})
    bucket = policy(other, layer=Layer.RESOURCE)

    decision = evaluate(Request(session(), "s3:GetObject", OBJECT), Policies(resource=bucket))

    assert decision.effect is Effect.EXPLICIT_DENY
    assert decision.contested == decision.determining


@pytest.mark.parametrize(
    ("changes", "flagged"),
    [
        ({}, True),
        ({"Resource": "arn:aws:s3:::other/*"}, False),
        ({"Condition": {"Null": {"aws:PrincipalArn": "true"}}}, False),
        ({"Condition": {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}}, True),
    ],
)
def test_a_deny_that_spared_the_caller_alone_is_flagged(
    changes: dict[str, object], flagged: bool
) -> None:
    spared = {"AWS": [ACCOUNT, ROLE, SESSION]}
    deny = statement(Effect="Deny", NotPrincipal=spared, **changes)
    bucket = policy(statement(Principal="*"), deny, layer=Layer.RESOURCE)

    decision = evaluate(Request(session(), "s3:GetObject", OBJECT), Policies(resource=bucket))

    assert decision.allowed
    assert [ref.statement for ref in decision.contested] == ([1] if flagged else [])


def test_a_service_linked_roles_denial_says_which_policy_it_is() -> None:
    linked = "arn:aws:iam::123456789012:role/aws-service-role/x.amazonaws.com/agent"
    caller = Principal(PrincipalKind.ARN, SESSION, role_arn=linked)
    deny = policy(statement(Effect="Deny"))
    controls = ((policy(statement(Effect="Deny"), layer=Layer.SERVICE_CONTROL),),)

    decision = evaluate(
        Request(caller, "s3:GetObject", OBJECT), Policies((deny,), service_control=controls)
    )

    assert decision.because == "explicit deny in an identity-based policy"


@pytest.mark.parametrize(
    ("operator", "wanted"),
    [
        ("NumericLessThan", "5"),
        ("NumericEquals", "5"),
        ("DateGreaterThan", "2030-01-01"),
        ("Bool", "true"),
        ("IpAddress", "10.0.0.0/8"),
        ("ArnLike", "arn:aws:s3:::b"),
        ("Null", "false"),
    ],
)
def test_a_near_miss_of_any_type_shows_what_was_wanted(operator: str, wanted: str) -> None:
    allow = policy(statement(Condition={operator: {"aws:key": wanted}}))

    decision = explain(Request(session(), "s3:GetObject", OBJECT), Policies((allow,)))

    assert [(miss.operator, miss.wanted) for miss in decision.near_misses] == [
        (operator, (wanted,))
    ]


def views(request: Request, policies: Policies) -> list[tuple[Layer, Says, int | None]]:
    return [(view.layer, view.says, view.level) for view in layers_of(request, policies)]


def test_each_layer_says_what_it_says_on_its_own() -> None:
    allow = policy(statement())
    other = policy(statement(Action="ec2:*"), layer=Layer.BOUNDARY)
    never = policy(statement(Effect="Deny"), layer=Layer.SERVICE_CONTROL)
    request = Request(session(), "s3:GetObject", OBJECT)
    policies = Policies(identity=(allow,), boundary=other, service_control=((allow,), (never,)))

    assert views(request, policies) == [
        (Layer.IDENTITY, Says.ALLOWS, None),
        (Layer.RESOURCE, Says.ABSENT, None),
        (Layer.SESSION, Says.ABSENT, None),
        (Layer.BOUNDARY, Says.SILENT, None),
        (Layer.SERVICE_CONTROL, Says.ALLOWS, 0),
        (Layer.SERVICE_CONTROL, Says.DENIES, 1),
    ]


def test_an_empty_session_policy_is_there_and_allows_nothing() -> None:
    request = Request(session(), "s3:GetObject", OBJECT)

    assert (Layer.SESSION, Says.SILENT, None) in views(request, Policies(session=()))


def test_a_role_that_is_assumed_is_asked_for_its_trust_policy() -> None:
    trust = policy(
        statement(Action="sts:AssumeRole", Principal="*", Resource=None), layer=Layer.TRUST
    )
    request = Request(session(), "sts:AssumeRole", ROLE)

    assert (Layer.TRUST, Says.ALLOWS, None) in views(request, Policies(trust=trust))


def test_who_has_no_arn_has_no_policies_of_its_own() -> None:
    anybody = Principal(PrincipalKind.ANONYMOUS, "*")

    assert views(Request(anybody, "s3:GetObject", OBJECT), Policies()) == [
        (Layer.RESOURCE, Says.ABSENT, None)
    ]
