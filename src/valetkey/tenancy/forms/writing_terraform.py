"""A policy set as a Terraform configuration in JSON syntax, for the provider `hashicorp/aws`.

Terraform's documentation, "JSON Configuration Syntax": every text is a template, so `${` and `%{`
of a policy are written twice.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from valetkey.tenancy.forms.names import (
    Unique,
    account_of,
    kind_of,
    last_name,
    policy_name,
    resource_name,
    service_of,
)
from valetkey.tenancy.forms.surroundings import Surroundings
from valetkey.tenancy.forms.writing_template import BROKER_POLICY
from valetkey.tenancy.forms.written import (
    Written,
    apart,
    compact,
    own_account,
    text_of_json,
    whole,
)
from valetkey.tenancy.policy_set import Document, PolicySet, RolePolicies

CONFIGURATION = "valetkey.tf.json"
_Resources = dict[str, dict[str, Any]]


def terraform_files(policy_set: PolicySet) -> Written:
    """Return the configuration, and the files of what it can't carry.

    Raises TenancyError `policy-form-unfit` where the roles are of several accounts.
    """
    beside = apart(not_in_terraform(policy_set), Unique())
    files = {CONFIGURATION: text_of_json(configuration(policy_set)), **beside.files}
    return Written(files, beside.left)


def configuration(policy_set: PolicySet) -> dict[str, Any]:
    """Return the configuration as a value of JSON."""
    account = own_account(whole(policy_set))
    resources: _Resources = {}
    labels = Unique()
    for role in policy_set.roles:
        _role(role, resources, labels)
    for arn, own in policy_set.brokers.items():
        if account_of(arn) == account:
            _add(
                resources,
                "aws_iam_role_policy",
                labels.label(f"{last_name(arn)}_broker"),
                {"name": BROKER_POLICY, "role": last_name(arn), "policy": _text(own)},
            )
    for arn, document in policy_set.resource_policies.items():
        if document is not None and service_of(arn) in _TARGETS:
            kind, properties = _resource_policy(arn, document)
            _add(resources, kind, labels.label(f"{kind_of(arn)}_{resource_name(arn)}"), properties)
    return {
        "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws"}}},
        "resource": resources,
    }


def not_in_terraform(policy_set: PolicySet) -> PolicySet:
    """Return what of the set a configuration can't carry, as a set without roles."""
    account = own_account(policy_set)
    return replace(
        policy_set,
        roles=(),
        resource_policies={
            arn: one
            for arn, one in policy_set.resource_policies.items()
            if one is None or service_of(arn) not in _TARGETS
        },
        brokers={arn: own for arn, own in policy_set.brokers.items() if account_of(arn) != account},
    )


def _add(resources: _Resources, kind: str, label: str, properties: Mapping[str, Any]) -> None:
    resources.setdefault(kind, {})[label] = dict(properties)


def literal(text: str) -> str:
    """Return a text as the template that stands for it, so that `${aws:…}` stays IAM's."""
    return text.replace("${", "$${").replace("%{", "%%{")


def _text(document: Document) -> str:
    return literal(compact(document))


def _role(role: RolePolicies, resources: _Resources, labels: Unique) -> None:
    """Add a role, its policies, and its boundary if it has one."""
    name = last_name(role.arn)
    label = labels.label(name)
    properties: dict[str, Any] = {
        "name": name,
        "path": role.arn.split(":role", 1)[1][: -len(name)],
        "assume_role_policy": _text(role.trust),
        "max_session_duration": role.max_session_seconds,
    }
    if role.tags:
        properties["tags"] = {literal(k): literal(v) for k, v in role.tags.items()}
    if role.boundary is not None:
        own = labels.label(f"{name}_boundary")
        boundary = {"name": policy_name(f"{name}-boundary"), "policy": _text(role.boundary)}
        _add(resources, "aws_iam_policy", own, boundary)
        properties["permissions_boundary"] = f"${{aws_iam_policy.{own}.arn}}"
    _add(resources, "aws_iam_role", label, properties)
    for policy in role.permissions:
        _add(
            resources,
            "aws_iam_role_policy",
            labels.label(f"{name}_{policy.name}"),
            {
                "name": policy_name(policy.name),
                "role": f"${{aws_iam_role.{label}.name}}",
                "policy": _text(policy.document),
            },
        )


_TARGETS = {
    "s3": ("aws_s3_bucket_policy", "bucket"),
    "dynamodb": ("aws_dynamodb_resource_policy", "resource_arn"),
    "sqs": ("aws_sqs_queue_policy", "queue_url"),
    "sns": ("aws_sns_topic_policy", "arn"),
    "secretsmanager": ("aws_secretsmanager_secret_policy", "secret_arn"),
    "kms": ("aws_kms_key_policy", "key_id"),
}
"""The resource that gives a policy, and its argument that says to what."""


def _resource_policy(arn: str, document: Document) -> tuple[str, dict[str, Any]]:
    kind, member = _TARGETS[service_of(arn)]
    _, partition, service, region, account, _ = arn.split(":", 5)
    name = resource_name(arn)
    target = {
        "s3": name,
        "sqs": Surroundings(account, region, partition).queue_url(name, arn),
        "kms": name,
    }.get(service, arn)
    return kind, {member: literal(target), "policy": _text(document)}
