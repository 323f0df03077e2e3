"""What the functions of a template say, and what only a deployment decides."""

from typing import Any

import pytest

from tests.tenancy.forms import sets
from tests.tenancy.forms.templates import (
    AGENT_ROLE,
    NAMED,
    SECTIONS,
    code,
    first_resource,
    policy,
    read,
    role,
)
from valetkey.tenancy.forms import Surroundings


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
    found = read({**NAMED, "Role": role(Policies=[policy(written)])}, **SECTIONS)
    assert first_resource(found) == value


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
        "Role": role(Policies=[policy(written)]),
    }
    assert code(resources, **SECTIONS) == "policy-source-undecided"


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
    resources = {**NAMED, "Role": role(Policies=[policy(written)])}
    assert code(resources, **SECTIONS) == "policy-source-malformed"


def test_a_value_that_refers_to_itself_is_refused() -> None:
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Ref": "Loop"}}}
    resources = {"Loop": bucket, "Role": role(Policies=[policy({"Ref": "Loop"})])}
    assert code(resources) == "policy-source-malformed"


def test_parameters_and_names_of_resources_can_be_given() -> None:
    resources = {
        "Unnamed": {"Type": "AWS::S3::Bucket"},
        "Role": role(Policies=[policy({"Fn::Sub": "${Unnamed.Arn}/${Stage}"})]),
    }
    found = read(resources, parameters={"Unnamed": "made-up", "Stage": "live"}, **SECTIONS)
    assert first_resource(found) == "arn:aws:s3:::made-up/live"
    assert found.resource_policies == {"arn:aws:s3:::made-up": None}


def test_a_parameter_of_the_parameter_store_has_no_default_value() -> None:
    kind = {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/a/path"}
    resources = {"Role": role(Policies=[policy({"Ref": "P"})])}
    assert code(resources, Parameters={"P": kind}) == "policy-source-undecided"


def test_without_an_account_a_role_has_no_arn() -> None:
    found = read({"Role": AGENT_ROLE}, surroundings=Surroundings())
    assert (found.roles, len(found.unread)) == ((), 1)


def test_a_member_without_value_is_not_there() -> None:
    statement = {**sets.allow("s3:GetObject", "*"), "Condition": {"Ref": "AWS::NoValue"}}
    policy = {"PolicyName": "p", "PolicyDocument": sets.document(statement)}
    found = read({"Role": role(Policies=[policy, {"Ref": "AWS::NoValue"}])})
    assert found.roles[0].permissions[0].document == sets.document(sets.allow("s3:GetObject", "*"))
