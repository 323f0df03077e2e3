"""What a bad server does to a call: a clear error, never a hang, and nothing to anybody else."""

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from tests.gateway.mcp_server import MODERN, FakeMcp, result, sse, stream
from tests.gateway.over_http import answered, asked, linked
from valetkey.gateway.errors import GatewayError
from valetkey.gateway.http_door import HttpDoor
from valetkey.secret import Secret
from valetkey.tools.server import Proof

Answer = Callable[[web.Request, dict[str, Any]], Awaitable[web.StreamResponse]]
BOTH = pytest.mark.parametrize("revision", ["2025-11-25", MODERN])


async def _code(answer: Answer, revision: str = "2025-11-25", **changes: Any) -> GatewayError:
    """How a call ends for which a server does that; another call does not mind."""
    fake = FakeMcp(revisions=(revision,), answers={"tools/call": answer})
    async with linked(fake, **{"answer_bytes": 2_000, **changes}) as link:
        with pytest.raises(GatewayError) as caught:
            await asked(link)
        assert await answered(link, "tools/list")
    return caught.value


def _raw(body: bytes, kind: str = "application/json", **headers: str) -> Answer:
    async def answer(_: web.Request, message: dict[str, Any]) -> web.StreamResponse:
        text = body.replace(b"ID", str(message["id"]).encode())
        return web.Response(body=text, headers={"Content-Type": kind, **headers})

    return answer


@BOTH
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no JSON",
        b"[]",
        b'[{"jsonrpc":"2.0","id":ID,"result":{}}]',
        b'{"jsonrpc":"1.0","id":ID,"result":{}}',
        b'{"id":ID,"result":{}}',
        b'{"jsonrpc":"2.0","id":ID}',
        b'{"jsonrpc":"2.0","result":{}}',
        b'{"jsonrpc":"2.0","id":null,"result":{}}',
        b'{"jsonrpc":"2.0","id":ID,"result":{},"error":{"code":1,"message":"x"}}',
        b'{"jsonrpc":"2.0","id":ID,"method":"x","result":{}}',
        b'{"jsonrpc":"2.0","id":ID,"error":"no"}',
        b'{"jsonrpc":"2.0","id":ID,"result":[]}',
        b'{"jsonrpc":"2.0","id":ID,"result":{"a":NaN}}',
        b'{"jsonrpc":"2.0","id":ID,"result":{"a":"\xff"}}',
        b'{"jsonrpc":"2.0","id":ID,"result":{}} {}',
        b'{"jsonrpc":"2.0","id":12345,"result":{}}',
        b'{"jsonrpc":"2.0","id":"ID","result":{}}',
        b'{"jsonrpc":"2.0","id":ID.0,"result":{}}',
    ],
)
async def test_what_is_no_answer_to_the_call_is_malformed(body: bytes, revision: str) -> None:
    error = await _code(_raw(body), revision)
    assert error.code == "server-answer-malformed"


@BOTH
async def test_a_page_is_malformed(revision: str) -> None:
    assert (await _code(_raw(b"<p>", "text/html"), revision)).code == "server-answer-malformed"


@BOTH
async def test_a_huge_answer_is_not_read(revision: str) -> None:
    error = await _code(_raw(b" " * 3_000), revision)
    assert error.code == "server-answer-too-large"


@BOTH
async def test_a_huge_answer_that_does_not_say_so_is_not_read(revision: str) -> None:
    async def chunked(request: web.Request, _: dict[str, Any]) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        try:
            while True:
                await response.write(b" " * 1_000)
        except ConnectionError:
            return response

    assert (await _code(chunked, revision)).code == "server-answer-too-large"


@BOTH
async def test_an_endless_event_is_not_read(revision: str) -> None:
    async def endless(request: web.Request, _: dict[str, Any]) -> web.StreamResponse:
        response = await stream(request, b"data: ")
        try:
            while True:
                await response.write(b"x" * 1_000)
        except ConnectionError:
            return response

    assert (await _code(endless, revision)).code == "server-answer-too-large"


@BOTH
async def test_a_compressed_bomb_is_not_unpacked(revision: str) -> None:
    bomb = gzip.compress(b" " * 1_000_000)
    error = await _code(_raw(bomb, **{"Content-Encoding": "gzip"}), revision)
    assert error.code == "server-answer-malformed"


@BOTH
@pytest.mark.parametrize("drips", [False, True])
async def test_a_slow_server_is_waited_for_as_long_as_configured(
    drips: bool, revision: str
) -> None:
    async def slow(request: web.Request, _: dict[str, Any]) -> web.StreamResponse:
        response = await stream(request)
        while True:
            await asyncio.sleep(0.05)
            if drips:
                await response.write(b": still here\n\n")

    error = await _code(slow, revision, seconds=1 / 4)
    assert error.code == "server-slow"


async def test_progress_buys_time() -> None:
    async def works(request: web.Request, message: dict[str, Any]) -> web.StreamResponse:
        response = await stream(request)
        ours = message["params"]["_meta"]["progressToken"]
        params = {"progressToken": ours, "progress": 1}
        for _ in range(5):
            await asyncio.sleep(0.1)
            note = {"jsonrpc": "2.0", "method": "notifications/progress", "params": params}
            await response.write(sse((None, note)))
        done = {"jsonrpc": "2.0", "id": message["id"], "result": {}}
        await response.write(sse((None, done)))
        return response

    async with linked(FakeMcp(answers={"tools/call": works}), seconds=1 / 3) as link:
        assert len(await asked(link, params={"_meta": {"progressToken": 1}})) == 6


