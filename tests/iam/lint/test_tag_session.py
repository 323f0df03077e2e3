"""Lesson 16: who may set which tags."""

import pytest

from tests.iam.build import Json, document
from tests.iam.lint.cases import (
    BROKER,
    ROLE,
    Ask,
    Case,
    check,
    codes,
    findings,
    one,
    trust,
)
from tests.iam.lint.trusts import (
    ACCOUNT,
    ASKED,
    ASSUME,
    BOTH,
    BOUND,
    BROKER_MAY,
    TAG,
    caller,
)

TAGGED = Ask(TAG, ROLE, {"aws:RequestTag/admin": "yes"}, principal=caller(BROKER))
EKS: Json = {"Service": "pods.eks.amazonaws.com"}
WEB, COGNITO = "sts:AssumeRoleWithWebIdentity", "cognito-identity.amazonaws.com"
POOL: Json = {"Federated": COGNITO}


CASES = [
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


def test_tag_session_may_stand_in_a_statement_of_its_own() -> None:
    found = codes(*one(trust(ASSUME, None, ASKED), trust(TAG, None, ASKED)))

    assert "tag-session-missing" not in found


@pytest.mark.parametrize("setter", [EKS, POOL, {"Service": "rolesanywhere.amazonaws.com"}])
def test_tags_that_a_service_or_an_issuer_sets_are_not_the_callers_choice(setter: Json) -> None:
    ecs = trust(BOTH, {"Service": "ecs-tasks.amazonaws.com"})

    assert "tag-session-without-conditions" not in codes(*one(trust([*BOTH, WEB], setter)))
    assert "tag-session-without-conditions" in codes(*one(ecs))


def test_the_mend_of_half_wired_tags_keeps_the_statements_own_actions() -> None:
    web = trust("sts:AssumeRoleWithWebIdentity", {"Federated": "id.example.com"}, ASKED)
    case = Case("tag-session-missing", "", one(web), [])
    (found,) = [one for one in findings(case, case.bad) if one.code == case.code]

    assert found.mend == 'write `"Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"]`'
