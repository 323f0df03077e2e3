"""MCP through the run's loopback address: who may ask, what passes, what is said when it fails."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler

import pytest

from tests.fakes.gateway_http import Answer, Seen, send, stream
from tests.sandbox.mcp_world import CALL, TOKEN, McpWorld, mcp_world
from valetkey.sandbox.mcp_relay import MAX_BODY, McpRelay, Relayed, is_mcp_path


@pytest.fixture
def world() -> Iterator[McpWorld]:
    with mcp_world() as made:
        yield made


def test_a_request_reaches_the_gateway_with_its_token_and_the_answer_comes_back(
    world: McpWorld,
) -> None:
    status, headers, body = world.ask()
    (seen,) = world.gateway.seen
    assert (status, json.loads(body)["result"]) == (200, {"method": "tools/call"})
    assert headers["MCP-Session-Id"] == "session-1"
    assert (seen.token, json.loads(seen.body)) == (world.gateway.tokens[0], CALL)
    assert world.broker.requests[-1][2]["resource"] == f"{world.broker.url}/mcp"


def test_nothing_of_the_client_goes_on_but_what_mcp_needs(world: McpWorld) -> None:
    sent = {
        "Cookie": "session=1",
        "X-Forwarded-For": "1.2.3.4",
        "User-Agent": "agent",
        "Mcp-Param-Region": "eu",
        "MCP-Session-Id": "s",
        "Last-Event-ID": "4",
        "Expect": "nothing",
    }
    world.ask(fields=sent)
    passed = {name.lower() for name in world.gateway.seen[0].headers}
    assert passed == {
        "host",
        "connection",
        "content-length",
        "authorization",
        "accept",
        "content-type",
        "mcp-protocol-version",
        "mcp-param-region",
        "mcp-session-id",
        "last-event-id",
    }


def test_the_sidecars_token_never_leaves_and_the_gateways_never_enters(world: McpWorld) -> None:
    status, headers, body = world.ask()
    assert status == 200
    assert not any(TOKEN in value for seen in world.gateway.seen for value in seen.headers.values())
    assert world.gateway.tokens[0] not in f"{headers}{body!r}"


@pytest.mark.parametrize("shown", [f"Bearer {TOKEN}", TOKEN])
def test_the_sidecars_token_opens_it_with_or_without_its_scheme(
    world: McpWorld, shown: str
) -> None:
    assert world.ask(fields={"Authorization": shown})[0] == 200


@pytest.mark.parametrize(
    "shown", [None, "", "Bearer", "Bearer ", f"bearer {TOKEN}", f"Bearer {TOKEN}x", "Bearer x"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_without_the_token_nothing_passes(world: McpWorld, method: str, shown: str | None) -> None:
    status, headers, body = world.ask(method=method, fields={"Authorization": shown})
    assert (status, json.loads(body)["code"]) == (401, "sidecar-token-invalid")
    assert headers["WWW-Authenticate"] is None, "a client would look for a sign-in that is not here"
    assert world.gateway.seen == []


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("Host", "evil.example", "host-refused"),
        ("Origin", "https://evil.example", "origin-refused"),
        ("Origin", "null", "origin-refused"),
        ("Origin", "", "origin-refused"),
    ],
)
def test_a_web_page_does_not_get_through(
    world: McpWorld, method: str, field: str, value: str, code: str
) -> None:
    status, _, body = world.ask(method=method, fields={field: value})
    assert (status, json.loads(body)["code"]) == (403, code)
    assert world.gateway.seen == []


def test_its_own_address_as_an_origin_is_a_web_page_too(world: McpWorld) -> None:
    assert world.ask(fields={"Origin": world.sidecar.url})[0] == 403


@pytest.mark.parametrize(
    "path",
    [
        "/.well-known/oauth-protected-resource",
        "/.well-known/oauth-protected-resource/mcp",
        "/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration",
    ],
)
def test_nobody_is_led_to_sign_in_here(world: McpWorld, path: str) -> None:
    status, headers, _ = world.ask(method="GET", path=path, fields={"Authorization": None})
    assert (status, headers["WWW-Authenticate"]) == (404, None)


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        ("/mcp", True),
        ("/mcp/billing", True),
        ("/mcp/", False),
        ("/mcp/a/b", False),
        ("/mcp/..", False),
        ("/mcp/%62", False),
        ("/mcp?x=y", False),
        ("/mcp/a?x", False),
        ("/mcpx", False),
        ("//mcp", False),
        ("http://h/mcp", False),
    ],
)
def test_the_gateway_is_at_two_paths(path: str, is_one: bool) -> None:
    assert is_mcp_path(path) is is_one


def test_another_path_is_not_passed_on(world: McpWorld) -> None:
    for path in ("/mcp/", "/mcp?x=y", "/mcp/../v1/runs/self"):
        assert world.ask(path=path)[0] == 405
    assert world.gateway.seen == []


def test_one_server_and_the_other_methods_are_passed_on(world: McpWorld) -> None:
    world.gateway.answer = lambda request, _: send(request, 200, b"{}")
    for method in ("GET", "DELETE", "POST"):
        assert world.ask(method=method, path="/mcp/billing")[0] == 200
    told = [(seen.method, seen.path) for seen in world.gateway.seen]
    assert told == [(method, "/mcp/billing") for method in ("GET", "DELETE", "POST")]


def test_a_notification_is_accepted_without_a_body(world: McpWorld) -> None:
    status, headers, body = world.ask({"jsonrpc": "2.0", "method": "notifications/initialized"})
    assert (status, headers["Content-Length"], body) == (202, "0", b"")


def test_what_the_gateway_refuses_is_passed_on_as_it_is(world: McpWorld) -> None:
    world.gateway.answer = lambda request, _: send(request, 404, b'{"code": "session-unknown"}')
    status, _, body = world.ask()
    assert (status, body) == (404, b'{"code": "session-unknown"}')


def test_a_token_that_is_not_taken_is_renewed_once_and_the_call_repeated(world: McpWorld) -> None:
    world.ask()
    world.gateway.refused.add(world.gateway.tokens[0])
    status, _, body = world.ask()
    assert (status, json.loads(body)["result"]) == (200, {"method": "tools/call"})
    assert [seen.token for seen in world.gateway.seen[1:]] == world.gateway.tokens
    assert {seen.body for seen in world.gateway.seen} == {json.dumps(CALL).encode()}


def test_a_gateway_that_takes_no_token_is_asked_twice_and_no_client_is_led_to_sign_in(
    world: McpWorld,
) -> None:
    world.gateway.tokens = _Refusing()
    status, headers, body = world.ask()
    error = json.loads(body)
    assert (status, error["id"], error["error"]["code"]) == (200, 7, -31001)
    assert error["error"]["data"]["code"] == "gateway-token-refused"
    assert (headers["WWW-Authenticate"], len(world.gateway.seen)) == (None, 2)


class _Refusing(list[str]):
    def __contains__(self, _: object) -> bool:
        return False


def test_a_revoked_run_is_told_so_as_an_answer_to_its_request(world: McpWorld) -> None:
    world.broker.revoke_all()
    status, _, body = world.ask()
    told = json.loads(body)
    assert (status, told["id"], told["error"]["code"]) == (200, 7, -31001)
    assert told["error"]["data"]["code"] == "run-revoked"
    assert world.gateway.seen == []


def test_a_broker_that_is_away_is_told_to_the_request_by_its_id(world: McpWorld) -> None:
    world.ask()
    world.broker.stop()
    status, _, body = world.ask(CALL | {"id": "seven"})
    told = json.loads(body)
    assert (status, told["id"], told["error"]["code"]) == (200, "seven", -31002)
    assert told["error"]["data"]["code"] == "broker-unreachable"


@pytest.mark.parametrize(
    "message", [{"jsonrpc": "2.0", "method": "notifications/x"}, b"{", b"[]", {"id": 1}, b"\xff"]
)
def test_what_has_no_id_gets_a_plain_503(world: McpWorld, message: object) -> None:
    world.broker.stop()
    status, _, body = world.ask(message)
    assert (status, "id" in json.loads(body)) == (503, False)


def test_a_run_without_tool_servers_says_so() -> None:
    with mcp_world(has_tools=False) as world:
        status, _, body = world.ask()
        assert (status, json.loads(body)["error"]["data"]["code"]) == (200, "gateway-not-granted")
        assert world.ask(method="GET")[0] == 404


def test_events_come_one_by_one_as_they_are_sent(world: McpWorld) -> None:
    go_on = threading.Event()

    def events() -> Iterator[str]:
        yield "one"
        assert go_on.wait(10)
        yield "two"

    world.gateway.answer = lambda request, _: stream(request, events())
    connection = world.connection()
    connection.request("POST", "/mcp", *world.sent(CALL))
    answer = connection.getresponse()
    assert answer.headers["Content-Type"] == "text/event-stream"
    assert answer.read1(100) == b"event: message\ndata: one\n\n"
    go_on.set()
    assert answer.read() == b"event: message\ndata: two\n\n"
    connection.close()


def test_a_client_that_goes_ends_the_call_at_the_gateway_at_once(world: McpWorld) -> None:
    world.gateway.answer = _until_left(world)
    connection = world.connection()
    connection.request("POST", "/mcp", *world.sent(CALL))
    answer = connection.getresponse()
    assert answer.read1(100)
    answer.close()
    connection.close()
    assert world.gateway.left.wait(10)


def test_a_client_that_goes_before_the_first_word_ends_the_call_too(world: McpWorld) -> None:
    arrived = threading.Event()

    def silent(request: BaseHTTPRequestHandler, _: Seen) -> None:
        arrived.set()
        if request.connection.recv(1) == b"":
            world.gateway.left.set()
        request.close_connection = True

    world.gateway.answer = silent
    connection = world.connection()
    connection.request("POST", "/mcp", *world.sent(CALL))
    assert arrived.wait(10)
    connection.close()
    assert world.gateway.left.wait(10)


def _until_left(world: McpWorld) -> Answer:
    def answer(request: BaseHTTPRequestHandler, _: Seen) -> None:
        stream(request, ["one"], ends=False)
        if request.connection.recv(1) == b"":
            world.gateway.left.set()

    return answer


def test_a_stream_that_breaks_between_two_events_ends_with_an_error_for_its_request(
    world: McpWorld,
) -> None:
    world.gateway.answer = lambda request, _: stream(request, ["one"], ends=False)
    status, _, body = world.ask()
    first, second = body.decode().strip().split("\n\n")
    told = json.loads(second.partition("data: ")[2])
    assert (status, first) == (200, "event: message\ndata: one")
    assert (told["id"], told["error"]["data"]["code"]) == (7, "broker-answer-unreadable")


def test_a_stream_that_breaks_within_an_event_is_cut_off_visibly(world: McpWorld) -> None:
    def half(request: BaseHTTPRequestHandler, _: Seen) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "text/event-stream")
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        request.wfile.write(b"7\r\ndata: {\r\n")
        request.close_connection = True

    world.gateway.answer = half
    connection = world.connection()
    connection.request("POST", "/mcp", *world.sent(CALL))
    answer = connection.getresponse()
    with pytest.raises(Exception, match="IncompleteRead"):
        answer.read()
    connection.close()


def test_a_client_of_old_http_gets_the_stream_without_chunks(world: McpWorld) -> None:
    world.gateway.answer = lambda request, _: stream(request, ["one"])
    body, fields = world.sent(CALL)
    assert body is not None
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    with socket.create_connection(("127.0.0.1", world.port), timeout=10) as client:
        request = f"POST /mcp HTTP/1.0\r\nHost: 127.0.0.1:{world.port}\r\n{head}"
        client.sendall(f"{request}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        answer = b"".join(iter(lambda: client.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.0 200")
    assert answer.endswith(b"\r\n\r\nevent: message\ndata: one\n\n")


@pytest.mark.parametrize(
    ("lengths", "status", "code"),
    [
        ([], 400, "request-malformed"),
        (["x"], 400, "request-malformed"),
        (["1", "2"], 400, "request-malformed"),
        (["²"], 400, "request-malformed"),
        ([str(MAX_BODY + 1)], 413, "request-too-large"),
    ],
)
def test_a_body_has_a_known_length_and_a_limit(
    world: McpWorld, lengths: list[str], status: int, code: str
) -> None:
    connection = world.connection()
    connection.putrequest("POST", "/mcp")
    for name, value in world.sent(b"")[1].items():
        connection.putheader(name, value)
    for length in lengths:
        connection.putheader("Content-Length", length.encode("latin-1"))
    connection.endheaders()
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["code"]) == (status, code)
    connection.close()
    assert world.gateway.seen == []


def test_a_large_call_passes_whole(world: McpWorld) -> None:
    large = CALL | {"params": {"text": "x" * 1_000_000}}
    assert world.ask(large)[0] == 200
    assert json.loads(world.gateway.seen[0].body) == large


def test_one_too_many_is_told_to_wait_and_the_place_is_free_again(world: McpWorld) -> None:
    relay = McpRelay(world.door, most=1)
    body = json.dumps(CALL).encode()
    one, two = socket.socketpair()
    with one, two:

        def passed() -> AbstractContextManager[Relayed]:
            return relay.passed("POST", "/mcp", fields=(), body=body, client=one)

        with passed():
            with passed() as other:
                told = json.loads(b"".join(other.pieces))
            assert told["error"]["data"]["code"] == "gateway-streams-too-many"
        with passed() as again:
            assert "result" in json.loads(b"".join(again.pieces))
    assert len(world.gateway.seen) == 2


def test_closing_the_sidecar_ends_the_streams_and_their_threads(world: McpWorld) -> None:
    world.gateway.answer = _until_left(world)
    connection = world.connection()
    connection.request("POST", "/mcp", *world.sent(CALL))
    answer = connection.getresponse()
    assert answer.read1(100)
    world.sidecar.close()
    assert world.gateway.left.wait(10)
    answer.close()
    connection.close()


def test_the_run_in_the_run_is_led_to_this_address_and_to_the_gateways_own_name(
    world: McpWorld,
) -> None:
    status, _, body = world.ask(method="GET", path="/v1/runs/self")
    told = json.loads(body)
    assert status == 200
    assert told["mcp_url"] == f"{world.sidecar.url}/mcp"
    assert told["mcp_resource"] == f"{world.broker.url}/mcp"


def test_calls_do_not_wait_for_each_other(world: McpWorld) -> None:
    go_on = threading.Event()

    def first_waits(request: BaseHTTPRequestHandler, seen: Seen) -> None:
        if seen.path == "/mcp/slow":
            go_on.wait(10)
        send(request, 200, b"{}")

    world.gateway.answer = first_waits
    connection = world.connection()
    connection.request("POST", "/mcp/slow", *world.sent(CALL))
    while not world.gateway.seen:
        time.sleep(0.005)
    assert world.ask(path="/mcp/quick")[0] == 200
    go_on.set()
    assert connection.getresponse().read() == b"{}"
    connection.close()
