"""CloudFormation templates: what their functions say, and what only a deployment decides."""

import json
from typing import Any

import pytest

from tests.tenancy.forms import sets
from valetkey.errors import ValetkeyError
from valetkey.tenancy.forms import Surroundings, Wanted, read_template
from valetkey.tenancy.policy_set import Attached, PolicySet

HERE = Surroundings(sets.ACCOUNT, sets.REGION)
AGENT_ROLE: dict[str, Any] = {
    "Type": "AWS::IAM::Role",
    "Properties": {
        "RoleName": "AgentTools",
        "AssumeRolePolicyDocument": sets.TRUST,
    },
}


def _read(
    resources: dict[str, Any],
    *,
    parameters: dict[str, str] | None = None,
    wanted: Wanted | None = None,
    surroundings: Surroundings = HERE,
    **sections: Any,
) -> PolicySet:
    text = json.dumps({"Resources": resources, **sections})
    return read_template(
        text, surroundings, parameters=parameters, wanted=wanted or Wanted(), name="t"
    )


def _role(**properties: Any) -> dict[str, Any]:
    return {**AGENT_ROLE, "Properties": {**AGENT_ROLE["Properties"], **properties}}


def _policy(resource: Any) -> dict[str, Any]:
    return {"PolicyName": "p", "PolicyDocument": sets.document(sets.allow("s3:*", resource))}


def _resource(policy_set: PolicySet) -> str:
    document = policy_set.roles[0].permissions[0].document
    return str(document["Statement"][0]["Resource"])


def _code(resources: dict[str, Any], **rest: Any) -> str:
    with pytest.raises(ValetkeyError) as caught:
        _read(resources, **rest)
    return caught.value.code


NAMED = {
    "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "data"}},
    "Table": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": {"Ref": "Name"}}},
    "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "work"}},
}
SECTIONS: dict[str, Any] = {
    "Parameters": {
        "Name": {"Type": "String", "Default": "Tasks"},
        "Stage": {"Type": "String"},
        "Many": {"Type": "CommaDelimitedList", "Default": "a, b"},
    },
    "Conditions": {
        "IsEu": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]},
        "IsBoth": {"Fn::And": [{"Condition": "IsEu"}, {"Fn::Not": [{"Condition": "IsEu"}]}]},
        "IsEither": {"Fn::Or": [{"Condition": "IsBoth"}, {"Condition": "IsEu"}]},
        "IsLive": {"Fn::Equals": [{"Ref": "Stage"}, "live"]},
    },
    "Mappings": {"Regions": {"eu-west-1": {"bucket": "mapped"}}},
}


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ({"Fn::GetAtt": ["Bucket", "Arn"]}, "arn:aws:s3:::data"),
        ({"Fn::GetAtt": "Table.Arn"}, f"arn:aws:dynamodb:eu-west-1:{sets.ACCOUNT}:table/Tasks"),
        ({"Ref": "Queue"}, f"https://sqs.eu-west-1.amazonaws.com/{sets.ACCOUNT}/work"),
        ({"Fn::Sub": "arn:${AWS::Partition}:s3:::${Bucket}/*"}, "arn:aws:s3:::data/*"),
        ({"Fn::Sub": "${Bucket.Arn}/${!aws:PrincipalTag/u}/*"},
         "arn:aws:s3:::data/${aws:PrincipalTag/u}/*"),
        ({"Fn::Sub": ["${Own}-${Name}", {"Own": {"Ref": "AWS::AccountId"}}]},
         f"{sets.ACCOUNT}-Tasks"),
        ({"Fn::Join": ["/", [{"Ref": "Bucket"}, "${aws:PrincipalTag/u}", "*"]]},
         "data/${aws:PrincipalTag/u}/*"),
        ({"Fn::Join": ["-", {"Ref": "Many"}]}, "a-b"),
        ({"Fn::Select": [1, {"Ref": "Many"}]}, "b"),
        ({"Fn::Select": ["0", {"Fn::Split": ["-", "x-y"]}]}, "x"),
        ({"Fn::If": ["IsEu", "yes", {"Ref": "Stage"}]}, "yes"),
        ({"Fn::If": ["IsBoth", "yes", "no"]}, "no"),
        ({"Fn::If": ["IsEither", "yes", "no"]}, "yes"),
        ({"Fn::FindInMap": ["Regions", {"Ref": "AWS::Region"}, "bucket"]}, "mapped"),
    ],
)  # fmt: skip
def test_functions_have_the_values_that_cloudformation_gives_them(written: Any, value: str) -> None:
    read = _read({**NAMED, "Role": _role(Policies=[_policy(written)])}, **SECTIONS)
    assert _resource(read) == value


