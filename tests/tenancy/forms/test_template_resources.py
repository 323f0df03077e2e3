"""The resource policies of a template, and what is known to have none."""

import json
from typing import Any

import pytest

from tests.tenancy.forms import sets
from tests.tenancy.forms.templates import NAMED, SECTIONS, code, read


def test_resources_of_the_template_are_known_to_have_no_policy() -> None:
    found = read(NAMED, **SECTIONS)
    assert set(found.resource_policies) == {
        "arn:aws:s3:::data",
        f"arn:aws:dynamodb:eu-west-1:{sets.ACCOUNT}:table/Tasks",
        f"arn:aws:sqs:eu-west-1:{sets.ACCOUNT}:work",
    }
    assert set(found.resource_policies.values()) == {None}


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
    found = read(resources, parameters={"K": "key-1", "Default": "key-2"})
    arns = set(found.resource_policies)
    default = f"arn:aws:kms:eu-west-1:{sets.ACCOUNT}:key/key-2"
    assert {arn for arn in arns if found.resource_policies[arn] == policy} == {
        "arn:aws:s3:::data",
        f"arn:aws:sqs:eu-west-1:{sets.ACCOUNT}:work",
        f"arn:aws:dynamodb:eu-west-1:{sets.ACCOUNT}:table/Tasks",
        sets.SECRET,
        f"arn:aws:kms:eu-west-1:{sets.ACCOUNT}:key/key-1",
    }
    assert f"{sets.ACCOUNT}:root" in json.dumps(found.resource_policies[default])


def test_permissions_of_a_function_are_one_policy() -> None:
    def permission(**more: str) -> dict[str, Any]:
        given = {"FunctionName": {"Ref": "F"}, "Action": "lambda:InvokeFunction", **more}
        return {"Type": "AWS::Lambda::Permission", "Properties": given}

    resources = {
        "F": {"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": "tool"}},
        "A": permission(Principal="s3.amazonaws.com", SourceAccount=sets.ACCOUNT),
        "B": permission(Principal=sets.TOOLS),
    }
    document = read(resources).resource_policies[sets.FUNCTION]
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
    other = read(
        {
            "A": {
                **resources["B"],
                "Properties": {**resources["B"]["Properties"], "FunctionName": "other"},
            }
        }
    )
    assert (dict(other.resource_policies), len(other.unread)) == ({}, 1)
    odd = {**resources, "C": permission(Principal="*", InvokedBy="x")}
    assert code(odd) == "policy-source-malformed"


def test_a_resource_policy_that_cannot_be_read_leaves_it_unknown() -> None:
    policy = {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {"Bucket": {"Ref": "Bucket"}, "PolicyDocument": {"Fn::ImportValue": "x"}},
    }
    found = read({"Bucket": NAMED["Bucket"], "Policy": policy})
    assert (dict(found.resource_policies), len(found.unread)) == ({}, 1)


def test_two_policies_of_one_bucket_are_refused() -> None:
    policy = {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {"Bucket": "data", "PolicyDocument": sets.OWN_OBJECTS},
    }
    assert code({"A": policy, "B": policy}) == "policy-source-malformed"


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
    assert "It" in read({"It": resource}).unread[0]
