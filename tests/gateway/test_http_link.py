"""A server of 2025-11-25 over HTTP: handshake, session, streams; and what goes to it."""

import asyncio
import json
from contextlib import aclosing
from typing import Any

import pytest
from aiohttp import web

from tests.gateway.mcp_server import LEGACY, FakeMcp, result, sse, stream
from tests.gateway.over_http import CLIENT, answered, asked, linked
from valetkey.gateway.errors import GatewayError
from valetkey.gateway.http_link import HttpLink
from valetkey.gateway.link import Kind
from valetkey.gateway.revisions import Revision


async def test_a_session_is_begun_used_and_ended() -> None:
    fake = FakeMcp()
    async with linked(fake) as link:
        assert link.revision is Revision.LEGACY
        assert json.loads(link.server_info) == {"name": "fake", "version": "1"}
        assert link.capabilities == {"tools": {}}
        [session] = fake.sessions
        await answered(link, params={"name": "echo"})
    begun = fake.said("initialize")[0]
    assert begun.message is not None
    assert begun.message["params"]["capabilities"] == {"roots": {}}
    assert begun.message["params"]["protocolVersion"] == LEGACY
    assert "mcp-protocol-version" not in begun.headers
    told = fake.said("tools/call")[0].headers
    assert (told["mcp-session-id"], told["mcp-protocol-version"]) == (session, LEGACY)
    assert fake.heard[-1].method == "DELETE"
    assert not fake.sessions


async def test_the_params_go_up_as_they_are_and_the_answer_comes_on_one_line() -> None:
    fake = FakeMcp()
    async with linked(fake) as link:
        [answer] = await asked(link, params={"name": "echo", "arguments": {"b": 1, "a": "ß"}})
    assert answer.result is not None
    assert b"\n" not in answer.result
    sent = fake.said("tools/call")[0].message
    assert sent is not None
    assert sent["params"] == {"name": "echo", "arguments": {"b": 1, "a": "ß"}}


async def test_ids_and_progress_are_the_links_own_up_and_the_callers_down() -> None:
    seen: list[dict[str, Any]] = []

    async def answer(request: web.Request, message: dict[str, Any]) -> web.StreamResponse:
        seen.append(message)
        ours = message["params"]["_meta"]["progressToken"]
        progress = {"progressToken": ours, "progress": 1}
        other = {"progressToken": 99_999, "progress": 1}
        return await stream(
            request,
            sse(
                (None, _note("notifications/progress", other)),
                (None, _note("notifications/progress", progress)),
                (None, {"jsonrpc": "2.0", "id": message["id"], "result": {}}),
            ),
        )

    async with linked(FakeMcp(answers={"tools/call": answer})) as link:
        told, last = await asked(link, params={"_meta": {"progressToken": "mine"}}, id="caller-1")
    assert json.loads(told.params or b"") == {"progressToken": "mine", "progress": 1}
    assert (last.kind, last.id) == (Kind.RESPONSE, "caller-1")
    assert seen[0]["id"] != "caller-1"
    assert seen[0]["params"]["_meta"]["progressToken"] != "mine"


async def test_what_names_a_client_does_not_go_up() -> None:
    fake = FakeMcp()
    meta = {
        "io.modelcontextprotocol/clientCapabilities": {"sampling": {}},
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/logLevel": "debug",
        "traceparent": "00-1-2-03",
    }
    async with linked(fake) as link:
        await asked(link, params={"_meta": meta})
    sent = fake.said("tools/call")[0].message
    assert sent is not None
    assert sent["params"]["_meta"] == {"traceparent": "00-1-2-03"}


async def test_a_forgotten_session_of_one_client_is_told() -> None:
    fake = FakeMcp()
    async with linked(fake) as link:
        fake.sessions.clear()
        with pytest.raises(GatewayError) as caught:
            await asked(link)
    assert caught.value.code == "server-session-lost"


async def test_a_forgotten_session_that_many_share_is_begun_again_once() -> None:
    fake = FakeMcp()
    async with linked(fake, shared=True) as link:
        fake.sessions.clear()
        await asyncio.gather(*(answered(link, "prompts/list") for _ in range(3)))
    assert len(fake.said("initialize")) == 2


async def test_a_call_of_a_tool_does_not_go_on_in_a_session_that_nobody_looked_at() -> None:
    fake = FakeMcp()
    async with linked(fake, shared=True) as link:
        fake.sessions.clear()
        with pytest.raises(GatewayError) as caught:
            await asked(link)
    assert caught.value.code == "server-session-lost"
    assert isinstance(link, HttpLink)
    assert link.is_lost


async def test_a_call_that_nobody_waits_for_is_cancelled_at_the_server() -> None:
    begun = asyncio.Event()

    async def never(request: web.Request, message: dict[str, Any]) -> web.StreamResponse:
        response = await stream(request, b": here\n\n")
        begun.set()
        await asyncio.sleep(60)
        return response

    fake = FakeMcp(answers={"tools/call": never})
    async with linked(fake) as link:
        call = asyncio.create_task(asked(link))
        await begun.wait()
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
    [call_up], [cancelled] = fake.said("tools/call"), fake.said("notifications/cancelled")
    assert call_up.message is not None
    assert cancelled.message is not None
    assert cancelled.message["params"]["requestId"] == call_up.message["id"]


