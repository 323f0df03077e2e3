"""Whatever happens to the keys and when: who caches the key set refuses no good token."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.key_store import KeyStore, NumberedKeys
from valetkey.broker import BrokerError
from valetkey.broker.key_copy import COPY_SECONDS
from valetkey.broker.key_ring import KeyRing
from valetkey.credentials import (
    MAX_PUBLISHED,
    MAX_TOKEN_SECONDS,
    STS_LEEWAY,
    Algorithm,
    KeyPhase,
    KeySchedule,
)

START = 1_800_000_000
CLOCKS = (0, 25)
"""Two brokers share the store; by so many seconds their clocks are ahead of the true time."""
ALGORITHMS = (Algorithm.ES256, Algorithm.RS256)


@dataclass(frozen=True)
class Step:
    """After `wait`, a time that means something to the schedule, a broker does `act`."""

    wait: str
    early: int
    broker: int
    act: str
    pick: int


@dataclass(frozen=True)
class Token:
    kid: str
    signed_at: float
    until: float


@dataclass
class World:
    """Two brokers, and what anybody who asks for the key set sees, by the true time."""

    schedule: KeySchedule
    is_static: bool
    now: float = float(START)
    store: KeyStore = field(default_factory=KeyStore)
    made: NumberedKeys = field(default_factory=NumberedKeys)
    tokens: list[Token] = field(default_factory=list)
    seen: list[tuple[float, frozenset[str]]] = field(default_factory=list)
    uploads: list[tuple[float, frozenset[str]]] = field(default_factory=list)
    withdrawn: dict[str, float] = field(default_factory=dict)
    excused: set[str] = field(default_factory=set)
    emergency: set[Algorithm] = field(default_factory=set)
    ahead: int = 0
    """By so many seconds every broker's clock is wrong, until it is set right."""

    def ring(self) -> KeyRing:
        return KeyRing(
            cast("Any", self.store),
            self.made,
            maker=self.made,
            issuer="https://id.example.com",
            algorithms=ALGORITHMS,
            schedule=self.schedule,
            is_static=self.is_static,
        )

    def waits(self) -> dict[str, int]:
        schedule = self.schedule
        return {
            "none": 0,
            "moment": 30,
            "cache": schedule.cache_time,
            "lead": schedule.lead,
            "afterlife": schedule.afterlife,
            "token": MAX_TOKEN_SECONDS,
            "lifetime": schedule.key_lifetime - schedule.lead,
        }

    async def play(self, steps: Sequence[Step]) -> None:
        rings = [self.ring() for _ in CLOCKS]
        await rings[0].keep_up(now=self.now + self.ahead)
        await self.look(rings)
        for step in steps:
            self.now += max(0, self.waits()[step.wait] - step.early)
            await self.look(rings)
            if step.act == "restart":
                rings[step.broker] = self.ring()
            else:
                await self.act(rings[step.broker], step, self.clocks()[step.broker])
            await self.look(rings)

    def clocks(self) -> list[float]:
        return [self.now + self.ahead + clock for clock in CLOCKS]

    async def act(self, ring: KeyRing, step: Step, now: float) -> None:
        algorithm = ALGORITHMS[step.pick % 2]
        if step.act == "keep up":
            await ring.keep_up(now=now)
        elif step.act == "rotate":
            with suppress(BrokerError):
                await ring.rotate(now=now, by="a test", algorithm=algorithm)
        elif step.act == "retire" and self.store.rows:
            await self.retire(ring, list(self.store.rows)[step.pick % len(self.store.rows)], now)
        elif step.act == "publish":
            command = self.ring()
            written = await command.published(now=now)
            await command.note_published(now=now, by="a test", keys=written)
            there_at = self.now + self.schedule.upload_time
            self.uploads.append((there_at, frozenset(key.kid for key in written)))
        elif step.act == "mint":
            await self.mint(ring, algorithm, now)

    async def retire(self, ring: KeyRing, kid: str, now: float) -> None:
        for clock in self.clocks():
            for key, phase in await self.ring().keys(now=clock):
                if key.kid == kid and phase is KeyPhase.SIGNING:
                    self.emergency.add(key.algorithm)
        self.withdrawn.setdefault(kid, self.now)
        with suppress(BrokerError):
            await ring.retire(kid, now=now, by="a test", because="it leaked")

    async def mint(self, ring: KeyRing, algorithm: Algorithm, now: float) -> None:
        try:
            key = await ring.signing(algorithm, now=now)
        except BrokerError as error:
            assert error.code == "signing-key-missing"
            unpublished = self.is_static and not self.seen
            assert unpublished or algorithm in self.emergency, "nothing signs"
            return
        assert key.sealed is not None
        assert key.published_at is not None, "an unpublished key signs"
        if algorithm in self.emergency and key.kid not in self.withdrawn:
            self.emergency.remove(algorithm)
            self.excused.add(key.kid)
        is_first = key.published_at <= START or key.signs_from == key.published_at
        waited = now - key.published_at
        assert is_first or key.kid in self.excused or waited >= self.schedule.cache_time
        self.tokens.append(Token(key.kid, self.now, now + MAX_TOKEN_SECONDS + STS_LEEWAY))

    async def look(self, rings: Sequence[KeyRing]) -> None:
        """Ask for the key set, as anybody may, and check it and what was seen before it."""
        for ring, clock in zip(rings, self.clocks(), strict=True):
            shown = await ring.published(now=clock)
            kids = frozenset(key.kid for key in shown)
            assert len(kids) <= MAX_PUBLISHED
            assert all(self.now < self.withdrawn.get(kid, self.now) + COPY_SECONDS for kid in kids)
            if not self.is_static:
                self.seen.append((self.now, kids))
        if self.is_static and (there := [kids for at, kids in self.uploads if at <= self.now]):
            self.seen.append((self.now, there[-1]))

    def refused(self) -> list[tuple[Token, float]]:
        """Every token that somebody refuses who cached the key set for as long as they may."""
        return [
            (token, at)
            for token in self.tokens
            if token.kid not in self.withdrawn and token.kid not in self.excused
            for at, kids in self.seen
            if token.signed_at - self.schedule.cache_time <= at <= token.until
            and token.kid not in kids
        ]


