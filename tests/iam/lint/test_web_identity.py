"""Lesson 17: which tokens of an identity provider take the role."""

import pytest

from tests.iam.build import Json
from tests.iam.lint.cases import ROLE, Ask, Case, check, codes, one, trust
from valetkey.iam import Principal, PrincipalKind

HOST = "token.actions.githubusercontent.com"
PROVIDER = f"arn:aws:iam::123456789012:oidc-provider/{HOST}"
WEB = "sts:AssumeRoleWithWebIdentity"
AUDIENCE = {f"{HOST}:aud": "sts.amazonaws.com"}
SUBJECT = {f"{HOST}:sub": "repo:acme/agents:ref:refs/heads/main"}


def web(condition: Json | None = None) -> list[Json]:
    return one(trust(WEB, {"Federated": PROVIDER}, condition))


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
