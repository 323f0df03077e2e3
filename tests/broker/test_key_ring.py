"""The ring: one key signs, the next is ready, a retired one is never heard of again."""

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from tests.fakes.key_store import KeyStore, NumberedKeys
from valetkey.broker import BrokerError
from valetkey.broker.key_proof import PROBE
from valetkey.broker.key_ring import KeyRing
from valetkey.credentials import MAX_PUBLISHED, Algorithm, KeyPhase, KeySchedule, SigningKey
from valetkey.errors import ValetkeyError

NOW = 1_800_000_000
DAY = 86_400
SCHEDULE = KeySchedule()
OPERATOR = "account:op"


@dataclass
class World:
    store: KeyStore = field(default_factory=KeyStore)
    keys: NumberedKeys = field(default_factory=NumberedKeys)

    def ring(self, *, maker: Any = None, signer: Any = None, **changes: Any) -> KeyRing:
        return KeyRing(
            cast("Any", self.store),
            signer or self.keys,
            maker=maker or self.keys,
            issuer="https://id.example.com",
            **changes,
        )

    def kinds(self) -> list[str]:
        return [record.kind.value for record in self.store.records]


async def phases(ring: KeyRing, now: float) -> dict[str, KeyPhase]:
    return {key.kid: phase for key, phase in await ring.keys(now=now)}


async def signer_at(ring: KeyRing, now: float) -> str:
    return (await ring.signing(Algorithm.ES256, now=now)).kid


async def code_of(ring: KeyRing, now: float, algorithm: Algorithm = Algorithm.ES256) -> str:
    with pytest.raises(BrokerError) as refused:
        await ring.signing(algorithm, now=now)
    return refused.value.code


async def test_without_a_key_nothing_signs() -> None:
    assert await code_of(World().ring(), NOW) == "signing-key-missing"


async def test_the_first_key_signs_at_once() -> None:
    world = World()
    ring = world.ring(algorithms=(Algorithm.ES256, Algorithm.RS256))
    await ring.keep_up(now=NOW)
    assert await phases(ring, NOW) == {"k1": KeyPhase.SIGNING, "k2": KeyPhase.SIGNING}
    assert (await ring.signing(Algorithm.RS256, now=NOW)).kid == "k2"
    assert world.kinds() == ["key-created", "key-created"]


async def test_the_first_key_of_a_second_algorithm_waits_for_the_caches() -> None:
    world = World()
    await world.ring().keep_up(now=NOW)
    ring = world.ring(algorithms=(Algorithm.ES256, Algorithm.RS256))
    await ring.keep_up(now=NOW + 10)
    assert await code_of(ring, NOW + 10, Algorithm.RS256) == "signing-key-missing"
    after = NOW + 10 + SCHEDULE.lead
    assert (await ring.signing(Algorithm.RS256, now=after)).kid == "k2"


async def test_keys_follow_each_other_by_the_schedule_and_the_key_set_stays_small() -> None:
    ring = World().ring()
    signed, most = [], 0
    for hour in range(100 * 24):
        now = NOW + hour * 3600
        await ring.keep_up(now=now)
        signed.append(await signer_at(ring, now))
        most = max(most, len(await ring.published(now=now)))
    assert sorted(set(signed), key=signed.index) == ["k1", "k2", "k3", "k4"]
    assert most == 2


async def test_an_old_private_part_is_wiped_and_an_old_key_forgotten() -> None:
    world = World()
    ring = world.ring()
    await ring.keep_up(now=NOW)
    await ring.rotate(now=NOW, by=OPERATOR)
    took_over = NOW + SCHEDULE.lead
    for later, is_kept in ((59, True), (60, False)):
        await ring.keep_up(now=took_over + later)
        assert (world.store.rows["k1"].sealed is not None) is is_kept
    assert await phases(ring, took_over + 60) == {"k1": KeyPhase.LAST, "k2": KeyPhase.SIGNING}
    await ring.keep_up(now=took_over + SCHEDULE.afterlife)
    assert list(world.store.rows) == ["k2"]


