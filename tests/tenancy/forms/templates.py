"""CloudFormation templates for tests, and what is read of them."""

import json
from typing import Any

import pytest

from tests.tenancy.forms import sets
from valetkey.errors import ValetkeyError
from valetkey.tenancy.forms import Surroundings, Wanted, read_template
from valetkey.tenancy.policy_set import PolicySet

HERE = Surroundings(sets.ACCOUNT, sets.REGION)
AGENT_ROLE: dict[str, Any] = {
    "Type": "AWS::IAM::Role",
    "Properties": {
        "RoleName": "AgentTools",
        "AssumeRolePolicyDocument": sets.TRUST,
    },
}
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


def read(
    resources: dict[str, Any],
    *,
    parameters: dict[str, str] | None = None,
    wanted: Wanted | None = None,
    surroundings: Surroundings = HERE,
    **sections: Any,
) -> PolicySet:
    """Return the policies of a template with these resources."""
    text = json.dumps({"Resources": resources, **sections})
    return read_template(
        text, surroundings, parameters=parameters, wanted=wanted or Wanted(), name="t"
    )


def role(**properties: Any) -> dict[str, Any]:
    """Return the role AgentTools with these properties, too."""
    return {**AGENT_ROLE, "Properties": {**AGENT_ROLE["Properties"], **properties}}


def policy(resource: Any) -> dict[str, Any]:
    """Return an inline policy that names a resource."""
    return {"PolicyName": "p", "PolicyDocument": sets.document(sets.allow("s3:*", resource))}


def first_resource(policy_set: PolicySet) -> str:
    """Return the resource of the first statement of the first role."""
    document = policy_set.roles[0].permissions[0].document
    return str(document["Statement"][0]["Resource"])


def code(resources: dict[str, Any], **rest: Any) -> str:
    """Return the code with which a template is refused."""
    with pytest.raises(ValetkeyError) as caught:
        read(resources, **rest)
    return caught.value.code
