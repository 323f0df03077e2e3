"""What a role's trust policy sees of a web identity, and whom it lets in."""

import json
from typing import Any

import pytest

from tests.localaws.refusals import said
from tests.localaws.web_issuer import (
    ACTIONS,
    AUDIENCE,
    ROLE,
    ROLES,
    SOURCE,
    WebWorld,
    refuses,
    tags_claim,
    trusting,
)
from tests.localaws.world import ACCOUNT
from valetkey.localaws.assume_with_web_identity import OPERATION

ALICE = tags_claim("user_id", user_id="alice")

CONDITIONS: list[tuple[str, Any, dict[str, Any], dict[str, Any]]] = [
    ("sub", {"StringEquals": {"ISSUER:sub": "grant:data"}}, {}, {"sub": "grant:else"}),
    ("oaud", {"ForAllValues:StringEquals": {"ISSUER:oaud": ["a", "b"]},
              "Null": {"ISSUER:oaud": "false"}},
     {"aud": ["a", "b"], "azp": AUDIENCE}, {"aud": ["a", "c"], "azp": AUDIENCE}),
    ("amr", {"ForAnyValue:StringEquals": {"ISSUER:amr": "mfa"}}, {"amr": ["pwd", "mfa"]},
     {"amr": ["pwd"]}),
    ("email", {"StringEquals": {"ISSUER:email": "a@b.c"}}, {"email": "a@b.c"}, {}),
    ("tag", {"StringEquals": {"aws:RequestTag/user_id": "alice"}}, ALICE,
     tags_claim(user_id="bob")),
    ("keys", {"ForAllValues:StringEquals": {"aws:TagKeys": ["user_id"]}}, ALICE,
     tags_claim(user_id="a", admin="1")),
    ("kept", {"ForAnyValue:StringEquals": {"sts:TransitiveTagKeys": ["user_id"]}}, ALICE,
     tags_claim(user_id="a")),
    ("source", {"StringEquals": {"sts:SourceIdentity": "r1"}}, {SOURCE: "r1"}, {}),
    ("role", {"Bool": {"sts:RoleAuthorizedByIdp": "true"}}, {ROLES: "ARN"}, {}),
    ("provider", {"StringLike": {"aws:FederatedProvider": "*:oidc-provider/127.0.0.1:*"},
                  "StringEquals": {"aws:PrincipalType": "User"},
                  "Null": {"aws:PrincipalArn": "true"}}, {}, {"aud": "other"}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "condition", "good", "bad"), CONDITIONS)
def test_a_trust_policy_sees_what_the_token_says(
    web: WebWorld, name: str, condition: Any, good: dict[str, Any], bad: dict[str, Any]
) -> None:
    text = json.dumps(condition).replace("ISSUER", web.issuer.name)
    role = web.role(f"if-{name}", {**trusting(web.issuer), "Condition": _both(web, text)})
    arn = {claim: role if value == "ARN" else value for claim, value in good.items()}
    web.exchange(web.issuer.token(**arn), role)
    assert refuses(web, web.issuer.token(**bad), role) == "AccessDenied"


def _both(web: WebWorld, text: str) -> dict[str, Any]:
    """Return a condition together with that of the audience."""
    condition: dict[str, Any] = json.loads(text)
    audience = {f"{web.issuer.name}:aud": AUDIENCE}
    return {**condition, "StringEquals": {**condition.get("StringEquals", {}), **audience}}


def test_claims_that_sts_does_not_know_are_no_conditions(web: WebWorld) -> None:
    wanted = {"StringEquals": {f"{web.issuer.name}:groups": "admins"}}
    role = web.role("by-group", {**trusting(web.issuer), "Condition": wanted})
    assert refuses(web, web.issuer.token(groups="admins"), role) == "AccessDenied"


