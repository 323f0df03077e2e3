"""What an operator reads of a server to pin it: without a run, and nothing of it is left."""

from typing import Any

import pytest
from aiohttp import web

from tests.gateway.mcp_server import ECHO, LEGACY, MODERN, FakeMcp, result, serving
from tests.gateway.test_stdio_link import server_of
from valetkey.gateway.errors import GatewayError
from valetkey.gateway.fetching import fetch_tools
from valetkey.secret import Secret
from valetkey.tools.server import Proof, Reach


@pytest.mark.parametrize("revision", [LEGACY, MODERN])
async def test_the_definitions_come_whole_from_either_revision(revision: str) -> None:
    odd = {"name": "odd", "inputSchema": {"type": "object", "maximum": 2**63 - 1}, "x": [None]}
    async with serving(FakeMcp(revisions=(revision,), tools=[ECHO, odd])) as fake:
        found = await fetch_tools(fake.named())
    assert [each.document for each in found] == [ECHO, odd]
    assert {each.server for each in found} == {"billing"}
    assert not fake.sessions


async def test_a_started_server_gets_no_aws_credentials() -> None:
    [echo] = await fetch_tools(server_of(LEGACY, grant="tenant-data"))
    assert echo.name == "echo"


async def test_a_token_of_an_operator_goes_to_a_server_that_wants_a_runs() -> None:
    async with serving(FakeMcp()) as fake:
        server = fake.named(proof=Proof.TOKEN, audience="https://billing.example")
        with pytest.raises(GatewayError) as caught:
            await fetch_tools(server)
        assert caught.value.code == "proof-needed"
        assert "--bearer billing=FILE" in (caught.value.hint or "")
        assert not fake.heard
        await fetch_tools(server, bearer=Secret("by-hand"))
    assert {each.headers["authorization"] for each in fake.heard} == {"Bearer by-hand"}


async def test_a_list_in_pages_is_read_to_its_end_and_one_in_circles_is_not() -> None:
    def pages(*cursors: str | None) -> Any:
        left = list(cursors)

        async def page(_: web.Request, message: dict[str, Any]) -> web.StreamResponse:
            cursor = left.pop(0)
            tool = {**ECHO, "name": f"tool-{len(left)}"}
            return result(
                message, {"tools": [tool], **({} if cursor is None else {"nextCursor": cursor})}
            )

        return page

    async with serving(FakeMcp(answers={"tools/list": pages("a", "b", None)})) as fake:
        assert len(await fetch_tools(fake.named())) == 3
        asked = [(each.message or {}).get("params") for each in fake.said("tools/list")]
        assert asked == [None, {"cursor": "a"}, {"cursor": "b"}]
        fake.answers["tools/list"] = pages("a", "a", "a")
        with pytest.raises(GatewayError) as caught:
            await fetch_tools(fake.named())
    assert caught.value.code == "server-answer-malformed"


async def test_a_configured_revision_that_is_not_spoken_is_told() -> None:
    async with serving(FakeMcp()) as fake:
        with pytest.raises(GatewayError) as caught:
            await fetch_tools(fake.named(revision=MODERN))
    assert caught.value.code == "server-answer-malformed"


async def test_what_is_not_reached_is_not_read() -> None:
    with pytest.raises(GatewayError) as caught:
        await fetch_tools(server_of(LEGACY, reach=Reach.NONE))
    assert caught.value.code == "server-not-reached"
    assert "--from " in (caught.value.hint or "")
