"""The way of one run to its broker's gateway, and to its decisions: where, and what is shown.

What the run shows is put in here: the gateway's token on the way to tools, the run token on the
way to decisions. Nothing that the client sent as its own proof comes this far.
"""

import json
import socket
import threading
import time
from contextlib import closing
from dataclasses import replace
from ssl import SSLContext
from typing import Final

from valetkey.sandbox.address import parse_address
from valetkey.sandbox.connecting import tls_context
from valetkey.sandbox.document import parse_document, problem_in
from valetkey.sandbox.errors import BrokerRefusedError, BrokerUnavailableError, SandboxError
from valetkey.sandbox.exchange import MAX_ANSWER_BYTES, exchange
from valetkey.sandbox.gateway_token import Bearer, GatewayToken, RunTokenBearer
from valetkey.sandbox.run_grant import RunView
from valetkey.sandbox.run_token import RunToken
from valetkey.sandbox.streamed_answer import StreamedAnswer
from valetkey.sandbox.streaming import SILENT_SECONDS, StreamRequest, open_stream
from valetkey.sandbox.token_relay import Exchange
from valetkey.version import VERSION

MCP_PATH: Final = "/mcp"
DECISIONS_PATH: Final = "/v1/decisions"
_RETRY_SECONDS: Final = 1.2  # a broker that restarts is back within this, or it is down
_CHECK_SECONDS: Final = 10.0
_REVISION: Final = "2026-07-28"
_REFUSED: Final = 401


class GatewayDoor:
    """Requests to the gateway of `broker_url`. Safe in threads; it starts none."""

    def __init__(self, broker_url: str, bearer: Bearer, *, run_token: RunToken) -> None:
        self._address = parse_address(broker_url)
        self._bearer = bearer
        self._run_token = run_token
        self._lock = threading.Lock()
        self._tls: SSLContext | None = None

    def open(
        self,
        request: StreamRequest,
        *,
        client: socket.socket | None = None,
        silent_seconds: float = SILENT_SECONDS,
    ) -> StreamedAnswer:
        """Send `request` with the run's token; return the answer as soon as it begins.

        A token that the gateway does not take is renewed, and the request sent once more: what is
        refused for its token was not looked at. Raises as `open_stream` does, and why there is no
        token.
        """
        shown = self._bearer.current()
        answer = self._send(request, shown.reveal(), client, silent_seconds)
        if answer.status != _REFUSED:
            return answer
        answer.close()
        other = self._bearer.after_refusal(shown)
        if other is None:
            raise _refused()
        answer = self._send(request, other.reveal(), client, silent_seconds)
        if answer.status == _REFUSED:
            answer.close()
            raise _refused()
        return answer

    def decide(self, body: bytes) -> tuple[int, bytes]:
        """Ask for a decision on a tool call: status and body of `POST /v1/decisions`."""
        return exchange(
            self._address,
            DECISIONS_PATH,
            authorization=f"Bearer {self._run_token.current().reveal()}",
            method="POST",
            body=body,
        )

    def check(self) -> None:
        """See that the gateway is there and takes this run.

        Raises `gateway-unreachable`, or `gateway-refused` with what was said; no tool is called
        and no server of tools asked.
        """
        try:
            with closing(self.open(_discovery(), silent_seconds=_CHECK_SECONDS)) as answer:
                body = _whole(answer)
            if answer.status != 200:
                raise problem_in(answer.status, body)
            result = parse_document(body).get("result")
        except BrokerRefusedError:
            raise
        except SandboxError as error:
            raise BrokerUnavailableError(
                "gateway-unreachable",
                f"the run has tools, and their gateway gives no answer: {error.message}",
                hint="--no-gateway starts the command without its tools",
            ) from None
        if not isinstance(result, dict):
            raise BrokerRefusedError(
                "gateway-refused",
                "the run has tools, and their gateway does not serve it",
                hint="is the broker of the same version as this command?",
            )

    def _send(
        self,
        request: StreamRequest,
        shown: str,
        client: socket.socket | None,
        silent_seconds: float,
    ) -> StreamedAnswer:
        """Send it with its proof; where nobody listens, try again for a short while."""
        proof = ("Authorization", f"Bearer {shown}")
        proven = replace(request, fields=(*request.fields, proof))
        until = time.monotonic() + _RETRY_SECONDS
        pause = 0.05
        while True:
            try:
                return open_stream(
                    self._address,
                    proven,
                    client=client,
                    tls=self._context(),
                    silent_seconds=silent_seconds,
                )
            except BrokerUnavailableError as error:
                if error.code != "broker-unreachable" or time.monotonic() + pause > until:
                    raise
            time.sleep(pause)
            pause = min(2 * pause, 0.2)

    def _context(self) -> SSLContext | None:
        """Return what TLS needs, made once: it reads all of the machine's authorities."""
        if not self._address.is_tls:
            return None
        with self._lock:
            self._tls = self._tls or tls_context()
            return self._tls


def door_of(
    run: RunView, broker_url: str, *, exchange: Exchange, run_token: RunToken
) -> GatewayDoor:
    """Return the way of `run` to the gateway of its broker, or of the run that it is in."""
    bearer: Bearer = RunTokenBearer(run_token)
    if run.mcp_url is not None and run.mcp_resource is None:
        bearer = GatewayToken(exchange, run.mcp_url)
    return GatewayDoor(broker_url, bearer, run_token=run_token)


def _refused() -> BrokerRefusedError:
    return BrokerRefusedError(
        "gateway-token-refused",
        "the gateway does not take this run's token",
        hint="is the run still open? `valetkey run` starts another one",
    )


def _discovery() -> StreamRequest:
    meta = {
        "io.modelcontextprotocol/protocolVersion": _REVISION,
        "io.modelcontextprotocol/clientInfo": {"name": "valetkey", "version": VERSION},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    message = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "server/discover",
        "params": {"_meta": meta},
    }
    fields = (
        ("Content-Type", "application/json"),
        ("Accept", "application/json, text/event-stream"),
        ("MCP-Protocol-Version", _REVISION),
        ("Mcp-Method", "server/discover"),
    )
    return StreamRequest("POST", MCP_PATH, fields, json.dumps(message).encode())


def _whole(answer: StreamedAnswer) -> bytes:
    """Return the body of a small answer, by the clock as well."""
    until = time.monotonic() + _CHECK_SECONDS
    body = b""
    for piece in answer.pieces():
        body += piece
        if len(body) > MAX_ANSWER_BYTES or time.monotonic() > until:
            raise BrokerUnavailableError(
                "broker-answer-unreadable",
                "the answer is not one that a broker gives",
                hint="is this address a broker?",
            )
    return body
