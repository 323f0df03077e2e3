"""Which revision a server of both is spoken to in: the client's, so that it may ask the client."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.gateway import stdio_server
from tests.gateway.mcp_server import LEGACY, MODERN, FakeMcp, serving
from tests.gateway.test_stdio_link import alive
from tests.gateway.test_upstreams import CLIENT, NEWER, pid_of, revoke, stdio, world
from valetkey.aws import SigV4Signer
from valetkey.broker.tool_access import ToolCaller
from valetkey.gateway.errors import GatewayError
from valetkey.gateway.link import ClientSide, Link
from valetkey.gateway.revisions import Revision
from valetkey.gateway.upstreams import Upstreams


async def linked(
    behind: Upstreams, caller: ToolCaller, session: str | None, client: ClientSide
) -> Link:
    return await behind.link(caller, "billing", session=session, client=client)


async def _in_trouble(_: web.Request, message: dict[str, Any]) -> web.StreamResponse:
    return web.Response(status=503)


async def test_a_server_of_both_revisions_is_spoken_to_in_the_clients(tmp_path: Path) -> None:
    fake = FakeMcp(revisions=(LEGACY, MODERN))
    async with serving(fake), world(tmp_path, fake.named()) as (made, behind):
        alice = await made.caller("alice", department="finance")
        for _ in range(2):
            assert (await linked(behind, alice, "s", CLIENT)).revision is Revision.LEGACY
        assert (await linked(behind, alice, None, NEWER)).revision is Revision.MODERN
        (hello,) = fake.said("initialize")  # of the session alone, with what its client takes
        assert (hello.message or {})["params"]["capabilities"] == {"roots": {}}
    folder = tmp_path / "forced"
    folder.mkdir()
    async with serving(fake), world(folder, fake.named(revision=MODERN)) as (made, behind):
        alice = await made.caller("alice", department="finance")
        assert (await linked(behind, alice, "s", CLIENT)).revision is Revision.MODERN


async def test_whether_a_newer_server_takes_the_handshake_is_asked_once(tmp_path: Path) -> None:
    fake = FakeMcp(revisions=(MODERN,))
    async with serving(fake), world(tmp_path, fake.named()) as (made, behind):
        for person in ("alice", "bob"):
            caller = await made.caller(person, department="finance")
            assert (await linked(behind, caller, person, CLIENT)).revision is Revision.MODERN
        assert len(fake.said("initialize")) == 1
        fake.answers["initialize"] = _in_trouble
        behind_again = Upstreams([fake.named()], broker=made.broker, signer=SigV4Signer())
        async with behind_again:
            with pytest.raises(GatewayError) as caught:
                await linked(behind_again, caller, "s", CLIENT)
    assert caught.value.code == "server-failed"  # it is no answer to what was asked


@pytest.mark.parametrize(
    ("speaks", "found"), [("both", Revision.LEGACY), (MODERN, Revision.MODERN)]
)
async def test_a_started_server_is_spoken_to_in_the_clients_revision_where_it_can(
    tmp_path: Path, speaks: str, found: Revision
) -> None:
    command = (sys.executable, "-S", "-E", stdio_server.__file__, speaks)
    async with world(tmp_path, stdio(command=command, revision=None)) as (made, behind):
        alice = await made.caller("alice", department="finance")
        pids = set()
        for _ in range(2):
            link = await linked(behind, alice, "s", CLIENT)
            assert link.revision is found
            pids.add(await pid_of(link))
        newer = await linked(behind, alice, None, NEWER)
        assert newer.revision is Revision.MODERN
        pids.add(await pid_of(newer))
        assert len(pids) == (2 if speaks == "both" else 1)


async def test_a_process_that_is_only_being_started_ends_with_its_run(tmp_path: Path) -> None:
    noted = tmp_path / "pid"
    silent = "import os, sys; print(os.getpid(), file=open(sys.argv[1], 'w')); sys.stdin.read()"
    command = (sys.executable, "-S", "-E", "-c", silent, str(noted))
    async with world(tmp_path, stdio(command=command, revision=None)) as (made, behind):
        alice = await made.caller("alice", department="finance")
        starting = asyncio.create_task(linked(behind, alice, "s", CLIENT))
        while not (noted.exists() and noted.read_text().endswith("\n")):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await revoke(made, alice)
        await behind.sweep()
        assert not alive(int(noted.read_text()))
        with pytest.raises(GatewayError) as caught:
            await starting
        assert caught.value.code == "run-not-served"
