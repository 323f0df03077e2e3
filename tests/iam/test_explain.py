"""Why: the deciding statements, and what kept the others from taking effect."""

from tests.iam.build import OBJECT, SESSION, policy, session, statement
from valetkey.iam import (
    Effect,
    Layer,
    NearMiss,
    Policies,
    Request,
    StatementRef,
    evaluate,
    explain,
)


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
