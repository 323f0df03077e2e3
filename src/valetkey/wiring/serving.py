"""Compose the program out of its settings. No setting selects a fake: AWS is met by its URL."""

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import AsyncIterator

import aiohttp
from starlette.types import ASGIApp

from valetkey.aws import AmbientAws, KmsSigner, StsClient
from valetkey.broker import Broker
from valetkey.broker.own_issuer import OwnIssuer
from valetkey.broker.ports import Directory
from valetkey.broker.readiness import Readiness
from valetkey.broker.tool_terms import ToolTerms
from valetkey.errors import ValetkeyError
from valetkey.settings import Settings
from valetkey.store import SqliteStore
from valetkey.tools.bundle import make_bundle
from valetkey.version import VERSION
from valetkey.web.app import make_app
from valetkey.web.jwks import JwksSource
from valetkey.web.login import LoginPlace
from valetkey.wiring.activation import policy_of
from valetkey.wiring.active_policy import follow_active
from valetkey.wiring.directory import open_directory
from valetkey.wiring.gateway import begin_with_policy, behind_gateway, tool_terms
from valetkey.wiring.own_issuer import build_issuer, start_issuer, tell_of_waiting

log = logging.getLogger("valetkey")

CHECK_SECONDS = 60
"""How often the broker's standing with AWS is renewed and expired credentials are dropped."""


@contextlib.asynccontextmanager
async def running(
    settings: Settings, *, url: str, stopping: asyncio.Event | None = None
) -> AsyncIterator[ASGIApp]:
    """Bring the broker up for the length of a block, as an ASGI application.

    `url` is where it listens: how sandboxes reach it unless the settings say `public_url`. When
    `stopping` is set, streams that have no end of their own end.

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
        directory = await open_directory(settings.directory)
        own = build_issuer(settings.issuer, store, kms=KmsSigner(ambient, http))
        public_url = settings.public_url or url
        terms = tool_terms(settings, public_url=public_url)
        broker = _broker(settings, store, keys, sts, own=own, directory=directory, tools=terms)
        await broker.start(program=VERSION, config_digest=settings.digest)
        await begin_with_policy(broker)
        await start_issuer(own, now=broker.clock())
        readiness = Readiness(sts, store, broker=broker)
        stack.push_async_callback(broker.holdings.stop)
        upkeep = asyncio.create_task(_upkeep(broker, readiness, store))
        stack.callback(upkeep.cancel)
        app = make_app(
            broker,
            readiness,
            public_url=public_url,
            version=VERSION,
            login=_login_place(settings),
        )
        yield await stack.enter_async_context(
            behind_gateway(settings, broker, app, public_url=public_url, stopping=stopping)
        )


def _broker(
    settings: Settings,
    store: SqliteStore,
    keys: JwksSource,
    sts: StsClient,
    *,
    own: OwnIssuer | None,
    directory: Directory | None,
    tools: ToolTerms | None,
) -> Broker:
    return Broker(
        issuers=settings.issuers,
        rules=settings.rules,
        templates=settings.templates,
        policy=policy_of(settings),
        run_seconds=settings.run_seconds,
        max_run_seconds=settings.max_run_seconds,
        store=store,
        keys=keys,
        sts=sts,
        clock=time.time,
        entropy=secrets.token_bytes,
        own=own,
        directory=directory,
        tools=tools,
        compile_tools=make_bundle,
    )


def _login_place(settings: Settings) -> LoginPlace | None:
    login = settings.login
    if login is None:
        return None
    issuer = next(each for each in settings.issuers if each.name == login.issuer)
    return LoginPlace(issuer.url, login.client_id, login.scopes, login.token)


async def _upkeep(broker: Broker, readiness: Readiness, store: SqliteStore) -> None:
    told: set[str] = set()
    version = broker.opening.version
    while True:
        try:
            told = await _look(broker, readiness, store, told=told)
            version = await follow_active(broker, store, told=version)
        except Exception:
            log.exception("the upkeep failed; it goes on")
        await asyncio.sleep(CHECK_SECONDS)


async def _keep_up(broker: Broker) -> None:
    """Rotate the signing keys where that is due. What stands in the way is no end of the upkeep."""
    if broker.own is None:
        return
    try:
        await broker.own.ring.keep_up(now=broker.clock())
    except ValetkeyError as error:
        log.warning(error.message, extra={"code": error.code, "hint": error.hint})


async def _look(
    broker: Broker, readiness: Readiness, store: SqliteStore, *, told: set[str]
) -> set[str]:
    """Renew what is known of AWS and the disk; say in the log what is new in the way."""
    broker.holdings.forget_expired(broker.clock())
    if not store.is_writable:
        with contextlib.suppress(ValetkeyError):
            await store.probe()  # without traffic nobody would notice that the disk is back
    await _keep_up(broker)
    await readiness.check()
    obstacles = readiness.obstacles()
    for obstacle in obstacles:
        if _topic(obstacle) not in told:
            fields = {"code": obstacle.code, "hint": obstacle.hint, "detail": obstacle.detail}
            log.warning(obstacle.message, extra=fields)
    waits = await tell_of_waiting(broker.own, now=broker.clock(), told=told)
    return {_topic(obstacle) for obstacle in obstacles} | waits


def _topic(obstacle: ValetkeyError) -> str:
    """Return what is told once while it lasts: of keys each by its name."""
    return obstacle.message if obstacle.code.startswith("signing-key-") else obstacle.code
