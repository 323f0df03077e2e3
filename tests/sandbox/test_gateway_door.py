"""Whether the gateway is there, asked before a command starts."""

import json
from collections.abc import Iterator

import pytest

from tests.fakes.gateway_http import send, stream
from tests.sandbox.mcp_world import McpWorld, mcp_world
from valetkey.errors import ValetkeyError
from valetkey.sandbox import gateway_door
from valetkey.sandbox.errors import BrokerRefusedError


@pytest.fixture
def world() -> Iterator[McpWorld]:
    with mcp_world() as made:
        yield made


def wrong(world: McpWorld) -> ValetkeyError:
    with pytest.raises(ValetkeyError) as raised:
        world.door.check()
    return raised.value


def test_a_gateway_that_takes_the_run_is_there(world: McpWorld) -> None:
    world.door.check()
    (seen,) = world.gateway.seen
    message = json.loads(seen.body)
    assert (seen.path, message["method"]) == ("/mcp", "server/discover")
    meta = message["params"]["_meta"]
    assert seen.headers["MCP-Protocol-Version"] == "2026-07-28"
    assert meta["io.modelcontextprotocol/protocolVersion"] == "2026-07-28"
    assert seen.headers["Mcp-Method"] == "server/discover"


def test_the_check_leaves_its_token_for_the_first_call(world: McpWorld) -> None:
    world.door.check()
    world.ask()
    assert len(world.gateway.tokens) == 1


def test_a_gateway_that_is_away_is_said_with_what_to_do(world: McpWorld) -> None:
    world.broker.stop()
    error = wrong(world)
    assert error.code == "gateway-unreachable"
    assert "--no-gateway" in str(error.hint)


def test_a_gateway_that_takes_no_token_is_no_gateway(world: McpWorld) -> None:
    world.gateway.refused = {f"gateway-token-{n}-of-{world.run.id}" for n in (1, 2)}
    assert wrong(world).code == "gateway-token-refused"


def test_a_gateway_that_says_no_is_told_by_its_own_code(world: McpWorld) -> None:
    world.gateway.answer = lambda request, _: send(request, 403, b'{"code": "run-revoked"}')
    error = wrong(world)
    assert error.code == "run-revoked"
    assert isinstance(error, BrokerRefusedError)


@pytest.mark.parametrize("body", [b"{}", b'{"error": {}}', b'{"result": 1}'])
def test_an_answer_that_is_no_gateways_is_no_gateway(world: McpWorld, body: bytes) -> None:
    world.gateway.answer = lambda request, _: send(request, 200, body)
    assert wrong(world).code == "gateway-refused"


def test_what_is_no_json_is_no_gateway(world: McpWorld) -> None:
    world.gateway.answer = lambda request, _: send(request, 200, b"<html>")
    assert wrong(world).code == "gateway-unreachable"


def test_a_gateway_that_talks_without_an_end_is_not_listened_to(
    world: McpWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_door, "_CHECK_SECONDS", 0.2)
    world.gateway.answer = lambda request, _: stream(request, ["x" * 60_000] * 3)
    assert wrong(world).code == "gateway-unreachable"
