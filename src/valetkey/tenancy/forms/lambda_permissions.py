"""A Lambda permission as the policy statement that Lambda makes of it.

AWS Lambda API reference, "AddPermission"; CloudFormation and Terraform name its parameters alike.
"""

import re
from collections.abc import Mapping
from typing import Any

from valetkey.iam.document import quoted
from valetkey.tenancy.forms.gathering import Gathering
from valetkey.tenancy.forms.surroundings import Surroundings
from valetkey.tenancy.forms.values import malformed, text_of

_ACCOUNT = re.compile(r"\d{12}\Z")


def statement_of(permission: Mapping[str, str], function: str, place: str) -> dict[str, Any]:
    """Return the statement of one permission, its parameters by AddPermission's names.

    Raises TenancyError `policy-source-malformed` for a parameter that is not understood.
    """
    conditions: dict[str, dict[str, str]] = {}
    for name, value in permission.items():
        if name in _CONDITIONS:
            operator, key = _CONDITIONS[name]
            conditions.setdefault(operator, {})[key] = value
        elif name not in ("Action", "Principal", "StatementId", "FunctionName"):
            raise malformed(place, f"has {quoted(name)}, which is not understood")
    statement = {
        "Effect": "Allow",
        "Principal": _principal(text_of(permission.get("Principal"), f"{place}.Principal")),
        "Action": text_of(permission.get("Action"), f"{place}.Action"),
        "Resource": function,
    }
    return {**statement, "Condition": conditions} if conditions else statement


_CONDITIONS = {
    "SourceAccount": ("StringEquals", "AWS:SourceAccount"),
    "SourceArn": ("ArnLike", "AWS:SourceArn"),
    "PrincipalOrgID": ("StringEquals", "aws:PrincipalOrgID"),
    "EventSourceToken": ("StringEquals", "lambda:EventSourceToken"),
    "FunctionUrlAuthType": ("StringEquals", "lambda:FunctionUrlAuthType"),
}


def _principal(written: str) -> Any:
    if written == "*":
        return "*"
    if _ACCOUNT.match(written) or written.startswith("arn:"):
        return {"AWS": written}
    return {"Service": written}


def add_permission(
    found: Gathering, function: str, statement: Mapping[str, Any], place: str
) -> None:
    """Add a statement to the policy of a function of the source.

    What another function's policy says beside it is not known: that is a reason in `unread`.
    """
    if function not in found.resources:
        found.miss(f"{place} adds to the policy of {quoted(function)}, which is not here")
        return
    document = found.resources[function]
    before = [] if document is None else document["Statement"]
    found.resources[function] = {"Version": "2012-10-17", "Statement": [*before, statement]}


def function_of(named: str, around: Surroundings, place: str) -> str:
    """Return the ARN of the function, with its qualifier, that a name, an ARN or the part of an
    ARN from the account on stands for ("FunctionName" of AddPermission).
    """
    if named.startswith("arn:"):
        return named
    parts = named.split(":")
    if len(parts) >= 3 and parts[1] == "function":
        region = around.region_at(place)
        return f"arn:{around.partition}:lambda:{region}:{named}"
    return around.here("lambda", f"function:{named}", place)


def unqualified(arn: str) -> str:
    """Return a function's ARN without version or alias, which are its eighth part."""
    return ":".join(arn.split(":")[:7])