async def test_a_rotation_on_command_interrupts_nothing() -> None:
    world = World()
    ring = world.ring()
    await ring.keep_up(now=NOW)
    made = await ring.rotate(now=NOW + 5, by=OPERATOR)
    assert (made.kid, made.signs_from) == ("k2", NOW + 5 + SCHEDULE.lead)
    assert await signer_at(ring, NOW + 5) == "k1"
    assert [key.kid for key in await ring.published(now=NOW + 5)] == ["k1", "k2"]
    assert await signer_at(ring, NOW + 5 + SCHEDULE.lead) == "k2"
    assert world.store.records[-1].by == OPERATOR  # type: ignore[union-attr]


async def test_a_second_command_returns_the_key_that_waits_already() -> None:
    world = World()
    ring = world.ring()
    await ring.keep_up(now=NOW)
    first = await ring.rotate(now=NOW, by=OPERATOR)
    assert await ring.rotate(now=NOW + 1, by=OPERATOR) == first
    assert len(world.store.rows) == 2


async def test_the_key_set_never_grows_past_its_bound() -> None:
    world = World()
    ring = world.ring(schedule=KeySchedule(cache_time=0))
    await ring.keep_up(now=NOW)
    for turn in range(1, MAX_PUBLISHED):
        await ring.rotate(now=NOW + turn * 60, by=OPERATOR)
    now = NOW + MAX_PUBLISHED * 60
    with pytest.raises(BrokerError) as refused:
        await ring.rotate(now=now, by=OPERATOR)
    assert refused.value.code == "signing-keys-too-many"
    assert len(await ring.published(now=now)) == MAX_PUBLISHED
    await ring.keep_up(now=now + DAY)
    assert (await ring.rotate(now=now + DAY, by=OPERATOR)).kid


async def test_a_retired_key_signs_nothing_and_is_in_no_key_set() -> None:
    world = World()
    ring = world.ring()
    await ring.keep_up(now=NOW)
    await ring.retire("k1", now=NOW + 9, by=OPERATOR, because="it leaked")
    assert await signer_at(ring, NOW + 9) == "k2"
    assert [key.kid for key in await ring.published(now=NOW + 9)] == ["k2"]
    assert world.store.rows["k1"].sealed is None
    assert world.kinds() == ["key-created", "key-retired", "key-created"]


async def test_the_key_that_waits_takes_over_from_a_retired_one_at_once() -> None:
    world = World()
    ring = world.ring()
    await ring.keep_up(now=NOW)
    await ring.rotate(now=NOW, by=OPERATOR)
    await ring.retire("k1", now=NOW + 9, by=OPERATOR, because="it leaked")
    assert await signer_at(ring, NOW + 9) == "k2"
    assert list(world.store.rows) == ["k1", "k2"]


@pytest.mark.parametrize("kid", ["nobody's", "k1"])
async def test_what_is_no_key_or_was_retired_is_not_retired(kid: str) -> None:
    world = World()
    ring = world.ring()
    await ring.keep_up(now=NOW)
    await ring.retire("k1", now=NOW, by=OPERATOR, because="it leaked")
    with pytest.raises(BrokerError) as refused:
        await ring.retire(kid, now=NOW, by=OPERATOR, because="it leaked")
    assert refused.value.code == "signing-key-unknown"
    assert world.kinds().count("key-retired") == 1


async def test_another_issuers_keys_are_not_ours() -> None:
    world = World()
    other = KeyRing(
        cast("Any", world.store), world.keys, maker=world.keys, issuer="https://other.example.com"
    )
    await other.keep_up(now=NOW)
    ring = world.ring()
    assert await ring.published(now=NOW) == ()
    await ring.keep_up(now=NOW)
    assert await signer_at(ring, NOW) == "k2"
    with pytest.raises(BrokerError):
        await ring.retire("k1", now=NOW, by=OPERATOR, because="not ours")


async def test_another_process_is_heard_of_within_a_second() -> None:
    world = World()
    ring, elsewhere = world.ring(), world.ring()
    await ring.keep_up(now=NOW)
    await ring.signing(Algorithm.ES256, now=NOW)
    await elsewhere.retire("k1", now=NOW, by=OPERATOR, because="it leaked")
    assert await signer_at(ring, NOW + 0.9) == "k1"
    assert await signer_at(ring, NOW + 1) == "k2"


