"""All servers of all runs: who shares what, which tools are still the pinned, what ends when."""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tests.fakes.platform import Platform, grant, platform
from tests.fakes.tools import BOUND, LOOK_UP, REFUND, SEARCH
from tests.gateway import stdio_server
from tests.gateway.mcp_server import MODERN, FakeMcp, serving
from tests.gateway.over_http import answered, asked
from tests.gateway.test_stdio_link import alive, said
from valetkey.aws import SigV4Signer
from valetkey.broker import revoke_run
from valetkey.broker.authenticate import authenticate
from valetkey.broker.tool_access import ToolCaller
from valetkey.gateway import upstreams as module
from valetkey.gateway.errors import GatewayError
from valetkey.gateway.link import ClientSide, Link
from valetkey.gateway.revisions import Revision
from valetkey.gateway.upstreams import Upstreams
from valetkey.identity import Principal
from valetkey.secret import Secret
from valetkey.tools.server import Proof, Reach, ToolServer

INFO = b'{"name":"client","version":"1"}'
CLIENT = ClientSide(revision=Revision.LEGACY, info=INFO, capabilities=b'{"roots":{}}')
PLAIN = replace(CLIENT, capabilities=b"{}")
NEWER = replace(CLIENT, revision=Revision.MODERN)


def stdio(**changes: Any) -> ToolServer:
    command = (sys.executable, "-S", "-E", stdio_server.__file__, stdio_server.LEGACY)
    members: dict[str, Any] = {"name": "billing", "reach": Reach.STDIO, "command": command}
    return ToolServer(**{**members, "revision": stdio_server.LEGACY, "seconds": 5, **changes})


@asynccontextmanager
async def world(
    folder: Path, *servers: ToolServer, check_seconds: float = 60
) -> AsyncIterator[tuple[Platform, Upstreams]]:
    async with platform(folder, tools=BOUND, grants=(grant(), grant("other"))) as made:
        signer, clock = SigV4Signer(), made.clock
        behind = Upstreams(
            servers, broker=made.broker, signer=signer, check_seconds=check_seconds, clock=clock
        )
        async with behind:
            yield made, behind


async def _link(
    behind: Upstreams, caller: ToolCaller, session: str | None = None, client: ClientSide = CLIENT
) -> Link:
    return await behind.link(caller, "billing", session=session, client=client)


async def test_a_session_has_its_own_at_the_server_and_the_rest_of_a_run_shares_one(
    tmp_path: Path,
) -> None:
    async with serving(FakeMcp()) as fake, world(tmp_path, fake.named()) as (made, behind):
        alice = await made.caller("alice", department="finance")
        first = await _link(behind, alice, "s1")
        assert await _link(behind, alice, "s1") is first
        assert await _link(behind, alice, "s2") is not first
        shared = await _link(behind, alice)
        assert await _link(behind, alice, "s3", NEWER) is shared
        begun = [(each.message or {})["params"] for each in fake.said("initialize")]
        declared = [each["capabilities"] for each in begun]
        assert declared == [{"roots": {}}, {"roots": {}}, {}]
        assert begun[2]["clientInfo"]["name"] == "valetkey"
        await behind.end_session("s1")
        assert await _link(behind, alice, "s1") is not first


async def test_two_runs_share_no_session_at_a_server(tmp_path: Path) -> None:
    async with serving(FakeMcp()) as fake, world(tmp_path, fake.named()) as (made, behind):
        alice = await made.caller("alice", department="finance")
        bob = await made.caller("bob", department="finance")
        assert await _link(behind, alice) is not await _link(behind, bob)
        assert len(fake.sessions) == 2
        await asked(await _link(behind, alice))
        assert all("authorization" not in each.headers for each in fake.heard)


async def test_at_the_end_every_session_at_a_server_is_ended(tmp_path: Path) -> None:
    async with serving(FakeMcp()) as fake:
        async with world(tmp_path, fake.named()) as (made, behind):
            alice = await made.caller("alice", department="finance")
            for session in ("s1", "s2"):
                await _link(behind, alice, session)
            assert len(fake.sessions) == 2
        assert not fake.sessions


async def test_the_sweeper_ends_by_itself_what_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SWEEP_SECONDS", 0.02)
    async with world(tmp_path, stdio()) as (made, behind):
        alice = await made.caller("alice", department="finance")
        pid = await pid_of(await _link(behind, alice, "s", PLAIN))
        await revoke(made, alice)
        async with asyncio.timeout(10):
            while alive(pid):  # noqa: ASYNC110 - a process tells nobody of its end
                await asyncio.sleep(0.02)


