"""The AWS JSON protocols 1.0 and 1.1: one POST to `/`, an operation in a header, strict JSON.

DynamoDB, SQS, Secrets Manager and SSM speak them. What is read here is what the storage is
given again, rebuilt: no second reading of the same bytes.
"""

import json
from collections.abc import Collection, Mapping
from typing import Any, Protocol

from valetkey.localaws.callers import Caller
from valetkey.localaws.decisions import Ask
from valetkey.localaws.faults import AwsError, Service, Trouble, fault
from valetkey.localaws.http import Answer, Incoming
from valetkey.localaws.json_dialects import DIALECTS
from valetkey.localaws.models import Params, check_params, fail_operation
from valetkey.localaws.strict_json import read_json

_FORM = "application/x-www-form-urlencoded"


class Require(Protocol):
    """Asks the evaluator for one caller, and raises its denial as an AwsError."""

    @property
    def caller(self) -> Caller:
        """Who signed the request."""
        ...

    def __call__(self, ask: Ask) -> None: ...


class JsonService(Protocol):
    """What answers the operations of one service for verified callers."""

    def operations(self) -> Collection[str]:
        """Return the names of the operations that are modelled."""
        ...

    def run(self, operation: str, params: Params, *, require: Require) -> Answer:
        """Return the service's answer. Raises AwsError for a denial."""
        ...


def json_operation(
    request: Incoming, service: Service, *, known: Collection[str]
) -> tuple[str, Params]:
    """Return the operation and its checked parameters. Raises AwsError for anything unknown."""
    dialect = DIALECTS[service]
    kind = (request.header("content-type") or "").split(";")[0].strip().lower()
    target = request.header("x-amz-target") or ""
    if kind == _FORM and not target:
        raise _no_query_protocol(service)
    operation = target.removeprefix(dialect.target)
    if not target.startswith(dialect.target) or operation not in known:
        raise fail_operation(service, target or "a request without X-Amz-Target")
    if request.method != "POST" or request.path != "/" or kind != dialect.content_type:
        raise fault(service, Trouble.INVALID, f"send {dialect.content_type} by POST to /")
    if request.query or "content-encoding" in request.headers:
        raise fault(service, Trouble.INVALID, "no query string and no content encoding")
    params = read_json(request.body)
    check_params(service, operation, params)
    return operation, params


def _no_query_protocol(service: Service) -> AwsError:
    return fault(
        service,
        Trouble.UNSUPPORTED,
        f"valetkey's local AWS does not model the query protocol of {service.value}; it speaks "
        f"{DIALECTS[service].content_type}: use a newer SDK.",
    )


def json_answer(service: Service, value: Mapping[str, Any]) -> Answer:
    """Return a successful answer with this body."""
    headers = (("content-type", DIALECTS[service].content_type),)
    return Answer(200, headers, json.dumps(value).encode())


def json_fault(service: Service, error: AwsError) -> Answer:
    """Return an error answer."""
    dialect = DIALECTS[service]
    body = json.dumps({"__type": f"{dialect.schema}{error.code}", "message": error.message})
    headers = [("content-type", dialect.content_type), ("x-amzn-errortype", error.code)]
    if dialect.query_codes is not None:
        code = dialect.query_codes.get(error.code, error.code)
        kind = "Sender" if error.status < 500 else "Receiver"
        headers.append(("x-amzn-query-error", f"{code};{kind}"))
    return Answer(error.status, tuple(headers), body.encode())