async def test_signing_reads_the_store_once_a_second_and_not_at_all_between() -> None:
    world = World()
    ring = world.ring()
    await ring.keep_up(now=NOW)
    before = world.store.reads
    for _ in range(100):
        await ring.signing(Algorithm.ES256, now=NOW + 0.5)
    assert world.store.reads == before
    await asyncio.gather(*(ring.signing(Algorithm.ES256, now=NOW + 2) for _ in range(100)))
    assert world.store.reads == before + 1


class SlowStore(KeyStore):
    """Answers as of when it was asked, when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def signing_keys(self) -> list[SigningKey]:
        found = await super().signing_keys()
        await self.may_answer.wait()
        return found


async def test_a_reread_outlives_a_caller_that_hangs_up() -> None:
    store = SlowStore()
    ring = World(store=store).ring()
    await ring.keep_up(now=NOW)
    store.may_answer.clear()
    callers = [asyncio.ensure_future(signer_at(ring, NOW + 5)) for _ in range(2)]
    await asyncio.sleep(0)
    callers[0].cancel()
    await asyncio.sleep(0)
    store.may_answer.set()
    assert await callers[1] == "k1"


async def test_a_slow_read_does_not_bring_back_what_was_retired_meanwhile() -> None:
    store = SlowStore()
    ring = World(store=store).ring()
    await ring.keep_up(now=NOW)
    store.may_answer.clear()
    slow = asyncio.ensure_future(ring.signing(Algorithm.ES256, now=NOW + 5))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting, store.may_answer = store.may_answer, asyncio.Event()
    store.may_answer.set()
    await ring.retire("k1", now=NOW + 5, by=OPERATOR, because="it leaked")
    waiting.set()
    await slow
    assert await signer_at(ring, NOW + 5) == "k2"


async def test_a_store_that_can_not_be_read_signs_nothing_once_the_copy_is_old() -> None:
    world = World()
    ring = world.ring()
    await ring.keep_up(now=NOW)

    async def fails() -> list[SigningKey]:
        raise ValetkeyError("store-unwritable", "the disk is gone")

    world.store.signing_keys = fails  # type: ignore[method-assign]
    assert await signer_at(ring, NOW + 0.5) == "k1"
    with pytest.raises(ValetkeyError) as refused:
        await ring.signing(Algorithm.ES256, now=NOW + 5)
    assert refused.value.code == "store-unwritable"


async def test_with_static_documents_a_key_signs_only_once_it_was_written_out() -> None:
    world = World()
    ring = world.ring(is_static=True)
    await ring.keep_up(now=NOW)
    assert await code_of(ring, NOW) == "signing-key-missing"
    assert [key.kid for key in await ring.published(now=NOW)] == ["k1"]
    await ring.note_published(now=NOW + 50, by=OPERATOR)
    assert await signer_at(ring, NOW + 50) == "k1"
    assert world.kinds() == ["key-created", "keys-published"]


async def test_with_static_documents_the_old_key_goes_on_rather_than_nothing() -> None:
    world = World()
    ring = world.ring(is_static=True)
    await ring.keep_up(now=NOW)
    await ring.note_published(now=NOW, by=OPERATOR)
    late = NOW + 90 * DAY
    await ring.keep_up(now=late)
    assert await phases(ring, late) == {"k1": KeyPhase.SIGNING, "k2": KeyPhase.PENDING}
    await ring.keep_up(now=late + DAY)
    assert list(world.store.rows) == ["k1", "k2"]
    await ring.note_published(now=late + DAY, by=OPERATOR)
    assert await signer_at(ring, late + DAY + SCHEDULE.lead - 1) == "k1"
    assert await signer_at(ring, late + DAY + SCHEDULE.lead) == "k2"


async def test_a_key_that_was_not_in_the_documents_is_not_noted_as_published() -> None:
    world = World()
    ring = world.ring(is_static=True)
    await ring.keep_up(now=NOW)
    written = await ring.published(now=NOW)
    await ring.retire("k1", now=NOW, by=OPERATOR, because="it leaked")
    await ring.note_published(now=NOW, by=OPERATOR, keys=written)
    assert await phases(ring, NOW) == {"k1": KeyPhase.RETIRED, "k2": KeyPhase.PENDING}


async def test_a_broker_that_serves_the_documents_publishes_what_waited_for_a_command() -> None:
    world = World()
    await world.ring(is_static=True).keep_up(now=NOW)
    ring = world.ring()
    assert await ring.published(now=NOW) == ()
    await ring.keep_up(now=NOW + 5)
    assert await signer_at(ring, NOW + 5) == "k1"
    assert world.kinds() == ["key-created", "keys-published"]


class OneKey:
    """AWS KMS as a maker: the same key each time, which it also signs with."""

    def __init__(self, kid: str = "kms-1") -> None:
        self.kid = kid
        self.asked = 0

    async def make(self, algorithm: Algorithm, *, issuer: str, now: float) -> SigningKey:
        self.asked += 1
        arn = f"arn:aws:kms:eu-west-1:111122223333:key/{self.kid}"
        return SigningKey(self.kid, issuer, algorithm, {"kid": self.kid}, int(now), kms_key=arn)


async def test_a_key_of_kms_is_asked_for_once_a_start_and_never_too_old() -> None:
    world, kms = World(), OneKey()
    ring = world.ring(maker=kms, has_one_key=True)
    for day in range(200):
        await ring.keep_up(now=NOW + day * DAY)
        assert await signer_at(ring, NOW + day * DAY) == "kms-1"
    assert (kms.asked, len(world.store.rows)) == (1, 1)


async def test_another_key_of_kms_in_the_configuration_takes_over_after_the_cache_time() -> None:
    world = World()
    await world.ring(maker=OneKey(), has_one_key=True).keep_up(now=NOW)
    ring = world.ring(maker=OneKey("kms-2"), has_one_key=True)
    await ring.keep_up(now=NOW + DAY)
    assert await signer_at(ring, NOW + DAY) == "kms-1"
    assert await signer_at(ring, NOW + DAY + SCHEDULE.lead) == "kms-2"


async def test_kms_rotates_no_key_and_a_retired_one_of_its_never_comes_back() -> None:
    ring = World().ring(maker=OneKey(), has_one_key=True)
    await ring.keep_up(now=NOW)
    with pytest.raises(BrokerError) as refused:
        await ring.rotate(now=NOW, by=OPERATOR)
    assert refused.value.code == "signing-key-of-kms"
    await ring.retire("kms-1", now=NOW, by=OPERATOR, because="it leaked")
    for day in range(3):
        await ring.keep_up(now=NOW + day * DAY)
        assert await code_of(ring, NOW + day * DAY) == "signing-key-missing"


class Broken:
    """A signer that opens nothing."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []

    async def sign(self, key: SigningKey, signing_input: bytes) -> bytes:
        self.asked.append(signing_input)
        raise ValetkeyError("signing-key-sealed", "it does not open")