async def test_a_newer_server_hears_of_a_client_only_from_its_equals(tmp_path: Path) -> None:
    fake = FakeMcp(revisions=(MODERN,))
    async with serving(fake), world(tmp_path, fake.named()) as (made, behind):
        alice = await made.caller("alice", department="finance")
        for client in (CLIENT, NEWER):
            await asked(await _link(behind, alice, "s", client))
        sent = [(each.message or {})["params"]["_meta"] for each in fake.said("tools/call")]
        key = "io.modelcontextprotocol/clientCapabilities"
        assert [each[key] for each in sent] == [{}, {"roots": {}}]
        assert len(fake.said("server/discover")) == 1


async def test_a_server_that_changes_its_revision_is_found_out_again(tmp_path: Path) -> None:
    fake = FakeMcp(revisions=(MODERN,))
    async with serving(fake), world(tmp_path, fake.named()) as (made, behind):
        alice = await made.caller("alice", department="finance")
        seen = []
        for revisions in ((MODERN,), (stdio_server.LEGACY,), (MODERN,)):
            fake.revisions = revisions
            fake.sessions.clear()
            for _ in range(3):  # one call may find it out, and fail
                with contextlib.suppress(GatewayError):
                    await asked(await _link(behind, alice))
            seen.append((await _link(behind, alice)).revision.value)
    assert seen == [MODERN, stdio_server.LEGACY, MODERN]


@pytest.mark.parametrize(
    ("tools", "code"),
    [
        ([dict(REFUND.document), dict(LOOK_UP.document)], None),
        ([{**REFUND.document, "description": "now it sends mail, too"}], "tool-changed"),
        ([dict(LOOK_UP.document)], "tool-changed"),
        ([dict(REFUND.document), dict(REFUND.document)], "server-answer-malformed"),
        ([{"name": 1}], "server-answer-malformed"),
    ],
)
async def test_a_tool_is_called_only_while_it_is_the_pinned_one(
    tools: list[dict[str, Any]], code: str | None, tmp_path: Path
) -> None:
    fake = FakeMcp(tools=tools)
    async with serving(fake), world(tmp_path, fake.named()) as (made, behind):
        alice = await made.caller("alice", department="finance")
        found = await behind.obstacle(alice, "billing", "refund")
        assert (found and found[0]) == code


async def test_pins_are_looked_at_again_when_the_server_says_so(tmp_path: Path) -> None:
    fake = FakeMcp(tools=[dict(REFUND.document)])
    async with serving(fake), world(tmp_path, fake.named()) as (made, behind):
        alice = await made.caller("alice", department="finance")
        for _ in range(2):
            assert await behind.obstacle(alice, "billing", "refund") is None
        assert len(fake.said("tools/list")) == 1
        fake.tools[0] = {**REFUND.document, "title": "other"}
        assert await behind.obstacle(alice, "billing", "refund") is None
        behind._room(alice, "billing").seat.note_changed_tools()
        found = await behind.obstacle(alice, "billing", "refund")
        assert found is not None
        assert found[0] == "tool-changed"


async def test_pins_of_a_server_that_is_not_there_deny_and_another_servers_do_not(
    tmp_path: Path,
) -> None:
    good = FakeMcp(tools=[dict(SEARCH.document)])
    dead = FakeMcp(url="http://127.0.0.1:9/mcp").named()
    async with serving(good), world(tmp_path, dead, good.named("search")) as (made, behind):
        alice = await made.caller("alice", department="finance")
        found = await behind.obstacle(alice, "billing", "refund")
        assert found is not None
        assert found[0] == "server-unreachable"
        assert await behind.obstacle(alice, "search", "search") is None


async def test_a_server_beyond_the_runs_grants_is_unknown(tmp_path: Path) -> None:
    async with serving(FakeMcp()) as fake, world(tmp_path, fake.named()) as (made, behind):
        alice = await made.caller("alice", department="finance")
        caller = replace(alice, servers=("search",))
        with pytest.raises(GatewayError) as caught:
            await _link(behind, caller)
        assert caught.value.code == "server-unknown"
        assert not fake.heard


