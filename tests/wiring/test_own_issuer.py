"""The issuer at a broker's start: its keys are there and open, or the operator is told."""

import asyncio
import logging
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.aws.kms_world import FakeKms, an_ec_key, kms_arn, kms_at
from tests.fakes.issuer import NOW
from tests.fakes.own_issuer import OWN_URL, SECRET
from valetkey.audit import KeyRetired
from valetkey.broker.key_ring import KeyRing
from valetkey.credentials import Algorithm, CredentialsError, KeySchedule
from valetkey.credentials.sealing import make_key, new_secret
from valetkey.identity import IssuerUrl
from valetkey.settings import read_settings
from valetkey.settings.values import OwnIssuerSettings, Publish, SubjectForm
from valetkey.store import SqliteStore, StoreError
from valetkey.wiring.own_issuer import UPLOAD_SECONDS, build_issuer, start_issuer, tell_of_waiting
from valetkey.wiring.serving import running

SETTINGS = OwnIssuerSettings(
    url=IssuerUrl(OWN_URL),
    algorithms=(Algorithm.ES256,),
    publish=Publish.BROKER,
    schedule=KeySchedule(cache_time=600),
    subject=SubjectForm.SUB,
    wrapping_secret=SECRET,
)
PATIENCE = 30  # seconds, for what takes milliseconds: a disk that stalls is no fault
CONFIG = f"""
[broker]
listen = "127.0.0.1:8700"
[aws]
region = "eu-west-1"
[issuer]
url = "{OWN_URL}"
key_encryption = "file:issuer.secret"
[[grants]]
name = "billing"
audience = "https://billing.internal/mcp"
"""


async def test_the_settings_become_the_issuer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await SqliteStore.open(tmp_path / "valetkey.db")
    asked = replace(
        SETTINGS,
        algorithms=(Algorithm.RS256, Algorithm.ES256),
        publish=Publish.STATIC,
        subject=SubjectForm.ISSUER_SUB,
    )
    async with kms_at(FakeKms({}), monkeypatch) as kms:
        own = build_issuer(asked, store, kms=kms)
        assert build_issuer(None, store, kms=kms) is None
    await store.close()
    assert own is not None
    assert (own.url, own.algorithm, own.qualified) == (OWN_URL, Algorithm.RS256, True)
    assert own.ring.algorithms == asked.algorithms
    assert own.ring.is_static
    assert own.ring.schedule == KeySchedule(cache_time=600, upload_time=UPLOAD_SECONDS)


async def test_a_broker_starts_with_its_keys_and_not_with_another_secret(tmp_path: Path) -> None:
    (tmp_path / "issuer.secret").write_text(SECRET.reveal())
    (tmp_path / "issuer.secret").chmod(0o600)
    (tmp_path / "valetkey.toml").write_text(CONFIG)
    settings = read_settings(tmp_path / "valetkey.toml")
    for _ in range(2):
        async with running(settings, url="http://127.0.0.1:8700"):
            pass
    store = await SqliteStore.open(settings.store)
    (key,) = await store.signing_keys()
    await store.close()
    assert key.signs_from is not None
    (tmp_path / "issuer.secret").write_text(new_secret(lambda size: b"o" * size).reveal())
    (tmp_path / "issuer.secret").chmod(0o600)
    with pytest.raises(CredentialsError) as refused:
        async with running(read_settings(tmp_path / "valetkey.toml"), url="http://127.0.0.1:8700"):
            pass
    assert refused.value.code == "signing-key-sealed"
    assert refused.value.hint is not None
    assert key.kid in refused.value.hint


async def test_a_kms_that_does_not_answer_is_no_reason_not_to_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store = await SqliteStore.open(tmp_path / "valetkey.db")
    asked = replace(SETTINGS, wrapping_secret=None, kms_key=kms_arn("elsewhere"))
    async with kms_at(FakeKms({kms_arn("one"): an_ec_key()}), monkeypatch) as kms:
        own = build_issuer(asked, store, kms=kms)
        with caplog.at_level(logging.WARNING, logger="valetkey"):
            await start_issuer(own, now=NOW)
        assert await store.signing_keys() == []
        assert [record.__dict__["code"] for record in caplog.records] == ["aws-kms-key-unknown"]
    await store.close()


async def test_the_upkeep_replaces_what_cannot_sign_and_outlives_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("valetkey.wiring.serving.CHECK_SECONDS", 0.01)

    async def fails(ring: KeyRing, *, now: float) -> None:
        raise StoreError("store-busy", "as if another process kept the store locked")

    (tmp_path / "issuer.secret").write_text(SECRET.reveal())
    (tmp_path / "issuer.secret").chmod(0o600)
    (tmp_path / "valetkey.toml").write_text(CONFIG)
    settings = read_settings(tmp_path / "valetkey.toml")
    async with running(settings, url="http://127.0.0.1:8700"):
        with monkeypatch.context() as broken:
            broken.setattr(KeyRing, "keep_up", fails)
            async with asyncio.timeout(PATIENCE):
                while not any(r.__dict__.get("code") == "store-busy" for r in caplog.records):  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
        store = await SqliteStore.open(settings.store)
        (first,) = await store.signing_keys()
        record = KeyRetired(at=0, key_id=first.kid, by="account:op", because="a command died")
        await store.retire_signing_key(first.kid, at=int(time.time()), record=record)
        async with asyncio.timeout(PATIENCE):
            while len(keys := await store.signing_keys()) < 2:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.01)
        await store.close()
    assert keys[1].signs_from is not None
    assert keys[1].kid != first.kid


async def test_a_bad_next_key_is_told_once_and_is_no_obstacle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store = await SqliteStore.open(tmp_path / "valetkey.db")
    async with kms_at(FakeKms({}), monkeypatch) as kms:
        own = build_issuer(SETTINGS, store, kms=kms)
    assert own is not None
    await start_issuer(own, now=NOW)
    other = make_key(
        Algorithm.ES256,
        issuer=OWN_URL,
        secret=new_secret(lambda size: b"o" * size),
        now=NOW,
        entropy=lambda size: b"n" * size,
    )
    bad = replace(other, published_at=NOW, signs_from=NOW + 5000)
    among = [key.kid for key in await store.signing_keys()]
    await store.add_signing_keys([bad], among=among, records=[])
    await start_issuer(own, now=NOW + 5)
    told: set[str] = set()
    with caplog.at_level(logging.WARNING, logger="valetkey"):
        for now in (NOW + 5, NOW + 10):
            told = await tell_of_waiting(own, now=now, told=told)
    assert [record.__dict__["code"] for record in caplog.records] == ["signing-key-sealed"]
    assert bad.kid in caplog.records[0].__dict__["detail"]
    await store.close()
