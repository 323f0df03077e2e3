"""The roles of a template, with every policy that they are given."""

from typing import Any

import pytest

from tests.tenancy.forms import sets
from tests.tenancy.forms.templates import AGENT_ROLE, SECTIONS, code, policy, read, role
from valetkey.tenancy.forms import Wanted
from valetkey.tenancy.policy_set import Attached


def test_every_way_to_give_a_role_a_policy_is_read() -> None:
    def one(name: str) -> dict[str, Any]:
        return sets.document(sets.allow("s3:GetObject", f"arn:aws:s3:::{name}/*"))

    resources = {
        "Role": role(
            Policies=[{"PolicyName": "inline", "PolicyDocument": one("inline")}],
            ManagedPolicyArns=[{"Ref": "Named"}, f"arn:aws:iam::{sets.ACCOUNT}:policy/x/By"],
            PermissionsBoundary={"Ref": "Boundary"},
        ),
        "Named": {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {"PolicyDocument": one("named")},
        },
        "ByArn": {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {"ManagedPolicyName": "By", "Path": "/x/", "PolicyDocument": one("arn")},
        },
        "Boundary": {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {"PolicyDocument": one("boundary")},
        },
        "Attaching": {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {"PolicyDocument": one("attaching"), "Roles": [{"Ref": "Role"}]},
        },
        "Cdk": {
            "Type": "AWS::IAM::Policy",
            "Properties": {
                "PolicyName": "cdk", "PolicyDocument": one("cdk"), "Roles": [{"Ref": "Role"}],
            },
        },
        "Single": {
            "Type": "AWS::IAM::RolePolicy",
            "Properties": {
                "PolicyName": "single", "PolicyDocument": one("single"), "RoleName": "AgentTools",
            },
        },
    }  # fmt: skip
    found = read(resources)
    (agent,) = found.roles
    assert agent.boundary == one("boundary")
    assert agent.permissions == (
        Attached("inline", one("inline")),
        Attached("Named", one("named")),
        Attached("By", one("arn")),
        Attached("cdk", one("cdk")),
        Attached("single", one("single")),
        Attached("Attaching", one("attaching")),
    )
    assert found.unread == ()


@pytest.mark.parametrize("property_name", ["ManagedPolicyArns", "PermissionsBoundary"])
def test_a_managed_policy_of_aws_makes_every_answer_unknown(property_name: str) -> None:
    arn: Any = {"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/ReadOnlyAccess"}
    given = [arn] if property_name == "ManagedPolicyArns" else arn
    found = read({"Role": role(**{property_name: given})})
    assert "arn:aws:iam::aws:policy/ReadOnlyAccess" in found.unread[0]


def test_a_role_that_is_not_asked_for_is_not_read() -> None:
    other = {
        "Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": {"Fn::ImportValue": "x"}},
    }
    attached = {
        "Type": "AWS::IAM::Policy",
        "Properties": {
            "PolicyName": "p",
            "PolicyDocument": {"Fn::ImportValue": "x"},
            "Roles": [{"Ref": "Other"}],
        },
    }
    resources = {"Role": AGENT_ROLE, "Other": other, "Attached": attached}
    found = read(resources, wanted=Wanted(frozenset({sets.TOOLS})))
    assert [role.arn for role in found.roles] == [sets.TOOLS]
    assert found.unread == ()


def test_a_policy_of_a_role_that_cannot_be_told_could_be_of_any() -> None:
    attached = {
        "Type": "AWS::IAM::Policy",
        "Properties": {**policy("*"), "Roles": [{"Fn::ImportValue": "x"}]},
    }
    wanted = Wanted(frozenset({sets.TOOLS}))
    assert read({"Role": AGENT_ROLE, "Attached": attached}, wanted=wanted).unread


def test_a_policy_for_an_agent_role_of_another_source_is_not_lost() -> None:
    attached = {
        "Type": "AWS::IAM::Policy",
        "Properties": {**policy("*"), "Roles": ["AgentTenantData"]},
    }
    wanted = Wanted(frozenset({sets.AGENT}))
    assert sets.AGENT in read({"Attached": attached}, wanted=wanted).unread[0]


def test_a_brokers_role_is_told_from_an_agents() -> None:
    broker = role(RoleName="ValetkeyBroker", Path="/platform/", Policies=[policy("*")])
    wanted = Wanted(frozenset({sets.TOOLS}), frozenset({sets.BROKER}))
    for one in (wanted, Wanted(brokers=wanted.brokers)):
        found = read({"Role": AGENT_ROLE, "Broker": broker}, wanted=one)
        assert [role.arn for role in found.roles] == [sets.TOOLS]
        assert found.brokers == {sets.BROKER: policy("*")["PolicyDocument"]}


def test_several_policies_of_a_broker_are_one() -> None:
    statements = [{**sets.allow("s3:*", name), "Sid": "Same"} for name in ("a", "b")]
    policies = [
        {"PolicyName": f"p{i}", "PolicyDocument": sets.document(one)}
        for i, one in enumerate(statements)
    ]
    broker = role(RoleName="ValetkeyBroker", Path="/platform/", Policies=policies)
    found = read({"Broker": broker}, wanted=Wanted(brokers=frozenset({sets.BROKER})))
    expected = sets.document(*(sets.allow("s3:*", name) for name in ("a", "b")))
    assert found.brokers == {sets.BROKER: expected}  # one Sid twice is no policy


def test_conditions_decide_what_is_there() -> None:
    resources = {
        "Role": {**AGENT_ROLE, "Condition": "IsEu"},
        "Gone": {**role(RoleName="Gone"), "Condition": "IsBoth"},
    }
    assert [role.arn for role in read(resources, **SECTIONS).roles] == [sets.TOOLS]
    undecided = {"Role": {**AGENT_ROLE, "Condition": "IsLive"}}
    assert code(undecided, **SECTIONS) == "policy-source-undecided"
