"""The resource policies of a CloudFormation template, and the resources that have none.

CloudFormation Template Reference: bucket, queue, topic and secret policies stand by themselves,
those of tables and keys in the resource, those of functions as one permission each.
"""

from collections.abc import Callable, Mapping
from typing import Any

from valetkey.iam.document import quoted
from valetkey.tenancy.errors import TenancyError
from valetkey.tenancy.forms.documents import document_of
from valetkey.tenancy.forms.gathering import Gathering, is_undecided
from valetkey.tenancy.forms.lambda_permissions import (
    add_permission,
    function_of,
    statement_of,
    unqualified,
)
from valetkey.tenancy.forms.template_names import arn_of, is_there, name_of, resource_at
from valetkey.tenancy.forms.template_unread import note_unread
from valetkey.tenancy.forms.template_values import Template
from valetkey.tenancy.forms.values import list_of, malformed, not_known, object_of, text_of

Read = Callable[[Template, Gathering, str, Mapping[str, Any], str], None]


def read_resources(template: Template, found: Gathering) -> None:
    """Take up each resource policy; what only a deployment decides becomes a reason, unread."""
    resources = template.section("Resources")
    for types in (_DEFINED, _POLICIES):
        for logical in resources:
            kind, properties = resource_at(template, logical, template.name)
            if kind in types and is_there(template, logical):
                _tried(types[kind], template, found, logical, properties)
    for logical in resources:
        kind, properties = resource_at(template, logical, template.name)
        place = f"{template.name}: {logical}"
        if is_there(template, logical):
            note_unread(template, found, kind, properties, place)


def _tried(
    read: Read, template: Template, found: Gathering, logical: str, properties: Mapping[str, Any]
) -> None:
    try:
        read(template, found, logical, properties, f"{template.name}: {logical}")
    except TenancyError as error:
        if not is_undecided(error):
            raise
        hint = f" ({error.hint})" if error.hint else ""
        found.miss(f"{error.message}{hint}")


def _defined(
    template: Template,
    found: Gathering,
    logical: str,
    properties: Mapping[str, Any],
    place: str,
) -> None:
    """Note a resource: one that has no name yet is no resource that a map could name."""
    try:
        arn = arn_of(template, logical, place)
    except TenancyError as error:
        if not is_undecided(error):
            raise
        if "ResourcePolicy" not in properties:
            return
        raise
    found.known_without(arn)
    if "ResourcePolicy" in properties:
        here = f"{place}.ResourcePolicy"
        _protect(template, found, arn, properties["ResourcePolicy"], here)


def _global_table(
    template: Template,
    found: Gathering,
    logical: str,
    properties: Mapping[str, Any],
    place: str,
) -> None:
    """Note the replica of a table that is in the region of the deployment."""
    name = name_of(template, logical, place)
    arn = template.surroundings.here("dynamodb", f"table/{name}", place)
    region = template.surroundings.region_at(place)
    for index, written in enumerate(
        list_of(template.value(properties.get("Replicas"), place), place)
    ):
        here = f"{place}.Replicas[{index}]"
        replica = object_of(written, here)
        one = arn.replace(f":{region}:", f":{text_of(replica.get('Region'), here)}:")
        found.known_without(one)
        if "ResourcePolicy" in replica:
            found.protect(one, document_of(replica["ResourcePolicy"], here), here)


def _key(
    template: Template,
    found: Gathering,
    logical: str,
    properties: Mapping[str, Any],
    place: str,
) -> None:
    """Note a key; without a policy of its own it has AWS's default key policy."""
    arn = arn_of(template, logical, place)
    default = default_key_policy(template.surroundings.partition, arn.split(":")[4])
    _protect(template, found, arn, properties.get("KeyPolicy", default), f"{place}.KeyPolicy")


def default_key_policy(partition: str, account: str) -> dict[str, Any]:
    """Return what KMS gives a key that is made without a policy ("Default key policy")."""
    return {
        "Version": "2012-10-17",
        "Id": "key-default-1",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:{partition}:iam::{account}:root"},
                "Action": "kms:*",
                "Resource": "*",
            }
        ],
    }


def _bucket_policy(
    template: Template, found: Gathering, _: str, properties: Mapping[str, Any], place: str
) -> None:
    bucket = template.text(properties.get("Bucket"), f"{place}.Bucket")
    arn = template.surroundings.bucket(bucket)
    _protect(template, found, arn, properties.get("PolicyDocument"), f"{place}.PolicyDocument")


def _protect(template: Template, found: Gathering, arn: str, written: Any, place: str) -> None:
    """Note a policy. One that is there but can't be read leaves its resource's policy unknown."""
    before = found.resources.pop(arn, None)
    document = document_of(template.value(written, place), place)
    found.resources[arn] = before
    found.protect(arn, document, place)


def _queue_policy(
    template: Template, found: Gathering, _: str, properties: Mapping[str, Any], place: str
) -> None:
    written = properties.get("Queues", properties.get("Queue"))
    urls = template.value(written, f"{place}.Queues")
    for url in (urls,) if isinstance(urls, str) else list_of(urls, place):
        arn = template.surroundings.queue_of_url(text_of(url, f"{place}.Queues"))
        if arn is None:
            raise not_known(place, f"names {quoted(str(url))}, which is not the URL of a queue")
        _protect(template, found, arn, properties.get("PolicyDocument"), f"{place}.PolicyDocument")


def _topic_policy(
    template: Template, found: Gathering, _: str, properties: Mapping[str, Any], place: str
) -> None:
    topics = template.value(properties.get("Topics"), f"{place}.Topics")
    for topic in list_of(topics, f"{place}.Topics"):
        arn = text_of(topic, f"{place}.Topics")
        _protect(template, found, arn, properties.get("PolicyDocument"), f"{place}.PolicyDocument")


def _secret_policy(
    template: Template, found: Gathering, _: str, properties: Mapping[str, Any], place: str
) -> None:
    secret = template.text(properties.get("SecretId"), f"{place}.SecretId")
    if not secret.startswith("arn:"):
        raise malformed(
            f"{place}.SecretId", "is a name", hint="write the secret's ARN, which policies name"
        )
    _protect(template, found, secret, properties.get("ResourcePolicy"), f"{place}.ResourcePolicy")


def _permission(
    template: Template, found: Gathering, _: str, properties: Mapping[str, Any], place: str
) -> None:
    given = {name: template.text(one, f"{place}.{name}") for name, one in properties.items()}
    arn = function_of(given.get("FunctionName", ""), template.surroundings, place)
    statement = statement_of(given, arn, place)
    add_permission(found, unqualified(arn), statement, place)


_DEFINED: dict[str, Read] = {
    "AWS::S3::Bucket": _defined,
    "AWS::DynamoDB::Table": _defined,
    "AWS::DynamoDB::GlobalTable": _global_table,
    "AWS::SQS::Queue": _defined,
    "AWS::SecretsManager::Secret": _defined,
    "AWS::Lambda::Function": _defined,
    "AWS::KMS::Key": _key,
    "AWS::KMS::ReplicaKey": _key,
}
_POLICIES: dict[str, Read] = {
    "AWS::S3::BucketPolicy": _bucket_policy,
    "AWS::SQS::QueuePolicy": _queue_policy,
    "AWS::SQS::QueueInlinePolicy": _queue_policy,
    "AWS::SNS::TopicPolicy": _topic_policy,
    "AWS::SecretsManager::ResourcePolicy": _secret_policy,
    "AWS::Lambda::Permission": _permission,
}
