"""Only-by-the-broker: who else comes to a session, and with which other tags."""

from typing import Any

import pytest

from tests.isolation.trusts import (
    APPROVALS,
    BUCKET,
    HOST,
    ORCHESTRATOR,
    a_map,
    a_problem,
    allow,
    answer,
    bounded,
    document,
    replayed,
    token_trust,
    trust_of,
    verdicts,
    witnesses,
)
from tests.tenancy.maps import BROKER, ORDERS, PROVIDER, ROLE
from valetkey.iam import Policies
from valetkey.isolation.answer import Answer
from valetkey.isolation.callers import SUPPOSED
from valetkey.isolation.theorem_only_by_the_broker import only_by_the_broker
from valetkey.tenancy import Source

OTHER = "arn:aws:iam::111122223333:role/Deploy"
OURS = {"StringEquals": {f"{HOST}:aud": "sts.amazonaws.com", f"{HOST}:sub": "grant:tenant-data"}}


def _without(operator: str, key: str | None = None) -> dict[str, Any]:
    condition = bounded()
    if key is None:
        del condition[operator]
    else:
        del condition[operator][key]
    return condition


def _with(operator: str, key: str, value: Any) -> dict[str, Any]:
    condition = bounded()
    condition[operator] = {**condition.get(operator, {}), key: value}
    return condition


def test_exactly_our_tags_from_the_broker_are_proved() -> None:
    assert answer(verdicts(only_by_the_broker, a_problem())) is Answer.PROVED


def test_a_second_statement_for_the_source_identity_is_proved() -> None:
    source = {
        "Effect": "Allow",
        "Principal": {"AWS": BROKER},
        "Action": "sts:SetSourceIdentity",
        "Condition": {"StringLike": {"sts:SourceIdentity": "r-*"}},
    }
    problem = a_problem(trust=trust_of(source))
    assert answer(verdicts(only_by_the_broker, problem)) is Answer.PROVED


UNBOUNDED = {
    "no conditions": {},
    "a tag may be absent": _without("StringLike", "aws:RequestTag/user_id"),
    "the run may be absent": _without("StringLike", "aws:RequestTag/valetkey_run"),
    "a tag may be empty": _with("StringLike", "aws:RequestTag/user_id", "*"),
    "a delimiter in a tag": _without("StringNotLike"),
    "only two slashes are kept out": _with("StringNotLike", "aws:RequestTag/user_id", "*/*/*"),
    "any other tag": _without("ForAllValues:StringEquals"),
    "one more tag": _with(
        "ForAllValues:StringEquals", "aws:TagKeys", ["user_id", "valetkey_run", "x"]
    ),
    "tags by a pattern": {
        **_without("ForAllValues:StringEquals"),
        "ForAllValues:StringLike": {"aws:TagKeys": ["user_*", "valetkey_run"]},
    },
    "one of the tags must be ours": {
        **_without("ForAllValues:StringEquals"),
        "ForAnyValue:StringEquals": {"aws:TagKeys": ["user_id", "valetkey_run"]},
    },
    "a run is any text": _with("StringLike", "aws:RequestTag/valetkey_run", "?*"),
    "tags if they exist": {
        **_without("StringLike"),
        "StringLikeIfExists": bounded()["StringLike"],
    },
    "a negated test for empty": {
        **_without("StringLike", "aws:RequestTag/user_id"),
        "StringNotEquals": {"aws:RequestTag/user_id": ""},
    },
}


@pytest.mark.parametrize("condition", UNBOUNDED.values(), ids=UNBOUNDED)
def test_a_tag_that_the_text_does_not_bound_is_refuted(condition: dict[str, Any]) -> None:
    problem = a_problem(trust=trust_of(condition=condition))
    found = witnesses(verdicts(only_by_the_broker, problem))
    assert found
    policies = Policies(identity=(SUPPOSED,), trust=problem.roles[0].trust)
    assert all(replayed(one, policies) for one in found)
    assert all(one.got == "allow" for one in found)


def test_the_witness_of_an_absent_tag_has_no_such_tag() -> None:
    trust = trust_of(condition=_without("StringLike", "aws:RequestTag/user_id"))
    found = witnesses(verdicts(only_by_the_broker, a_problem(trust=trust)))
    assert any("user_id" not in one.runs[0] for one in found)
    assert all(one.principal.startswith("arn:aws:sts::111122223333:assumed-role/ValetkeyBroker/")
               for one in found)  # fmt: skip