@BOTH
async def test_half_an_answer_is_none(revision: str) -> None:
    async def half(request: web.Request, _: dict[str, Any]) -> web.StreamResponse:
        response = await stream(request, b'data: {"jsonrpc":')
        assert request.transport is not None
        request.transport.abort()
        return response

    assert (await _code(half, revision)).code == "server-broke-off"


@BOTH
async def test_a_stream_that_ends_without_the_answer_is_none(revision: str) -> None:
    async def nothing(request: web.Request, _: dict[str, Any]) -> web.StreamResponse:
        return await stream(request, b": bye\n\n")

    assert (await _code(nothing, revision)).code == "server-broke-off"


async def test_a_flood_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("valetkey.gateway.http_door.MOST_MESSAGES", 50)

    async def flood(request: web.Request, _: dict[str, Any]) -> web.StreamResponse:
        response = await stream(request)
        note = sse((None, {"jsonrpc": "2.0", "method": "notifications/message", "params": {}}))
        try:
            while True:
                await response.write(note * 10)
        except ConnectionError:
            return response

    assert (await _code(flood)).code == "server-floods"


@BOTH
@pytest.mark.parametrize(
    ("status", "headers", "code"),
    [
        (302, {"Location": "http://127.0.0.1:1/mcp"}, "server-redirects"),
        (307, {"Location": "/mcp"}, "server-redirects"),
        (401, {"WWW-Authenticate": 'Bearer resource_metadata="https://x"'}, "server-wants-login"),
        (401, {}, "server-refused"),
        (403, {}, "server-refused"),
        (429, {}, "server-busy"),
        (500, {}, "server-failed"),
        (405, {}, "server-failed"),
    ],
)
async def test_a_status_is_told_in_our_words(
    status: int, headers: dict[str, str], code: str, revision: str
) -> None:
    async def refuse(_: web.Request, __: dict[str, Any]) -> web.StreamResponse:
        return web.Response(status=status, headers=headers, text="secret words of the server")

    error = await _code(refuse, revision)
    assert error.code == code
    assert "secret words" not in f"{error.message}{error.hint}"


async def test_a_server_that_is_not_there_is_unreachable() -> None:
    fake = FakeMcp()
    async with linked(fake) as link:
        pass
    with pytest.raises(GatewayError) as caught:
        await asked(link)
    assert caught.value.code == "server-unreachable"


async def test_a_server_sets_no_cookies() -> None:
    async def cookie(_: web.Request, message: dict[str, Any]) -> web.StreamResponse:
        response = result(message, {})
        response.set_cookie("session", "x")
        return response

    fake = FakeMcp(answers={"tools/call": cookie})
    async with linked(fake) as link:
        await asked(link)
        await asked(link)
    assert all("cookie" not in each.headers for each in fake.heard)


async def test_a_configured_header_goes_with_every_request_and_replaces_none_of_ours() -> None:
    fake = FakeMcp()
    fixed = {"X-Api-Key": Secret("k-1"), "Accept": Secret("text/html")}
    async with linked(fake, proof=Proof.HEADERS, headers=fixed) as link:
        await asked(link)
    assert {each.headers["x-api-key"] for each in fake.heard} == {"k-1"}
    assert {each.headers["accept"] for each in fake.said("tools/call")} == {
        "application/json, text/event-stream"
    }


async def test_plain_http_is_for_this_machine_alone() -> None:
    named = FakeMcp(url="http://tools.example/mcp").named()
    with pytest.raises(GatewayError) as caught:
        HttpDoor(named)
    assert caught.value.code == "server-plain-http"
    for url in ("http://[::1]:1/mcp", "http://localhost/mcp", "https://tools.example/mcp"):
        HttpDoor(FakeMcp(url=url).named())


async def test_one_bad_server_does_not_slow_another() -> None:
    stuck = asyncio.Event()

    async def never(_: web.Request, message: dict[str, Any]) -> web.StreamResponse:
        await stuck.wait()
        return result(message, {})

    bad, good = FakeMcp(answers={"tools/call": never}), FakeMcp()
    async with linked(bad, calls=40) as one, linked(good) as other:
        waiting = [asyncio.create_task(asked(one)) for _ in range(40)]
        await asyncio.sleep(0)
        assert json.loads(json.dumps(await answered(other)))
        assert not any(each.done() for each in waiting)
        stuck.set()
        await asyncio.gather(*waiting)


@pytest.mark.parametrize("message_id", ["i" * 257, "i" * 1_900])
async def test_a_question_with_a_huge_id_is_malformed(message_id: str) -> None:
    async def ask(request: web.Request, _: dict[str, Any]) -> web.StreamResponse:
        asks = {"jsonrpc": "2.0", "id": message_id, "method": "ping"}
        return await stream(request, sse((None, asks)))

    assert (await _code(ask)).code == "server-answer-malformed"


async def test_a_server_that_takes_no_answers_is_cut_off() -> None:
    async def ask(request: web.Request, _: dict[str, Any]) -> web.StreamResponse:
        pings = [(None, {"jsonrpc": "2.0", "id": n, "method": "ping"}) for n in range(20)]
        return await stream(request, sse(*pings))

    assert (await _code(ask)).code == "server-floods"
