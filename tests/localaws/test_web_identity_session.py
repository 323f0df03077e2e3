"""The session that a token becomes: its tags, its policies, its length."""

import json
import time
from hashlib import sha256
from typing import Any

import pytest

from tests.localaws.refusals import refused
from tests.localaws.web_issuer import (
    AUDIENCE,
    ROLES,
    SOURCE,
    TAGS,
    WebWorld,
    refuses,
    tags_claim,
    trusting,
)

ALICE = tags_claim("user_id", user_id="alice")


def test_the_session_outlives_the_token_as_long_as_the_role_allows(web: WebWorld) -> None:
    soon = web.issuer.token(exp=int(time.time()) + 60)
    answer = web.exchange(soon, DurationSeconds=43_200)
    left = answer["Credentials"]["Expiration"].timestamp() - time.time()
    assert 43_100 < left <= 43_200
    short = web.role("one-hour", trusting(web.issuer))
    web.exchange(soon, short, DurationSeconds=3600)
    assert refuses(web, soon, short, DurationSeconds=3601) == "ValidationError"
    assert refuses(web, soon, short, DurationSeconds=43_201) == "ValidationError"


def test_session_policies_limit_the_session(web: WebWorld) -> None:
    nothing = {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": nothing})
    assert not web.reads(web.exchange(web.issuer.token(**ALICE), Policy=policy), "alice/1")
    managed = [{"arn": "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"}]
    assert web.reads(web.exchange(web.issuer.token(**ALICE), PolicyArns=managed), "alice/1")
    token = web.issuer.token()
    assert refuses(web, token, Policy="not one") == "MalformedPolicyDocument"
    assert refuses(web, token, PolicyArns=[{"arn": "arn:aws:iam::aws:policy/No"}]) == (
        "ValidationError"
    )


def test_what_the_identity_was_stays_a_condition_of_the_session(web: WebWorld) -> None:
    name = web.issuer.name
    known = {
        "StringEquals": {
            "aws:FederatedProvider": web.issuer.provider,
            f"{name}:sub": "grant:data",
            f"{name}:aud": AUDIENCE,
        },
        "ForAnyValue:StringEquals": {f"{name}:amr": "mfa"},
        "Null": {"sts:RoleAuthorizedByIdp": "true", f"{name}:email": "true"},
    }
    policies = {"known": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*",
                          "Condition": known}}  # fmt: skip
    role = web.role("knows", trusting(web.issuer), policies=policies)
    with_role = {ROLES: role, "email": "a@b.c"}
    assert web.reads(web.exchange(web.issuer.token(amr=["mfa"], **with_role), role), "bob/1")
    assert not web.reads(web.exchange(web.issuer.token(**with_role), role), "bob/1")


def test_transitive_tags_go_down_a_chain_and_the_identity_does_not(web: WebWorld) -> None:
    chained = {"Effect": "Allow", "Action": "sts:*", "Resource": "*"}
    first = web.role("chain-first", trusting(web.issuer), policies={"sts": chained})
    from_first = {
        "Effect": "Allow",
        "Principal": {"AWS": first},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Condition": {"StringEquals": {f"{web.issuer.name}:sub": "grant:data"}},
    }
    second = web.role("chain-second", from_first)
    sts = web.client("sts", web.exchange(web.issuer.token(**ALICE), first))
    answer = sts.assume_role(RoleArn=second, RoleSessionName="next")
    assert web.reads(answer, "alice/1")
    third = web.role("chain-third", {**from_first, "Principal": {"AWS": second}})
    again = web.client("sts", answer)
    assert refused(lambda: again.assume_role(RoleArn=third, RoleSessionName="no")) == "AccessDenied"


BAD_TAGS: list[dict[str, Any]] = [
    {TAGS: {"principal_tags": {"user_id": ["a", "b"]}}},
    {TAGS: {"principal_tags": {"user_id": []}}},
    {TAGS: {"principal_tags": {"user_id": "a"}}},
    {TAGS: {"principal_tags": {"user_id": [1]}}},
    {TAGS: {"principal_tags": [["user_id", "a"]]}},
    {TAGS: {"principal_tag": {"user_id": ["a"]}}},
    {TAGS: {"principal_tags": {"user_id": ["a"]}, "transitive_tag_keys": "user_id"}},
    {TAGS: [], f"{TAGS}/principal_tags/user_id": "a"},
    {f"{TAGS}/principal_tags/user_id": ["a"]},
    {f"{TAGS}/principal_tags/user_id": 1},
    {**tags_claim(user_id="a"), f"{TAGS}/principal_tags/other": "b"},
    {**tags_claim(user_id="a"), f"{TAGS}/transitive_tag_keys": ["user_id"]},
    {SOURCE: ["run-1"]},
]


FORBIDDEN_TAGS: list[dict[str, Any]] = [
    tags_claim(user_id="a|b"),
    tags_claim(user_id="a" * 257),
    tags_claim(user_id="a", USER_ID="b"),
    tags_claim("other", user_id="a"),
    tags_claim(**{"aws:x": "a"}),
    tags_claim(**{f"k{index}": "v" for index in range(51)}),
    {SOURCE: "a:b"},
    {SOURCE: "a"},
]


@pytest.mark.parametrize("claims", BAD_TAGS)
def test_a_claim_of_another_shape_is_refused(web: WebWorld, claims: dict[str, Any]) -> None:
    assert refuses(web, web.issuer.token(**claims)) == "InvalidIdentityToken"


@pytest.mark.parametrize("claims", FORBIDDEN_TAGS)
def test_tags_have_the_rules_that_they_have_in_assume_role(
    web: WebWorld, claims: dict[str, Any]
) -> None:
    assert refuses(web, web.issuer.token(**claims)) == "ValidationError"


def test_tags_that_do_not_fit_are_refused_and_not_cut(web: WebWorld) -> None:
    many = {f"key-{n}": sha256(bytes([n])).hexdigest() for n in range(50)}
    assert refuses(web, web.issuer.token(**tags_claim(**many))) == "PackedPolicyTooLarge"


def test_flat_tags_mean_what_nested_ones_mean(web: WebWorld) -> None:
    flat = {f"{TAGS}/principal_tags/user_id": "bob", f"{TAGS}/transitive_tag_keys": ["user_id"]}
    answer = web.exchange(web.issuer.token(**flat))
    assert web.reads(answer, "bob/1")
    assert not web.reads(answer, "alice/1")
