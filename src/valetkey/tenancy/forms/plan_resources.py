"""The resource policies of a Terraform plan or state, and the resources that have none."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

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
from valetkey.tenancy.forms.plan_acls import has_open_acl
from valetkey.tenancy.forms.plan_values import Plan, Planned
from valetkey.tenancy.forms.surroundings import Surroundings
from valetkey.tenancy.forms.template_resources import default_key_policy
from valetkey.tenancy.forms.values import malformed, not_known


@dataclass(frozen=True, slots=True)
class _Reading:
    plan: Plan
    around: Surroundings
    found: Gathering

    def arn(self, one: Planned) -> str:
        """Return the ARN of a resource: what it is, or what its name makes it."""
        known = one.given("arn")
        if known is not None:
            return known
        if one.type == "aws_s3_bucket":
            return self.around.bucket(one.text("bucket"))
        service, prefix, member = _NAMED.get(one.type, ("", "", "arn"))
        name = one.text(member)
        if not service:
            raise not_known(f"{one.address}.arn", "is known after apply only")
        return self.around.here(service, prefix + name, one.address)

    def target(self, one: Planned, member: str, kind: str) -> str:
        """Return the ARN of what `member` names: by its value, or by what it refers to."""
        if one.is_unknown(member):
            referred = self.plan.referred(one, member, kind)
            return one.text(member) if referred is None else self.arn(referred)
        return _arn_of_value(one.text(member), kind, self.around, one.address)


def _arn_of_value(value: str, kind: str, around: Surroundings, place: str) -> str:
    if value.startswith("arn:"):
        return value
    if kind == "aws_s3_bucket":
        return around.bucket(value)
    if kind == "aws_kms_key":
        return around.here("kms", f"key/{value}", place)
    queue = around.queue_of_url(value) if kind == "aws_sqs_queue" else None
    if queue is None:
        raise not_known(place, f"names {quoted(value)}, which is not the URL of a queue of SQS")
    return queue


_NAMED = {
    "aws_dynamodb_table": ("dynamodb", "table/", "name"),
    "aws_sqs_queue": ("sqs", "", "name"),
    "aws_sns_topic": ("sns", "", "name"),
    "aws_lambda_function": ("lambda", "function:", "function_name"),
    "aws_kms_key": ("kms", "key/", "key_id"),
}
"""Service, resource prefix and naming member of those whose ARN holds their name alone."""

_POLICIES = {
    "aws_s3_bucket_policy": ("bucket", "aws_s3_bucket"),
    "aws_dynamodb_resource_policy": ("resource_arn", "aws_dynamodb_table"),
    "aws_sqs_queue_policy": ("queue_url", "aws_sqs_queue"),
    "aws_sns_topic_policy": ("arn", "aws_sns_topic"),
    "aws_secretsmanager_secret_policy": ("secret_arn", "aws_secretsmanager_secret"),
    "aws_kms_key_policy": ("key_id", "aws_kms_key"),
}
"""What a policy is of, and the type of that."""

_DEFINED = (
    "aws_s3_bucket", "aws_dynamodb_table", "aws_sqs_queue", "aws_secretsmanager_secret",
    "aws_lambda_function",
)  # fmt: skip
_NOT_READ = {
    "aws_cloudformation_stack", "aws_cloudformation_stack_set", "aws_kms_grant",
    "aws_organizations_policy", "aws_s3_access_point", "aws_s3control_access_point_policy",
    "aws_s3control_access_grant", "aws_s3control_multi_region_access_point",
    "aws_s3control_multi_region_access_point_policy", "aws_kms_external_key",
    "aws_kms_replica_key", "aws_kms_replica_external_key",
    "aws_s3control_object_lambda_access_point_policy", "aws_cloudcontrolapi_resource",
    "aws_servicecatalog_provisioned_product", "aws_cloudformation_stack_set_instance",
    "aws_cloudformation_stack_instances",
    "aws_serverlessapplicationrepository_cloudformation_stack",
}  # fmt: skip
"""Types whose resources can let somebody in, or hold further resources."""

_OTHER_PROVIDER = re.compile(
    r"awscc_.*(?:iam|polic|permission|grant|stack|access_point|servicecatalog|organization"
    r"|kms_key|kms_replica|dynamodb_|_module)"
)
"""Types by which AWS's other provider makes what has or is a policy."""

_PERMISSION = {
    "action": "Action",
    "principal": "Principal",
    "source_account": "SourceAccount",
    "source_arn": "SourceArn",
    "principal_org_id": "PrincipalOrgID",
    "event_source_token": "EventSourceToken",
    "function_url_auth_type": "FunctionUrlAuthType",
}
_PERMISSION_BESIDES = {"id", "function_name", "qualifier", "statement_id", "statement_id_prefix",
                       "region"}  # fmt: skip


