"""Paths, names, pages and tokens: who gets as far as saying something."""

import json
import logging
from pathlib import Path

import pytest

from tests.gateway.calling import JSON_HEADERS, PAGE, REFUND, Gate, gate
from valetkey.errors import ValetkeyError
from valetkey.secret import Secret

PING = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'
RESOURCE = "https://valetkey.example/.well-known/oauth-protected-resource/mcp"


async def test_what_is_not_at_our_paths_is_passed_on(tmp_path: Path) -> None:
    async with gate(tmp_path) as made:
        for path in ("/", "/mcpx", "/v1/runs", "/.well-known/openid-configuration"):
            assert (await made.send("GET", path)).status == 299


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("POST", "/mcp/", 404, "not-found"),
        ("POST", "/mcp/billing/more", 404, "not-found"),
        ("POST", "/mcp/" + "a" * 65, 404, "not-found"),
        ("PUT", "/mcp", 405, "method-not-allowed"),
        ("HEAD", "/mcp", 405, "method-not-allowed"),
        ("OPTIONS", "/mcp", 405, "method-not-allowed"),
        ("GET", "/mcp", 405, "method-not-allowed"),
        ("GET", "/mcp/billing", 405, "method-not-allowed"),
        ("DELETE", "/mcp", 405, "method-not-allowed"),
        ("POST", "/mcp/unknown", 404, "server-unknown"),
        ("POST", "/.well-known/oauth-protected-resource/mcp", 405, "method-not-allowed"),
        ("GET", "/.well-known/oauth-protected-resource/other", 404, "not-found"),
    ],
)
async def test_paths_and_methods(
    tmp_path: Path, method: str, path: str, status: int, code: str
) -> None:
    async with gate(tmp_path) as made:
        answer = await made.send(method, path, PING, headers=JSON_HEADERS)
        assert (answer.status, answer.code) == (status, code)
        assert ("allow" in answer.headers) == (status == 405)


@pytest.mark.parametrize("path", ["", "/mcp", "/mcp/billing", "/mcp/nobody-knows-it"])
async def test_metadata_is_the_same_for_every_server_known_or_not(
    tmp_path: Path, path: str
) -> None:
    async with gate(tmp_path) as made:
        where = "/.well-known/oauth-protected-resource" + path
        answer = await made.send("GET", where, bearer=False)
        assert answer.status == 200
        assert answer.json == {
            "resource": "https://valetkey.example/mcp",
            "authorization_servers": [made.made.broker.own.url],  # type: ignore[union-attr]
            "bearer_methods_supported": ["header"],
            "resource_name": "valetkey tool gateway",
        }
        head = await made.send("HEAD", where, bearer=False)
        assert (head.status, head.body) == (200, b"")


@pytest.mark.parametrize(
    "host",
    ["valetkey.example", "VALETKEY.example:443", "127.0.0.1:8700", "localhost:8700", "[::1]:8700"],
)
async def test_hosts_that_are_ours(tmp_path: Path, host: str) -> None:
    async with gate(tmp_path) as made:
        answer = await made.send("POST", "/mcp", PING, headers=[*JSON_HEADERS, ("host", host)])
        assert answer.code == "session-missing"


OTHERS = [
    ["evil.example"],
    ["valetkey.example.evil"],
    ["valetkey.example:8700"],
    ["127.0.0.1"],
    ["127.0.0.1:8701"],
    [""],
    ["valetkey.example", "evil.example"],
]


async def test_another_host_is_refused_before_the_token_is_looked_at(tmp_path: Path) -> None:
    async with gate(tmp_path) as made:
        for hosts in OTHERS:
            headers = [*JSON_HEADERS, *(("host", host) for host in hosts)]
            for path in ("/mcp", "/mcp/billing", "/.well-known/oauth-protected-resource/mcp"):
                answer = await made.send("POST", path, PING, headers=headers, bearer=False)
                assert (answer.status, answer.code) == (403, "host-unknown"), hosts


@pytest.mark.parametrize("origin", [PAGE, "https://valetkey.example", "http://localhost:8700"])
async def test_pages_of_known_origins_may_read_answers(tmp_path: Path, origin: str) -> None:
    async with gate(tmp_path) as made:
        headers = [*JSON_HEADERS, ("origin", origin)]
        answer = await made.send("POST", "/mcp", PING, headers=headers)
        assert answer.code == "session-missing"
        assert answer.headers["access-control-allow-origin"] == origin
        asked = await made.send("OPTIONS", "/mcp", headers=headers, bearer=False)
        assert (asked.status, asked.body) == (204, b"")
        assert "authorization" in asked.headers["access-control-allow-headers"]


