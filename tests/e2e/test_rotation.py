"""The issuer restarts and rotates under load: no valid token is refused, no retired key accepted.

Here days pass in milliseconds: two brokers over one store, their documents over HTTP, verifiers
that hold a key set for as long as they may and ask for no unknown `kid`.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.fakes.own_issuer import key_ring
from tests.fakes.platform import Clock
from valetkey.broker.key_ring import KeyRing
from valetkey.broker.minting import ACCESS_TOKEN, Minted, mint
from valetkey.broker.own_issuer import OwnIssuer
from valetkey.credentials import Algorithm, KeySchedule, TokenGrant
from valetkey.credentials.issuer_documents import (
    DISCOVERY,
    KEY_SET,
    discovery_document,
    key_set_document,
)
from valetkey.credentials.token_claims import tool_claims
from valetkey.identity import Issuer, IssuerUrl, TokenRejected, parse_unverified, verify
from valetkey.secret import Secret
from valetkey.store import SqliteStore
from valetkey.web.jwks import JwksSource

AUDIENCE = "https://billing.internal/mcp"
GRANT = TokenGrant("billing", AUDIENCE, duration=3600)
SCHEDULE = KeySchedule(key_lifetime=36_000, cache_time=3600)
LEEWAY = 300
STEP = 400
BROKERS, VERIFIERS = 2, 3


@dataclass
class World:
    """Brokers that share `path`, and whoever takes their tokens. `clock` is everybody's."""

    path: Path
    clock: Clock = field(default_factory=Clock)
    url: str = ""
    stores: list[SqliteStore] = field(default_factory=list)
    rings: list[KeyRing] = field(default_factory=list)
    verifiers: list[JwksSource] = field(default_factory=list)
    minted: list[Minted] = field(default_factory=list)
    signed_with: set[str] = field(default_factory=set)
    number: int = 0

    async def start(self, broker: int) -> None:
        store = await SqliteStore.open(self.path)
        ring = key_ring(store, url=self.url, schedule=SCHEDULE)
        await ring.keep_up(now=self.clock())
        self.stores[broker : broker + 1] = [store]
        self.rings[broker : broker + 1] = [ring]

    async def restart(self, broker: int) -> None:
        await self.stores[broker].close()
        await self.start(broker)

    async def mint(self, broker: int) -> None:
        self.number += 1
        claims = tool_claims(
            GRANT,
            issuer=self.url,
            subject="alice",
            run_id="r-1",
            actor_issuer="cluster",
            actor="orchestrator",
            client_id="cluster:orchestrator",
            scope=None,
            token_id=f"{broker}-{self.number}",
            now=int(self.clock()),
        )
        own = OwnIssuer(
            IssuerUrl(self.url), Algorithm.ES256, qualified=False, ring=self.rings[broker]
        )
        minted = await mint(own, claims, typ=ACCESS_TOKEN, algorithm=None, now=self.clock())
        self.minted.append(minted)
        self.signed_with.add(minted.key_id)

    async def take(self, verifier: int, token: Secret) -> None:
        """Verify as a relying party that knows no other key than those it has cached."""
        issuer = Issuer("own", IssuerUrl(self.url), (AUDIENCE,), ("ES256",), leeway=LEEWAY)
        keys = await self.verifiers[verifier].keys(issuer, None)
        verify(parse_unverified(token), issuer, keys, now=self.clock())

    async def take_all(self, *verifiers: int) -> int:
        """Let these verifiers take every token that is good; drop those that are not any more."""
        self.minted = [m for m in self.minted if self.clock() < m.expires_at + LEEWAY]
        for minted in self.minted:
            for verifier in verifiers:
                await self.take(verifier, minted.token)
        return len(self.minted)

    async def answer(self, request: web.Request) -> web.Response:
        keys = await self.rings[self.number % BROKERS].published(now=self.clock())
        if request.path == KEY_SET:
            return web.Response(body=key_set_document(keys))
        document = discovery_document(self.url, algorithms=[Algorithm.ES256], token_endpoint=None)
        return web.Response(body=document)


@asynccontextmanager
async def world(folder: Path) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        made = World(folder / "valetkey.db")
        app = web.Application()
        app.router.add_get(DISCOVERY, made.answer)
        app.router.add_get(KEY_SET, made.answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        for _ in range(VERIFIERS):
            source = JwksSource(made.clock, ttl=SCHEDULE.cache_time)
            made.verifiers.append(await stack.enter_async_context(source))
        for broker in range(BROKERS):
            await made.start(broker)
        yield made
        for store in made.stores:
            await store.close()


async def test_no_valid_token_is_refused_while_brokers_rotate_and_restart(tmp_path: Path) -> None:
    moments = random.Random(5)
    taken = 0
    async with world(tmp_path) as w:
        for step in range(4 * SCHEDULE.key_lifetime // STEP):
            w.clock.now += STEP
            broker = step % BROKERS
            work: list[Coroutine[Any, Any, object]] = [w.rings[broker].keep_up(now=w.clock())]
            if step % 4 == 0:
                work += [w.mint(each) for each in range(BROKERS)]
            if moments.random() < 0.02:
                work.append(w.rings[broker].rotate(now=w.clock(), by="account:op"))
            await asyncio.gather(*work)
            if moments.random() < 0.1:
                await w.restart(broker)
            taken += await w.take_all(step % VERIFIERS)
    assert taken > 1_000
    assert len(w.signed_with) >= 4


async def test_no_token_of_a_retired_key_is_accepted_once_no_cache_has_it(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await asyncio.gather(*(w.mint(broker) for broker in range(BROKERS)))
        await w.take_all(*range(VERIFIERS))
        retired = w.minted[0]
        await w.rings[0].retire(retired.key_id, now=w.clock(), by="account:op", because="it leaked")
        w.clock.now += 1  # by then the other broker has heard of it
        w.minted.clear()
        await asyncio.gather(*(w.mint(broker) for broker in range(BROKERS) for _ in range(5)))
        assert retired.key_id not in {minted.key_id for minted in w.minted}
        w.clock.now += SCHEDULE.cache_time
        assert w.clock() < retired.expires_at + LEEWAY
        for verifier in range(VERIFIERS):
            with pytest.raises(TokenRejected) as rejected:
                await w.take(verifier, retired.token)
            assert rejected.value.code == "token-key-unknown"
        assert await w.take_all(0) == BROKERS * 5