@pytest.mark.parametrize(
    "written",
    [
        {"Fn::ImportValue": "other"},
        {"Ref": "Stage"},
        {"Fn::If": ["IsLive", "a", "b"]},
        {"Fn::GetAtt": ["Unnamed", "Arn"]},
        {"Fn::GetAtt": ["Queue", "Nonsense"]},
        {"Ref": "AWS::StackName"},
        {"Fn::Sub": "${AWS::StackId}"},
    ],
)
def test_what_only_a_deployment_decides_is_an_error_at_its_place(written: Any) -> None:
    resources = {
        **NAMED,
        "Unnamed": {"Type": "AWS::S3::Bucket"},
        "Role": _role(Policies=[_policy(written)]),
    }
    assert _code(resources, **SECTIONS) == "policy-source-undecided"


@pytest.mark.parametrize(
    "written",
    [
        {"Fn::GetAtt": ["Nobody", "Arn"]},
        {"Fn::If": ["Nothing", "a", "b"]},
        {"Fn::Select": [7, ["a"]]},
        {"Fn::Join": ["a"]},
        {"Fn::FindInMap": ["Regions", "x", "y"]},
        {"Fn::Sub": ["${x}"]},
    ],
)
def test_what_is_wrong_is_refused(written: Any) -> None:
    resources = {**NAMED, "Role": _role(Policies=[_policy(written)])}
    assert _code(resources, **SECTIONS) == "policy-source-malformed"


def test_a_value_that_refers_to_itself_is_refused() -> None:
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Ref": "Loop"}}}
    resources = {"Loop": bucket, "Role": _role(Policies=[_policy({"Ref": "Loop"})])}
    assert _code(resources) == "policy-source-malformed"


def test_parameters_and_names_of_resources_can_be_given() -> None:
    resources = {
        "Unnamed": {"Type": "AWS::S3::Bucket"},
        "Role": _role(Policies=[_policy({"Fn::Sub": "${Unnamed.Arn}/${Stage}"})]),
    }
    read = _read(resources, parameters={"Unnamed": "made-up", "Stage": "live"}, **SECTIONS)
    assert _resource(read) == "arn:aws:s3:::made-up/live"
    assert read.resource_policies == {"arn:aws:s3:::made-up": None}