async def test_a_token_of_ours_for_the_server_goes_up_and_is_renewed_once(tmp_path: Path) -> None:
    refused: list[str] = []

    async def refuse(request: aiohttp.web.Request, message: dict[str, Any]) -> Any:
        refused.append(request.headers["Authorization"])
        made.clock.now += 1  # another token differs
        return aiohttp.web.Response(status=401, headers={"WWW-Authenticate": "Bearer"})

    fake = FakeMcp()
    async with serving(fake):
        server = fake.named(proof=Proof.TOKEN, audience="https://billing.example")
        async with world(tmp_path, server) as (made, behind):
            alice = await made.caller("alice", department="finance")
            link = await _link(behind, alice)
            await answered(link)
            fake.answers["tools/call"] = refuse
            with pytest.raises(GatewayError) as caught:
                await asked(link)
            issued = [each for each in await made.audit() if each["kind"] == "token-issued"]
    assert caught.value.code == "server-refused"
    assert len(refused) == 2
    assert refused[0] != refused[1]
    assert {each["holder"] for each in issued[-2:]} == {"gateway"}
    assert all(each.headers["authorization"].startswith("Bearer ey") for each in fake.heard)


async def test_a_configured_header_goes_up_for_every_run_and_replaces_none_of_ours(
    tmp_path: Path,
) -> None:
    fixed = {"X-Api-Key": Secret("k-1"), "Content-Type": Secret("text/html")}
    async with serving(FakeMcp()) as fake:
        server = fake.named(proof=Proof.HEADERS, headers=fixed)
        async with world(tmp_path, server) as (made, behind):
            await asked(await _link(behind, await made.caller("alice", department="finance")))
    [sent] = fake.said("tools/call")
    assert (sent.headers["x-api-key"], sent.headers["content-type"]) == ("k-1", "application/json")


async def test_requests_are_signed_with_the_runs_session_which_is_on_record(
    tmp_path: Path,
) -> None:
    fake = FakeMcp()
    async with serving(fake):
        server = fake.named(
            proof=Proof.SIGV4, grant="tenant-data", service="execute-api", region="eu-west-1"
        )
        async with world(tmp_path, server) as (made, behind):
            alice = await made.caller("alice", department="finance")
            await answered(await _link(behind, alice))
            given = [e for e in await made.audit() if e["kind"] == "credentials-handed-out"]
    [sent] = fake.said("tools/call")
    assert "/eu-west-1/execute-api/aws4_request" in sent.headers["authorization"]
    assert "x-amz-security-token" in sent.headers
    assert len(given) == 1
    assert given[0]["holder"] == "gateway"


async def test_a_process_is_its_runs_alone_and_ends_with_it(tmp_path: Path) -> None:
    async with world(tmp_path, stdio()) as (made, behind):
        alice = await made.caller("alice", department="finance")
        bob = await made.caller("bob", department="finance")
        pids = [await pid_of(await _link(behind, each, "s", PLAIN)) for each in (alice, bob)]
        assert await pid_of(await _link(behind, alice)) == pids[0]
        assert len(set(pids)) == 2
        await behind.end_run(alice.run.id)
        assert [alive(pid) for pid in pids] == [False, True]
    assert not alive(pids[1])


async def test_a_sweep_ends_the_processes_of_a_run_that_was_revoked(tmp_path: Path) -> None:
    async with world(tmp_path, stdio()) as (made, behind):
        alice = await made.caller("alice", department="finance")
        pid = await pid_of(await _link(behind, alice, "s", PLAIN))
        made.clock.now = alice.until + 1  # the token is over, the run is not
        await behind.sweep()
        assert alive(pid)
        await revoke(made, alice)
        await behind.sweep()
        assert not alive(pid)


async def test_a_sweep_ends_what_nobody_uses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path, stdio()) as (made, behind):
        alice = await made.caller("alice", department="finance")
        pid = await pid_of(await _link(behind, alice, "s", PLAIN))
        await behind.sweep()
        assert alive(pid)
        monkeypatch.setattr(module, "PROCESS_IDLE_SECONDS", 0)
        await behind.sweep()
        assert not alive(pid)


async def test_a_server_that_crashed_is_started_again_not_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("valetkey.gateway.children.FIRST_PAUSE", 0.2)
    async with world(tmp_path, stdio()) as (made, behind):
        alice = await made.caller("alice", department="finance")
        link = await _link(behind, alice, "s", PLAIN)
        with pytest.raises(GatewayError):
            await asked(link, params={"name": "crash"})
        with pytest.raises(GatewayError) as caught:
            await _link(behind, alice, "s", PLAIN)
        assert caught.value.code == "server-stopped"
        await asyncio.sleep(0.25)
        assert await pid_of(await _link(behind, alice, "s", PLAIN))


