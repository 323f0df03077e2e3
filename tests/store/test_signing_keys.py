"""valetkey's own keys on the disk: kept, wiped, one for two brokers, over every restart."""

import asyncio
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.own_issuer import OWN_URL, SECRET, key_ring, key_set
from tests.store.samples import NOW, log
from valetkey.audit import KeyCreated, KeyRetired, KeysPublished, Record, Tree
from valetkey.credentials import Algorithm, SigningKey
from valetkey.credentials.sealing import make_key
from valetkey.store import LogReader, SqliteStore
from valetkey.store.schema import APPLICATION_ID, MIGRATIONS


def a_key(number: int = 0, **changes: object) -> SigningKey:
    key = make_key(
        Algorithm.ES256,
        issuer=OWN_URL,
        secret=SECRET,
        now=NOW + number,
        entropy=lambda size: number.to_bytes(size, "big"),
    )
    return replace(key, **changes)  # type: ignore[arg-type]


def created(*keys: SigningKey) -> list[Record]:
    return [
        KeyCreated(at=NOW * 1000, key_id=k.kid, algorithm=k.algorithm.value, by="schedule")
        for k in keys
    ]


def retired(key: SigningKey) -> KeyRetired:
    return KeyRetired(at=NOW * 1000, key_id=key.kid, by="account:op", because="it leaked")


def noted(*keys: SigningKey) -> KeysPublished:
    return KeysPublished(at=NOW * 1000, key_ids=tuple(k.kid for k in keys), by="account:op")


async def add(store: SqliteStore, *keys: SigningKey, among: tuple[SigningKey, ...] = ()) -> bool:
    return await store.add_signing_keys(keys, among=[k.kid for k in among], records=created(*keys))


async def test_keys_come_back_as_they_were_in_the_order_they_were_made(
    store: SqliteStore, path: Path
) -> None:
    first = a_key(9)
    later = a_key(1, published_at=NOW, signs_from=NOW + 3600)
    kms = a_key(5, sealed=None, kms_key="arn:aws:kms:eu-west-1:111122223333:key/1-2")
    assert await add(store, first, later)
    assert await add(store, kms, among=(first, later))
    assert await store.signing_keys() == [first, later, kms]
    assert [kind for kind, _ in log(path)] == ["key-created"] * 3


async def test_a_key_is_not_added_beside_others_than_its_maker_knew(
    store: SqliteStore, path: Path
) -> None:
    first, second = a_key(1), a_key(2)
    assert await add(store, first)
    assert not await add(store, second)
    assert not await add(store, second, among=(first, second))
    assert await store.signing_keys() == [first]
    assert [kind for kind, _ in log(path)] == ["key-created"]


async def test_a_key_that_can_not_be_stored_leaves_no_record(
    store: SqliteStore, path: Path
) -> None:
    both = a_key(1, kms_key="arn:aws:kms:eu-west-1:111122223333:key/1-2")
    with pytest.raises(sqlite3.IntegrityError):
        await add(store, a_key(2), both)
    assert await store.signing_keys() == []
    assert log(path) == []


async def test_a_published_key_keeps_the_time_it_was_published(
    store: SqliteStore, path: Path
) -> None:
    key = a_key()
    await add(store, key)
    await store.publish_signing_keys({key.kid: NOW + 60}, at=NOW, record=noted(key))
    await store.publish_signing_keys({key.kid: NOW + 999}, at=NOW + 900, record=noted(key))
    assert await store.signing_keys() == [replace(key, published_at=NOW, signs_from=NOW + 60)]
    assert [kind for kind, _ in log(path)] == ["key-created", "keys-published", "keys-published"]


async def test_a_retired_key_is_wiped_in_one_transaction_and_never_comes_back(
    store: SqliteStore, path: Path
) -> None:
    key = a_key()
    await add(store, key)
    assert await store.retire_signing_key(key.kid, at=NOW, record=retired(key))
    assert not await store.retire_signing_key(key.kid, at=NOW + 5, record=retired(key))
    assert not await store.retire_signing_key("nobody's", at=NOW, record=retired(key))
    await store.publish_signing_keys({key.kid: NOW}, at=NOW, record=noted())
    assert await store.signing_keys() == [replace(key, sealed=None, retired_at=NOW)]
    assert [kind for kind, _ in log(path)] == ["key-created", "key-retired", "keys-published"]