STEPS = st.lists(
    st.builds(
        Step,
        wait=st.sampled_from(["lead", "none", "lifetime", "afterlife", "moment", "token", "cache"]),
        early=st.sampled_from([0, 1, 26]),
        broker=st.sampled_from([0, 1]),
        act=st.sampled_from(
            ["mint"] * 4 + ["keep up"] * 3 + ["publish", "publish", "rotate", "retire", "restart"]
        ),
        pick=st.integers(0, 7),
    ),
    min_size=5,
    max_size=40,
)
SCHEDULES = st.builds(
    lambda cache, more: KeySchedule(2 * (cache + MAX_TOKEN_SECONDS) + more, cache),
    cache=st.sampled_from([0, 60, 3600, 86_400]),
    more=st.sampled_from([0, 3600, 86_400]),
)


@settings(max_examples=100)
@given(STEPS, SCHEDULES)
def test_no_cached_key_set_lacks_the_key_of_a_good_token(
    steps: list[Step], schedule: KeySchedule
) -> None:
    world = World(schedule, is_static=False)
    asyncio.run(world.play(steps))
    assert world.refused() == []


@settings(max_examples=100)
@given(STEPS, SCHEDULES)
def test_with_static_documents_no_unpublished_key_ever_signs(
    steps: list[Step], schedule: KeySchedule
) -> None:
    uploading = KeySchedule(schedule.key_lifetime, schedule.cache_time, upload_time=900)
    world = World(uploading, is_static=True)
    asyncio.run(world.play(steps))
    assert world.refused() == []


@settings(max_examples=100)
@given(STEPS, STEPS, SCHEDULES, st.sampled_from([100, 5_000, 86_400, 10**9]))
def test_however_far_a_clock_is_set_back_a_key_of_the_key_set_signs(
    before: list[Step], after: list[Step], schedule: KeySchedule, ahead: int
) -> None:
    """Caches may refuse its tokens for a while, as after every emergency: but there are tokens."""

    async def play() -> None:
        world = World(schedule, is_static=False, ahead=ahead)
        await world.play([replace(step, early=0) for step in before if step.act != "mint"])
        world.ahead = 0
        ring = world.ring()
        for step in after:
            world.now += max(0, world.waits()[step.wait])
            now = world.now + CLOCKS[step.broker]
            if step.act != "mint":
                await world.act(ring, step, now)
            await ring.keep_up(now=now)
            for algorithm in ALGORITHMS:
                key = await ring.signing(algorithm, now=now)
                assert key.sealed is not None
                assert key in await ring.published(now=now)

    asyncio.run(play())
