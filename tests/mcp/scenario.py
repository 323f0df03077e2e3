"""What every client does at the gateway, and how each client that nobody here wrote says it."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from fastmcp import Client as FastClient
from fastmcp.client.transports import StreamableHttpTransport
from mcp import Client, ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from tests.mcp.node import node, package

HERE = Path(__file__).parent / "clients"
_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a call: the result's text, or the error's code and ours in its `data`."""

    text: str | None = None
    number: int | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Played:
    """What a client saw: the names of the tools, and an answer to each call."""

    names: tuple[str, ...]
    answers: tuple[Answer, ...]


Calls = Sequence[tuple[str, Mapping[str, Any]]]
Play = Callable[[str, Path, Calls], Awaitable[Played]]


async def python_client(url: str, token: Path, calls: Calls) -> Played:
    """The Python SDK's `Client`, which finds out the revision by itself."""
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx2.AsyncClient(headers=bearer(token)))
        client = Client(streamable_http_client(url, http_client=http))
        await stack.enter_async_context(client)
        assert client.protocol_version == "2026-07-28"
        names = [tool.name for tool in (await client.list_tools()).tools]
        return Played(tuple(names), await _answers(client.call_tool, calls))


async def python_session(url: str, token: Path, calls: Calls) -> Played:
    """The Python SDK's `ClientSession`: `initialize`, as programs of before write it."""
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx2.AsyncClient(headers=bearer(token)))
        streams = await stack.enter_async_context(streamable_http_client(url, http_client=http))
        session = await stack.enter_async_context(ClientSession(streams[0], streams[1]))
        assert (await session.initialize()).protocol_version == "2025-11-25"
        names = [tool.name for tool in (await session.list_tools()).tools]
        return Played(tuple(names), await _answers(session.call_tool, calls))


async def fastmcp(url: str, token: Path, calls: Calls) -> Played:
    """fastmcp's client."""
    async with FastClient(StreamableHttpTransport(url, headers=bearer(token))) as client:
        names = [tool.name for tool in await client.list_tools()]
        return Played(tuple(names), await _answers(client.call_tool_mcp, calls))


async def _answers(call: Callable[..., Awaitable[Any]], calls: Calls) -> tuple[Answer, ...]:
    found = []
    for name, arguments in calls:
        try:
            result = await call(name, dict(arguments))
        except MCPError as error:
            data = error.error.data or {}
            found.append(Answer(number=error.error.code, code=data.get("code")))
        else:
            found.append(Answer(text=result.content[0].text))
    return tuple(found)


def typescript(script: str, *more: str) -> Play:
    """A client of npm, by a script of `clients/`."""

    async def play(url: str, token: Path, calls: Calls) -> Played:
        asked = [{"name": name, "arguments": arguments} for name, arguments in calls]
        said = await ran(str(HERE / script), url, str(token), json.dumps(asked), *more)
        found = json.loads(said.splitlines()[-1])
        return Played(tuple(found["names"]), tuple(_answer(each) for each in found["answers"]))

    return play


async def inspector(url: str, token: Path, calls: Calls) -> Played:
    """The inspector's command line: one process for the list and for each call."""
    config = token.with_suffix(".inspector.json")
    server = {"type": "streamable-http", "url": url, "headers": bearer(token)}
    config.write_text(json.dumps({"mcpServers": {"gateway": server}}))
    program = str(package("inspector", "clients", "launcher", "build", "index.js"))
    start = [program, "--cli", "--config", str(config), "--server", "gateway", "--method"]
    listed = json.loads(await ran(*start, "tools/list"))
    answers = []
    for name, arguments in calls:
        pairs = [f"{key}={json.dumps(value)}" for key, value in arguments.items()]
        asked = ["tools/call", "--tool-name", name, *(["--tool-arg", *pairs] if pairs else [])]
        answers.append(_shown(await ran(*start, *asked, fails=True)))
    return Played(tuple(tool["name"] for tool in listed["tools"]), tuple(answers))


def _shown(said: str) -> Answer:
    """Read the result, or the words for people that stand in place of one."""
    try:
        return _answer({"result": json.loads(said)})
    except ValueError:
        return Answer(code=said)


def _answer(said: Mapping[str, Any]) -> Answer:
    if (error := said.get("error")) is not None:
        return Answer(number=error["code"], code=(error.get("data") or {}).get("code"))
    return Answer(text=said["result"]["content"][0]["text"])


def bearer(token: Path) -> dict[str, str]:
    """Return the header that a person would write down."""
    return {"Authorization": f"Bearer {token.read_text()}"}


async def ran(*arguments: str, fails: bool = False) -> str:
    """Run a program on Node to its end; return what it printed, on both streams if it may fail."""
    process = await asyncio.create_subprocess_exec(
        node(),
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        output, log = await asyncio.wait_for(process.communicate(), _SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert fails or process.returncode == 0, log.decode()
    return (output or log).decode()
