"""A server of 2026-07-28 over HTTP: what goes with each request, and what of it comes back."""

import asyncio
import json
from contextlib import aclosing
from typing import Any

import pytest
from aiohttp import web

from tests.gateway.mcp_server import MODERN, FakeMcp, result, sse, stream
from tests.gateway.over_http import asked, linked
from valetkey.gateway.errors import GatewayError
from valetkey.gateway.link import ClientSide, Kind
from valetkey.gateway.revisions import (
    META_CLIENT_CAPABILITIES,
    META_CLIENT_INFO,
    META_LOG_LEVEL,
    META_SUBSCRIPTION,
    META_VERSION,
    Revision,
)

CLIENT = ClientSide(
    revision=Revision.MODERN, info=b'{"name":"c","version":"1"}', capabilities=b'{"sampling":{}}'
)


def _fake(**changes: Any) -> FakeMcp:
    return FakeMcp(revisions=(MODERN,), **changes)


async def test_a_server_is_found_out_by_asking_and_no_session_is_begun() -> None:
    fake = _fake()
    async with linked(fake, client=CLIENT) as link:
        assert link.revision is Revision.MODERN
        assert json.loads(link.server_info)["version"] == "2"
        await asked(link)
    assert [(each.message or {})["method"] for each in fake.heard] == [
        "server/discover",
        "tools/call",
    ]


async def test_each_request_says_by_itself_what_it_is_and_of_whom() -> None:
    fake = _fake()
    params = {
        "name": "echo",
        "arguments": {},
        "_meta": {META_VERSION: "1900-01-01", META_CLIENT_CAPABILITIES: {"roots": {}}},
    }
    async with linked(fake, client=CLIENT) as link:
        await asked(link, params=params, name="größe", extra_headers={"Mcp-Param-Region": "eu"})
    sent = fake.said("tools/call")[0]
    assert sent.message is not None
    assert sent.message["params"]["_meta"] == {
        META_VERSION: MODERN,
        META_CLIENT_INFO: {"name": "c", "version": "1"},
        META_CLIENT_CAPABILITIES: {"sampling": {}},
    }
    assert sent.headers["mcp-protocol-version"] == MODERN
    assert sent.headers["mcp-method"] == "tools/call"
    assert sent.headers["mcp-name"] == "=?base64?Z3LDtsOfZQ==?="
    assert sent.headers["mcp-param-region"] == "eu"
    assert "mcp-session-id" not in sent.headers


async def test_extra_headers_replace_none_that_route() -> None:
    fake = _fake()
    async with linked(fake, client=CLIENT) as link:
        await asked(link, name="echo", extra_headers={"Mcp-Method": "x", "Mcp-Name": "y"})
    sent = fake.said("tools/call")[0].headers
    assert (sent["mcp-method"], sent["mcp-name"]) == ("tools/call", "echo")


async def test_the_log_level_of_an_older_client_goes_with_each_request() -> None:
    fake = _fake()
    older = ClientSide(revision=Revision.LEGACY, info=CLIENT.info, log_level="debug")
    async with linked(fake, client=older) as link:
        await asked(link)
    sent = fake.said("tools/call")[0].message
    assert sent is not None
    assert sent["params"]["_meta"][META_LOG_LEVEL] == "debug"


async def test_a_subscription_bears_the_callers_id() -> None:
    async def listen(request: web.Request, message: dict[str, Any]) -> web.StreamResponse:
        params = {"_meta": {META_SUBSCRIPTION: message["id"]}, "notifications": {}}
        method = "notifications/subscriptions/acknowledged"
        note = {"jsonrpc": "2.0", "method": method, "params": params}
        return await stream(request, sse((None, note)))

    async with linked(_fake(answers={"subscriptions/listen": listen}), client=CLIENT) as link:
        call = link.call("subscriptions/listen", b"{}", id="mine")
        async with aclosing(call) as messages:
            told = await anext(messages)
    assert json.loads(told.params or b"")["_meta"] == {META_SUBSCRIPTION: "mine"}


async def test_closing_a_call_closes_its_stream() -> None:
    gone = asyncio.Event()

    async def endless(request: web.Request, _: dict[str, Any]) -> web.StreamResponse:
        response = await stream(request, sse((None, _note())))
        try:
            await asyncio.sleep(60)
        finally:
            gone.set()
        return response

    fake = _fake(answers={"tools/call": endless})
    async with linked(fake, client=CLIENT) as link:
        async with aclosing(link.call("tools/call", None)) as messages:
            await anext(messages)
        await asyncio.wait_for(gone.wait(), 5)
    assert not fake.said("notifications/cancelled")


async def test_a_server_that_asks_as_before_is_malformed() -> None:
    async def ask(request: web.Request, _: dict[str, Any]) -> web.StreamResponse:
        question = {"jsonrpc": "2.0", "id": 1, "method": "sampling/createMessage", "params": {}}
        return await stream(request, sse((None, question)))

    async with linked(_fake(answers={"tools/call": ask}), client=CLIENT) as link:
        with pytest.raises(GatewayError) as caught:
            await asked(link)
    assert caught.value.code == "server-answer-malformed"


async def test_what_a_server_wants_to_know_first_comes_as_it_is() -> None:
    wants = {"resultType": "input_required", "requestState": "x"}

    async def more(_: web.Request, message: dict[str, Any]) -> web.StreamResponse:
        return result(message, wants)

    async with linked(_fake(answers={"tools/call": more}), client=CLIENT) as link:
        [told] = await asked(link)
    assert (told.kind, json.loads(told.result or b"")) == (Kind.RESPONSE, wants)


@pytest.mark.parametrize(("code", "passes"), [(-32021, True), (-32020, False), (-32022, False)])
async def test_an_error_of_what_we_wrote_ourselves_is_none_of_the_callers(
    code: int, passes: bool
) -> None:
    async def refuse(_: web.Request, message: dict[str, Any]) -> web.StreamResponse:
        fault = {"jsonrpc": "2.0", "id": message["id"], "error": {"code": code, "message": "m"}}
        return web.json_response(fault, status=400)

    async with linked(_fake(answers={"tools/call": refuse}), client=CLIENT) as link:
        if passes:
            [told] = await asked(link)
            assert told.error is not None
            return
        with pytest.raises(GatewayError) as caught:
            await asked(link)
    assert caught.value.code == "server-failed"


def _note() -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": "notifications/message", "params": {}}