def test_a_bound_that_rests_on_the_case_of_letters_is_not_proved() -> None:
    """`A/*` keeps `A/b` out, and `a/b` only where the service reads values in any case."""
    condition = _with("StringNotLike", "aws:RequestTag/user_id", ["*/*"])
    condition["StringLike"]["aws:RequestTag/user_id"] = "A/*"
    nothing = a_problem(trust=trust_of(condition=condition))
    assert answer(verdicts(only_by_the_broker, nothing)) is Answer.PROVED
    condition = _with("StringNotLike", "aws:RequestTag/user_id", ["A*/*", "b*/*"])
    condition["StringLike"]["aws:RequestTag/user_id"] = ["A*", "b*"]
    by_case = a_problem(trust=trust_of(condition=condition))
    assert answer(verdicts(only_by_the_broker, by_case)) is Answer.UNKNOWN


def test_a_run_that_begins_otherwise_in_capitals_is_refuted() -> None:
    condition = _with("StringLike", "aws:RequestTag/valetkey_run", ["r-*", "X-*"])
    problem = a_problem(trust=trust_of(condition=condition))
    assert answer(verdicts(only_by_the_broker, problem)) is Answer.REFUTED


STRANGERS = {
    "another role": {"AWS": [BROKER, OTHER]},
    "a role of another account": {"AWS": [BROKER, "arn:aws:iam::999988887777:role/ValetkeyBroker"]},
    "the role itself, by chaining": {"AWS": [BROKER, ROLE]},
    "an IAM person": {"AWS": [BROKER, "arn:aws:iam::111122223333:user/alice"]},
    "a service": {"AWS": BROKER, "Service": "lambda.amazonaws.com"},
    "another provider": {"AWS": BROKER, "Federated": f"{PROVIDER}s"},
    "anybody": "*",
}


@pytest.mark.parametrize("principal", STRANGERS.values(), ids=STRANGERS)
def test_a_principal_that_the_map_does_not_name_is_refuted(principal: Any) -> None:
    trust = trust_of({"Effect": "Allow", "Principal": principal, "Action": "sts:*"})
    assert answer(verdicts(only_by_the_broker, a_problem(trust=trust))) is Answer.REFUTED


def test_a_stranger_is_refuted_even_with_all_bounds() -> None:
    found = verdicts(only_by_the_broker, a_problem(trust=trust_of(principal={"AWS": OTHER})))
    assert [one.role for one in witnesses(found)] == [OTHER]


def test_chaining_into_the_role_is_refuted_by_a_session_of_the_role() -> None:
    condition = _without("StringLike", "aws:RequestTag/valetkey_run")
    trust = trust_of(principal={"AWS": [BROKER, ROLE]}, condition=condition)
    found = witnesses(verdicts(only_by_the_broker, a_problem(trust=trust)))
    chained = [one for one in found if one.role == ROLE]
    assert [one.action for one in chained] == ["sts:AssumeRole"]


@pytest.mark.parametrize(
    "principal",
    [{"AWS": "111122223333"}, {"AWS": "arn:aws:iam::999988887777:root"}, {"AWS": "*"}],
)
def test_whom_a_principal_delegates_to_is_not_known(principal: Any) -> None:
    condition = {**bounded(), "ArnEquals": {"aws:PrincipalArn": BROKER}}
    problem = a_problem(trust=trust_of(principal=principal, condition=condition))
    found = verdicts(only_by_the_broker, problem)
    assert answer(found) is Answer.UNKNOWN
    assert all(one.reason for one in found if one.answer is Answer.UNKNOWN)


def test_the_broker_named_by_its_account_still_needs_our_tags() -> None:
    trust = trust_of(principal={"AWS": "111122223333"}, condition={})
    found = verdicts(only_by_the_broker, a_problem(trust=trust))
    assert answer(found) is Answer.REFUTED
    assert any(one.role == BROKER for one in witnesses(found))


def test_everybody_behind_a_deny_is_not_proved() -> None:
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sts:*",
        "Condition": {"ArnNotEquals": {"aws:PrincipalArn": BROKER}},
    }
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}
    problem = a_problem(trust=document(everybody, deny))
    assert answer(verdicts(only_by_the_broker, problem)) is not Answer.PROVED


def test_a_stranger_whom_a_deny_keeps_out_is_proved() -> None:
    deny = {"Effect": "Deny", "Principal": {"AWS": OTHER}, "Action": "sts:*"}
    named = {"Effect": "Allow", "Principal": {"AWS": OTHER}, "Action": "sts:AssumeRole"}
    problem = a_problem(trust=trust_of(named, deny))
    assert answer(verdicts(only_by_the_broker, problem)) is Answer.PROVED


def test_a_session_of_the_broker_by_name_is_not_proved() -> None:
    session = "arn:aws:sts::111122223333:assumed-role/ValetkeyBroker/one"
    trust = trust_of(principal={"AWS": [BROKER, session]})
    assert answer(verdicts(only_by_the_broker, a_problem(trust=trust))) is not Answer.PROVED


