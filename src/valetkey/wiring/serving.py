"""Compose the program out of its settings. No setting selects a fake: AWS is met by its URL."""

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import AsyncIterator

import aiohttp

from valetkey.aws import AmbientAws, StsClient
from valetkey.broker import Broker, make_policy
from valetkey.broker.readiness import Readiness
from valetkey.errors import ValetkeyError
from valetkey.settings import Settings
from valetkey.store import SqliteStore
from valetkey.version import VERSION
from valetkey.web.app import make_app
from valetkey.web.credentials import CredentialsEndpoint
from valetkey.web.jwks import JwksSource

log = logging.getLogger("valetkey")

CHECK_SECONDS = 60
"""How often the broker's standing with AWS is renewed and expired credentials are dropped."""


@contextlib.asynccontextmanager
async def running(settings: Settings, *, url: str) -> AsyncIterator[CredentialsEndpoint]:
    """Bring the broker up for the length of a block, as an ASGI application.

    `url` is where it listens: how sandboxes reach it unless the settings say `public_url`.

    Raises a ValetkeyError when the store or the AWS configuration can't be used; an AWS that does
    not answer yet only makes `/readyz` say so.
    """
    async with contextlib.AsyncExitStack() as stack:
        store = await SqliteStore.open(settings.store)
        stack.push_async_callback(store.close)
        http = await stack.enter_async_context(
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        )
        keys = await stack.enter_async_context(JwksSource(time.monotonic))
        ambient = AmbientAws(
            clock=time.time,
            profile=settings.aws.profile,
            region=settings.aws.region,
            endpoint_url=settings.aws.endpoint_url,
        )
        for grant in settings.grants:
            ambient.for_profile(grant.profile)  # a profile that is not there is told now
        sts = StsClient(ambient, http)
        broker = _broker(settings, store, keys, sts)
        await broker.start(program=VERSION, config_digest=settings.digest)
        readiness = Readiness(sts, store)
        stack.push_async_callback(broker.holdings.stop)
        upkeep = asyncio.create_task(_upkeep(broker, readiness, store))
        stack.callback(upkeep.cancel)
        yield make_app(broker, readiness, public_url=settings.public_url or url, version=VERSION)


def _broker(settings: Settings, store: SqliteStore, keys: JwksSource, sts: StsClient) -> Broker:
    return Broker(
        issuers=settings.issuers,
        rules=settings.rules,
        templates=settings.templates,
        policy=make_policy(settings.grants),
        run_seconds=settings.run_seconds,
        max_run_seconds=settings.max_run_seconds,
        store=store,
        keys=keys,
        sts=sts,
        clock=time.time,
        entropy=secrets.token_bytes,
    )


async def _upkeep(broker: Broker, readiness: Readiness, store: SqliteStore) -> None:
    told: set[str] = set()
    while True:
        try:
            told = await _look(broker, readiness, store, told=told)
        except Exception:
            log.exception("the upkeep failed; it goes on")
        await asyncio.sleep(CHECK_SECONDS)


async def _look(
    broker: Broker, readiness: Readiness, store: SqliteStore, *, told: set[str]
) -> set[str]:
    """Renew what is known of AWS and the disk; say in the log what is new in the way."""
    broker.holdings.forget_expired(broker.clock())
    if not store.is_writable:
        with contextlib.suppress(ValetkeyError):
            await store.probe()  # without traffic nobody would notice that the disk is back
    await readiness.check()
    obstacles = readiness.obstacles()
    for obstacle in obstacles:
        if obstacle.code not in told:
            log.warning(obstacle.message, extra={"code": obstacle.code, "hint": obstacle.hint})
    return {obstacle.code for obstacle in obstacles}
