"""Lesson 17: which tokens of an identity provider take the role."""

import pytest

from tests.iam.build import Json
from tests.iam.lint.cases import ROLE, Ask, Case, check, codes, findings, one, trust
from valetkey.iam import Principal, PrincipalKind

HOST = "token.actions.githubusercontent.com"
PROVIDER = f"arn:aws:iam::123456789012:oidc-provider/{HOST}"
POOL = "cognito-identity.amazonaws.com"
WEB = "sts:AssumeRoleWithWebIdentity"
AUDIENCE = {f"{HOST}:aud": "sts.amazonaws.com"}
SUBJECT = {f"{HOST}:sub": "repo:acme/agents:ref:refs/heads/main"}


def web(condition: Json | None = None) -> list[Json]:
    return one(trust(WEB, {"Federated": PROVIDER}, condition))


def pool(method: str, more: Json | None = None) -> list[Json]:
    """The trust that Cognito makes for the roles of an identity pool."""
    return one(
        trust(
            WEB,
            {"Federated": POOL},
            {
                "StringEquals": {f"{POOL}:aud": "eu-west-1:x", **(more or {})},
                "ForAnyValue:StringLike": {f"{POOL}:amr": method},
            },
        )
    )


def token(subject: str, audience: str = "sts.amazonaws.com") -> Ask:
    return Ask(
        WEB,
        ROLE,
        {f"{HOST}:aud": audience, f"{HOST}:sub": subject},
        principal=Principal(PrincipalKind.FEDERATED, PROVIDER),
    )


BOTH = web({"StringEquals": {**AUDIENCE, **SUBJECT}})
STRANGER = token("repo:mallory/evil:ref:refs/heads/main")

