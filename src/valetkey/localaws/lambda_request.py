"""Lambda's REST requests: one path, one operation, its parameters from where AWS puts them."""

import re
from dataclasses import dataclass
from typing import Any

from valetkey.localaws.faults import AwsError, Service, Trouble, fault
from valetkey.localaws.http import Incoming
from valetkey.localaws.models import Params, check_params, fail_operation, input_shape
from valetkey.localaws.strict_json import read_json

_FUNCTIONS = r"/2015-03-31/functions"
_ONE = rf"{_FUNCTIONS}/(?P<FunctionName>[^/]+)"
_TAGS = r"/2017-03-31/tags/(?P<Resource>[^/]+)"
_ROUTES: tuple[tuple[str, str, str], ...] = (
    ("POST", rf"{_ONE}/invocations", "Invoke"),
    ("GET", rf"{_FUNCTIONS}/?", "ListFunctions"),
    ("POST", rf"{_FUNCTIONS}/?", "CreateFunction"),
    ("GET", _ONE, "GetFunction"),
    ("GET", rf"{_ONE}/configuration", "GetFunctionConfiguration"),
    ("GET", rf"{_ONE}/policy", "GetPolicy"),
    ("POST", rf"{_ONE}/policy", "AddPermission"),
    ("DELETE", rf"{_ONE}/policy/(?P<StatementId>[^/]+)", "RemovePermission"),
    ("GET", _TAGS, "ListTags"),
    ("POST", _TAGS, "TagResource"),
    ("DELETE", _TAGS, "UntagResource"),
)
ACTIONS = {
    **{name: name for _, _, name in _ROUTES if name != "CreateFunction"},
    "Invoke": "InvokeFunction",
}
"""The operations that are modelled, by the action that allows each."""

UNMODELLED = frozenset(
    {"TenantId", "DurableExecutionName", "InvokedViaFunctionUrl", "MasterRegion", "RevisionId"}
)
"""Parameters that would need a decision, or a state, of their own."""


@dataclass(frozen=True, slots=True)
class LambdaCall:
    """A modelled operation with its checked parameters."""

    operation: str
    params: Params


def lambda_operation(request: Incoming) -> LambdaCall:
    """Return the operation that a request asks for. Raises AwsError for anything unknown."""
    operation, found = _route(request)
    if "content-encoding" in request.headers:
        raise _invalid("no content encoding")
    params: Params = {**found, **_outside(request, operation)}
    if operation == "Invoke":
        params["Payload"] = request.body
    elif request.body:
        params.update(_body(request, operation))
    check_params(Service.LAMBDA, operation, params)
    refused = sorted(UNMODELLED & set(params))
    if refused:
        raise _invalid(f"{refused[0]} is not modelled")
    return LambdaCall(operation, params)


def _route(request: Incoming) -> tuple[str, Params]:
    for method, pattern, operation in _ROUTES:
        found = re.fullmatch(pattern, request.path)
        if found is None or method != request.method:
            continue
        if operation == "CreateFunction":
            raise AwsError(
                "UnknownOperationException",
                "valetkey's local AWS runs no deployed code: register a function from Python "
                "with LocalAws.add_function(name, answer).",
                status=404,
            )
        return operation, dict(found.groupdict())
    raise fail_operation(Service.LAMBDA, f"{request.method} {request.path[:80]}")


def _outside(request: Incoming, operation: str) -> Params:
    """Return the parameters that stand in the query and in headers."""
    found: Params = {}
    queried = set(request.query)
    for name, shape in input_shape(Service.LAMBDA, operation).members.items():
        place = shape.serialization.get("location")
        key = shape.serialization.get("name", name)
        value = None
        if place == "header":
            value = request.header(key.lower())
        elif place == "querystring" and key in queried:
            queried.remove(key)
            value = request.query[key]
        if value is not None:
            found[name] = _typed(shape, value)
    if queried:
        raise _invalid(f"unknown parameter `{min(queried)[:80]}`")
    return found


def _typed(shape: Any, text: str) -> Any:
    if shape.type_name == "integer":
        if not re.fullmatch(r"[0-9]{1,9}", text):
            raise _invalid("a number is expected")
        return int(text)
    return [text] if shape.type_name == "list" else text


def _body(request: Incoming, operation: str) -> Params:
    """Return the body's members. What stands in the path or the query is not taken from it."""
    members = input_shape(Service.LAMBDA, operation).members
    body = read_json(request.body)
    for name in body:
        if name not in members or "location" in members[name].serialization:
            raise _invalid(f"unknown parameter `{name[:80]}`")
    return body


def _invalid(message: str) -> AwsError:
    return fault(Service.LAMBDA, Trouble.INVALID, message)