def read_resources(plan: Plan, around: Surroundings, found: Gathering) -> None:
    """Take up each resource policy; what only applying decides becomes a reason, unread."""
    reading = _Reading(plan, around, found)
    passes: tuple[Mapping[str, Callable[[_Reading, Planned], None]], ...] = (
        dict.fromkeys(_POLICIES, _policy),
        dict.fromkeys(_DEFINED, _defined) | {"aws_kms_key": _key},
        {"aws_lambda_permission": _permission, "aws_lambda_function_url": _function_url},
    )
    for reads in passes:
        for one in plan.of_type(*reads):
            try:
                reads[one.type](reading, one)
            except TenancyError as error:
                if not is_undecided(error):
                    raise
                found.miss(error.message)
    for one in plan.resources:
        if one.type in _NOT_READ or _OTHER_PROVIDER.match(one.type) or has_open_acl(one):
            found.miss(f"{one.address} can let somebody in, and is not read")
    for forgotten in plan.forgotten:
        if is_of_policies(forgotten.type):
            found.miss(f"{forgotten.address} stays in force, for Terraform only forgets it")


def is_of_policies(kind: str) -> bool:
    """Return whether resources of this type give policies, or are read for what they have."""
    is_role = kind.startswith(("aws_iam_role", "aws_iam_polic"))
    is_read = kind in _POLICIES or kind in ("aws_lambda_permission", "aws_lambda_function_url")
    return is_role or is_read or kind in _NOT_READ or _OTHER_PROVIDER.match(kind) is not None


def _policy(reading: _Reading, one: Planned) -> None:
    member, kind = _POLICIES[one.type]
    arn = reading.target(one, member, kind)
    try:
        document = document_of(one.text("policy"), f"{one.address}.policy")
    except TenancyError:
        reading.found.unreadable.add(arn)
        raise
    reading.found.protect(arn, document, one.address)


def _defined(reading: _Reading, one: Planned) -> None:
    """Note a resource; where no policy stands by itself, the one that it says it has."""
    written = one.given("policy")
    try:
        arn = reading.arn(one)
    except TenancyError as error:
        if not is_undecided(error) or written is not None:
            raise
        return  # it has no name yet: no map could name it
    if arn in reading.found.unreadable:
        return
    if reading.found.resources.get(arn) is None and written is not None:
        reading.found.protect(arn, document_of(written, f"{one.address}.policy"), one.address)
    if "policy" in one.expressions and one.is_unknown("policy"):
        one.text("policy")
    reading.found.known_without(arn)


def _key(reading: _Reading, one: Planned) -> None:
    """Note a key; without a policy of its own it has AWS's default key policy."""
    if reading.found.resources.get(reading.arn(one)) is not None:
        return
    arn, written = reading.arn(one), one.given("policy")
    if written is None and "policy" in one.expressions:
        written = one.text("policy")
    default = default_key_policy(reading.around.partition, arn.split(":")[4])
    document = default if written is None else document_of(written, f"{one.address}.policy")
    reading.found.protect(arn, document, one.address)


def _function(reading: _Reading, one: Planned) -> str:
    """Return the ARN of the function that is named, with its qualifier."""
    named = one.given("function_name")
    if named is None:
        referred = reading.plan.referred(one, "function_name", "aws_lambda_function")
        named = one.text("function_name") if referred is None else reading.arn(referred)
    if one.is_unknown("qualifier"):
        one.text("qualifier")
    qualifier = one.given("qualifier")
    arn = function_of(named, reading.around, one.address)
    return arn if qualifier is None else f"{unqualified(arn)}:{qualifier}"


def _function_url(reading: _Reading, one: Planned) -> None:
    """Note what the provider permits by itself where a function's URL asks for no signature.

    AWS Lambda Developer Guide, "Control access to Lambda function URLs".
    """
    if one.text("authorization_type") != "NONE":
        return
    full = _function(reading, one)
    given = {"Action": "lambda:InvokeFunctionUrl", "Principal": "*", "FunctionUrlAuthType": "NONE"}
    statement = statement_of(given, full, one.address)
    add_permission(reading.found, unqualified(full), statement, one.address)


def _permission(reading: _Reading, one: Planned) -> None:
    full = _function(reading, one)
    other = {n for n, v in one.values.items() if v} - set(_PERMISSION) - _PERMISSION_BESIDES
    if other:
        raise malformed(one.address, f"has {quoted(min(other))}, which is not understood")
    given = {
        name: one.text(member)
        for member, name in _PERMISSION.items()
        if one.values.get(member) or one.is_unknown(member)
    }
    statement = statement_of(given, full, one.address)
    add_permission(reading.found, unqualified(full), statement, one.address)