CASES = [
    Case("web-identity-without-conditions", "any token", web(), BOTH, opens=STRANGER),
    Case(
        "web-identity-without-subject",
        "trust by audience alone",
        web({"StringEquals": AUDIENCE}),
        BOTH,
        opens=STRANGER,
    ),
    Case(
        "web-identity-without-subject",
        "a subject that is only not another",
        web({"StringEquals": AUDIENCE, "StringNotEquals": SUBJECT}),
        BOTH,
        opens=STRANGER,
    ),
    Case(
        "web-identity-without-subject",
        "the tenant's tag is asked for",
        web({"StringEquals": AUDIENCE, "StringLike": {"aws:RequestTag/user_id": "?*"}}),
        BOTH,
        severity="warning",
    ),
    Case(
        "web-identity-without-audience",
        "a token for another application",
        web({"StringEquals": SUBJECT}),
        BOTH,
        opens=token(SUBJECT[f"{HOST}:sub"], "another"),
    ),
    Case(
        "web-identity-loose-subject",
        "every repository there is",
        web({"StringEquals": AUDIENCE, "StringLike": {f"{HOST}:sub": "repo:*"}}),
        BOTH,
        opens=STRANGER,
        path=f'$.Statement[0].Condition.StringLike["{HOST}:sub"]',
    ),
    Case(
        "web-identity-loose-subject",
        "every repository of an organisation",
        web({"StringEquals": AUDIENCE, "StringLike": {f"{HOST}:sub": "repo:acme/*"}}),
        BOTH,
        opens=token("repo:acme/other:pull_request"),
        severity="warning",
    ),
    Case(
        "web-identity-without-subject",
        "a subject of which nothing is asked but to be there",
        web({"StringEquals": AUDIENCE, "Null": {f"{HOST}:sub": "false"}}),
        BOTH,
        opens=STRANGER,
    ),
    Case(
        "web-identity-without-subject",
        "a subject that is there and only not another",
        web(
            {
                "StringEquals": AUDIENCE,
                "StringNotEquals": SUBJECT,
                "Null": {f"{HOST}:sub": "false"},
            }
        ),
        BOTH,
        opens=STRANGER,
    ),
    Case(
        "web-identity-without-audience",
        "any audience",
        web({"StringEquals": SUBJECT, "StringLike": {f"{HOST}:aud": "*"}}),
        BOTH,
        opens=token(SUBJECT[f"{HOST}:sub"], "another"),
    ),
    Case(
        "web-identity-without-subject",
        "everybody who signs in to an identity pool",
        pool("authenticated"),
        pool("authenticated", {f"{POOL}:sub": "eu-west-1:1"}),
        severity="note",
    ),
    Case(
        "web-identity-without-subject",
        "guests of an identity pool",
        pool("unauthenticated"),
        pool("authenticated", {f"{POOL}:sub": "eu-west-1:1"}),
        opens=Ask(
            WEB,
            ROLE,
            {f"{POOL}:aud": "eu-west-1:x", f"{POOL}:amr": ("unauthenticated",)},
            principal=Principal(PrincipalKind.FEDERATED, POOL),
        ),
    ),
    *(
        Case(
            code,
            f"{claim} is what the token says",
            web({"StringEquals": {**AUDIENCE, **SUBJECT, f"{HOST}:{claim}": said}}),
            BOTH,
            opens=Ask(
                WEB,
                ROLE,
                {f"{HOST}:aud": aud, f"{HOST}:sub": sub, f"{HOST}:azp": "eve"},
                principal=STRANGER.principal,
            ),
        )
        for code, claim, said, aud, sub in (
            (
                "web-identity-without-subject",
                "sub",
                f"${{{HOST}:sub}}",
                AUDIENCE[f"{HOST}:aud"],
                "eve",
            ),
            (
                "web-identity-without-subject",
                "sub",
                f"${{{HOST}:azp}}",
                AUDIENCE[f"{HOST}:aud"],
                "eve",
            ),
            (
                "web-identity-without-audience",
                "aud",
                f"${{{HOST}:aud}}",
                "another",
                SUBJECT[f"{HOST}:sub"],
            ),
        )
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_trap_is_found_and_the_mend_is_quiet(case: Case) -> None:
    check(case)


@pytest.mark.parametrize(
    ("subject", "severity"),
    [
        ("*", "error"),
        ("repo:*/agents:*", "error"),
        ("repo:ac*/agents:*", "error"),
        ("auth0|*", "error"),
        ("system:serviceaccount:*:agent", "error"),
        ("system:serviceaccount:agents:*", "warning"),
        ("repo:acme/*:ref:refs/heads/main", "warning"),
        ("repo:acme/agents:*", None),
        ("repo:acme/agents:ref:refs/heads/*", None),
        ("system:serviceaccount:agents:run", None),
    ],
)
def test_how_loose_a_subject_is(subject: str, severity: str | None) -> None:
    from tests.iam.lint.cases import read
    from valetkey.iam.lint import lint

    documents = web({"StringEquals": AUDIENCE, "StringLike": {f"{HOST}:sub": subject}})
    found = {one.code: one.severity.value for one in lint(read(documents))}

    assert found.get("web-identity-loose-subject") == severity


def test_a_saml_provider_is_no_web_identity() -> None:
    saml = {"Federated": "arn:aws:iam::123456789012:saml-provider/x"}

    assert not any(code.startswith("web-identity") for code in codes(*one(trust("sts:*", saml))))


@pytest.mark.parametrize("method", ["*", "un*", "?nauthenticated", "UNAUTHENTICATED"])
def test_a_pattern_of_sign_ins_that_guests_fit_is_an_error(method: str) -> None:
    case = Case("web-identity-without-subject", "", pool(method), [])
    (found,) = [one for one in findings(case, case.bad) if one.code == case.code]

    assert found.severity.value == "error"


def test_a_pool_that_is_not_named_is_any_pool() -> None:
    any_pool = one(
        trust(
            WEB,
            {"Federated": POOL},
            {"ForAnyValue:StringLike": {f"{POOL}:amr": "authenticated"}},
        )
    )
    case = Case("web-identity-without-subject", "", any_pool, [])
    (found,) = [one for one in findings(case, case.bad) if one.code == case.code]

    assert found.severity.value == "error"