async def test_who_takes_over_does_so_in_the_same_transaction(store: SqliteStore) -> None:
    old, heir = (replace(a_key(n), published_at=NOW, signs_from=NOW + 60 * n) for n in (1, 2))
    await add(store, old, heir)
    early = {heir.kid: NOW + 100}
    assert await store.retire_signing_key(old.kid, at=NOW, record=retired(old), heirs=early)
    again = {heir.kid: NOW + 70}
    assert not await store.retire_signing_key(old.kid, at=NOW, record=retired(old), heirs=again)
    found = {key.kid: key.signs_from for key in await store.signing_keys()}
    assert found[heir.kid] == NOW + 100


async def test_tidying_wipes_and_forgets(store: SqliteStore) -> None:
    keys = [a_key(n) for n in range(3)]
    await add(store, *keys)
    await store.tidy_signing_keys(wipe=[keys[0].kid], drop=[keys[1].kid])
    assert await store.signing_keys() == [replace(keys[0], sealed=None), keys[2]]


@pytest.mark.parametrize("how", ["wipe", "retire", "drop"])
async def test_what_was_wiped_is_nowhere_in_the_file(path: Path, how: str) -> None:
    store = await SqliteStore.open(path)
    keys = [a_key(n) for n in range(3)]
    await add(store, *keys)
    kid = keys[1].kid
    if how == "retire":
        await store.retire_signing_key(kid, at=NOW, record=retired(keys[1]))
    else:
        await store.tidy_signing_keys(
            wipe=[kid] if how == "wipe" else [], drop=[kid] if how == "drop" else []
        )
    await store.close()  # the write-ahead log goes into the file and away
    left = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert [key.sealed in left for key in keys if key.sealed] == [True, False, True]


async def test_no_private_key_is_on_the_disk_unsealed(store: SqliteStore, path: Path) -> None:
    ring = key_ring(store)
    await ring.keep_up(now=NOW)
    (key,) = await store.signing_keys()
    assert key.sealed is not None
    left = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert key.sealed in left
    assert b"\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01" not in left  # PKCS #8 of an EC key


async def test_a_store_of_schema_1_gets_keys_and_keeps_what_it_had(path: Path) -> None:
    _make_schema_1(path)
    store = await SqliteStore.open(path)
    assert await store.policy("v") == "{}"
    assert await add(store, a_key())
    await store.close()
    with LogReader(path) as reader:
        assert reader.head().size == 1


def _make_schema_1(path: Path) -> None:
    path.touch(0o600)
    connection = sqlite3.connect(path)
    connection.executescript(MIGRATIONS[0])
    connection.execute("INSERT INTO audit_head VALUES (1, 0, ?, x'')", (Tree().root(),))
    connection.execute("INSERT INTO policies VALUES ('v', '{}')")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute("PRAGMA user_version = 1")
    connection.commit()
    connection.close()


async def test_two_brokers_that_start_at_one_time_make_one_key(path: Path) -> None:
    stores = [await SqliteStore.open(path) for _ in range(2)]
    rings = [key_ring(store) for store in stores]
    await asyncio.gather(*(ring.keep_up(now=NOW) for ring in rings))
    signing = [await ring.signing(Algorithm.ES256, now=NOW) for ring in rings]
    assert signing[0] == signing[1]
    assert await stores[0].signing_keys() == [signing[0]]
    next_keys = await asyncio.gather(*(ring.rotate(now=NOW, by="account:op") for ring in rings))
    assert next_keys[0].kid == next_keys[1].kid != signing[0].kid
    assert len(await stores[1].signing_keys()) == 2
    for store in stores:
        await store.close()


async def test_the_key_set_is_the_same_bytes_over_twenty_restarts(path: Path) -> None:
    seen = set()
    for restart in range(20):
        store = await SqliteStore.open(path)
        ring = key_ring(store, algorithms=(Algorithm.ES256, Algorithm.RS256))
        await ring.keep_up(now=NOW + restart)
        seen.add(await key_set(ring, now=NOW + restart))
        await store.close()
    assert len(seen) == 1
