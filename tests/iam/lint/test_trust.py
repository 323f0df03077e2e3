"""Lesson 16: who may assume the role, with which tags."""

from typing import Any

import pytest

from tests.iam.build import Json, document
from tests.iam.lint.cases import (
    BROKER,
    OWN_OBJECTS,
    ROLE,
    Ask,
    Case,
    allow,
    check,
    codes,
    one,
    trust,
)
from valetkey.iam import Principal, PrincipalKind

ASSUME, TAG = "sts:AssumeRole", "sts:TagSession"
BOTH = [ASSUME, TAG]
ASKED: Json = {"StringLike": {"aws:RequestTag/user_id": "?*"}}
BOUND: Json = {
    **ASKED,
    "ForAllValues:StringEquals": {"aws:TagKeys": ["user_id"]},
    "Null": {"aws:TagKeys": "false"},
}
PERMISSIONS = document(allow("s3:GetObject", OWN_OBJECTS))
BROKER_MAY = document(allow("sts:*", "*"))
ACCOUNT: Json = {"AWS": "arn:aws:iam::123456789012:root"}


def caller(arn: str) -> Any:
    return Principal(PrincipalKind.ARN, arn)


UNTAGGED = Ask(ASSUME, ROLE, principal=caller(BROKER))
TAGGED = Ask(TAG, ROLE, {"aws:RequestTag/admin": "yes"}, principal=caller(BROKER))
STRANGER = Ask(
    ASSUME,
    ROLE,
    {"aws:RequestTag/user_id": "u"},
    principal=caller("arn:aws:iam::999988887777:role/stranger"),
)
NEIGHBOUR = Ask(
    ASSUME,
    ROLE,
    {"aws:RequestTag/user_id": "u"},
    principal=caller("arn:aws:iam::123456789012:role/neighbour"),
)

CASES = [
    Case(
        "trust-admits-untagged",
        "a first statement without conditions",
        [PERMISSIONS, BROKER_MAY, document(trust(), trust(BOTH, None, BOUND))],
        [PERMISSIONS, BROKER_MAY, document(trust(BOTH, None, BOUND))],
        opens=UNTAGGED,
        path="$.Statement[0]",
    ),
    Case(
        "trust-admits-untagged",
        "tag keys by ForAllValues ask for nothing",
        [
            BROKER_MAY,
            document(
                trust(BOTH, None, {"ForAllValues:StringEquals": {"aws:TagKeys": ["user_id"]}})
            ),
        ],
        [BROKER_MAY, document(trust(BOTH, None, BOUND))],
        opens=UNTAGGED,
        tags=("user_id",),
    ),
    Case(
        "tag-session-missing",
        "half-wired",
        one(trust(ASSUME, None, ASKED)),
        one(trust(BOTH, None, ASKED)),
        severity="warning",
    ),
    Case(
        "tag-session-without-conditions",
        "any tag the caller likes",
        [BROKER_MAY, document(trust(BOTH))],
        [BROKER_MAY, document(trust(BOTH, None, BOUND))],
        opens=TAGGED,
        severity="warning",
    ),
    Case(
        "tag-session-without-conditions",
        "any tag for anybody in the account",
        one(trust(BOTH, ACCOUNT)),
        one(trust(BOTH, None, BOUND)),
    ),
    Case(
        "other-tags-allowed",
        "another policy's tag",
        one(trust(BOTH, None, ASKED)),
        one(trust(BOTH, None, BOUND)),
        severity="note",
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
        one(trust(BOTH, None, BOUND)),
        one(
            trust(BOTH, None, BOUND),
            trust("sts:SetSourceIdentity", None, {"StringLike": {"sts:SourceIdentity": "r-*"}}),
        ),
        severity="note",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_trap_is_found_and_the_mend_is_quiet(case: Case) -> None:
    check(case)


def test_a_trust_policy_alone_tells_which_tags_it_asks_for() -> None:
    assert "trust-admits-untagged" in codes(*one(trust(), trust(BOTH, None, ASKED)))


def test_a_role_without_tenants_needs_no_tags() -> None:
    assert "trust-admits-untagged" not in codes(*one(trust()))


def test_a_deny_of_untagged_requests_asks_for_the_tag() -> None:
    refuse = {
        **trust(BOTH, "*", {"Null": {"aws:RequestTag/user_id": "true"}}),
        "Effect": "Deny",
    }

    assert "trust-admits-untagged" not in codes(*one(trust(BOTH), refuse), tags=["user_id"])


def test_tag_session_may_stand_in_a_statement_of_its_own() -> None:
    found = codes(*one(trust(ASSUME, None, ASKED), trust(TAG, None, ASKED)))

    assert "tag-session-missing" not in found


def test_an_external_id_narrows_an_account() -> None:
    narrowed = trust(BOTH, ACCOUNT, {**ASKED, "StringEquals": {"sts:ExternalId": "x"}})

    assert "trust-whole-account" not in codes(*one(narrowed))
    assert "trust-everyone" in codes(*one({**narrowed, "Principal": "*"}))