async def test_a_server_may_ask_the_client_in_the_middle_of_a_call() -> None:
    got: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def answer(request: web.Request, message: dict[str, Any]) -> web.StreamResponse:
        question = {"jsonrpc": "2.0", "id": "q", "method": "roots/list"}
        response = await stream(request, sse((None, question)))
        said = await got.get()
        done = {"jsonrpc": "2.0", "id": message["id"], "result": said["result"]}
        await response.write(sse((None, done)))
        return response

    async def take(request: web.Request, message: dict[str, Any]) -> web.StreamResponse:
        await got.put(message)
        return web.Response(status=202)

    fake = FakeMcp(answers={"tools/call": answer, "POST": take})
    async with linked(fake) as link, aclosing(link.call("tools/call", None)) as messages:
        question = await anext(messages)
        asked_for = (question.kind, question.method, question.id)
        assert asked_for == (Kind.REQUEST, "roots/list", "q")
        await link.answer("q", result=b'{"roots":[]}')
        assert (await anext(messages)).result == b'{"roots": []}'


async def test_where_nothing_was_declared_a_servers_question_is_answered_with_no(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("valetkey.gateway.patience.CLIENT_SECONDS", 3)
    got: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def answer(request: web.Request, message: dict[str, Any]) -> web.StreamResponse:
        question = {"jsonrpc": "2.0", "id": 7, "method": "sampling/createMessage", "params": {}}
        response = await stream(request, sse((None, question)))
        await got.get()
        await response.write(sse((None, {"jsonrpc": "2.0", "id": message["id"], "result": {}})))
        return response

    said: list[dict[str, Any]] = []

    async def take(request: web.Request, message: dict[str, Any]) -> web.StreamResponse:
        said.append(message)
        await got.put(message)
        return web.Response(status=202)

    fake = FakeMcp(answers={"tools/call": answer, "POST": take})
    async with linked(fake, shared=True) as link:
        assert [each.kind for each in await asked(link)] == [Kind.RESPONSE]
    assert said[0]["error"]["code"] == -32601


async def test_a_stream_that_breaks_is_gone_on_with_from_its_last_event() -> None:
    async def cut(request: web.Request, message: dict[str, Any]) -> web.StreamResponse:
        fake.answers["GET"] = rest_of(message)
        return await stream(request, sse(("e1", None)))

    def rest_of(asked_for: dict[str, Any]) -> Any:
        async def rest(request: web.Request, _: dict[str, Any]) -> web.StreamResponse:
            assert request.headers["Last-Event-ID"] == "e1"
            done = {"jsonrpc": "2.0", "id": asked_for["id"], "result": {"late": 1}}
            return await stream(request, sse(("e2", done)))

        return rest

    fake = FakeMcp(answers={"tools/call": cut})
    async with linked(fake) as link:
        assert await answered(link) == {"late": 1}


async def test_what_is_said_unasked_comes_from_the_servers_own_stream() -> None:
    async def unasked(request: web.Request, _: dict[str, Any]) -> web.StreamResponse:
        note = _note("notifications/tools/list_changed", {})
        return await stream(request, sse(("n1", note)))

    async with linked(FakeMcp(answers={"GET": unasked})) as link:
        [told] = [each async for each in link.listen(after="n0")]
    assert (told.method, told.event_id) == ("notifications/tools/list_changed", "n1")


async def test_a_server_without_such_a_stream_says_nothing_unasked() -> None:
    async with linked(FakeMcp()) as link:
        assert [each async for each in link.listen()] == []


async def test_a_servers_own_error_comes_as_it_is() -> None:
    async def refuse(request: web.Request, message: dict[str, Any]) -> web.StreamResponse:
        text = {"jsonrpc": "2.0", "id": message["id"], "error": {"code": -32602, "message": "no"}}
        return web.json_response(text, status=400)

    async with linked(FakeMcp(answers={"tools/call": refuse})) as link:
        [told] = await asked(link, id=5)
    assert (told.id, json.loads(told.error or b"")["message"]) == (5, "no")


async def test_a_run_has_no_more_calls_under_way_than_the_server_takes() -> None:
    goes_on = asyncio.Event()

    async def slow(_: web.Request, message: dict[str, Any]) -> web.StreamResponse:
        await goes_on.wait()
        return result(message, {})

    async with linked(FakeMcp(answers={"tools/call": slow}), calls=2) as link:
        calls = [asyncio.create_task(asked(link)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(GatewayError) as caught:
            await asked(link)
        goes_on.set()
        await asyncio.gather(*calls)
        await asked(link)
    assert caught.value.code == "server-busy"


async def test_an_older_handshake_is_spoken_on() -> None:
    async def older(_: web.Request, message: dict[str, Any]) -> web.StreamResponse:
        said = {"protocolVersion": "2025-06-18", "capabilities": {}, "serverInfo": {"name": "x"}}
        return result(message, said)

    fake = FakeMcp(answers={"initialize": older}, has_sessions=False)
    async with linked(fake, client=CLIENT) as link:
        await asked(link)
    assert fake.said("tools/call")[0].headers["mcp-protocol-version"] == "2025-06-18"


def _note(method: str, params: object) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": method, "params": params}
