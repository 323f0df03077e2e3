"""A policy set as one CloudFormation template of JSON.

A template can't give a policy to a table, key or function that it does not define: those policies
are files of their own.
"""

from dataclasses import replace
from typing import Any

from valetkey.tenancy.forms.names import (
    Unique,
    account_of,
    last_name,
    policy_name,
    resource_name,
    service_of,
)
from valetkey.tenancy.forms.surroundings import Surroundings
from valetkey.tenancy.forms.written import Written, apart, own_account, text_of_json, whole
from valetkey.tenancy.policy_set import Attached, Document, PolicySet, RolePolicies

TEMPLATE = "template.json"
BROKER_POLICY = "valetkey-broker"
"""What the broker's own policy is called where it stands beside others of its role."""


def template_files(policy_set: PolicySet) -> Written:
    """Return the template, and the files of what it can't carry.

    Raises TenancyError `policy-form-unfit` where the roles are of several accounts.
    """
    beside = apart(not_in_template(policy_set), Unique())
    files = {TEMPLATE: text_of_json(template(policy_set)), **beside.files}
    return Written(files, beside.left)


def template(policy_set: PolicySet) -> dict[str, Any]:
    """Return the template as a value of JSON. It needs CAPABILITY_NAMED_IAM."""
    account = own_account(whole(policy_set))
    names = Unique()
    resources: dict[str, Any] = {}
    for role in policy_set.roles:
        resources |= role_resources(role, names)
    for arn, own in policy_set.brokers.items():
        if account_of(arn) == account:
            resources |= broker_resource(arn, own, names)
    for arn, document in policy_set.resource_policies.items():
        if document is not None and _is_in_template(arn):
            resources |= _resource_policy(arn, document, names)
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Roles of agents and the policies that keep each run to its own data, "
        "written by valetkey policy",
        "Resources": resources,
    }


def _is_in_template(arn: str) -> bool:
    return service_of(arn) in ("s3", "sqs", "sns", "secretsmanager")


def not_in_template(policy_set: PolicySet) -> PolicySet:
    """Return what of the set a template can't carry, as a set without roles."""
    account = own_account(policy_set)
    return replace(
        policy_set,
        roles=(),
        resource_policies={
            arn: one
            for arn, one in policy_set.resource_policies.items()
            if one is None or not _is_in_template(arn)
        },
        brokers={arn: own for arn, own in policy_set.brokers.items() if account_of(arn) != account},
    )


def role_resources(role: RolePolicies, names: Unique) -> dict[str, Any]:
    """Return the resource of a role, after that of its boundary if it has one."""
    name = last_name(role.arn)
    path = role.arn.split(":role", 1)[1][: -len(name)]
    found: dict[str, Any] = {}
    properties: dict[str, Any] = {"RoleName": name}
    if path != "/":
        properties["Path"] = path
    properties["AssumeRolePolicyDocument"] = role.trust
    if role.permissions:
        properties["Policies"] = [_inline(one) for one in role.permissions]
    if role.boundary is not None:
        boundary = names.logical(f"{name} boundary")
        found[boundary] = {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {
                "ManagedPolicyName": policy_name(f"{name}-boundary"),
                "PolicyDocument": role.boundary,
            },
        }
        properties["PermissionsBoundary"] = {"Ref": boundary}
    properties["MaxSessionDuration"] = role.max_session_seconds
    if role.tags:
        properties["Tags"] = [{"Key": key, "Value": value} for key, value in role.tags.items()]
    found[names.logical(f"{name} role")] = {"Type": "AWS::IAM::Role", "Properties": properties}
    return found


def _inline(policy: Attached) -> dict[str, Any]:
    return {"PolicyName": policy_name(policy.name), "PolicyDocument": policy.document}


def broker_resource(arn: str, document: Document, names: Unique) -> dict[str, Any]:
    """Return the resource that gives a broker's role, which is there already, its policy."""
    name = last_name(arn)
    return {
        names.logical(f"{name} policy"): {
            "Type": "AWS::IAM::RolePolicy",
            "Properties": {
                "RoleName": name,
                "PolicyName": BROKER_POLICY,
                "PolicyDocument": document,
            },
        }
    }


def _resource_policy(arn: str, document: Document, names: Unique) -> dict[str, Any]:
    """Return the resource that gives a resource, which is there already, its policy."""
    name, service = resource_name(arn), service_of(arn)
    _, partition, _, region, account, _ = arn.split(":", 5)
    around = Surroundings(account, region, partition)
    kind, properties = {
        "s3": ("AWS::S3::BucketPolicy", {"Bucket": name, "PolicyDocument": document}),
        "sqs": (
            "AWS::SQS::QueuePolicy",
            {"Queues": [around.queue_url(name, arn)], "PolicyDocument": document},
        ),
        "sns": ("AWS::SNS::TopicPolicy", {"Topics": [arn], "PolicyDocument": document}),
        "secretsmanager": (
            "AWS::SecretsManager::ResourcePolicy",
            {"SecretId": arn, "ResourcePolicy": document},
        ),
    }[service]
    return {names.logical(f"{name} policy"): {"Type": kind, "Properties": properties}}