def test_a_parameter_of_the_parameter_store_has_no_default_value() -> None:
    kind = {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/a/path"}
    resources = {"Role": _role(Policies=[_policy({"Ref": "P"})])}
    assert _code(resources, Parameters={"P": kind}) == "policy-source-undecided"


def test_without_an_account_a_role_has_no_arn() -> None:
    read = _read({"Role": AGENT_ROLE}, surroundings=Surroundings())
    assert (read.roles, len(read.unread)) == ((), 1)


def test_a_member_without_value_is_not_there() -> None:
    statement = {**sets.allow("s3:GetObject", "*"), "Condition": {"Ref": "AWS::NoValue"}}
    policy = {"PolicyName": "p", "PolicyDocument": sets.document(statement)}
    read = _read({"Role": _role(Policies=[policy, {"Ref": "AWS::NoValue"}])})
    assert read.roles[0].permissions[0].document == sets.document(sets.allow("s3:GetObject", "*"))


def test_every_way_to_give_a_role_a_policy_is_read() -> None:
    def one(name: str) -> dict[str, Any]:
        return sets.document(sets.allow("s3:GetObject", f"arn:aws:s3:::{name}/*"))

    resources = {
        "Role": _role(
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
    read = _read(resources)
    (role,) = read.roles
    assert role.boundary == one("boundary")
    assert role.permissions == (
        Attached("inline", one("inline")),
        Attached("Named", one("named")),
        Attached("By", one("arn")),
        Attached("cdk", one("cdk")),
        Attached("single", one("single")),
        Attached("Attaching", one("attaching")),
    )
    assert read.unread == ()


@pytest.mark.parametrize("property_name", ["ManagedPolicyArns", "PermissionsBoundary"])
def test_a_managed_policy_of_aws_makes_every_answer_unknown(property_name: str) -> None:
    arn: Any = {"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/ReadOnlyAccess"}
    given = [arn] if property_name == "ManagedPolicyArns" else arn
    read = _read({"Role": _role(**{property_name: given})})
    assert "arn:aws:iam::aws:policy/ReadOnlyAccess" in read.unread[0]


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
    read = _read(resources, wanted=Wanted(frozenset({sets.TOOLS})))
    assert [role.arn for role in read.roles] == [sets.TOOLS]
    assert read.unread == ()


def test_a_policy_of_a_role_that_cannot_be_told_could_be_of_any() -> None:
    attached = {
        "Type": "AWS::IAM::Policy",
        "Properties": {**_policy("*"), "Roles": [{"Fn::ImportValue": "x"}]},
    }
    wanted = Wanted(frozenset({sets.TOOLS}))
    assert _read({"Role": AGENT_ROLE, "Attached": attached}, wanted=wanted).unread


def test_a_policy_for_an_agent_role_of_another_source_is_not_lost() -> None:
    attached = {
        "Type": "AWS::IAM::Policy",
        "Properties": {**_policy("*"), "Roles": ["AgentTenantData"]},
    }
    wanted = Wanted(frozenset({sets.AGENT}))
    assert sets.AGENT in _read({"Attached": attached}, wanted=wanted).unread[0]


def test_conditions_decide_what_is_there() -> None:
    resources = {
        "Role": {**AGENT_ROLE, "Condition": "IsEu"},
        "Gone": {**_role(RoleName="Gone"), "Condition": "IsBoth"},
    }
    assert [role.arn for role in _read(resources, **SECTIONS).roles] == [sets.TOOLS]
    undecided = {"Role": {**AGENT_ROLE, "Condition": "IsLive"}}
    assert _code(undecided, **SECTIONS) == "policy-source-undecided"


def test_resources_of_the_template_are_known_to_have_no_policy() -> None:
    read = _read(NAMED, **SECTIONS)
    assert set(read.resource_policies) == {
        "arn:aws:s3:::data",
        f"arn:aws:dynamodb:eu-west-1:{sets.ACCOUNT}:table/Tasks",
        f"arn:aws:sqs:eu-west-1:{sets.ACCOUNT}:work",
    }
    assert set(read.resource_policies.values()) == {None}


def test_each_kind_of_resource_policy_is_read() -> None:
    policy = sets.untagged_denied("*")
    resources = {
        **NAMED,
        "B": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {"Bucket": {"Ref": "Bucket"}, "PolicyDocument": policy},
        },
        "Q": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {"Queues": [{"Ref": "Queue"}], "PolicyDocument": policy},
        },
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {"TableName": "Tasks", "ResourcePolicy": {"PolicyDocument": policy}},
        },
        "S": {
            "Type": "AWS::SecretsManager::ResourcePolicy",
            "Properties": {"SecretId": sets.SECRET, "ResourcePolicy": policy},
        },
        "K": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": policy}},
        "Default": {"Type": "AWS::KMS::Key", "Properties": {}},
    }
    read = _read(resources, parameters={"K": "key-1", "Default": "key-2"})
    arns = set(read.resource_policies)
    default = f"arn:aws:kms:eu-west-1:{sets.ACCOUNT}:key/key-2"
    assert {arn for arn in arns if read.resource_policies[arn] == policy} == {
        "arn:aws:s3:::data",
        f"arn:aws:sqs:eu-west-1:{sets.ACCOUNT}:work",
        f"arn:aws:dynamodb:eu-west-1:{sets.ACCOUNT}:table/Tasks",
        sets.SECRET,
        f"arn:aws:kms:eu-west-1:{sets.ACCOUNT}:key/key-1",
    }
    assert f"{sets.ACCOUNT}:root" in json.dumps(read.resource_policies[default])


