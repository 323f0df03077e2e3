"""Answers of item operations as PartiQL's operations give them.

Standard: ExecuteStatement, BatchExecuteStatement and ExecuteTransaction (API reference).
"""

import json
from collections.abc import Sequence
from typing import Any

from valetkey.localaws.faults import AwsError
from valetkey.localaws.http import Answer

_FAILED = "ConditionalCheckFailed"
_DUPLICATE = "Duplicate primary key exists in table"
_BATCH_CODES = {
    "AccessDeniedException": "AccessDenied",
    "ConditionalCheckFailedException": _FAILED,
    "DuplicateItemException": "DuplicateItem",
    "ResourceNotFoundException": "ResourceNotFound",
    "ValidationException": "ValidationError",
}


def write_answer(answer: Answer) -> list[dict[str, Any]]:
    """Return the item that a write returns, none where it returns nothing."""
    found = json.loads(answer.body).get("Attributes")
    return [found] if found else []


def plain_error(answer: Answer, *, insert: bool) -> AwsError:
    """Return a failed answer as an error; an INSERT fails at the item that is there."""
    body = json.loads(answer.body)
    code = str(body.get("__type", "")).rpartition("#")[2]
    if insert and code == f"{_FAILED}Exception":
        return AwsError("DuplicateItemException", _DUPLICATE)
    message = str(body.get("message", body.get("Message", "")))
    return AwsError(code, message, status=answer.status)


def batch_error(error: AwsError) -> dict[str, Any]:
    """Return a statement's error as a batch has it."""
    code = _BATCH_CODES.get(error.code, "InternalServerError")
    return {"Error": {"Code": code, "Message": error.message}}


def cancelled(answer: Answer, *, inserts: Sequence[bool]) -> Answer:
    """Return a transaction's failure, with DuplicateItem where an INSERT failed at an item."""
    body = json.loads(answer.body)
    reasons = body.get("CancellationReasons")
    if reasons is None:
        return answer
    for reason, insert in zip(reasons, inserts, strict=True):
        if insert and reason.get("Code") == _FAILED:
            reason |= {"Code": "DuplicateItem", "Message": _DUPLICATE}
    codes = ", ".join(str(reason.get("Code")) for reason in reasons)
    name = "message" if "message" in body else "Message"
    body[name] = (
        f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
    )
    return Answer(answer.status, answer.headers, json.dumps(body).encode())
