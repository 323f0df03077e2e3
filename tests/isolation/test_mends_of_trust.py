"""Who comes to a session, made fewer: an edit for each condition that lacks."""

from dataclasses import replace
from typing import Any

import pytest

from tests.isolation.leaks import (
    ACCOUNT,
    BROKER,
    BUCKET,
    IN_ROLE,
    MAP,
    OWN,
    PROVIDER,
    READ,
    ROLE,
    TRUSTED,
    Json,
    policies_with,
    witness_of,
)
from valetkey.iam import StatementRef
from valetkey.isolation.mends_of_trust import resource_policy_edits, role_tag_edits, trust_edits
from valetkey.tenancy import (
    AgentRole,
    Document,
    Source,
)
from valetkey.tenancy.generating import generated


def test_a_role_loses_the_tags_that_are_tags_of_runs_in_any_case() -> None:
    policies = policies_with(READ)
    tagged = replace(policies.roles[0], tags={"User_Id": "alice", "team": "x"})

    (edit,) = role_tag_edits(MAP, replace(policies, roles=(tagged,)))

    assert edit.policies.roles[0].tags == {"team": "x"}


def _trust_without(operator: str, key: str | None = None, **change: Any) -> Json:
    first, *rest = [dict(one) for one in TRUSTED["Statement"]]
    block = {name: dict(keys) for name, keys in first["Condition"].items()}
    if key is None:
        del block[operator]
    else:
        del block[operator][key]
    return {**TRUSTED, "Statement": [{**first, "Condition": block, **change}, *rest]}


@pytest.mark.parametrize(
    ("operator", "key"),
    [
        ("StringLike", "aws:RequestTag/user_id"),
        ("StringLike", "aws:RequestTag/valetkey_run"),
        ("StringNotLike", None),
        ("ForAllValues:StringEquals", None),
        ("Null", None),
    ],
)
def test_a_trust_policy_gets_the_condition_that_it_lacks(operator: str, key: str | None) -> None:
    policies = policies_with(READ, trust=_trust_without(operator, key))

    edits = list(trust_edits(MAP, policies, IN_ROLE))

    assert TRUSTED in [edit.policies.roles[0].trust for edit in edits if not edit.whole]


def test_no_condition_is_asked_of_an_action_that_does_not_carry_its_key() -> None:
    first = TRUSTED["Statement"][0]
    actions = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
    lax = {"Effect": "Allow", "Principal": first["Principal"], "Action": actions}
    trust = {**TRUSTED, "Statement": [lax]}

    edits = list(trust_edits(MAP, policies_with(READ, trust=trust), IN_ROLE))

    assert TRUSTED in [_in_order(edit.policies.roles[0].trust) for edit in edits if not edit.whole]
    for edit in edits:
        for one in edit.policies.roles[0].trust["Statement"]:
            assert "SetSourceIdentity" not in str(one["Action"]) or "aws:" not in str(
                one.get("Condition")
            )


def _in_order(document: Document) -> Json:
    """Return the policy with its statements' members in the order of the map's own."""
    order = ["Sid", "Effect", "Principal", "Action", "Condition"]
    return {
        **document,
        "Statement": [
            {name: one[name] for name in order if name in one} for one in document["Statement"]
        ],
    }


def test_a_stranger_is_dropped_from_the_trust_policy() -> None:
    both = [BROKER, f"arn:aws:iam::{ACCOUNT}:role/Other"]
    first, *rest = TRUSTED["Statement"]
    trust = {**TRUSTED, "Statement": [{**first, "Principal": {"AWS": both}}, *rest]}

    edits = list(trust_edits(MAP, policies_with(READ, trust=trust), IN_ROLE))

    assert TRUSTED in [edit.policies.roles[0].trust for edit in edits if not edit.whole]
    assert all(BROKER in str(edit.policies.roles[0].trust) for edit in edits)


def test_what_a_negated_condition_already_keeps_out_stays_out() -> None:
    first, *rest = TRUSTED["Statement"]
    block = {**first["Condition"], "StringNotLike": {"aws:RequestTag/user_id": "*%*"}}
    trust = {**TRUSTED, "Statement": [{**first, "Condition": block}, *rest]}

    edit, *_ = trust_edits(MAP, policies_with(READ, trust=trust), IN_ROLE)

    mended = edit.policies.roles[0].trust["Statement"][0]["Condition"]["StringNotLike"]
    assert mended == {"aws:RequestTag/user_id": ["*%*", "*/*"]}


def test_an_action_that_the_map_does_not_speak_of_stays_where_a_statement_is_split() -> None:
    first = TRUSTED["Statement"][0]
    actions = ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:SetContext"]
    lax = {"Effect": "Allow", "Principal": first["Principal"], "Action": actions}
    trust = {**TRUSTED, "Statement": [lax]}

    edits = list(trust_edits(MAP, policies_with(READ, trust=trust), IN_ROLE))

    for edit in edits:
        assert edit.whole or "sts:SetContext" in str(edit.policies.roles[0].trust)


def test_a_comparison_with_the_empty_text_asks_for_a_letter_instead() -> None:
    trust = _trust_without("StringLike", "aws:RequestTag/user_id")
    trust["Statement"][0]["Condition"]["StringNotEquals"] = {"aws:RequestTag/user_id": ""}

    edits = list(trust_edits(MAP, policies_with(READ, trust=trust), IN_ROLE))

    blocks = [edit.policies.roles[0].trust["Statement"][0]["Condition"] for edit in edits]
    assert TRUSTED["Statement"][0]["Condition"] in blocks


def test_a_token_has_its_subject_pinned() -> None:
    role = AgentRole("data", ROLE, source=Source.WEB_IDENTITY)
    by_token = replace(MAP, roles=(role,), oidc_provider=PROVIDER)
    written = generated(by_token)
    statements = [dict(one) for one in written.roles[0].trust["Statement"]]
    for one in statements:
        block = dict(one["Condition"])
        block["StringEquals"] = {"id.example.com:aud": "sts.amazonaws.com"}
        one["Condition"] = block
    trust = {**written.roles[0].trust, "Statement": statements}
    policies = replace(written, roles=(replace(written.roles[0], trust=trust),))

    edits = list(trust_edits(by_token, policies, IN_ROLE))

    assert written.roles[0].trust in [edit.policies.roles[0].trust for edit in edits]


def test_a_stranger_is_dropped_from_a_resource_policy() -> None:
    named = StatementRef(f"resource policy of {BUCKET}", 0)
    let_in = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/Other"},
        "Action": "s3:GetObject",
        "Resource": OWN,
    }
    alone = {"Version": "2012-10-17", "Statement": [let_in]}
    policies = replace(policies_with(READ), resource_policies={BUCKET: alone})

    edits = list(resource_policy_edits(MAP, policies, witness_of("s3:GetObject", OWN, named)))

    assert [edit.policies.resource_policies for edit in edits] == [{BUCKET: None}]