TRUSTS: dict[str, dict[str, Any]] = {
    "everybody": {"Principal": "*"},
    "every-aws": {"Principal": {"AWS": "*"}},
    "account": {"Principal": {"AWS": ACCOUNT}},
    "other-provider": {
        "Principal": {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/127.0.0.1:1"}
    },
    "other-account": {"Principal": {"Federated": "arn:aws:iam::999999999999:oidc-provider/NAME"}},
    "other-action": {"Action": ["sts:AssumeRole", "sts:TagSession"]},
    "audience": {"Condition": {"StringEquals": {"NAME:aud": "other"}}},
    "denied": {"Effect": "Deny"},
}


@pytest.mark.parametrize("name", TRUSTS)
def test_a_trust_that_does_not_name_the_provider_lets_no_token_in(web: WebWorld, name: str) -> None:
    text = json.dumps({**trusting(web.issuer), **TRUSTS[name]}).replace("NAME", web.issuer.name)
    role = web.role(f"trust-{name}", json.loads(text))
    assert refuses(web, web.issuer.token(), role) == "AccessDenied"


def test_a_deny_of_everybody_stands_against_a_provider_that_is_named(web: WebWorld) -> None:
    deny = {"Effect": "Deny", "Principal": "*", "Action": ACTIONS[0],
            "Condition": {"StringLike": {f"{web.issuer.name}:sub": "*:evil"}}}  # fmt: skip
    role = web.role("denying", trusting(web.issuer), deny)
    web.exchange(web.issuer.token(), role)
    assert refuses(web, web.issuer.token(sub="grant:evil"), role) == "AccessDenied"


def test_what_a_denial_tells_is_neither_the_role_nor_the_reason(web: WebWorld) -> None:
    role = web.role("silent", trusting(web.issuer, ["sts:TagSession"]))
    gone = f"arn:aws:iam::{ACCOUNT}:role/gone"
    message = f"Not authorized to perform sts:{OPERATION}"
    assert said(lambda: web.exchange(web.issuer.token(), role)) == message
    assert said(lambda: web.exchange(web.issuer.token(), gone)) == message


def test_tags_and_source_identity_need_their_own_actions_in_the_trust(web: WebWorld) -> None:
    bare = web.role("bare", trusting(web.issuer, ACTIONS[:1]))
    web.exchange(web.issuer.token(), bare)
    assert refuses(web, web.issuer.token(**ALICE), bare) == "AccessDenied"
    assert refuses(web, web.issuer.token(**{SOURCE: "run-1"}), bare) == "AccessDenied"


def test_whether_the_token_names_the_role_is_no_condition_of_the_other_actions(
    web: WebWorld,
) -> None:
    """The service authorization reference has the key for AssumeRoleWithWebIdentity alone."""
    named = {"Bool": {"sts:RoleAuthorizedByIdp": "true"}}
    role = web.role("one-statement", trusting(web.issuer, None, **named))
    web.exchange(web.issuer.token(**{ROLES: role}), role)
    for asked, claims in (("TagSession", ALICE), ("SetSourceIdentity", {SOURCE: "run-1"})):
        token = web.issuer.token(**{ROLES: role, **claims})
        message = said(lambda token=token: web.exchange(token, role))  # type: ignore[misc]
        assert f"sts:{asked}" in message
    apart = trusting(web.issuer, ACTIONS[:1], **named), trusting(web.issuer, ACTIONS[1:])
    role = web.role("two-statements", *apart)
    web.exchange(web.issuer.token(**{ROLES: role, **ALICE, SOURCE: "run-1"}), role)


def test_the_roles_claim_is_asked_before_the_trust_policy(web: WebWorld) -> None:
    gone = f"arn:aws:iam::{ACCOUNT}:role/gone"
    assert refuses(web, web.issuer.token(**{ROLES: [ROLE]}), gone) == "InvalidIdentityToken"
    assert refuses(web, web.issuer.token(**{ROLES: [gone]}), gone) == "AccessDenied"
