"""What of a template could grant and is not understood is named or refused, never passed by."""

import json
from typing import Any

import pytest

from tests.tenancy.forms import sets
from tests.tenancy.forms.templates import SECTIONS, code, policy, read, role
from valetkey.tenancy.forms import Wanted
from valetkey.tenancy.forms.custom_resources import PASSED_BY

WANTED = Wanted(frozenset({sets.TOOLS}))
DYNAMIC = "{{resolve:ssm:/agents/role}}"
YES: dict[str, Any] = {"Conditions": {"Yes": {"Fn::Equals": ["a", "a"]}}}
NOTHING = {"Fn::If": ["Yes", {"Ref": "AWS::NoValue"}, "x"]}
MACRO = {"Name": "AWS::Include", "Parameters": {"Location": "s3://b/x"}}


def _attached(to: Any) -> dict[str, Any]:
    properties = {**policy("*"), "Roles": [to]}
    return {"Role": role(), "X": {"Type": "AWS::IAM::Policy", "Properties": properties}}


@pytest.mark.parametrize(
    "to",
    [
        DYNAMIC,
        {"Fn::Sub": "{{resolve:ssm:/${AWS::Region}}}"},
        {"Fn::Join": ["", ["{{res", "olve:ssm:/agents/role}}"]]},
        {"Fn::FindInMap": ["M", "a", "b"]},
        {"Ref": "P"},
    ],
)
def test_a_dynamic_reference_may_name_any_role(to: Any) -> None:
    mappings, parameters = {"M": {"a": {"b": DYNAMIC}}}, {"P": {"Type": "String"}}
    given = {"P": DYNAMIC}
    sections: dict[str, Any] = {"Mappings": mappings, "Parameters": parameters}
    found = read(_attached(to), wanted=WANTED, parameters=given, **sections)
    assert "dynamic reference" in found.unread[0]


def test_a_dynamic_reference_in_a_document_is_not_what_it_says() -> None:
    resources = {"Role": role(Policies=[policy(f"arn:aws:s3:::{DYNAMIC}/*")])}
    assert code(resources) == "policy-source-undecided"


@pytest.mark.parametrize(
    "resources",
    [
        {"Role": role(**{"Fn::Transform": MACRO})},
        {"Role": {**role(), "Fn::Transform": MACRO}},
        {"Role": role(), "X": {"Fn::Transform": MACRO}},
        {"Role": role(), "X": {"Type": "A::B::C", "Properties": {"a": [{"Fn::Transform": {}}]}}},
        {"Role": role(), "Fn::ForEach::X": ["a", ["b"], {}]},
    ],
)
def test_a_macro_anywhere_in_the_resources_is_refused(resources: dict[str, Any]) -> None:
    assert code(resources) == "policy-source-malformed"


def test_properties_that_a_function_makes_are_refused() -> None:
    chosen = {"Fn::If": ["Yes", _attached("AgentTools")["X"]["Properties"], {}]}
    resources = {"Role": role(), "X": {"Type": "AWS::IAM::Policy", "Properties": chosen}}
    assert code(resources, **YES) == "policy-source-malformed"


@pytest.mark.parametrize("kind", [["AWS::IAM::Policy"], None, 1])
def test_a_type_that_is_no_text_is_refused(kind: Any) -> None:
    resources = {"Role": role(), "X": {"Type": kind, "Properties": {}}}
    assert code(resources) == "policy-source-malformed"


CALL = {"service": "IAM", "action": "getRole", "parameters": {}}


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("My::Sample::Thing::MODULE", {}),
        ("AWS::ServiceCatalog::CloudFormationProvisionedProduct", {}),
        ("AWS::CloudFormation::CustomResource", {}),
        ("Custom::Own", {}),
        ("Custom::AWS", {}),
        ("Custom::AWS", {"Create": json.dumps({**CALL, "action": "putRolePolicy"})}),
        ("Custom::AWS", {"Create": json.dumps(CALL), "Delete": '{"action":"deleteRolePolicy"}'}),
        ("Custom::AWS", {"Create": {"Fn::ImportValue": "x"}}),
        ("Custom::AWS", {"Create": "not JSON"}),
        ("Custom::AWS", {"Create": '{"action":"getaway"}'}),
    ],
)
def test_what_holds_resources_or_runs_code_is_named(kind: str, properties: dict[str, Any]) -> None:
    found = read({"Role": role(), "X": {"Type": kind, "Properties": properties}})
    assert len(found.unread) == 1


