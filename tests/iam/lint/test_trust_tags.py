"""Lesson 16: with which tags the role may be assumed."""

import pytest

from tests.iam.build import Json, document
from tests.iam.lint.cases import (
    BROKER,
    ROLE,
    Ask,
    Case,
    Texts,
    check,
    codes,
    one,
    trust,
)
from tests.iam.lint.trusts import (
    ASKED,
    ASSUME,
    BOTH,
    BOUND,
    BROKER_MAY,
    NO_TAG,
    PERMISSIONS,
    TAG,
    UNTAGGED,
    caller,
)

OTHER_TAG = Ask(
    ASSUME, ROLE, {"aws:RequestTag/x": "1", "aws:TagKeys": ("x",)}, principal=caller(BROKER)
)
EMPTY_TAG = Ask(
    ASSUME,
    ROLE,
    {"aws:RequestTag/user_id": "", "aws:TagKeys": ("user_id",)},
    principal=caller(BROKER),
)
EKS: Json = {"Service": "pods.eks.amazonaws.com"}
WEB, COGNITO = "sts:AssumeRoleWithWebIdentity", "cognito-identity.amazonaws.com"
POOL: Json = {"Federated": COGNITO}
IN_POOL: Json = {
    "StringEquals": {f"{COGNITO}:aud": "eu-west-1:x"},
    "ForAnyValue:StringLike": {f"{COGNITO}:amr": "authenticated"},
}
GOOD = [BROKER_MAY, PERMISSIONS, document(trust(BOTH, None, BOUND))]


def refusing(action: Texts, principal: Json | str) -> Json:
    """A Deny of requests without the tag."""
    return {**trust(action, principal, NO_TAG), "Effect": "Deny"}


CASES = [
    Case(
        "trust-admits-untagged",
        "a Deny for another principal",
        [
            BROKER_MAY,
            PERMISSIONS,
            document(trust(BOTH), refusing(ASSUME, {"AWS": f"{ROLE}-other"})),
        ],
        [BROKER_MAY, PERMISSIONS, document(trust(BOTH), refusing(ASSUME, {"AWS": BROKER}))],
        opens=UNTAGGED,
    ),
    Case(
        "trust-admits-untagged",
        "a Deny for another way in",
        [
            BROKER_MAY,
            PERMISSIONS,
            document(trust(BOTH), refusing("sts:AssumeRoleWithSAML", "*")),
        ],
        [BROKER_MAY, PERMISSIONS, document(trust(BOTH), refusing("sts:AssumeRole*", "*"))],
        opens=UNTAGGED,
    ),
    Case(
        "trust-admits-untagged",
        "any other tag key",
        [
            BROKER_MAY,
            PERMISSIONS,
            document(
                trust(BOTH, None, {"ForAnyValue:StringNotEquals": {"aws:TagKeys": ["user_id"]}})
            ),
        ],
        GOOD,
        opens=OTHER_TAG,
    ),
    Case(
        "trust-admits-untagged",
        "one of two tag keys",
        [
            BROKER_MAY,
            PERMISSIONS,
            document(
                trust(BOTH, None, {"ForAnyValue:StringEquals": {"aws:TagKeys": ["user_id", "x"]}})
            ),
        ],
        GOOD,
        opens=OTHER_TAG,
    ),
    Case(
        "trust-admits-untagged",
        "tags that EKS sets may be switched off",
        [
            document(trust(BOTH, EKS)),
            document(
                {
                    **PERMISSIONS["Statement"][0],
                    "Resource": "*",
                    "Condition": {
                        "StringEquals": {
                            "aws:ResourceTag/ns": "${aws:PrincipalTag/kubernetes-namespace}"
                        }
                    },
                }
            ),
        ],
        [
            document(
                trust(BOTH, EKS, {"StringLike": {"aws:RequestTag/kubernetes-namespace": "?*"}})
            ),
        ],
        severity="warning",
    ),
    *(
        Case(
            "trust-admits-empty-tag",
            f"{operator} {values}",
            [
                BROKER_MAY,
                PERMISSIONS,
                document(trust(BOTH, None, {operator: {"aws:RequestTag/user_id": values}})),
            ],
            GOOD,
            opens=EMPTY_TAG,
            severity="warning",
        )
        for operator, values in (
            ("StringLike", "*"),
            ("StringEquals", ""),
            ("StringLike", ["?*", ""]),
            ("Null", "false"),
        )
    ),
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
        "trust-admits-untagged",
        "tags that an identity pool's mapping may lack",
        [PERMISSIONS, document(trust([WEB, TAG], POOL, IN_POOL))],
        [PERMISSIONS, document(trust([WEB, TAG], POOL, {**IN_POOL, **ASKED}))],
        severity="warning",
    ),
    Case(
        "trust-admits-untagged",
        "an identity pool that may not set tags",
        [PERMISSIONS, document(trust(WEB, POOL, IN_POOL))],
        [PERMISSIONS, document(trust([WEB, TAG], POOL, {**IN_POOL, **ASKED}))],
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
    refuse = refusing(BOTH, "*")

    assert "trust-admits-untagged" not in codes(*one(trust(BOTH), refuse), tags=["user_id"])


def test_a_deny_of_empty_tags_asks_for_a_value() -> None:
    refuse: Json = {
        **trust(BOTH, "*", {"StringNotLike": {"aws:RequestTag/user_id": "?*"}}),
        "Effect": "Deny",
    }
    found = codes(*one(trust(BOTH), refuse), tags=["user_id"])

    assert not {"trust-admits-untagged", "trust-admits-empty-tag"} & found


def test_the_callers_own_tag_may_be_asked_to_be_the_sessions() -> None:
    same: Json = {
        "StringEquals": {"aws:RequestTag/user_id": "${aws:PrincipalTag/user_id}"},
        "StringLike": {"aws:PrincipalTag/user_id": "?*"},
    }
    found = codes(*one(trust(BOTH, None, same)))

    assert not {"trust-admits-untagged", "trust-admits-empty-tag"} & found
