"""Policies as CloudFormation for Amazon Bedrock AgentCore: an engine, and a policy a statement.

What is promised of an update of the stack: forbids that are new are there before any permit is made
or edited, and what is stale goes after all that, permits before forbids. CloudFormation makes and
edits in the order of `DependsOn`, and deletes what a template no longer has in the clean-up, in the
old template's order backwards. What can't be promised: that a deletion succeeds (a forbid that
could not be deleted stays, and denies), and what others do to the engine meanwhile. For who
does not rely on the clean-up there are two templates: the first keeps every stale forbid.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from valetkey.tools.agentcore_fit import Statement, check_all, statement_of
from valetkey.tools.agentcore_names import check_name, logical_id, policy_name
from valetkey.tools.agentcore_notes import notes_of
from valetkey.tools.bundle import ToolBundle
from valetkey.tools.decision import Mode
from valetkey.tools.errors import ToolsError
from valetkey.tools.source import BundleSource

ENGINE: Final = "PolicyEngine"
GATEWAY: Final = "Gateway"
_POLICY: Final = "AWS::BedrockAgentCore::Policy"
_FORBID: Final = "forbid"


@dataclass(frozen=True, slots=True)
class Export:
    """`template` is deployed first; `afterwards`, where there is one, when that has succeeded.

    `notes` are sentences on what is otherwise there than here.
    """

    template: Mapping[str, Any]
    afterwards: Mapping[str, Any] | None
    notes: tuple[str, ...]


def export(
    bundle: ToolBundle,
    *,
    engine: str,
    claims: frozenset[str],
    previous: Mapping[str, Any] | None = None,
) -> Export:
    """Return the templates for an engine of that name. `claims` are tags that a token has, too.

    Raises ToolsError `agentcore-…` for what AgentCore can't hold, and for a `previous` template
    that is another engine's.
    """
    check_name(engine, of="the engine")
    statements = tuple(statement_of(policy) for policy in bundle.policies)
    check_all(statements, bundle.source)
    final = _template(statements, bundle.source, engine=engine)
    stale = {} if previous is None else _stale_forbids(previous, final, engine=engine)
    notes = notes_of(statements, bundle, claims=claims)
    if not stale:
        return Export(final, None, notes)
    return Export({**final, "Resources": {**final["Resources"], **stale}}, final, notes)


def _template(
    statements: tuple[Statement, ...], source: BundleSource, *, engine: str
) -> dict[str, Any]:
    forbids = {_id(one): _policy(one, ()) for one in statements if one.is_forbid}
    permits = {
        _id(one): _policy(one, tuple(sorted(forbids))) for one in statements if not one.is_forbid
    }
    policies = forbids | permits
    if len(policies) != len(statements):
        raise ToolsError("agentcore-name", "two policies would have one name there")
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Policies of valetkey's tool gateway for Amazon Bedrock AgentCore",
        "Metadata": {
            "valetkey": {"gateway": source.gateway, "merge": _merge(source)},
            # Parameters of a gateway in another stack are empty: the resource is not there then.
            "cfn-lint": {"config": {"ignore_checks": ["W1030"]}},
        },
        "Parameters": _PARAMETERS,
        "Conditions": _CONDITIONS,
        "Resources": {
            ENGINE: {
                "Type": "AWS::BedrockAgentCore::PolicyEngine",
                "Properties": {"Name": engine},
            },
            **policies,
            GATEWAY: _gateway(source, tuple(sorted(policies))),
        },
        "Outputs": {
            "PolicyEngineArn": {"Value": {"Fn::GetAtt": [ENGINE, "PolicyEngineArn"]}},
            "PolicyEngineId": {"Value": {"Fn::GetAtt": [ENGINE, "PolicyEngineId"]}},
        },
    }


def _id(statement: Statement) -> str:
    return logical_id(_name(statement))


def _name(statement: Statement) -> str:
    if not statement.is_forbid:
        return policy_name(statement.policy.id, forbids=None)
    said = f"{_FORBID}\0{statement.is_log_only}\0{statement.text}"
    return policy_name(statement.policy.id, forbids=said)


def _policy(statement: Statement, after: tuple[str, ...]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "Type": _POLICY,
        "Properties": {
            "PolicyEngineId": {"Fn::GetAtt": [ENGINE, "PolicyEngineId"]},
            "Name": _name(statement),
            "Description": f"valetkey: {statement.policy.id}"[:4096],
            "Definition": {"Cedar": {"Statement": statement.text}},
            "ValidationMode": {"Ref": "PolicyValidation"},
            "EnforcementMode": "LOG_ONLY" if statement.is_log_only else "ACTIVE",
        },
    }
    return made | {"DependsOn": list(after)} if after else made


def _configuration(source: BundleSource) -> dict[str, Any]:
    """Return `PolicyEngineConfiguration` of the gateway."""
    return {
        "Arn": {"Fn::GetAtt": [ENGINE, "PolicyEngineArn"]},
        "Mode": "ENFORCE" if source.mode is Mode.ENFORCE else "LOG_ONLY",
    }


def _gateway(source: BundleSource, policies: tuple[str, ...]) -> dict[str, Any]:
    """Return the gateway with the engine, for who has it imported into this stack.

    It depends on every policy: it is not bound to an engine that is half full.
    """
    return {
        "Type": "AWS::BedrockAgentCore::Gateway",
        "Condition": "HasGateway",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "DependsOn": list(policies),
        "Properties": {
            "Name": {"Ref": "GatewayName"},
            "RoleArn": {"Ref": "GatewayRoleArn"},
            "ProtocolType": "MCP",
            "AuthorizerType": {"Ref": "GatewayAuthorizerType"},
            "AuthorizerConfiguration": {
                "Fn::If": [
                    "HasJwt",
                    {
                        "CustomJWTAuthorizer": {
                            "DiscoveryUrl": {"Ref": "GatewayDiscoveryUrl"},
                            "AllowedAudience": [{"Ref": "GatewayAudience"}],
                        }
                    },
                    {"Ref": "AWS::NoValue"},
                ]
            },
            "PolicyEngineConfiguration": _configuration(source),
        },
    }


def _merge(source: BundleSource) -> dict[str, Any]:
    """Return what the properties of a gateway of another stack need."""
    mode = _configuration(source)["Mode"]
    return {
        "into": "the Properties of the gateway that is named above, once this stack is there",
        "PolicyEngineConfiguration": {"Arn": "the output PolicyEngineArn", "Mode": mode},
    }


def _stale_forbids(
    previous: Mapping[str, Any], final: Mapping[str, Any], *, engine: str
) -> dict[str, Any]:
    """Return the forbids of the previous template that the final one does not have."""
    old = previous.get("Resources")
    if not isinstance(old, dict) or not all(isinstance(each, dict) for each in old.values()):
        raise ToolsError("agentcore-previous", "the previous template is none of CloudFormation")
    was = old.get(ENGINE, {}).get("Properties", {}).get("Name")
    if was != engine:
        raise ToolsError(
            "agentcore-previous",
            f"the previous template has engine `{was}`, and this one `{engine}`",
            hint="an engine of another name is a new one: give the same `--name`",
        )
    return {
        name: resource
        for name, resource in old.items()
        if resource.get("Type") == _POLICY
        and name not in final["Resources"]
        and not _is_permit(resource)
    }


def _is_permit(resource: Mapping[str, Any]) -> bool:
    """Say whether a policy of a template is a permit beyond doubt: a forbid is never left out."""
    definition = resource.get("Properties", {}).get("Definition", {})
    statement = definition.get("Cedar", {}).get("Statement", "")
    return isinstance(statement, str) and statement.lstrip().startswith("permit")


def _text(description: str, default: str = "", allowed: tuple[str, ...] = ()) -> dict[str, Any]:
    made: dict[str, Any] = {"Type": "String", "Description": description, "Default": default}
    return made | {"AllowedValues": list(allowed)} if allowed else made


_PARAMETERS: Final = {
    "PolicyValidation": _text(
        "What AgentCore's analysis may find; it finds a policy that lets everybody do everything.",
        "FAIL_ON_ANY_FINDINGS",
        ("FAIL_ON_ANY_FINDINGS", "IGNORE_ALL_FINDINGS"),
    ),
    "GatewayName": _text(
        "Of the gateway that policies name, if it is imported into this stack; empty: it is in "
        "another stack, which sets PolicyEngineConfiguration. A new gateway has another ARN."
    ),
    "GatewayRoleArn": _text("The gateway's role, as it is."),
    "GatewayAuthorizerType": _text(
        "The gateway's authorizer, as it is.",
        "CUSTOM_JWT",
        ("CUSTOM_JWT", "AWS_IAM", "NONE", "AUTHENTICATE_ONLY"),
    ),
    "GatewayDiscoveryUrl": _text("With CUSTOM_JWT: the issuer's discovery document."),
    "GatewayAudience": _text("With CUSTOM_JWT: the audience of its tokens."),
}
_CONDITIONS: Final = {
    "HasGateway": {"Fn::Not": [{"Fn::Equals": [{"Ref": "GatewayName"}, ""]}]},
    "HasJwt": {"Fn::Equals": [{"Ref": "GatewayAuthorizerType"}, "CUSTOM_JWT"]},
}
