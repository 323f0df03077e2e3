"""MCP between a client in the run and the gateway: what passes, what does not, and what is said
where there is no answer. RFC 9110 fields; JSON-RPC 2.0; both revisions of MCP's Streamable HTTP.

It decides nothing about a call: that is the gateway's.
"""

import json
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from valetkey.errors import ValetkeyError
from valetkey.sandbox.errors import BrokerRefusedError, SandboxError
from valetkey.sandbox.gateway_door import MCP_PATH, GatewayDoor
from valetkey.sandbox.streamed_answer import StreamedAnswer
from valetkey.sandbox.streaming import StreamRequest
from valetkey.sandbox.text import is_grant_name
from valetkey.sandbox.wire import ClientGoneError

MOST_STREAMS: Final = 64
"""At once. Each holds a thread and two connections; an agent has a handful."""
MAX_BODY: Final = 4 * 1024 * 1024
"""Bytes: what the gateway takes."""
_SENT: Final = frozenset({"accept", "content-type", "last-event-id"})
_RETURNED: Final = frozenset(
    {"content-type", "cache-control", "x-accel-buffering", "retry-after", "allow"}
)
_OF_MCP: Final = "mcp-"
_LONGEST_FIELD: Final = 8_192
_DENIED, _NO_ANSWER = -31001, -31002
"""JSON-RPC codes of the gateway: who may not, and who got no answer."""
_JSON: Final = (("content-type", "application/json"), ("cache-control", "no-store"))
_EVENTS: Final = "text/event-stream"
_ENDS: Final = (b"\n\n", b"\r\n\r\n", b"\r\r")


@dataclass(frozen=True, slots=True)
class Relayed:
    """An answer for the client. `length` None: it goes on until `pieces` end."""

    status: int
    fields: tuple[tuple[str, str], ...]
    length: int | None
    pieces: Iterator[bytes]


def is_mcp_path(path: str) -> bool:
    """Say whether `path` is the whole gateway's or one server's; a query makes it none."""
    return path == MCP_PATH or (
        path.startswith(f"{MCP_PATH}/") and is_grant_name(path[len(MCP_PATH) + 1 :])
    )


class McpRelay:
    """Passes requests through `door`, None where the run has no tool servers. Safe in threads."""

    def __init__(self, door: GatewayDoor | None, *, most: int = MOST_STREAMS) -> None:
        self._door = door
        self._most = most
        self._lock = threading.Lock()
        self._under_way = 0
        self._answers: set[StreamedAnswer] = set()
        self._is_over = False

    @contextmanager
    def passed(
        self,
        method: str,
        path: str,
        *,
        fields: Sequence[tuple[str, str]],
        body: bytes | None,
        client: socket.socket,
    ) -> Iterator[Relayed]:
        """Give the answer to a request; afterwards nothing of it is left, whoever ended it.

        Raises ClientGoneError where nobody waits for it any more.
        """
        request = StreamRequest(method, path, _sent(fields), body)
        answer = None
        with self._lock:
            is_one_more = self._under_way < self._most and not self._is_over
            self._under_way += is_one_more
        try:
            if not is_one_more:
                yield _said(_BUSY, request)
                return
            if self._door is None:
                yield _said(_NO_TOOLS, request)
                return
            try:
                answer = self._open(self._door, request, client)
            except ValetkeyError as error:
                yield _said(error, request)
                return
            yield _relayed(answer, request)
        finally:
            with self._lock:
                self._under_way -= is_one_more
                if answer is not None:
                    self._answers.discard(answer)
            if answer is not None:
                answer.close()

    def close(self) -> None:
        """End all that is under way; its threads end by themselves."""
        with self._lock:
            self._is_over = True
            answers = list(self._answers)
        for answer in answers:
            answer.shut()

    def _open(
        self, door: GatewayDoor, request: StreamRequest, client: socket.socket
    ) -> StreamedAnswer:
        try:
            answer = door.open(request, client=client)
        except (ValetkeyError, ClientGoneError):
            raise
        except Exception:  # noqa: BLE001 - whatever it is, who asks gets a no
            raise SandboxError("internal-error", "the run's loopback address failed") from None
        with self._lock:
            self._answers.add(answer)
            is_over = self._is_over
        if is_over:
            answer.shut()
        return answer


_BUSY: Final = SandboxError(
    "gateway-streams-too-many",
    f"this run has {MOST_STREAMS} requests to its tools under way already",
    hint="wait for one of them to end",
)
_NO_TOOLS: Final = SandboxError(
    "gateway-not-granted",
    "this run has no tool servers",
    hint="a run has those of its broker's configuration (`[[tools.servers]]`) that it was opened"
    " for; a run without a broker has none",
)


def _sent(fields: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return the fields that the gateway needs. Nothing else of the client goes there."""
    return tuple(
        (name, value)
        for name, value in fields
        if (name.lower() in _SENT or name.lower().startswith(_OF_MCP)) and _is_plain(name, value)
    )


def _is_plain(name: str, value: str) -> bool:
    """Say whether a field can be sent on as it is: visible ASCII, blanks and tabs."""
    is_name = all("!" <= c <= "~" and c != ":" for c in name)
    is_value = all(" " <= c <= "~" or c == "\t" for c in value)
    return is_name and is_value and len(value) <= _LONGEST_FIELD


def _relayed(answer: StreamedAnswer, request: StreamRequest) -> Relayed:
    fields = tuple(
        (name, value)
        for name, value in answer.fields
        if (name in _RETURNED or name.startswith(_OF_MCP)) and _is_plain(name, value)
    )
    is_stream = any(n == "content-type" and v.startswith(_EVENTS) for n, v in fields)
    pieces = _told_if_cut(answer.pieces(), request) if is_stream else answer.pieces()
    return Relayed(answer.status, fields, answer.length, pieces)


def _told_if_cut(pieces: Iterator[bytes], request: StreamRequest) -> Iterator[bytes]:
    """Yield a stream of events; where it is cut between two, say so to who waits for a response.

    Clients wait for minutes for a response that can't come any more.
    """
    end = b"\n\n"
    try:
        for piece in pieces:
            end = (end + piece)[-4:]
            yield piece
    except ValetkeyError as error:
        known = _request_id(request)
        if known is None or not end.endswith(_ENDS):
            raise
        yield b"event: message\ndata: " + _error(error, known) + b"\n\n"


def _said(error: ValetkeyError, request: StreamRequest) -> Relayed:
    """Return the answer where there is none of the gateway's.

    A request that can be told by its id gets a JSON-RPC error, which clients show to their model;
    anything else a plain 503, or 404 where there are no tools.
    """
    known = _request_id(request)
    status = 200 if known is not None else 404 if error is _NO_TOOLS else 503
    body = _error(error, known)
    return Relayed(status, _JSON, len(body), iter([body]))


def _error(error: ValetkeyError, known: str | int | None) -> bytes:
    told = {"code": error.code} | ({} if error.hint is None else {"hint": error.hint})
    code = _DENIED if isinstance(error, BrokerRefusedError) else _NO_ANSWER
    message: dict[str, object] = {"jsonrpc": "2.0"} | ({} if known is None else {"id": known})
    message["error"] = {"code": code, "message": error.message, "data": told}
    return json.dumps(message).encode()


def _request_id(request: StreamRequest) -> str | int | None:
    """Return the id of the JSON-RPC request in the body, None where it is none."""
    if request.body is None:
        return None
    try:
        message = json.loads(request.body)
    except (ValueError, RecursionError):
        return None
    known = message.get("id") if isinstance(message, dict) and "method" in message else None
    is_id = isinstance(known, str) or type(known) is int
    return known if is_id else None