@pytest.mark.parametrize("kind", sorted(PASSED_BY))
def test_what_cdk_adds_by_itself_is_passed_by_and_told(kind: str) -> None:
    found = read({"Role": role(), "X": {"Type": kind}})
    assert (found.unread, len(found.taken)) == ((), 1)


def test_calls_of_cdk_that_only_read_are_passed_by() -> None:
    call = {"Fn::Join": ["", ['{"service":"SSM","action":"getParameter","region":"',
                              {"Ref": "AWS::Region"}, '"}']]}  # fmt: skip
    found = read({"Role": role(), "X": {"Type": "Custom::AWS", "Properties": {"Create": call}}})
    assert found.unread == ()


def test_names_of_roles_do_not_differ_by_case() -> None:
    found = read(_attached("agenttools"), wanted=WANTED)
    assert len(found.roles[0].permissions) == 1
    alone = {"X": _attached("agenttools")["X"]}
    assert len(read(alone, wanted=WANTED).unread) == 1


def test_a_default_that_was_taken_is_told_and_one_that_was_given_is_not() -> None:
    resources = {"Role": role(Policies=[policy({"Fn::Sub": "arn:aws:s3:::${Name}/*"})])}
    assert "`Name`" in read(resources, **SECTIONS).taken[0]
    assert "`Tasks`" in read(resources, **SECTIONS).taken[0]
    assert read(resources, parameters={"Name": "x"}, **SECTIONS).taken == ()


def test_a_default_that_is_hidden_is_not_shown() -> None:
    parameters = {"P": {"Type": "String", "Default": "hidden", "NoEcho": True}}
    resources = {"Role": role(Policies=[policy({"Fn::Sub": "arn:aws:s3:::${P}/*"})])}
    (taken,) = read(resources, Parameters=parameters).taken
    assert "hidden" not in taken


@pytest.mark.parametrize("written", [[], 5, [["a"]], None])
def test_a_damaged_attribute_in_roles_is_refused(written: Any) -> None:
    assert code(_attached({"Fn::GetAtt": written})) == "policy-source-malformed"


def test_optional_properties_that_are_left_out_are_not_there() -> None:
    optional = role(
        PermissionsBoundary=NOTHING, ManagedPolicyArns=[NOTHING], Tags={"Ref": "AWS::NoValue"}
    )
    found = read({"Role": optional}, **YES)
    (agent,) = found.roles
    assert (agent.boundary, agent.permissions, dict(agent.tags)) == (None, (), {})
    assert found.unread == ()


def test_a_choice_leads_to_the_policy_that_it_names() -> None:
    own = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": sets.OWN_OBJECTS}}
    chosen = {"Fn::If": ["Yes", {"Ref": "Own"}, {"Ref": "AWS::NoValue"}]}
    resources = {"Role": role(PermissionsBoundary=chosen, ManagedPolicyArns=[chosen]), "Own": own}
    (agent,) = read(resources, **YES).roles
    assert agent.boundary == agent.permissions[0].document == sets.OWN_OBJECTS


@pytest.mark.parametrize("chosen", [True, False])
def test_the_policy_of_a_stream_is_named(*, chosen: bool) -> None:
    stream: Any = {"ResourcePolicy": {"PolicyDocument": sets.OWN_OBJECTS}}
    if chosen:
        stream = {"Fn::If": ["Unknown", stream, {}]}
    replica = {"Region": sets.REGION, "ReplicaStreamSpecification": stream}
    tables = {
        "Global": ("AWS::DynamoDB::GlobalTable", {"TableName": "T", "Replicas": [replica]}),
        "Table": ("AWS::DynamoDB::Table", {"TableName": "U", "StreamSpecification": stream}),
    }
    for kind, properties in tables.values():
        resources = {"Role": role(), "X": {"Type": kind, "Properties": properties}}
        unknown = {"Unknown": {"Fn::Equals": [{"Ref": "AWS::StackName"}, "x"]}}
        assert any("is not read" in one for one in read(resources, Conditions=unknown).unread)


def test_a_queue_policy_of_a_queue_that_is_not_of_sqs_is_named() -> None:
    properties = {"Queues": ["http://localhost:4566/0/q"], "PolicyDocument": sets.OWN_OBJECTS}
    resources = {"X": {"Type": "AWS::SQS::QueuePolicy", "Properties": properties}}
    assert len(read({"Role": role(), **resources}).unread) == 1