STRANGERS = [
    "https://evil.example",
    "null",
    "",
    "http://valetkey.example",
    "https://pages.example.evil",
    "https://pages.example:8443",
    "https://pages.example/path",
]


async def test_other_pages_are_refused(tmp_path: Path) -> None:
    async with gate(tmp_path) as made:
        for origin in STRANGERS:
            for method in ("POST", "OPTIONS", "GET"):
                headers = [*JSON_HEADERS, ("origin", origin)]
                answer = await made.send(method, "/mcp", PING, headers=headers)
                assert (answer.status, answer.code) == (403, "origin-unknown"), origin
                assert "access-control-allow-origin" not in answer.headers


async def test_without_a_token_the_challenge_names_the_metadata_and_a_way_in(
    tmp_path: Path,
) -> None:
    async with gate(tmp_path) as made:
        answer = await made.send("POST", "/mcp", PING, headers=JSON_HEADERS, bearer=False)
        assert (answer.status, answer.code) == (401, "not-authenticated")
        assert answer.headers["www-authenticate"] == f'Bearer resource_metadata="{RESOURCE}"'
        assert "valetkey run" in answer.json["hint"]
        assert "browser" in answer.json["hint"]
        one = await made.send("POST", "/mcp/billing", PING, headers=JSON_HEADERS, bearer=False)
        assert f'"{RESOURCE}/billing"' in one.headers["www-authenticate"]


@pytest.mark.parametrize("kind", ["garbage", "run token", "other audience", "subject token"])
async def test_a_token_that_is_not_for_the_gateway_is_invalid(tmp_path: Path, kind: str) -> None:
    async with gate(tmp_path) as made:
        opened = await made.made.open("bob")
        token = {
            "garbage": Secret("a.b.c"),
            "run token": opened.token,
            "other audience": made.made.subject("alice", aud="https://valetkey.example/mcp"),
            "subject token": made.made.subject("alice"),
        }[kind]
        answer = await made.send("POST", "/mcp", PING, headers=JSON_HEADERS, token=token)
        assert (answer.status, answer.code) == (401, "gateway-token")
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]


@pytest.mark.parametrize(
    "values",
    [
        ["Basic YTpi"],
        ["Bearer"],
        ["Bearer "],
        ["Bearer " + "a" * 16_400],
        ["Bearer tok\u00e9n"],
        ["Bearer a.b.c", "Bearer a.b.c"],
        [""],
    ],
)
async def test_exactly_one_bearer_token_is_taken(tmp_path: Path, values: list[str]) -> None:
    async with gate(tmp_path) as made:
        headers = [*JSON_HEADERS, *(("authorization", value) for value in values)]
        answer = await made.send("POST", "/mcp", PING, headers=headers, bearer=False)
        assert (answer.status, answer.code) == (400, "not-authenticated")


async def test_a_token_in_the_url_is_refused(tmp_path: Path) -> None:
    async with gate(tmp_path) as made:
        query = b"access_token=" + made.token.reveal().encode()
        answer = await made.send("POST", "/mcp", PING, headers=JSON_HEADERS, query=query)
        assert (answer.status, answer.code) == (400, "request-malformed")


async def test_a_token_is_good_until_it_expires(tmp_path: Path) -> None:
    async with gate(tmp_path) as made:
        made.made.clock.now += 3600
        answer = await made.send("POST", "/mcp", PING, headers=JSON_HEADERS)
        assert (answer.status, answer.code) == (401, "gateway-token")


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ([("content-type", "application/json")], 406, "not-acceptable"),
        ([JSON_HEADERS[0], ("accept", "application/json")], 406, "not-acceptable"),
        ([JSON_HEADERS[0], ("accept", "text/event-stream")], 406, "not-acceptable"),
        ([JSON_HEADERS[1]], 415, "media-type"),
        ([JSON_HEADERS[1], ("content-type", "text/plain")], 415, "media-type"),
        (
            [JSON_HEADERS[1], ("content-type", "application/json; charset=utf-16")],
            415,
            "media-type",
        ),
        ([*JSON_HEADERS, ("content-encoding", "gzip")], 415, "media-type"),
        ([*JSON_HEADERS, JSON_HEADERS[0]], 400, "header-repeated"),
        ([*JSON_HEADERS, ("mcp-session-id", "a"), ("mcp-session-id", "a")], 400, "header-repeated"),
        ([*JSON_HEADERS, ("mcp-session-id", "\u00e9")], 400, "header-malformed"),
    ],
)
async def test_heads_that_are_refused(
    tmp_path: Path, headers: list[tuple[str, str]], status: int, code: str
) -> None:
    async with gate(tmp_path) as made:
        answer = await made.send("POST", "/mcp", PING, headers=headers)
        assert (answer.status, answer.code) == (status, code)


