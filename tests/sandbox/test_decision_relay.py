"""Decisions through the run's loopback address: the question goes on, the answer comes back."""

import json
from collections.abc import Iterator

import pytest

from tests.fakes.broker_http import Fault
from tests.sandbox.mcp_world import TOKEN, McpWorld, mcp_world
from valetkey.sandbox.decision_relay import decided

PATH = "/v1/decisions"
ASKED = {"server": "claude-code", "tool": "Bash", "arguments": {"command": "ls"}}


@pytest.fixture
def world() -> Iterator[McpWorld]:
    with mcp_world() as made:
        yield made


def test_the_question_goes_on_with_the_run_token_and_the_answer_comes_back(
    world: McpWorld,
) -> None:
    status, _, body = world.ask(ASKED, path=PATH)
    assert (status, json.loads(body)) == (200, world.gateway.decision)
    assert world.broker.requests[-1] == ("POST", PATH, ASKED)
    assert world.broker.seen_authorizations[-1] == f"Bearer {world.run.tokens[0]}"


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"Authorization": None}, 401, "sidecar-token-invalid"),
        ({"Authorization": f"Bearer {TOKEN}x"}, 401, "sidecar-token-invalid"),
        ({"Host": "evil.example"}, 403, "host-refused"),
        ({"Origin": "https://evil.example"}, 403, "origin-refused"),
    ],
)
def test_nobody_else_learns_what_a_run_may(
    world: McpWorld, fields: dict[str, str | None], status: int, code: str
) -> None:
    got, _, body = world.ask(ASKED, path=PATH, fields=fields)
    assert (got, json.loads(body)["code"]) == (status, code)
    assert world.broker.requests[-1][1] != PATH


def test_the_brokers_no_comes_back_as_a_problem(world: McpWorld) -> None:
    world.broker.fault = Fault(403, b'{"code": "run-revoked"}')
    status, headers, body = world.ask(ASKED, path=PATH)
    assert (status, json.loads(body)["code"]) == (403, "run-revoked")
    assert headers["Content-Type"] == "application/problem+json"


def test_a_broker_that_is_away_is_no_decision(world: McpWorld) -> None:
    world.broker.stop()
    status, _, body = world.ask(ASKED, path=PATH)
    assert (status, json.loads(body)["code"]) == (503, "broker-unreachable")


def test_only_a_question_is_answered(world: McpWorld) -> None:
    assert world.ask(method="GET", path=PATH)[0] in {401, 404}
    assert world.ask(method="DELETE", path=PATH)[0] == 405


def test_a_run_without_a_broker_decides_nothing() -> None:
    status, body = decided(b"{}", None)
    assert (status, json.loads(body)["code"]) == (404, "decisions-need-broker")