def test_tokens_with_their_audience_and_subject_pinned_are_proved() -> None:
    problem = a_problem(a_map(Source.WEB_IDENTITY), trust=token_trust(OURS))
    assert answer(verdicts(only_by_the_broker, problem)) is Answer.PROVED


TOKENS: dict[str, dict[str, Any]] = {
    "any token": {},
    "the audience alone": {"StringEquals": {f"{HOST}:aud": "sts.amazonaws.com"}},
    "the subject alone": {"StringEquals": {f"{HOST}:sub": "grant:tenant-data"}},
    "another grant too": {
        "StringEquals": {
            f"{HOST}:aud": "sts.amazonaws.com",
            f"{HOST}:sub": ["grant:tenant-data", "grant:admin"],
        }
    },
    "for all values": {
        "ForAllValues:StringEquals": {
            **bounded()["ForAllValues:StringEquals"],
            **OURS["StringEquals"],
        }
    },
    "if it exists": {"StringEqualsIfExists": OURS["StringEquals"]},
    "another provider's claims": {
        "StringEquals": {"id.example.org:aud": "sts.amazonaws.com", "id.example.org:sub": "x"}
    },
}


@pytest.mark.parametrize("is_ours", TOKENS.values(), ids=TOKENS)
def test_a_token_that_is_not_the_brokers_own_is_refuted(is_ours: dict[str, Any]) -> None:
    problem = a_problem(a_map(Source.WEB_IDENTITY), trust=token_trust(is_ours))
    found = witnesses(verdicts(only_by_the_broker, problem))
    assert [one.action for one in found] == ["sts:AssumeRoleWithWebIdentity"]
    assert replayed(found[0], Policies(trust=problem.roles[0].trust))


def test_a_subject_by_a_pattern_is_refuted() -> None:
    condition = {**bounded(), "StringEquals": {f"{HOST}:aud": "sts.amazonaws.com"}}
    condition["StringLike"] = {**condition["StringLike"], f"{HOST}:sub": "*grant:tenant-data"}
    problem = a_problem(a_map(Source.WEB_IDENTITY), trust=token_trust(condition))
    assert answer(verdicts(only_by_the_broker, problem)) is Answer.REFUTED


def _resource(principal: Any, **more: Any) -> dict[str, Any]:
    return document({**allow("s3:GetObject", f"{BUCKET}/*"), "Principal": principal, **more})


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (_resource({"AWS": [ROLE, ORCHESTRATOR]}), Answer.PROVED),
        (
            _resource("*", Condition={"ArnEquals": {"aws:PrincipalArn": ORCHESTRATOR}}),
            Answer.PROVED,
        ),
        (_resource("*", Effect="Deny"), Answer.PROVED),
        (_resource({"AWS": OTHER}), Answer.REFUTED),
        (_resource({"AWS": BROKER}), Answer.REFUTED),
        (_resource({"Service": "logging.s3.amazonaws.com"}), Answer.REFUTED),
        (_resource("*"), Answer.REFUTED),
        (_resource("*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}), Answer.UNKNOWN),
        (
            _resource("*", Condition={"ArnLike": {"aws:PrincipalArn": f"{ORCHESTRATOR}*"}}),
            Answer.UNKNOWN,
        ),
        (
            _resource("*", Condition={"ArnEqualsIfExists": {"aws:PrincipalArn": ORCHESTRATOR}}),
            Answer.UNKNOWN,
        ),
        (_resource({"AWS": "999988887777"}), Answer.UNKNOWN),
    ],
)
def test_a_resource_lets_in_only_whom_the_map_names(
    policy: dict[str, Any], expected: Answer
) -> None:
    problem = a_problem(resources={BUCKET: policy})
    assert answer(verdicts(only_by_the_broker, problem)) is expected


def test_a_protected_resource_lets_in_only_whom_the_map_names() -> None:
    policy = document({**allow("dynamodb:*", APPROVALS), "Principal": {"AWS": OTHER}})
    found = witnesses(verdicts(only_by_the_broker, a_problem(resources={APPROVALS: policy})))
    assert found
    assert {one.resource for one in found} >= {APPROVALS}


def test_a_resource_that_the_map_does_not_know_is_its_owners_business() -> None:
    elsewhere = f"{ORDERS}Elsewhere"
    policy = document({**allow("dynamodb:*", elsewhere), "Principal": {"AWS": OTHER}})
    problem = a_problem(resources={elsewhere: policy})
    assert answer(verdicts(only_by_the_broker, problem)) is Answer.PROVED