@pytest.mark.parametrize(
    "headers",
    [
        [("content-type", "application/json; charset=utf-8"), JSON_HEADERS[1]],
        [JSON_HEADERS[0], ("accept", "*/*")],
        [JSON_HEADERS[0], ("accept", "application/*;q=0.5,text/event-stream")],
        [JSON_HEADERS[0], ("accept", "text/event-stream"), ("accept", "application/json")],
    ],
)
async def test_heads_that_say_the_same_otherwise(
    tmp_path: Path, headers: list[tuple[str, str]]
) -> None:
    async with gate(tmp_path) as made:
        answer = await made.send("POST", "/mcp", PING, headers=headers)
        assert answer.code == "session-missing"


async def test_a_body_that_is_too_large_is_413(tmp_path: Path) -> None:
    async with gate(tmp_path) as made:
        answer = await made.send("POST", "/mcp", b" " * (4 * 2**20 + 1), headers=JSON_HEADERS)
        assert (answer.status, answer.code, answer.number) == (413, "body-too-large", -32600)


async def test_a_body_is_not_read_before_its_token(tmp_path: Path) -> None:
    async with gate(tmp_path) as made:
        large = b" " * (4 * 2**20 + 1)
        for path in ("/mcp", "/mcp/billing"):
            answer = await made.send("POST", path, large, headers=JSON_HEADERS, bearer=False)
            assert answer.status == 401


async def test_trouble_of_our_own_is_not_taken_for_a_bad_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_args: object, **_more: object) -> object:
        raise ValetkeyError("store-unavailable", "the disk of tenant-7 is full")

    async with gate(tmp_path) as made:
        monkeypatch.setattr("valetkey.gateway.endpoint.admit_tool_caller", broken)
        answer = await made.send("POST", "/mcp", PING, headers=JSON_HEADERS)
        assert (answer.status, answer.code) == (503, "store-unavailable")
        assert "tenant-7" not in answer.body.decode()


async def test_a_refused_message_is_answered_without_an_id_that_it_did_not_have(
    tmp_path: Path,
) -> None:
    async with gate(tmp_path) as made:
        answer = await made.send("POST", "/mcp", b"{", headers=JSON_HEADERS)
        assert (answer.status, answer.number, "id" in answer.json) == (400, -32700, False)
        odd = b'{"jsonrpc":"2.0","id":7,"method":"a","more":1}'
        known = await made.send("POST", "/mcp", odd, headers=JSON_HEADERS)
        assert (known.status, known.number, known.json["id"]) == (400, -32600, 7)


async def test_an_unforeseen_error_denies_and_says_nothing_of_itself(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with gate(tmp_path) as made:

        def broken(*_args: object, **_more: object) -> object:
            raise RuntimeError("o-1 costs 500 and the token is secret")

        monkeypatch.setattr("valetkey.broker.tool_call.decide", broken)
        with caplog.at_level(logging.DEBUG):
            answer = await made.modern("tools/call", REFUND)
        assert (answer.status, answer.number, answer.code) == (200, -32603, "internal-error")
        logged = str([record.__dict__ for record in caplog.records])
        assert "internal" in json.dumps(answer.json)
        assert "o-1" not in json.dumps(answer.json) + logged
        assert made.servers.reached == []


async def test_nothing_that_a_caller_said_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with gate(tmp_path) as made:
        with caplog.at_level(logging.DEBUG):
            await _say_all_kinds(made)
        shown = caplog.text + str([record.__dict__ for record in caplog.records])
        assert "o-1" not in shown
        assert made.token.reveal() not in shown


async def _say_all_kinds(made: Gate) -> None:
    for params in (REFUND, {**REFUND, "arguments": {"order": "o-1"}}, {"name": "o-1"}):
        await made.modern("tools/call", params)
    await made.send("POST", "/mcp", b'{"o-1"', headers=JSON_HEADERS)
