"""Servers that are started: what they find, what they say, and that nothing of them is left."""

import asyncio
import contextlib
import json
import logging
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.gateway import stdio_server
from tests.gateway.over_http import asked
from valetkey.gateway import processes
from valetkey.gateway.conversation import Conversation
from valetkey.gateway.errors import GatewayError
from valetkey.gateway.link import ClientSide, Kind, Link
from valetkey.gateway.pace import printable
from valetkey.gateway.processes import Child, start_child
from valetkey.gateway.revisions import Revision
from valetkey.gateway.seat import Seat
from valetkey.gateway.stdio_link import StdioLink, StdioServer, open_stdio
from valetkey.gateway.surroundings import AwsAccess, make_surroundings
from valetkey.secret import Secret
from valetkey.tools.server import Reach, ToolServer

LEGACY, MODERN = stdio_server.LEGACY, stdio_server.MODERN
CLIENT = ClientSide(revision=Revision.LEGACY, info=b'{"name":"c","version":"1"}')
ASKS = ClientSide(revision=Revision.LEGACY, info=CLIENT.info, capabilities=b'{"roots":{}}')


def server_of(*arguments: str, **changes: Any) -> ToolServer:
    command = (sys.executable, "-S", "-E", stdio_server.__file__, *arguments)
    members: dict[str, Any] = {"name": "files", "reach": Reach.STDIO, "command": command}
    return ToolServer(**{**members, "seconds": 5, **changes})


@asynccontextmanager
async def started(
    *arguments: str,
    client: ClientSide = CLIENT,
    aws: AwsAccess | None = None,
    knows: Revision | None = Revision.LEGACY,
    **changes: Any,
) -> AsyncIterator[tuple[StdioServer, StdioLink]]:
    server = server_of(*arguments, **changes)
    seat = Seat(None, server, clock=time.monotonic)

    async def start(conversation: Conversation) -> Child:
        return await start_child(
            server.command,
            make_surroundings(server, aws),
            name=server.name,
            most=server.answer_bytes,
            on_line=conversation.hear,
            on_end=conversation.end,
        )

    opened = await open_stdio(seat, client, start, revision=knows)
    try:
        yield opened, StdioLink(opened, seat, client)
    finally:
        await opened.stop()
        assert not alive(opened.child.pid)


async def said(link: Link, tool: str, **arguments: Any) -> Any:
    last = (await asked(link, params={"name": tool, "arguments": arguments}))[-1]
    return json.loads(last.result or b"null")["said"]


def _text(path: str) -> str:
    return Path(path).read_text()


def _mode(path: str) -> int:
    return Path(path).stat().st_mode & 0o777


