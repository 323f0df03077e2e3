"""A function's policy, which Lambda writes itself: a statement for each permission added."""

import json
import re
from typing import Any

from valetkey.localaws.faults import AwsError, Service, Trouble, fault
from valetkey.localaws.models import Params
from valetkey.localaws.resource_policies import ResourcePolicies

_STATEMENT_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
_ACTION = re.compile(r"lambda:(\*|[A-Za-z]+)")
_ACCOUNT = re.compile(r"[0-9]{12}")
_SERVICE = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com")
_CONDITIONS = {
    "SourceArn": ("ArnLike", "AWS:SourceArn"),
    "SourceAccount": ("StringEquals", "AWS:SourceAccount"),
    "PrincipalOrgID": ("StringEquals", "aws:PrincipalOrgID"),
    "EventSourceToken": ("StringEquals", "lambda:EventSourceToken"),
    "FunctionUrlAuthType": ("StringEquals", "lambda:FunctionUrlAuthType"),
}


def add_permission(policies: ResourcePolicies, arn: str, params: Params) -> str:
    """Add the statement to the policy of `arn` and return it as JSON. Raises AwsError."""
    name = params["StatementId"]
    if not _STATEMENT_ID.fullmatch(name) or not _ACTION.fullmatch(params["Action"]):
        raise fault(Service.LAMBDA, Trouble.INVALID, "StatementId or Action is not valid")
    statements = statements_of(policies, arn)
    if any(statement["Sid"] == name for statement in statements):
        raise AwsError(
            "ResourceConflictException", f"The statement id ({name}) exists already.", status=409
        )
    statement: dict[str, Any] = {
        "Sid": name,
        "Effect": "Allow",
        "Principal": _principal(params["Principal"]),
        "Action": params["Action"],
        "Resource": arn,
    }
    for parameter, (operator, key) in _CONDITIONS.items():
        if parameter in params:
            condition = statement.setdefault("Condition", {}).setdefault(operator, {})
            condition[key] = params[parameter]
    _put(policies, arn, [*statements, statement])
    return json.dumps(statement)


def remove_permission(policies: ResourcePolicies, arn: str, name: str) -> None:
    """Take the statement out. Raises AwsError ResourceNotFoundException if there is none."""
    statements = statements_of(policies, arn)
    kept = [statement for statement in statements if statement["Sid"] != name]
    if len(kept) == len(statements):
        raise AwsError(
            "ResourceNotFoundException", "The statement was not found in the policy.", status=404
        )
    if kept:
        _put(policies, arn, kept)
    else:
        policies.drop(arn)


def statements_of(policies: ResourcePolicies, arn: str) -> list[dict[str, Any]]:
    """Return the statements of the policy of `arn`."""
    text = policies.documents.get(arn)
    found: list[dict[str, Any]] = [] if text is None else json.loads(text)["Statement"]
    return found


def granted_to(statement: dict[str, Any]) -> str:
    """Return the principal of a statement as AddPermission was given it."""
    principal = statement["Principal"]
    if principal == "*":
        return "*"
    name: str = principal.get("Service") or principal["AWS"]
    root = re.fullmatch(r"arn:aws:iam::([0-9]{12}):root", name)
    return name if root is None else root[1]


def _principal(text: str) -> Any:
    if text == "*":
        return "*"
    if _ACCOUNT.fullmatch(text):
        return {"AWS": f"arn:aws:iam::{text}:root"}
    if _SERVICE.fullmatch(text):
        return {"Service": text}
    if text.startswith(("arn:aws:iam::", "arn:aws:sts::")):
        return {"AWS": text}
    raise fault(Service.LAMBDA, Trouble.INVALID, "The provided principal was invalid.")


def _put(policies: ResourcePolicies, arn: str, statements: list[dict[str, Any]]) -> None:
    document = {"Version": "2012-10-17", "Id": "default", "Statement": statements}
    try:
        policies.put(arn, json.dumps(document))
    except AwsError as error:
        raise fault(Service.LAMBDA, Trouble.INVALID, error.message) from error
