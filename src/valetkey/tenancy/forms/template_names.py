"""What `Ref` and `Fn::GetAtt` of a template's resources are, where their names are written.

CloudFormation Template Reference, "Return values" of each resource type. A name that CloudFormation
would make up at deployment is not known, unless it was given by the resource's logical id.
"""

from collections.abc import Mapping
from typing import Any

from valetkey.iam.document import quoted
from valetkey.tenancy.errors import TenancyError
from valetkey.tenancy.forms.template_values import NO_VALUE, Template
from valetkey.tenancy.forms.values import malformed, not_known, object_of, text_of

_NAMES = {
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::DynamoDB::GlobalTable": "TableName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::SSM::Parameter": "Name",
    "AWS::Logs::LogGroup": "LogGroupName",
}
"""The property that names a resource of a type."""

_HERE = {
    "AWS::DynamoDB::Table": ("dynamodb", "table/"),
    "AWS::DynamoDB::GlobalTable": ("dynamodb", "table/"),
    "AWS::SQS::Queue": ("sqs", ""),
    "AWS::SNS::Topic": ("sns", ""),
    "AWS::Lambda::Function": ("lambda", "function:"),
    "AWS::KMS::Key": ("kms", "key/"),
    "AWS::KMS::ReplicaKey": ("kms", "key/"),
}
"""Service and resource prefix of those whose ARN has account, region and the name alone."""

_IAM = {"AWS::IAM::Role": "role", "AWS::IAM::ManagedPolicy": "policy", "AWS::IAM::User": "user"}


def resource_at(template: Template, logical: str, place: str) -> tuple[str, Mapping[str, Any]]:
    """Return type and properties of a resource of the template: those that are there."""
    written = template.section("Resources").get(logical)
    if written is None:
        raise malformed(place, f"names {quoted(logical)}, which the template does not define")
    resource = object_of(written, f"{template.name}: Resources.{logical}")
    here = f"{template.name}: {logical}"
    properties = object_of(resource.get("Properties", {}), f"{here}.Properties")
    if any(member.startswith("Fn::") for member in properties):
        raise malformed(f"{here}.Properties", "has a function in place of properties")
    led = {member: _led(template, one, f"{here}.{member}") for member, one in properties.items()}
    return (
        text_of(resource.get("Type"), f"{here}.Type"),
        {member: one for member, one in led.items() if one is not NO_VALUE},
    )


def _led(template: Template, written: Any, place: str) -> Any:
    """Return a property where `Fn::If` leads to; as it is where that is not known."""
    try:
        return template.led(written, place)
    except TenancyError:
        return written


def is_there(template: Template, logical: str) -> bool:
    """Return whether the resource's own `Condition` holds, or it has none."""
    place = f"{template.name}: Resources.{logical}"
    condition = object_of(template.section("Resources")[logical], place).get("Condition")
    return condition is None or template.holds(str(condition), f"{place}.Condition")


def name_of(template: Template, logical: str, place: str) -> str:
    """Return the physical name of a resource, given by its logical id or written in it.

    Raises TenancyError `policy-source-undecided` where CloudFormation will make one up.
    """
    if logical in template.parameters:
        return template.parameters[logical]
    kind, properties = resource_at(template, logical, place)
    member = _NAMES.get(kind)
    if member is None or member not in properties:
        raise not_known(
            place,
            f"needs the name of {quoted(logical)} ({kind}), which only a deployment decides",
            hint=f"say the name or id that it has with `--parameter {logical}=VALUE`",
        )
    return template.text(properties[member], f"{template.name}: {logical}.{member}")


def arn_of(template: Template, logical: str, place: str) -> str:
    """Return the ARN of a resource. Raises TenancyError `policy-source-undecided`."""
    kind, properties = resource_at(template, logical, place)
    around = template.surroundings
    given = template.parameters.get(logical, "")
    if given.startswith("arn:"):
        return given
    if kind in _IAM:
        path = properties.get("Path", "/")
        written = template.text(path, f"{template.name}: {logical}.Path")
        return around.iam(_IAM[kind], written, name_of(template, logical, place), place)
    if kind == "AWS::S3::Bucket":
        return around.bucket(name_of(template, logical, place))
    if kind == "AWS::IAM::OIDCProvider":
        url = template.text(properties.get("Url"), f"{template.name}: {logical}.Url")
        return around.iam("oidc-provider", "/", url.removeprefix("https://"), place)
    if kind in _HERE:
        service, prefix = _HERE[kind]
        return around.here(service, prefix + name_of(template, logical, place), place)
    raise not_known(
        place,
        f"needs the ARN of {quoted(logical)} ({kind}), which only a deployment decides",
        hint=f"say it with `--parameter {logical}=ARN`",
    )


_REF_IS_ARN = ("AWS::IAM::ManagedPolicy", "AWS::IAM::OIDCProvider", "AWS::SNS::Topic",
               "AWS::SecretsManager::Secret")  # fmt: skip


def reference(template: Template, logical: str, place: str) -> str:
    """Return what `Ref` of a resource is."""
    kind, _ = resource_at(template, logical, place)
    if kind in _REF_IS_ARN:
        return arn_of(template, logical, place)
    name = name_of(template, logical, place)
    return template.surroundings.queue_url(name, place) if kind == "AWS::SQS::Queue" else name


def attribute(template: Template, logical: str, wanted: str, place: str) -> str:
    """Return what `Fn::GetAtt` of a resource is, where it can be known."""
    kind, _ = resource_at(template, logical, place)
    if wanted == "Arn" or (kind, wanted) in _ARNS:
        return arn_of(template, logical, place)
    if (kind, wanted) in _ITS_NAME:
        return name_of(template, logical, place)
    if (kind, wanted) == ("AWS::SQS::Queue", "QueueUrl"):
        return reference(template, logical, place)
    raise not_known(
        place,
        f"needs {quoted(f'{logical}.{wanted}')} ({kind}), which only a deployment decides",
    )


_ARNS = {
    ("AWS::IAM::ManagedPolicy", "PolicyArn"),
    ("AWS::SNS::Topic", "TopicArn"),
    ("AWS::SecretsManager::Secret", "Id"),
}
_ITS_NAME = {
    ("AWS::SQS::Queue", "QueueName"),
    ("AWS::KMS::Key", "KeyId"),
    ("AWS::SNS::Topic", "TopicName"),
}