def test_permissions_of_a_function_are_one_policy() -> None:
    def permission(**more: str) -> dict[str, Any]:
        given = {"FunctionName": {"Ref": "F"}, "Action": "lambda:InvokeFunction", **more}
        return {"Type": "AWS::Lambda::Permission", "Properties": given}

    resources = {
        "F": {"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": "tool"}},
        "A": permission(Principal="s3.amazonaws.com", SourceAccount=sets.ACCOUNT),
        "B": permission(Principal=sets.TOOLS),
    }
    document = _read(resources).resource_policies[sets.FUNCTION]
    assert document is not None
    assert document["Statement"] == [
        {
            "Effect": "Allow",
            "Principal": {"Service": "s3.amazonaws.com"},
            "Action": "lambda:InvokeFunction",
            "Resource": sets.FUNCTION,
            "Condition": {"StringEquals": {"AWS:SourceAccount": sets.ACCOUNT}},
        },
        {
            "Effect": "Allow",
            "Principal": {"AWS": sets.TOOLS},
            "Action": "lambda:InvokeFunction",
            "Resource": sets.FUNCTION,
        },
    ]
    odd = {**resources, "C": permission(Principal="*", InvokedBy="x")}
    assert _code(odd) == "policy-source-malformed"


def test_a_resource_policy_that_cannot_be_read_leaves_it_unknown() -> None:
    policy = {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {"Bucket": {"Ref": "Bucket"}, "PolicyDocument": {"Fn::ImportValue": "x"}},
    }
    read = _read({"Bucket": NAMED["Bucket"], "Policy": policy})
    assert (dict(read.resource_policies), len(read.unread)) == ({}, 1)


def test_two_policies_of_one_bucket_are_refused() -> None:
    policy = {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {"Bucket": "data", "PolicyDocument": sets.OWN_OBJECTS},
    }
    assert _code({"A": policy, "B": policy}) == "policy-source-malformed"


@pytest.mark.parametrize(
    "resource",
    [
        {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "https://…"}},
        {"Type": "AWS::S3::AccessPoint", "Properties": {"Bucket": "data"}},
        {"Type": "AWS::S3::Bucket",
         "Properties": {"BucketName": "data", "AccessControl": "PublicRead"}},
        {"Type": "AWS::DynamoDB::Table",
         "Properties": {"TableName": "t", "StreamSpecification": {"ResourcePolicy": {}}}},
    ],
)  # fmt: skip
def test_what_could_let_somebody_in_and_is_not_read_is_named(resource: dict[str, Any]) -> None:
    assert "It" in _read({"It": resource}).unread[0]


@pytest.mark.parametrize("text", ["[]", "{}", "Resources:\n  A: 1", '{"Resources": {"A": 1}}'])
def test_what_is_no_template_of_json_is_refused(text: str) -> None:
    with pytest.raises(ValetkeyError) as caught:
        read_template(text, HERE)
    assert caught.value.code == "policy-source-malformed"


def test_a_transform_is_refused() -> None:
    assert _code({}, Transform="AWS::Serverless-2016-10-31") == "policy-source-malformed"
