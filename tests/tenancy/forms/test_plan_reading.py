"""Terraform plans and states: what their values say, and what only applying decides."""

import json
from typing import Any

import pytest

from tests.tenancy.forms import sets
from tests.tenancy.forms.terraform import planned
from valetkey.errors import ValetkeyError
from valetkey.tenancy.forms import Surroundings, Wanted, read_plan
from valetkey.tenancy.policy_set import Attached, PolicySet

HERE = Surroundings(sets.ACCOUNT, sets.REGION)
TRUST = json.dumps(sets.TRUST).replace("${", "$${")
OWN = json.dumps(sets.OWN_OBJECTS).replace("${", "$${")
ROLE = {"name": "AgentTools", "path": "/", "assume_role_policy": TRUST}


def _plan(**resources: dict[str, Any]) -> dict[str, Any]:
    """Return the plan of resources by type and label."""
    return planned({"resource": {"aws_iam_role": {"agent": ROLE}, **resources}})


def _read(plan: dict[str, Any], wanted: Wanted | None = None) -> PolicySet:
    return read_plan(json.dumps(plan), HERE, name="p", wanted=wanted or Wanted())


def _state(*resources: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    listed = [
        {"address": f"{kind}.r{i}", "mode": "managed", "type": kind, "name": f"r{i}",
         "values": values}
        for i, (kind, values) in enumerate(resources)
    ]  # fmt: skip
    return {"format_version": "1.0", "values": {"root_module": {"resources": listed}}}


def _code(plan: dict[str, Any]) -> str:
    with pytest.raises(ValetkeyError) as caught:
        _read(plan)
    return caught.value.code


def test_a_planned_role_has_the_arn_that_its_name_makes() -> None:
    (role,) = _read(_plan()).roles
    assert (role.arn, role.trust) == (sets.TOOLS, sets.TRUST)


def test_policies_are_followed_by_reference_where_ids_are_not_known() -> None:
    plan = _plan(
        aws_iam_role_policy={
            "a": {"name": "inline", "role": "${aws_iam_role.agent.id}", "policy": OWN}
        },
        aws_iam_policy={"own": {"name": "managed", "policy": OWN}},
        aws_iam_role_policy_attachment={
            "a": {
                "role": "${aws_iam_role.agent.name}",
                "policy_arn": "${aws_iam_policy.own.arn}",
            }
        },
    )
    read = _read(plan)
    assert read.roles[0].permissions == (
        Attached("inline", sets.OWN_OBJECTS),
        Attached("managed", sets.OWN_OBJECTS),
    )
    assert read.unread == ()


def test_a_reference_that_is_not_one_resource_is_not_guessed() -> None:
    plan = _plan(
        aws_iam_role_policy={
            "a": {"name": "inline", "role": "${aws_iam_role.agent.id}", "policy": OWN}
        }
    )
    configured = plan["configuration"]["root_module"]["resources"]
    (policy,) = (one for one in configured if one["type"] == "aws_iam_role_policy")
    policy["expressions"]["role"]["references"] += ["aws_iam_role.other.id", "aws_iam_role.other"]
    read = _read(plan)
    assert read.roles[0].permissions == ()
    assert "aws_iam_role_policy.a.role" in read.unread[0]


def test_a_policy_that_is_known_after_apply_only_is_an_error() -> None:
    plan = _plan(
        aws_iam_policy={"other": {"name": "o", "policy": OWN}},
        aws_iam_role_policy={
            "a": {"name": "inline", "role": "AgentTools", "policy": "${aws_iam_policy.other.id}"}
        },
    )
    assert _code(plan) == "policy-source-undecided"


def test_modules_are_read_with_their_own_references() -> None:
    inner = _plan(
        aws_iam_role_policy={
            "a": {"name": "inline", "role": "${aws_iam_role.agent.id}", "policy": OWN}
        }
    )
    resources = inner["planned_values"]["root_module"]["resources"]
    for one in [*resources, *inner["resource_changes"]]:
        one["address"] = f'module.agents["eu"].{one["address"]}'
    plan = {
        **inner,
        "planned_values": {
            "root_module": {
                "child_modules": [{"address": 'module.agents["eu"]', "resources": resources}]
            }
        },
        "configuration": {
            "root_module": {
                "module_calls": {"agents": {"module": inner["configuration"]["root_module"]}}
            }
        },
    }
    assert _read(plan).roles[0].permissions == (Attached("inline", sets.OWN_OBJECTS),)


def test_a_state_is_read_as_it_is() -> None:
    own = json.dumps(sets.OWN_OBJECTS)
    role = {
        "name": "AgentTools",
        "arn": sets.TOOLS,
        "assume_role_policy": json.dumps(sets.TRUST),
        "inline_policy": [{"name": "inline", "policy": own}, {"name": None, "policy": None}],
        "managed_policy_arns": ["arn:aws:iam::111122223333:policy/managed"],
        "permissions_boundary": "arn:aws:iam::111122223333:policy/managed",
        "max_session_duration": 7200,
        "tags": {"own": "1"},
        "tags_all": {"own": "1", "of-the-provider": "2"},
    }
    managed = {
        "name": "managed",
        "arn": "arn:aws:iam::111122223333:policy/managed",
        "policy": own,
    }
    attached = {"role": "AgentTools", "policy_arn": managed["arn"]}
    read = _read(
        _state(
            ("aws_iam_role", role),
            ("aws_iam_policy", managed),
            ("aws_iam_role_policy_attachment", attached),
        )
    )
    (found,) = read.roles
    assert [one.name for one in found.permissions] == ["inline", "managed"]
    assert found.boundary == sets.OWN_OBJECTS
    assert found.tags == {"own": "1", "of-the-provider": "2"}
    assert found.max_session_seconds == 7200
    assert read.unread == ()


@pytest.mark.parametrize(
    "role",
    [
        {"managed_policy_arns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"]},
        {"permissions_boundary": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
    ],
)
def test_a_managed_policy_of_aws_makes_every_answer_unknown(role: dict[str, Any]) -> None:
    read = _read(
        _state(("aws_iam_role", {**ROLE, "assume_role_policy": json.dumps(sets.TRUST), **role}))
    )
    assert "ReadOnlyAccess" in read.unread[0]


def test_buckets_and_tables_are_known_to_have_no_policy() -> None:
    plan = _plan(
        aws_s3_bucket={"a": {"bucket": "data"}, "b": {"bucket_prefix": "made-up-"}},
        aws_dynamodb_table={"a": {"name": "Tasks"}},
    )
    assert _read(plan).resource_policies == {"arn:aws:s3:::data": None, sets.TABLE: None}


def test_resource_policies_are_followed_by_reference() -> None:
    plan = _plan(
        aws_s3_bucket={"a": {"bucket": "data"}},
        aws_s3_bucket_policy={"a": {"bucket": "${aws_s3_bucket.a.id}", "policy": OWN}},
        aws_dynamodb_table={"a": {"name": "Tasks"}},
        aws_dynamodb_resource_policy={
            "a": {"resource_arn": "${aws_dynamodb_table.a.arn}", "policy": OWN}
        },
        aws_sqs_queue={"a": {"name": "work"}},
        aws_sqs_queue_policy={"a": {"queue_url": "${aws_sqs_queue.a.url}", "policy": OWN}},
    )
    read = _read(plan)
    assert dict(read.resource_policies) == dict.fromkeys(
        ("arn:aws:s3:::data", sets.TABLE, sets.QUEUE), sets.OWN_OBJECTS
    )


def test_a_bucket_policy_that_is_known_after_apply_only_leaves_it_unknown() -> None:
    plan = _plan(
        aws_s3_bucket={"a": {"bucket": "data"}},
        aws_s3_bucket_policy={"a": {"bucket": "data", "policy": "${aws_s3_bucket.a.arn}"}},
    )
    read = _read(plan)
    assert (dict(read.resource_policies), len(read.unread)) == ({}, 1)


def test_policies_that_a_state_has_in_the_resource_are_read() -> None:
    own = json.dumps(sets.OWN_OBJECTS)
    read = _read(
        _state(
            ("aws_s3_bucket", {"bucket": "data", "arn": "arn:aws:s3:::data", "policy": own}),
            ("aws_sqs_queue", {"name": "work", "arn": sets.QUEUE, "policy": ""}),
            ("aws_kms_key", {"key_id": "1", "arn": sets.KEY, "policy": own}),
        )
    )
    assert read.resource_policies == {
        "arn:aws:s3:::data": sets.OWN_OBJECTS,
        sets.QUEUE: None,
        sets.KEY: sets.OWN_OBJECTS,
    }


def test_a_permission_of_a_function_is_a_statement_for_its_qualifier() -> None:
    permission = {
        "function_name": "tool",
        "qualifier": "live",
        "action": "lambda:InvokeFunction",
        "principal": "111122223333",
        "statement_id": "s",
    }
    document = _read(_state(("aws_lambda_permission", permission))).resource_policies[sets.FUNCTION]
    assert document is not None
    (statement,) = document["Statement"]
    assert statement["Resource"] == f"{sets.FUNCTION}:live"
    assert statement["Principal"] == {"AWS": "111122223333"}
    odd = {**permission, "invoked_by": "x"}
    assert _code(_state(("aws_lambda_permission", odd))) == "policy-source-malformed"


def test_a_brokers_policy_is_told_from_an_agents() -> None:
    plan = _plan(
        aws_iam_role_policy={"b": {"name": "b", "role": "ValetkeyBroker", "policy": OWN}},
    )
    read = _read(plan, Wanted(frozenset({sets.TOOLS}), frozenset({sets.BROKER})))
    assert read.brokers == {sets.BROKER: sets.OWN_OBJECTS}
    assert [role.arn for role in read.roles] == [sets.TOOLS]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("aws_kms_grant", {"key_id": "1"}),
        ("aws_s3_access_point", {"bucket": "data"}),
        ("aws_s3_bucket_acl", {"bucket": "data", "acl": "public-read"}),
        ("aws_cloudformation_stack", {"name": "x"}),
    ],
)
def test_what_could_let_somebody_in_and_is_not_read_is_named(
    kind: str, values: dict[str, Any]
) -> None:
    assert kind in _read(_state((kind, values))).unread[0]


@pytest.mark.parametrize(
    "change",
    [
        {"format_version": "2.0"},
        {"format_version": None},
        {"errored": True},
        {"planned_values": None},
    ],
)
def test_what_is_no_good_plan_is_refused(change: dict[str, Any]) -> None:
    assert _code({**_plan(), **change}) == "policy-source-malformed"


def test_a_plan_that_puts_changes_off_is_not_the_whole() -> None:
    assert _read({**_plan(), "complete": False}).unread


def test_data_sources_are_passed_by() -> None:
    plan = _plan()
    plan["planned_values"]["root_module"]["resources"].append({"mode": "data", "type": "x"})
    assert len(_read(plan).roles) == 1


def test_tags_that_are_known_after_apply_only_are_named() -> None:
    plan = _plan()
    plan["resource_changes"][0]["change"]["after_unknown"]["tags_all"] = {"user_id": True}
    assert "tags_all" in _read(plan).unread[0]
