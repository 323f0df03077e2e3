"""An invocation that was allowed: the event in, what the registered function says out."""

import base64
import json
from typing import Any

from valetkey.localaws.callers import Caller
from valetkey.localaws.faults import AwsError, Service, Trouble, fault
from valetkey.localaws.http import Answer
from valetkey.localaws.lambda_functions import Function, Invocation
from valetkey.localaws.lambda_names import LATEST
from valetkey.localaws.models import Params
from valetkey.localaws.strict_json import read_value

MAX_EVENT_BYTES = 6 * 1024 * 1024  # "Lambda quotas": a synchronous invocation, either way
MAX_QUEUED_BYTES = 1024 * 1024  # of an event that nobody waits for
_TYPES = frozenset({"RequestResponse", "Event", "DryRun"})


def invoke(function: Function, arn: str, params: Params, *, caller: Caller) -> Answer:
    """Return the answer of Invoke, its work left to be done outside. Raises AwsError.

    A dry run ends here. For `Event` the function runs too, and its outcome is not told.
    """
    kind = params.get("InvocationType", "RequestResponse")
    if kind not in _TYPES or params.get("LogType", "None") not in {"None", "Tail"}:
        raise fault(Service.LAMBDA, Trouble.INVALID, "unknown InvocationType or LogType")
    payload: bytes = params["Payload"]
    if len(payload) > (MAX_QUEUED_BYTES if kind == "Event" else MAX_EVENT_BYTES):
        raise fault(Service.LAMBDA, Trouble.TOO_LARGE, "the payload is too large")
    event = _event(payload)
    if kind == "DryRun":
        return Answer(204, (), b"")
    invocation = Invocation(
        function_arn=arn,
        request_type=kind,
        caller_arn=caller.arn,
        caller_account=caller.account,
        client_context=params.get("ClientContext"),
    )
    tail = params.get("LogType") == "Tail"

    def work() -> Answer:
        answer = _run(function, event, invocation, tail=tail)
        return Answer(202, (), b"") if kind == "Event" else answer

    return Answer(200, (), b"", work)


def _event(payload: bytes) -> Any:
    if not payload:
        return {}
    try:
        return read_value(payload)
    except AwsError as error:
        raise AwsError(
            "InvalidRequestContentException", "Could not parse the payload as strict JSON."
        ) from error


def _run(function: Function, event: Any, invocation: Invocation, *, tail: bool) -> Answer:
    """Return what the function says; that it raised is an answer too, with AWS's header."""
    headers = [("content-type", "application/json"), ("x-amz-executed-version", LATEST)]
    if tail:
        headers.append(("x-amz-log-result", base64.b64encode(b"").decode()))
    try:
        body = json.dumps(function.answer(event, invocation), allow_nan=False).encode()
    except BaseException as error:  # noqa: BLE001 - its own failure, told to its caller
        headers.append(("x-amz-function-error", "Unhandled"))
        told = {"errorMessage": _said(error), "errorType": _failure(error)}
        body = json.dumps(told).encode()
    if len(body) > MAX_EVENT_BYTES:
        headers = [pair for pair in headers if pair[0] != "x-amz-function-error"]
        headers.append(("x-amz-function-error", "Unhandled"))
        text = f"Response payload size exceeded maximum allowed payload size ({MAX_EVENT_BYTES})."
        told = {"errorMessage": text, "errorType": "Function.ResponseSizeTooLarge"}
        body = json.dumps(told).encode()
    return Answer(200, tuple(headers), body)


def _said(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - an error that can't say what it is
        return ""


def _failure(error: BaseException) -> str:
    return "Runtime.ExitError" if isinstance(error, SystemExit) else type(error).__name__
