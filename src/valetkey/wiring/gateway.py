"""The tool gateway out of its settings: what the broker is told of it, and the application."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from starlette.types import ASGIApp

from valetkey.aws import SigV4Signer
from valetkey.broker import Broker
from valetkey.broker.activate import BY_START, Running, activate
from valetkey.broker.tool_terms import ToolTerms
from valetkey.gateway.app import GatewayApp
from valetkey.gateway.surroundings import remove_leftovers
from valetkey.gateway.upstreams import Upstreams
from valetkey.settings import Settings
from valetkey.settings.tools import gateway_uri

log = logging.getLogger("valetkey")


def tool_terms(settings: Settings, *, public_url: str) -> ToolTerms | None:
    """Return what the broker needs to know of the gateway at `public_url`; None without tools."""
    tools = settings.tools
    if tools is None:
        return None
    return ToolTerms(
        audience=gateway_uri(public_url),
        token_seconds=tools.token_seconds,
        claims=tools.facts,
        directory=tools.directory,
    )


@contextlib.asynccontextmanager
async def behind_gateway(
    settings: Settings,
    broker: Broker,
    rest: ASGIApp,
    *,
    public_url: str,
    stopping: asyncio.Event | None,
) -> AsyncIterator[ASGIApp]:
    """Put the tool gateway in front of `rest` for the length of a block; without tools only `rest`
    is there. When `stopping` is set streams end, and calls a while later; at the block's end every
    server's connections and processes are closed. What a killed broker left is removed before.
    """
    tools, terms = settings.tools, broker.tools
    if tools is None or terms is None:
        yield rest
        return
    upstreams = Upstreams(
        tools.servers,
        broker=broker,
        signer=SigV4Signer(),
        check_seconds=tools.check_seconds,
        clock=broker.clock,
    )
    await asyncio.to_thread(remove_leftovers)
    async with upstreams:
        app = GatewayApp(
            broker,
            upstreams,
            public_url=public_url,
            audience=terms.audience,
            origins=tools.origins,
            rest=rest,
            stopping=stopping,
        )
        ending = asyncio.create_task(app.end_calls())
        try:
            yield app
        finally:
            ending.cancel()


async def begin_with_policy(broker: Broker) -> None:
    """Open new runs under the broker's own policy from now on, at every replica; open runs keep
    theirs. What must not go unseen of it is in the log.
    """
    begun = await activate(
        broker.store,
        broker.policy,
        running=Running.KEEP,
        by=BY_START,
        because=None,
        now=broker.clock(),
    )
    if begun.previous not in {None, begun.version}:
        log.warning(
            "new runs are opened under another policy than before this start",
            extra={"policy_version": begun.version, "previous": begun.previous},
        )
    bundle = broker.policy.tools
    for warning in () if bundle is None else bundle.warnings:
        log.warning(warning)
