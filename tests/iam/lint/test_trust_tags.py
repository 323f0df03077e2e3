"""Lesson 16: with which tags the role may be assumed."""

import pytest

from tests.iam.build import Json, document
from tests.iam.lint.cases import BROKER, ROLE, Ask, Case, check, codes, findings, one, trust
from tests.iam.lint.trusts import (
    ACCOUNT,
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

TAGGED = Ask(TAG, ROLE, {"aws:RequestTag/admin": "yes"}, principal=caller(BROKER))
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
GOOD = [BROKER_MAY, PERMISSIONS, document(trust(BOTH, None, BOUND))]


def refusing(action: str, principal: Json | str) -> Json:
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


def test_tags_that_a_service_sets_are_not_the_callers_choice() -> None:
    assert "tag-session-without-conditions" not in codes(*one(trust(BOTH, EKS)))
    assert "tag-session-without-conditions" in codes(
        *one(trust(BOTH, {"Service": "ecs-tasks.amazonaws.com"}))
    )


def test_the_mend_of_half_wired_tags_keeps_the_statements_own_actions() -> None:
    web = trust("sts:AssumeRoleWithWebIdentity", {"Federated": "id.example.com"}, ASKED)
    case = Case("tag-session-missing", "", one(web), [])
    (found,) = [one for one in findings(case, case.bad) if one.code == case.code]

    assert found.mend == 'write `"Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"]`'
