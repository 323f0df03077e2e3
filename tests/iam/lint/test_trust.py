"""Lesson 16: who may assume the role."""

import pytest

from tests.iam.build import Json, document
from tests.iam.lint.cases import BROKER, ROLE, Ask, Case, check, codes, one, trust
from tests.iam.lint.trusts import ACCOUNT, ASKED, ASSUME, BOTH, BOUND, BROKER_MAY, caller

STRANGER = Ask(
    ASSUME,
    ROLE,
    {"aws:RequestTag/user_id": "u", "aws:PrincipalOrgID": "o-evil", "aws:SourceIp": "6.6.6.6"},
    principal=caller("arn:aws:iam::999988887777:role/stranger"),
)
NEIGHBOUR = Ask(
    ASSUME,
    ROLE,
    {"aws:RequestTag/user_id": "u"},
    principal=caller("arn:aws:iam::123456789012:role/neighbour"),
)
NAMELESS = Ask(
    ASSUME,
    ROLE,
    {"aws:RequestTag/user_id": "u", "aws:TagKeys": ("user_id",)},
    principal=caller(BROKER),
)


def to_everyone(name: str, condition: Json) -> Case:
    """Trust in everyone with a condition that leaves nobody out."""
    own: Json = {"ArnEquals": {"aws:PrincipalArn": BROKER}}
    return Case(
        "trust-everyone",
        name,
        [BROKER_MAY, document(trust(BOTH, "*", {**ASKED, **condition}))],
        [BROKER_MAY, document(trust(BOTH, "*", {**ASKED, **own}))],
        opens=STRANGER,
    )


CASES = [
    to_everyone("any account's role", {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}}),
    to_everyone("no service", {"Bool": {"aws:PrincipalIsAWSService": "false"}}),
    to_everyone("any organisation", {"Null": {"aws:PrincipalOrgID": "false"}}),
    to_everyone("every address", {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}),
    to_everyone(
        "every address in two halves",
        {"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}},
    ),
    Case(
        "trust-everyone",
        "a stranger's account",
        [BROKER_MAY, document(trust(BOTH, "*", ASKED))],
        [
            BROKER_MAY,
            document(trust(BOTH, "*", {**ASKED, "ArnEquals": {"aws:PrincipalArn": BROKER}})),
        ],
        opens=STRANGER,
        path="$.Statement[0].Principal",
    ),
    Case(
        "trust-everyone",
        "an organisation that is any",
        one(trust(BOTH, {"AWS": "*"}, {**ASKED, "ArnLike": {"aws:PrincipalArn": "*"}})),
        one(trust(BOTH, {"AWS": "*"}, {**ASKED, "StringEquals": {"aws:PrincipalOrgID": "o-1"}})),
    ),
    Case(
        "trust-whole-account",
        "a neighbour's role",
        [BROKER_MAY, document(trust(BOTH, ACCOUNT, ASKED))],
        [
            BROKER_MAY,
            document(trust(BOTH, ACCOUNT, {**ASKED, "ArnEquals": {"aws:PrincipalArn": BROKER}})),
        ],
        opens=NEIGHBOUR,
        severity="warning",
    ),
    Case(
        "source-identity-not-required",
        "nobody says on whose behalf",
        [BROKER_MAY, document(trust(BOTH, None, BOUND))],
        [
            BROKER_MAY,
            document(
                trust(
                    [*BOTH, "sts:SetSourceIdentity"],
                    None,
                    {**BOUND, "StringLike": {**ASKED["StringLike"], "sts:SourceIdentity": "r-*"}},
                ),
            ),
        ],
        opens=NAMELESS,
        severity="note",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_trap_is_found_and_the_mend_is_quiet(case: Case) -> None:
    check(case)


def test_an_external_id_narrows_an_account() -> None:
    narrowed = trust(BOTH, ACCOUNT, {**ASKED, "StringEquals": {"sts:ExternalId": "x"}})

    assert "trust-whole-account" not in codes(*one(narrowed))
    assert "trust-everyone" in codes(*one({**narrowed, "Principal": "*"}))


def test_a_service_has_no_source_identity_to_give() -> None:
    of_ecs = trust(ASSUME, {"Service": "ecs-tasks.amazonaws.com"})

    assert "source-identity-not-required" not in codes(*one(of_ecs))


def test_a_statement_that_only_lets_set_a_source_identity_requires_none() -> None:
    condition = {"StringLike": {"sts:SourceIdentity": "r-*"}}
    apart = trust("sts:SetSourceIdentity", None, condition)

    assert "source-identity-not-required" in codes(*one(trust(BOTH, None, BOUND), apart))


def test_eks_has_no_source_identity_to_give_with_its_tags() -> None:
    asked: Json = {"StringEquals": {"aws:RequestTag/kubernetes-namespace": "agents"}}

    assert "source-identity-not-required" not in codes(
        *one(trust(BOTH, {"Service": "pods.eks.amazonaws.com"}, asked))
    )
    assert "source-identity-not-required" in codes(
        *one(trust(BOTH, {"Federated": "id.example.com"}, asked))
    )
