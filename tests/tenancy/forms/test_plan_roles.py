"""The roles of a plan or state, with every policy that they are given."""

import copy
import json
from typing import Any

import pytest

from tests.tenancy.forms import sets
from tests.tenancy.forms.plans import OWN, ROLE, code, plan, read, state
from valetkey.tenancy.forms import Wanted
from valetkey.tenancy.policy_set import Attached


def test_a_planned_role_has_the_arn_that_its_name_makes() -> None:
    (role,) = read(plan()).roles
    assert (role.arn, role.trust) == (sets.TOOLS, sets.TRUST)


def test_policies_are_followed_by_reference_where_ids_are_not_known() -> None:
    made = plan(
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
    found = read(made)
    assert found.roles[0].permissions == (
        Attached("inline", sets.OWN_OBJECTS),
        Attached("managed", sets.OWN_OBJECTS),
    )
    assert found.unread == ()


def test_a_reference_that_is_not_one_resource_is_not_guessed() -> None:
    made = plan(
        aws_iam_role_policy={
            "a": {"name": "inline", "role": "${aws_iam_role.agent.id}", "policy": OWN}
        }
    )
    configured = made["configuration"]["root_module"]["resources"]
    (policy,) = (one for one in configured if one["type"] == "aws_iam_role_policy")
    policy["expressions"]["role"]["references"] += ["aws_iam_role.other.id", "aws_iam_role.other"]
    found = read(made)
    assert found.roles[0].permissions == ()
    assert "aws_iam_role_policy.a.role" in found.unread[0]


def test_a_policy_that_is_known_after_apply_only_is_an_error() -> None:
    made = plan(
        aws_iam_policy={"other": {"name": "o", "policy": OWN}},
        aws_iam_role_policy={
            "a": {"name": "inline", "role": "AgentTools", "policy": "${aws_iam_policy.other.id}"}
        },
    )
    assert code(made) == "policy-source-undecided"


def test_modules_are_read_with_their_own_references() -> None:
    inner = plan(
        aws_iam_role_policy={
            "a": {"name": "inline", "role": "${aws_iam_role.agent.id}", "policy": OWN}
        }
    )
    resources = inner["planned_values"]["root_module"]["resources"]
    for one in [*resources, *inner["resource_changes"]]:
        one["address"] = f'module.agents["eu"].{one["address"]}'
    made = {
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
    assert read(made).roles[0].permissions == (Attached("inline", sets.OWN_OBJECTS),)


def test_a_reference_that_is_a_part_of_a_text_is_not_followed() -> None:
    policy = {"name": "inline", "role": "${aws_iam_role.agent.id}", "policy": OWN}
    made = plan(aws_iam_role_policy={"a": policy})
    configured = made["configuration"]["root_module"]["resources"]
    (found,) = (one for one in configured if one["type"] == "aws_iam_role_policy")
    found["expressions"]["role"]["constant_value"] += "-other"
    assert "aws_iam_role_policy.a.role" in read(made).unread[0]


def test_a_reference_is_to_the_resource_of_its_own_module() -> None:
    policy = {"name": "inline", "role": "${aws_iam_role.agent.id}", "policy": OWN}
    made = plan(aws_iam_role_policy={"a": policy})
    root = made["planned_values"]["root_module"]
    role = copy.deepcopy(root["resources"][0])
    role["address"] = "module.m.aws_iam_role.agent"
    role["values"]["name"] = "Inner"
    root["child_modules"] = [{"address": "module.m", "resources": [role]}]
    agent, inner = read(made).roles
    assert (len(agent.permissions), len(inner.permissions)) == (1, 0)


def test_an_attachment_of_a_policy_that_cannot_be_told_is_named() -> None:
    attachment = {"role": "AgentTools", "policy_arn": "${aws_iam_policy.own.arn}"}
    made = plan(
        aws_iam_policy={"own": {"name": "managed", "policy": OWN}},
        aws_iam_role_policy_attachment={"a": attachment},
    )
    made["configuration"] = {}
    found = read(made)
    assert found.roles[0].permissions == ()
    assert any("policy_arn" in one for one in found.unread)


@pytest.mark.parametrize("member", ["managed_policy_arns", "inline_policy"])
def test_policies_of_a_role_that_are_known_after_apply_only_are_named(member: str) -> None:
    made = plan()
    configured = made["configuration"]["root_module"]["resources"][0]
    assert read(made).unread == ()  # what nobody wrote is nothing
    configured["expressions"][member] = {"references": ["var.policies"]}
    assert member in read(made).unread[0]


def test_a_role_in_a_set_that_is_known_after_apply_only_is_named() -> None:
    attachment = {"roles": ["AgentTools", None], "policy_arn": "${aws_iam_policy.own.arn}"}
    made = plan(
        aws_iam_policy={"own": {"name": "managed", "policy": OWN}},
        aws_iam_policy_attachment={"a": attachment},
    )
    found = read(made)
    assert len(found.roles[0].permissions) == 1
    assert "roles" in found.unread[0]


def test_a_policy_for_a_role_of_another_source_is_not_lost() -> None:
    policy = {"name": "inline", "role": "Elsewhere", "policy": OWN}
    assert "Elsewhere" in read(plan(aws_iam_role_policy={"a": policy})).unread[0]


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
    made = read(
        state(
            ("aws_iam_role", role),
            ("aws_iam_policy", managed),
            ("aws_iam_role_policy_attachment", attached),
        )
    )
    (found,) = made.roles
    assert [one.name for one in found.permissions] == ["inline", "managed"]
    assert found.boundary == sets.OWN_OBJECTS
    assert found.tags == {"own": "1", "of-the-provider": "2"}
    assert found.max_session_seconds == 7200
    assert made.unread == ()


@pytest.mark.parametrize(
    "role",
    [
        {"managed_policy_arns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"]},
        {"permissions_boundary": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
    ],
)
def test_a_managed_policy_of_aws_makes_every_answer_unknown(role: dict[str, Any]) -> None:
    found = read(
        state(("aws_iam_role", {**ROLE, "assume_role_policy": json.dumps(sets.TRUST), **role}))
    )
    assert "ReadOnlyAccess" in found.unread[0]


def test_a_brokers_policy_is_told_from_an_agents() -> None:
    made = plan(
        aws_iam_role_policy={"b": {"name": "b", "role": "ValetkeyBroker", "policy": OWN}},
    )
    found = read(made, Wanted(frozenset({sets.TOOLS}), frozenset({sets.BROKER})))
    assert found.brokers == {sets.BROKER: sets.OWN_OBJECTS}
    assert [role.arn for role in found.roles] == [sets.TOOLS]


def test_tags_that_are_known_after_apply_only_are_named() -> None:
    made = plan()
    made["resource_changes"][0]["change"]["after_unknown"]["tags_all"] = {"user_id": True}
    assert "tags_all" in read(made).unread[0]
