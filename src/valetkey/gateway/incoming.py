"""Messages of servers: read strictly, and what names the caller's own request mapped back.

It does not judge what a result says: that is between the server and the client.
"""

from typing import Final

import msgspec

from valetkey.gateway.errors import GatewayError
from valetkey.gateway.limits import MAX_ID
from valetkey.gateway.link import Incoming, Kind, MessageId
from valetkey.gateway.revisions import META_PROGRESS, META_SUBSCRIPTION

_ABSENT: Final = msgspec.Raw(b"")
Members = dict[str, msgspec.Raw]


class _Message(msgspec.Struct):
    jsonrpc: str
    id: int | str | msgspec.UnsetType | None = msgspec.UNSET
    method: str | None = None
    params: msgspec.Raw = _ABSENT
    result: msgspec.Raw = _ABSENT
    error: msgspec.Raw = _ABSENT


class _Fault(msgspec.Struct):
    code: int
    message: str


_MESSAGES: Final = msgspec.json.Decoder(_Message)
_FAULTS: Final = msgspec.json.Decoder(_Fault)
_MEMBERS: Final = msgspec.json.Decoder(Members)


def malformed(why: str) -> GatewayError:
    """Say that a server's message is none; `why` is for the log."""
    return GatewayError(
        "server-answer-malformed",
        "the server of this tool answered with something that is no valid message",
        hint="the gateway's log says what is wrong with it",
        detail=why,
    )


def read_incoming(raw: bytes, *, event_id: str | None = None) -> Incoming:
    """Return the one JSON-RPC message that `raw` is. Raises `server-answer-malformed`.

    UTF-8, JSON without NaN, lone surrogates or line breaks in strings; `jsonrpc` is 2.0; it has a
    method, or an id and one of result and error; params and results are objects.
    """
    try:
        raw.decode()
        message = _MESSAGES.decode(raw)
    except (UnicodeDecodeError, msgspec.MsgspecError, RecursionError) as error:
        raise malformed(f"{type(error).__name__}: {str(error)[:200]}") from None
    if message.jsonrpc != "2.0":
        raise malformed("its `jsonrpc` is not 2.0")
    result, error_text = _one_line(message.result), _one_line(message.error)
    if message.method is not None:
        if result is not None or error_text is not None:
            raise malformed("a method and an answer in one message")
        return _asked(message, message.method, event_id=event_id)
    if (result is None) == (error_text is None):
        raise malformed("neither a method, nor one of result and error")
    if message.id is msgspec.UNSET or (message.id is None and error_text is None):
        raise malformed("an answer without an id")
    if error_text is not None:
        _check_fault(error_text)
    return Incoming(
        kind=Kind.RESPONSE,
        id=message.id,
        result=_object(result, "result"),
        error=error_text,
        event_id=event_id,
    )


def members(raw: bytes | None) -> Members:
    """Return the members of a JSON object as raw texts; of None none."""
    if raw is None:
        return {}
    try:
        return _MEMBERS.decode(raw)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise malformed(f"{type(error).__name__}: {str(error)[:200]}") from None


def with_progress(params: bytes | None, ours: int, theirs: bytes | None) -> bytes | None:
    """Return the params of a progress notification with the caller's token; None if not for it."""
    said = members(params)
    if theirs is None or _plain(said.get(META_PROGRESS)) != ours:
        return None
    said[META_PROGRESS] = msgspec.Raw(theirs)
    return msgspec.json.encode(said)


def progress_of(params: bytes | None) -> object:
    """Return whose progress is told, None if it is not said."""
    return _plain(members(params).get(META_PROGRESS))


def subscription_of(params: bytes | None) -> object:
    """Return the id of the subscription that a notification belongs to, if any."""
    meta = members(params).get("_meta")
    return None if meta is None else _plain(members(bytes(meta)).get(META_SUBSCRIPTION))


def with_subscription(raw: bytes | None, ours: int, theirs: MessageId | None) -> bytes | None:
    """Return params or a result whose subscription bears the caller's id, others as they are."""
    if raw is None or theirs is None or META_SUBSCRIPTION.encode() not in raw:
        return raw
    said = members(raw)
    meta = members(bytes(said.get("_meta", b"{}")))
    if _plain(meta.get(META_SUBSCRIPTION)) not in (ours, str(ours)):
        return raw
    meta[META_SUBSCRIPTION] = msgspec.Raw(msgspec.json.encode(theirs))
    said["_meta"] = msgspec.Raw(msgspec.json.encode(meta))
    return msgspec.json.encode(said)


def _asked(message: _Message, method: str, *, event_id: str | None) -> Incoming:
    if message.id is None:
        raise malformed("a request whose id is null")
    known = None if message.id is msgspec.UNSET else message.id
    if isinstance(known, str) and len(known) > MAX_ID:  # it is kept until it is answered
        raise malformed(f"a request whose id is longer than {MAX_ID} characters")
    return Incoming(
        kind=Kind.NOTIFICATION if known is None else Kind.REQUEST,
        method=method,
        id=known,
        params=_object(_one_line(message.params), "params"),
        event_id=event_id,
    )


def _one_line(raw: msgspec.Raw) -> bytes | None:
    """Return a text without line breaks: they can only stand between tokens here."""
    text = bytes(raw)
    if not text:
        return None
    if b"\n" in text or b"\r" in text:
        text = text.replace(b"\n", b" ").replace(b"\r", b" ")
    return text


def _object(text: bytes | None, what: str) -> bytes | None:
    if text is not None and not text.lstrip().startswith(b"{"):
        raise malformed(f"its `{what}` is no object")
    return text


def _check_fault(text: bytes) -> None:
    try:
        _FAULTS.decode(text)
    except msgspec.MsgspecError:
        raise malformed("its `error` has no code and message") from None


def _plain(raw: msgspec.Raw | None) -> object:
    if raw is None:
        return None
    try:
        return msgspec.json.decode(raw)
    except (msgspec.MsgspecError, RecursionError):
        return None
