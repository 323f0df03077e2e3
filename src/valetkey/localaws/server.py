"""HTTP on loopback: read a request whole, hand it to the gate, write the answer.

It serves one request at a time: the storage is not thread safe, and this is for development.
"""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import Future
from typing import Any

import uvicorn

from valetkey.localaws.errors import LocalAwsError
from valetkey.localaws.faults import AwsError
from valetkey.localaws.gate import Gate
from valetkey.localaws.http import (
    Answer,
    Incoming,
    TargetError,
    decode_headers,
    decode_percent,
    decode_query,
)

MAX_BODY_BYTES = 128 * 1024 * 1024  # an SDK's multipart part has 8 MB; 5 GB would be AWS's limit
LOOPBACK = frozenset({"127.0.0.1", "::1"})
START_SECONDS = 10.0

_Scope = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
_Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class DisconnectedError(Exception):
    """The peer is gone, or its request broke, before the body was complete."""


class AsgiApp:
    """The gate behind ASGI. A request that does not arrive whole never reaches the gate."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def __call__(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        if scope["type"] != "http":
            return
        try:
            body = await _body(receive)
        except DisconnectedError:
            return  # nobody is left to answer, and half a body is not what was meant

        def read() -> Incoming:
            if body is None:
                raise AwsError("EntityTooLarge", "The body is too large.", status=413)
            return _incoming(scope, body)

        path = scope["raw_path"].decode("latin-1")
        answer = self._gate.answer(read, method=scope["method"], target=path)
        if answer.work is not None:
            answer = await _in_a_thread(answer.work)
        await _write(answer, scope["method"], send)


async def _in_a_thread(work: Callable[[], Answer]) -> Answer:
    """Return what `work` says. Each has a thread of its own, for it may wait for another's; one
    that never ends keeps nobody from stopping.
    """
    done: Future[Answer] = Future()
    done.set_running_or_notify_cancel()  # nobody cancels it any more: it ends when it ends

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            done.set_exception(error)

    threading.Thread(target=run, name="valetkey-localaws-work", daemon=True).start()
    return await asyncio.wrap_future(done)


async def _body(receive: _Receive) -> bytes | None:
    """Return the whole body, or None once it is too large (the rest is read and dropped).

    Raises DisconnectedError where its end never came.
    """
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise DisconnectedError
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            chunks.clear()
        else:
            chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks) if size <= MAX_BODY_BYTES else None


def _incoming(scope: _Scope, body: bytes) -> Incoming:
    raw_path: bytes = scope["raw_path"]
    if not raw_path.startswith(b"/"):
        raise TargetError("the request target must be a path")
    client = scope.get("client")
    headers = decode_headers(scope["headers"])
    _check_length(headers, len(body))
    return Incoming(
        method=scope["method"],
        path=decode_percent(raw_path.decode("latin-1")),
        query=decode_query(scope["query_string"].decode("latin-1")),
        headers=headers,
        body=body,
        source_ip=client[0] if client else "127.0.0.1",
    )


def _check_length(headers: dict[str, str], length: int) -> None:
    """Return if the body has the declared length, stated in one way (RFC 9112 §6.3)."""
    declared = headers.get("content-length")
    if declared is None:
        return
    if "transfer-encoding" in headers:
        raise TargetError("content-length and transfer-encoding exclude each other")
    if not declared.isdecimal() or not declared.isascii() or int(declared) != length:
        raise AwsError("IncompleteBody", "The body is not of the declared length.", status=400)


async def _write(answer: Answer, method: str, send: _Send) -> None:
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1", "replace"))
        for name, value in answer.headers
        if name.lower() != "content-length" or method == "HEAD"
    ]
    if method != "HEAD" and answer.status not in {204, 304}:
        headers.append((b"content-length", str(len(answer.body)).encode()))
    body = b"" if method == "HEAD" or answer.status in {204, 304} else answer.body
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Server:
    """A listening socket on loopback and the thread that serves it."""

    def __init__(self, gate: Gate, *, host: str, port: int) -> None:
        if host not in LOOPBACK:
            raise LocalAwsError(
                "not-loopback",
                f"the local AWS listens on loopback only, not on `{host}`",
                hint="use 127.0.0.1: its root keys must not leave this machine",
            )
        self._socket = _listen(host, port)
        self.host = host
        self.port: int = self._socket.getsockname()[1]
        config = uvicorn.Config(
            AsgiApp(gate),
            http="h11",  # the stricter parser of the two
            ws="none",
            lifespan="off",
            loop="asyncio",
            access_log=False,
            log_config=None,
            proxy_headers=False,  # aws:SourceIp is the peer, whatever a header says
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=1,
            h11_max_incomplete_event_size=64 * 1024,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="valetkey-localaws", daemon=True)

    def start(self) -> None:
        """Serve in a thread; requests are answered when this returns."""
        self._thread.start()
        ready = threading.Event()
        for _ in range(int(START_SECONDS * 100)):
            if self._server.started or not self._thread.is_alive():
                break
            ready.wait(0.01)
        if not self._server.started:
            raise LocalAwsError("not-started", "the local AWS did not start")

    def stop(self) -> None:
        """End serving; open connections are closed within a second or two."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(timeout=START_SECONDS)
        self._socket.close()

    def _run(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._socket]))


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # named as TCP, so that asyncio turns Nagle's algorithm off on what it accepts
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen()  # from now on the port is taken, and who connects waits
    except (OSError, OverflowError) as error:
        listening.close()
        raise LocalAwsError(
            "port-unavailable", f"cannot listen on port {port}", hint="use --port 0 for a free one"
        ) from error
    listening.set_inheritable(False)
    return listening