async def test_a_key_that_can_not_sign_is_told_before_a_token_needs_it() -> None:
    world = World()
    await world.ring().keep_up(now=NOW)
    broken = Broken()
    with pytest.raises(ValetkeyError) as refused:
        await world.ring(signer=broken).check(now=NOW)
    assert refused.value.code == "signing-key-sealed"
    assert broken.asked == [PROBE]
    assert b"." not in PROBE


class OfOneSecret:
    """Keys of a secret: it makes some, and opens no others. Two of it are two commands."""

    def __init__(self, name: str) -> None:
        self.name = name.encode()
        self._keys = NumberedKeys()

    async def make(self, algorithm: Algorithm, *, issuer: str, now: float) -> SigningKey:
        key = await self._keys.make(algorithm, issuer=issuer, now=now)
        kid = f"{self.name.decode()}-{key.kid}"
        return replace(key, kid=kid, public={"kid": kid}, sealed=self.name)

    async def sign(self, key: SigningKey, signing_input: bytes) -> bytes:
        if key.sealed != self.name:
            raise ValetkeyError("signing-key-sealed", f"{key.kid} does not open")
        return b"signed"


def of_secret(world: World, name: str, **changes: Any) -> KeyRing:
    secret = OfOneSecret(name)
    return world.ring(maker=secret, signer=secret, **changes)


