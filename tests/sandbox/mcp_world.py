"""A run with tools: the fake broker and its gateway, a real sidecar, and clients of it."""

import http.client
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType

from tests.fakes.broker_http import FakeBroker, FakeRun
from tests.fakes.gateway_http import FakeGateway
from valetkey.sandbox.broker_client import BrokerClient
from valetkey.sandbox.gateway_door import GatewayDoor, door_of
from valetkey.sandbox.hand_outs import Answer
from valetkey.sandbox.run_source import BrokerRun
from valetkey.sandbox.run_token import HeldRunToken
from valetkey.sandbox.sidecar import Sidecar
from valetkey.secret import Secret

TOKEN = "the-token-of-the-sidecar"
CALL = {"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": "refund"}}
FIELDS = {
    "Content-Type": "application/json",
    "Accept": "application/json, text/event-stream",
    "MCP-Protocol-Version": "2025-11-25",
}


@dataclass
class McpWorld:
    """`gateway` is behind `broker`, `sidecar` before it."""

    broker: FakeBroker
    gateway: FakeGateway
    run: FakeRun
    door: GatewayDoor
    sidecar: Sidecar

    @property
    def port(self) -> int:
        return int(self.sidecar.url.rpartition(":")[2])

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)

    def ask(
        self,
        message: object = CALL,
        *,
        method: str = "POST",
        path: str = "/mcp",
        fields: Mapping[str, str | None] = MappingProxyType({}),
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Send one request and return status, headers and all of the body."""
        connection = self.connection()
        try:
            connection.request(method, path, *self.sent(message, method, fields))
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def sent(
        self,
        message: object,
        method: str = "POST",
        fields: Mapping[str, str | None] = MappingProxyType({}),
    ) -> tuple[bytes | None, dict[str, str]]:
        """Return body and header fields; a field that is None is left out."""
        raw = message if isinstance(message, bytes) else json.dumps(message).encode()
        all_of = FIELDS | {"Authorization": f"Bearer {TOKEN}"} | dict(fields)
        kept = {name: value for name, value in all_of.items() if value is not None}
        return (raw if method == "POST" else None), kept


@contextmanager
def mcp_world(*, has_tools: bool = True) -> Iterator[McpWorld]:
    gateway = FakeGateway()
    with FakeBroker(gateway=gateway if has_tools else None) as broker:
        run = broker.open_run()
        token = HeldRunToken(Secret(run.tokens[0]))
        client = BrokerClient(broker.url)
        view = client.describe_run(token.current())
        source = BrokerRun(client, token)
        door = door_of(view, broker.url, exchange=source.exchange_token, run_token=token)
        sidecar = Sidecar(lambda _: Answer(503, {}), view, token=Secret(TOKEN), door=door)
        sidecar.start()
        try:
            yield McpWorld(broker, gateway, run, door, sidecar)
        finally:
            sidecar.close()
