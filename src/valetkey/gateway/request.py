"""One JSON-RPC message out of one HTTP body, or a fault. It knows no method."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from valetkey.gateway.faults import INVALID_REQUEST, PARSE, Fault
from valetkey.gateway.limits import BODY_SECONDS, LARGE_BODY, MAX_BODY, MAX_ID, MAX_METHOD
from valetkey.gateway.link import MessageId
from valetkey.tools import Json, ToolsError
from valetkey.tools.exact_json import read_exact

_REQUEST: Final = frozenset({"jsonrpc", "id", "method", "params"})
_NOTIFICATION: Final = frozenset({"jsonrpc", "method", "params"})
_RESPONSES: Final = (
    frozenset({"jsonrpc", "id", "result"}),
    frozenset({"jsonrpc", "id", "error"}),
)


class ClientGone(Exception):  # noqa: N818 - nobody is left to be told
    """The caller hung up before its message was complete."""


class Form(Enum):
    """What a message of a client is."""

    REQUEST = "request"
    NOTIFICATION = "notification"
    RESPONSE = "response"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message of a client, exact (RFC 8259, no member twice). `params` {} where there are none.

    A RESPONSE has `result` or `error`.
    """

    form: Form
    id: MessageId | None = None
    method: str = ""
    params: Mapping[str, Json]
    result: Json = None
    error: Mapping[str, Json] | None = None


async def read_body(receive: Any, turn: Callable[[], Awaitable[object]]) -> bytes:
    """Return the body, whatever its declared length says. A large one waits for its `turn`.

    Raises Fault `body-too-large` or `body-slow`, and ClientGone.
    """
    message = await _next(receive, None)
    body: bytes = message.get("body", b"")
    if message.get("more_body", False):
        return await _rest(receive, bytearray(body), turn)
    if len(body) > MAX_BODY:
        raise _too_large()
    if len(body) > LARGE_BODY:
        await turn()
    return body


async def _rest(receive: Any, body: bytearray, turn: Callable[[], Awaitable[object]]) -> bytes:
    loop, is_large = asyncio.get_running_loop(), False
    until = loop.time() + BODY_SECONDS
    while True:
        if len(body) > LARGE_BODY and not is_large:
            await turn()
            is_large, until = True, loop.time() + BODY_SECONDS
        message = await _next(receive, until)
        body += message.get("body", b"")
        if len(body) > MAX_BODY:
            raise _too_large()
        if not message.get("more_body", False):
            if len(body) > LARGE_BODY and not is_large:
                await turn()
            return bytes(body)


async def _next(receive: Any, until: float | None) -> dict[str, Any]:
    when = until if until is not None else asyncio.get_running_loop().time() + BODY_SECONDS
    try:
        async with asyncio.timeout_at(when):
            message: dict[str, Any] = await receive()
    except TimeoutError:
        raise Fault(INVALID_REQUEST, "body-slow", "the body came too slowly", status=408) from None
    if message["type"] == "http.disconnect":
        raise ClientGone
    return message


def read_message(body: bytes) -> Message:
    """Return the one message that `body` is.

    Raises Fault with the JSON reader's code for what is not exact JSON, and `message-malformed` for
    what is no JSON-RPC message: a batch, an unknown or a missing member, an id that is not text or
    an integer.
    """
    try:
        value = read_exact(body, most=MAX_BODY)
    except ToolsError as error:
        raise Fault(PARSE, error.code, error.message, status=400) from None
    if not isinstance(value, dict) or value.get("jsonrpc") != "2.0":
        raise _malformed("the body is not one JSON-RPC 2.0 message")
    if "method" in value:
        return _asked(value)
    return _answered(value)


def id_of(body: bytes) -> MessageId | None:
    """Return the id of a message that was refused for its content, if it has a good one.

    Of a large one it is not sought: that would be read a second time.
    """
    if len(body) > LARGE_BODY:
        return None
    try:
        value = read_exact(body, most=MAX_BODY)
    except ToolsError:
        return None
    found = value.get("id") if isinstance(value, dict) and "method" in value else None
    return found if _is_id(found) else None  # type: ignore[return-value]  # as _is_id says


def _asked(value: dict[str, Json]) -> Message:
    has_id = "id" in value
    if not value.keys() <= (_REQUEST if has_id else _NOTIFICATION):
        raise _malformed("the message has a member that JSON-RPC does not know")
    method, params, message_id = value["method"], value.get("params", {}), value.get("id")
    if not isinstance(method, str) or not 0 < len(method) <= MAX_METHOD:
        raise _malformed("`method` is not a name")
    if not isinstance(params, dict):
        raise _malformed("`params` is not an object")
    if not has_id:
        return Message(form=Form.NOTIFICATION, method=method, params=params)
    if not _is_id(message_id):
        raise _malformed(f"`id` is not an integer or text of up to {MAX_ID} characters")
    return Message(form=Form.REQUEST, id=message_id, method=method, params=params)  # type: ignore[arg-type]


def _answered(value: dict[str, Json]) -> Message:
    if value.keys() not in _RESPONSES or not _is_id(value["id"]):
        raise _malformed("the message is neither a request nor a response")
    error = value.get("error")
    if "error" in value:
        if not isinstance(error, dict) or not _is_error(error):
            raise _malformed("`error` is not an error of JSON-RPC")
        return Message(form=Form.RESPONSE, id=value["id"], params={}, error=error)  # type: ignore[arg-type]
    if not isinstance(value["result"], dict):
        raise _malformed("`result` is not an object")
    return Message(form=Form.RESPONSE, id=value["id"], params={}, result=value["result"])  # type: ignore[arg-type]


def _is_id(value: Json) -> bool:
    if type(value) is str:
        return len(value) <= MAX_ID
    return type(value) is int  # neither true nor 1.0


def _is_error(error: dict[str, Json]) -> bool:
    return (
        error.keys() <= {"code", "message", "data"}
        and type(error.get("code")) is int
        and isinstance(error.get("message"), str)
    )


def _malformed(message: str) -> Fault:
    return Fault(INVALID_REQUEST, "message-malformed", message, status=400)


def _too_large() -> Fault:
    return Fault(
        INVALID_REQUEST,
        "body-too-large",
        f"the message has more than {MAX_BODY} bytes",
        status=413,
    )