@pytest.mark.parametrize("is_static", [False, True])
async def test_who_has_another_secret_makes_no_key(*, is_static: bool) -> None:
    world = World()
    await of_secret(world, "old", is_static=is_static).keep_up(now=NOW)
    other = of_secret(world, "new", is_static=is_static)
    for now in (NOW, NOW + 40 * DAY):
        with pytest.raises(BrokerError) as refused:
            await other.rotate(now=now, by=OPERATOR)
        assert refused.value.code == "signing-secret-differs"
    if not is_static:  # one that waits already is as good then as one that is to be made
        with pytest.raises(BrokerError):
            await other.keep_up(now=NOW + 40 * DAY)
    assert list(world.store.rows) == ["old-k1"]


async def test_a_bad_next_key_is_no_reason_not_to_sign_until_it_is_its_turn() -> None:
    world = World()
    ring = of_secret(world, "good")
    await ring.keep_up(now=NOW)
    bad = await OfOneSecret("bad").make(Algorithm.ES256, issuer=ring.issuer, now=NOW)
    turn = NOW + 5000
    world.store.rows[bad.kid] = replace(bad, published_at=NOW, signs_from=turn)
    await ring.check(now=NOW + 5)
    await ring.prove(now=NOW + 5)
    assert [key.kid for key in await ring.waiting(now=NOW + 5)] == ["bad-k1"]
    with pytest.raises(ValetkeyError) as refused:
        await ring.check(now=turn)
    assert refused.value.code == "signing-key-sealed"
    await ring.retire("bad-k1", now=turn + 5, by=OPERATOR, because="nobody has its secret")
    await ring.check(now=turn + 5)
    assert await signer_at(ring, turn + 5) == "good-k2"


async def test_a_key_is_withdrawn_without_another_one_where_that_is_asked() -> None:
    world = World()
    await of_secret(world, "old").keep_up(now=NOW)
    ring = of_secret(world, "new")
    await ring.retire("old-k1", now=NOW, by=OPERATOR, because="leaked", makes_next=False)
    assert list(world.store.rows) == ["old-k1"]
    await ring.keep_up(now=NOW + 5)
    assert await signer_at(ring, NOW + 5) == "new-k1"


async def test_an_early_take_over_is_when_the_next_key_signs_from() -> None:
    world = World()
    ring = world.ring()
    await ring.keep_up(now=NOW)
    await ring.rotate(now=NOW + 5, by=OPERATOR)
    await ring.retire("k1", now=NOW + 10, by=OPERATOR, because="leaked")
    assert world.store.rows["k2"].signs_from == NOW + 10
    assert await phases(ring, NOW + 10) == {"k1": KeyPhase.RETIRED, "k2": KeyPhase.SIGNING}


async def test_a_first_start_with_a_clock_that_is_ahead_does_no_lasting_harm() -> None:
    world = World()
    await world.ring().keep_up(now=NOW + DAY)
    ring = world.ring()
    await ring.keep_up(now=NOW)
    assert await signer_at(ring, NOW) == "k1"
    await ring.retire("k1", now=NOW + 5, by=OPERATOR, because="of a wrong clock")
    for later in (5, SCHEDULE.afterlife + 60, 20 * DAY):
        await ring.keep_up(now=NOW + later)
        assert await signer_at(ring, NOW + later) == "k2"
    assert world.store.rows["k2"].signs_from == NOW + 5


async def test_a_last_key_needs_no_private_part_to_start() -> None:
    world = World()
    ring = world.ring()
    await ring.keep_up(now=NOW)
    await ring.rotate(now=NOW, by=OPERATOR)
    later = NOW + SCHEDULE.lead + 60
    await ring.keep_up(now=later)
    await world.ring().check(now=later)


async def test_a_rotation_that_others_forestall_again_and_again_gives_up() -> None:
    world = World()
    ring = world.ring()
    await ring.keep_up(now=NOW)
    make = world.keys.make

    async def make_and_be_forestalled(*args: Any, **options: Any) -> SigningKey:
        other = replace(await make(*args, **options), issuer="https://other.example.com")
        world.store.rows[other.kid] = other
        return await make(*args, **options)

    world.keys.make = make_and_be_forestalled  # type: ignore[method-assign]
    with pytest.raises(BrokerError) as refused:
        await ring.rotate(now=NOW, by=OPERATOR)
    assert refused.value.code == "signing-keys-busy"
