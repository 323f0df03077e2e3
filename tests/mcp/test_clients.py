"""Clients that nobody here wrote, unmodified: they list and call, and a denial looks like one."""

from collections.abc import Iterator

import pytest

from tests.mcp.node import needs_npm
from tests.mcp.reference import everything, filesystem
from tests.mcp.rig import GATEWAY, Rig
from tests.mcp.scenario import (
    Answer,
    Calls,
    Play,
    fastmcp,
    inspector,
    python_client,
    python_session,
    typescript,
)
from valetkey.demo.issuer import DemoIssuer

pytestmark = [needs_npm, pytest.mark.slow, pytest.mark.xdist_group("mcp-clients")]
POLICIES = f"""\
permit(
    principal is AgentCore::OAuthUser,
    action in [AgentCore::Action::"everything___echo", AgentCore::Action::"everything___get-sum"],
    resource == AgentCore::Gateway::"{GATEWAY}"
);
@rule_id("sums-stay-small")
forbid(
    principal,
    action == AgentCore::Action::"everything___get-sum",
    resource == AgentCore::Gateway::"{GATEWAY}"
)
when {{ context.input.a.greaterThan(decimal("100.0")) }};
"""
CALLS: Calls = (
    ("everything___echo", {"message": "hello"}),
    ("everything___get-sum", {"a": 2, "b": 3}),
    ("everything___get-sum", {"a": 200, "b": 3}),
    ("everything___get-sum", {"a": "two", "b": 3}),
    ("everything___get-env", {}),
    ("everything___none-such", {}),
)
SHOWN = ("everything___echo", "everything___get-sum")
ANSWERS = (
    Answer(text="Echo: hello"),
    Answer(text="The sum of 2 and 3 is 5."),
    Answer(number=-31001, code="tool-forbidden"),
    Answer(number=-32602, code="tool-arguments-invalid"),
    Answer(number=-32602, code="tool-unknown"),
    Answer(number=-32602, code="tool-unknown"),
)
CLIENTS: dict[str, Play] = {
    "python-client": python_client,
    "python-session": python_session,
    "fastmcp": fastmcp,
    "typescript-sdk-1": typescript("sdk.mjs"),
    "typescript-client-2-legacy": typescript("client.mjs", "legacy"),
    "typescript-client-2-auto": typescript("client.mjs", "auto"),
    "typescript-client-2-pinned": typescript("client.mjs", "2026-07-28"),
}


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory, issuer: DemoIssuer) -> Iterator[Rig]:
    folder = tmp_path_factory.mktemp("clients")
    files = folder / "files"
    files.mkdir()
    servers = [everything(), filesystem(files)]
    made = Rig(folder, issuer, servers, policies=POLICIES)
    refreshed = made.refresh("--accept")
    assert refreshed.returncode == 0, refreshed.stdout + refreshed.stderr
    with made.serving():
        yield made


@pytest.mark.parametrize("name", CLIENTS)
async def test_a_client_lists_and_calls_through_the_gateway(rig: Rig, name: str) -> None:
    played = await CLIENTS[name](rig.mcp, rig.open().token_file, CALLS)
    assert played.names == SHOWN
    assert played.answers == ANSWERS


async def test_the_inspector_lists_and_calls_through_the_gateway(rig: Rig) -> None:
    """It prints an error's sentence and neither its number nor its data."""
    played = await inspector(rig.mcp, rig.open().token_file, (CALLS[0], CALLS[2]))
    assert played.names == SHOWN
    allowed, denied = played.answers
    assert allowed == ANSWERS[0]
    assert "a policy forbids this call" in (denied.code or "")


async def test_the_own_name_stands_at_the_servers_own_path(rig: Rig) -> None:
    played = await python_client(
        f"{rig.mcp}/everything", rig.open().token_file, (("echo", {"message": "hello"}),)
    )
    assert played.names == ("echo", "get-sum")
    assert played.answers == (ANSWERS[0],)