async def test_each_process_gets_its_own_runs_credentials_alone(tmp_path: Path) -> None:
    async with world(tmp_path, stdio(grant="tenant-data")) as (made, behind):
        alice = await made.caller("alice", department="finance")
        bob = await made.caller("bob", department="finance")
        ways = []
        for caller in (alice, bob):
            found = await said(await _link(behind, caller, "s", PLAIN), "environment")
            variables = found["environment"]
            token = _read(variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"])
            ways.append((variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"], token))
        async with aiohttp.ClientSession() as http:
            keys = [await _fetch(http, *way) for way in ways]
            assert [status for status, _ in keys] == [200, 200]
            assert keys[0][1]["AccessKeyId"] != keys[1][1]["AccessKeyId"]
            assert set(keys[0][1]) == {"AccessKeyId", "SecretAccessKey", "Token", "Expiration"}
            assert (await _fetch(http, ways[0][0], "another"))[0] == 401
            assert (await _fetch(http, *ways[0], host="rebound.example"))[0] == 403
            await revoke(made, alice)
            statuses = [(await _fetch(http, *way))[0] for way in ways]
            assert statuses == [403, 200]
            await behind.end_run(bob.run.id)
            assert (await _fetch(http, *ways[1]))[0] == 401
        given = [e for e in await made.audit() if e["kind"] == "credentials-handed-out"]
    assert {each["run"] for each in given} == {alice.run.id, bob.run.id}
    assert {each["holder"] for each in given} == {"gateway:billing"}


def _read(path: str) -> str:
    return Path(path).read_text()


async def _fetch(
    http: aiohttp.ClientSession, url: str, token: str, host: str | None = None
) -> tuple[int, Any]:
    headers = {"Authorization": token} if host is None else {"Authorization": token, "Host": host}
    async with http.get(url, headers=headers) as answer:
        return answer.status, json.loads(await answer.read())


async def pid_of(link: Link) -> int:
    found = (await asked(link, params={"name": "environment"}))[-1]
    pid = json.loads(found.result or b"")["said"]["pid"]
    assert isinstance(pid, int)
    return pid


async def revoke(made: Platform, caller: ToolCaller) -> None:
    identified = await authenticate(made.broker, made.actor("operator"), now=made.clock())
    assert isinstance(identified, Principal)
    await revoke_run(made.broker, identified, caller.run.id, because="stolen laptop")


async def test_pins_are_looked_at_again_over_each_connection_that_is_made_anew(
    tmp_path: Path,
) -> None:
    fake = FakeMcp(tools=[dict(REFUND.document)])
    async with serving(fake), world(tmp_path, fake.named()) as (made, behind):
        alice = await made.caller("alice", department="finance")
        for session in (None, "s1"):
            look = partial(behind.obstacle, alice, "billing", "refund", session=session)
            fake.tools[0] = dict(REFUND.document)
            assert await look(client=CLIENT) is None
            fake.tools[0] = {**REFUND.document, "title": "other"}
            fake.sessions.clear()  # it was started anew
            with pytest.raises(GatewayError, match="server-session-lost"):
                await asked(await _link(behind, alice, session))
            found = await look(client=CLIENT)
            assert found is not None
            assert found[0] == "tool-changed"


@pytest.mark.parametrize("revision", [stdio_server.LEGACY, MODERN])
@pytest.mark.parametrize("status", [503, 0])
async def test_pins_are_looked_at_again_after_any_trouble(
    status: int, revision: str, tmp_path: Path
) -> None:
    async def fail(request: web.Request, message: dict[str, Any]) -> web.StreamResponse:
        if status == 0 and request.transport is not None:
            request.transport.abort()
        return web.Response(status=503)

    fake = FakeMcp(tools=[dict(REFUND.document)], has_sessions=False, revisions=(revision,))
    async with serving(fake), world(tmp_path, fake.named()) as (made, behind):
        alice = await made.caller("alice", department="finance")
        assert await behind.obstacle(alice, "billing", "refund") is None
        fake.tools[0] = {**REFUND.document, "title": "other"}
        assert await behind.obstacle(alice, "billing", "refund") is None  # for `check` seconds
        fake.answers["tools/call"] = fail
        with pytest.raises(GatewayError) as caught:
            await asked(await _link(behind, alice))
        assert (caught.value.server, caught.value.run) == ("billing", alice.run.id)
        found = await behind.obstacle(alice, "billing", "refund")
        assert found is not None
        assert found[0] == "tool-changed"


async def test_pins_are_looked_at_again_in_a_process_that_is_another_one(tmp_path: Path) -> None:
    async with world(tmp_path, stdio()) as (made, behind):
        alice = await made.caller("alice", department="finance")
        room = behind._room(alice, "billing")
        first = (await room.link(None, CLIENT)).opened
        assert (await room.link(None, CLIENT)).opened is first
        await room._started.pop(None).stop()
        assert (await room.link(None, CLIENT)).opened is not first