def alive(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("revision", [LEGACY, MODERN])
async def test_a_server_of_either_revision_is_found_out_and_called(revision: str) -> None:
    async with started(revision, knows=None) as (server, link):
        assert server.revision.value == link.revision.value == revision
        assert (await said(link, "echo", a=1))["arguments"] == {"a": 1}
        told, last = await asked(link, params={"name": "progress", "_meta": {"progressToken": "p"}})
        assert json.loads(told.params or b"")["progressToken"] == "p"
        assert last.kind is Kind.RESPONSE


async def test_it_finds_few_variables_and_a_folder_that_goes_with_it() -> None:
    os.environ["VALETKEY_SOMETHING"] = "of the broker"
    try:
        aws = AwsAccess("http://127.0.0.1:1/v1/process-credentials", Secret("aws-token"))
        environment = {"SECRET": Secret("s3cret")}
        async with started(LEGACY, aws=aws, environment=environment) as (_, link):
            found = await said(link, "environment")
            folder = found["folder"]
            assert _mode(folder) == 0o700
            token = found["environment"]["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]
            assert (_text(token), _mode(token)) == ("aws-token", 0o600)
    finally:
        del os.environ["VALETKEY_SOMETHING"]
    assert not os.access(folder, os.F_OK)
    assert set(found["environment"]) - {"LC_CTYPE"} == {
        "PATH",
        "HOME",
        "TMPDIR",
        "LANG",
        "SECRET",
        "AWS_EC2_METADATA_DISABLED",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    }
    assert found["environment"]["HOME"] == folder


async def test_a_crash_ends_the_calls_and_its_last_words_are_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "valetkey.gateway")
    async with started(LEGACY, environment={"SECRET": Secret("s3cret")}) as (server, link):
        with pytest.raises(GatewayError) as caught:
            await asked(link, params={"name": "crash"})
        assert caught.value.code == "server-stopped"
        assert server.has_ended
        with pytest.raises(GatewayError):
            await asked(link, params={"name": "echo"})
        await server.stop()
    words = "".join(str(record.__dict__.get("said", "")) for record in caplog.records)
    assert "I die" in words
    assert "s3cret" not in words
    assert "\x1b" not in words


async def test_nothing_of_a_stubborn_server_and_its_children_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(processes, "GRACE_SECONDS", 0.05)
    async with started(LEGACY, "stubborn") as (server, link):
        child = (await said(link, "child"))["child"]
        pid = server.child.pid
        assert alive(pid)
        assert alive(child)
    assert not alive(pid)
    assert not alive(child)


async def test_one_that_ends_by_itself_takes_its_children_along() -> None:
    async with started(LEGACY) as (server, link):
        child = (await said(link, "child"))["child"]
        with pytest.raises(GatewayError) as caught:
            await asked(link, params={"name": "crash"})
        assert caught.value.code == "server-stopped"
        await server.stop()
        assert not alive(child)


@pytest.mark.parametrize(
    ("tool", "code"),
    [
        ("huge", "server-answer-too-large"),
        ("garbage", "server-answer-malformed"),
        ("never", "server-slow"),
    ],
)
async def test_what_it_does_wrong_is_a_clear_error(tool: str, code: str) -> None:
    async with started(LEGACY, answer_bytes=10_000, seconds=1 / 2) as (_, link):
        with pytest.raises(GatewayError) as caught:
            await asked(link, params={"name": tool})
    assert caught.value.code == code


async def test_a_flood_is_slowed_down_and_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("valetkey.gateway.conversation.MOST_MESSAGES", 100)
    monkeypatch.setattr(processes, "GRACE_SECONDS", 0.05)
    async with started(LEGACY) as (_, link):
        with pytest.raises(GatewayError) as caught:
            await asked(link, params={"name": "flood"})
    assert caught.value.code == "server-floods"


async def test_it_may_ask_a_client_that_said_it_can_answer() -> None:
    async with started(LEGACY, client=ASKS) as (_, link):
        call = link.call("tools/call", b'{"name":"ask"}')
        async with contextlib.aclosing(call) as messages:
            question = await anext(messages)
            assert (question.kind, question.method) == (Kind.REQUEST, "roots/list")
            await link.answer("q1", result=b'{"roots":[]}')
            answer = await anext(messages)
    assert json.loads(answer.result or b"")["said"]["result"] == {"roots": []}


async def test_where_nobody_said_so_its_question_is_answered_with_no(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("valetkey.gateway.patience.CLIENT_SECONDS", 3)
    async with started(LEGACY) as (_, link):
        assert (await said(link, "ask"))["error"]["code"] == -32601


async def test_a_command_that_is_not_there_is_unreachable_and_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(GatewayError) as caught:
        async with started(command=("/nonexistent/server",)):
            pass
    assert caught.value.code == "server-unreachable"
    assert not os.listdir(tmp_path)  # noqa: PTH208 - a path's own methods are not for coroutines


async def test_calls_at_one_time_get_each_its_own_answer() -> None:
    async with started(LEGACY) as (_, link):
        found = await asyncio.gather(*(said(link, "echo", number=each) for each in range(10)))
    assert [each["arguments"]["number"] for each in found] == list(range(10))


def test_what_is_logged_steers_no_terminal_and_has_no_secret() -> None:
    line = b"key=s3cret \x1b[2J\r\xff" + b"x" * 1_000
    shown = printable(line, [Secret("s3cret"), Secret("")])
    assert shown.startswith("key=*** \\x1b[2J\\r")
    assert shown.isprintable()
    assert len(shown) < 600


@pytest.mark.parametrize("token", ["\u00b2", "9" * 5_000, "\u0663", None, {}])
async def test_a_strange_progress_token_is_nobodys(token: object) -> None:
    conversation = Conversation(_seat(), asks_clients=False)
    told = {"method": "notifications/progress", "params": {"progressToken": token}}
    conversation.hear(json.dumps({"jsonrpc": "2.0", **told}).encode())


async def test_of_answers_to_a_process_few_are_on_their_way() -> None:
    conversation = Conversation(_seat(), asks_clients=False)
    for _ in range(2):
        for number in range(50):
            conversation.hear(b'{"jsonrpc":"2.0","id":%d,"method":"ping"}' % number)
        assert len(conversation._tasks) == 8
        await asyncio.sleep(0.01)
        assert not conversation._tasks


async def test_a_line_that_nobody_can_take_ends_the_process() -> None:
    ended: asyncio.Queue[GatewayError] = asyncio.Queue()

    def fails(_: bytes) -> None:
        raise ValueError

    server = server_of(LEGACY)
    child = await start_child(
        server.command,
        make_surroundings(server, None),
        name=server.name,
        most=1_000,
        on_line=fails,
        on_end=ended.put_nowait,
    )
    try:
        assert (await asyncio.wait_for(ended.get(), 5)).code == "server-stopped"
    finally:
        await child.stop()


def _seat() -> Seat:
    return Seat(None, server_of(LEGACY), clock=time.monotonic)
