"""Valid principals, statements and policies, from which each test changes one thing."""

from collections.abc import Mapping
from typing import Any

from valetkey.iam import (
    ContextValue,
    Decision,
    Layer,
    Policies,
    Policy,
    Principal,
    PrincipalKind,
    Request,
    evaluate,
    parse_policy,
)

ACCOUNT = "123456789012"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/agent/s1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/agent"
OBJECT = "arn:aws:s3:::b/traces/u1/k"
TABLE = f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/Events"

Json = dict[str, Any]


def statement(**changes: Any) -> Json:
    """An Allow of everything, with `changes`; a change to None removes the element."""
    whole: Json = {"Effect": "Allow", "Action": "*", "Resource": "*", **changes}
    return {name: value for name, value in whole.items() if value is not None}


def document(*statements: Json, version: str = "2012-10-17") -> Json:
    return {"Version": version, "Statement": list(statements)}


def policy(*statements: Json, layer: Layer = Layer.IDENTITY, name: str = "p") -> Policy:
    return parse_policy(document(*statements), name=name, layer=layer)


def session(tags: Mapping[str, str] | None = None, **changes: Any) -> Principal:
    return Principal(PrincipalKind.ARN, SESSION, tags=tags or {}, **changes)


def decide(
    *statements: Json,
    context: Mapping[str, ContextValue] | None = None,
    tags: Mapping[str, str] | None = None,
    action: str = "s3:GetObject",
    resource: str = OBJECT,
) -> Decision:
    request = Request(session(tags), action, resource, context=context or {})
    return evaluate(request, Policies(identity=(policy(*statements),)))


def decide_condition(
    block: Json,
    context: Mapping[str, ContextValue] | None = None,
    tags: Mapping[str, str] | None = None,
) -> bool:
    return decide(statement(Condition=block), context=context, tags=tags).allowed
