"""What is signed for a run, and when: a signature may take long, and by AWS KMS it costs money."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.broker.exchanging import Signing, denied, given, leaf, revoked
from tests.fakes.issuer import NOW
from tests.fakes.platform import Platform
from tests.fakes.tokens import asked, token_platform
from valetkey.broker import end_own_run
from valetkey.errors import ValetkeyError
from valetkey.runs import Run, parse_template


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Platform]:
    async with token_platform(tmp_path) as made:
        yield made


@pytest.mark.parametrize("seconds", [296, 300, 400])
async def test_a_token_that_expired_while_it_was_signed_does_not_leave(
    here: Platform, seconds: int
) -> None:
    token = (await here.open()).token
    Signing(here, seconds=seconds)
    with pytest.raises(ValetkeyError) as caught:
        await asked(here, token)
    assert caught.value.code == "signing-slow"
    last = await leaf(here)
    assert (last["kind"], last["code"], last["at"]) == ("token-refused", "signing-slow", NOW * 1000)
    assert "token-issued" not in await here.kinds()


async def test_a_token_that_took_long_says_what_is_left_of_it(here: Platform) -> None:
    token = (await here.open()).token
    Signing(here, seconds=295)
    assert (await given(here, token)).seconds == 5


async def test_a_run_that_came_to_its_end_while_its_token_was_signed_gets_none(
    here: Platform,
) -> None:
    token = (await here.open(expires_in=100)).token
    Signing(here, seconds=96)
    assert await denied(here, token) == "run-expired"
    assert (await leaf(here))["code"] == "run-expired"
    assert "token-issued" not in await here.kinds()


async def test_a_run_that_is_over_costs_no_signature(here: Platform) -> None:
    """With AWS KMS each costs money and the account's quota."""
    ended, expired, out = [await here.open(sub) for sub in ("alice", "bob", "carol")]
    for run in (ended, expired, out):
        await given(here, run.token)
    signing = Signing(here)
    await end_own_run(here.broker, ended.token)
    await revoked(here, out.run.id)
    for _ in range(3):
        assert await denied(here, ended.token) == "run-ended"
        assert await denied(here, out.token) == "run-revoked"
    here.clock.now = expired.run.expires_at
    assert await denied(here, expired.token) == "run-expired"
    assert signing.count == 0
    last = await leaf(here)
    assert (last["kind"], last["code"], last["run"]) == (
        "token-refused",
        "run-expired",
        expired.run.id,
    )


async def test_a_run_that_another_broker_revoked_costs_one_signature_at_most(
    here: Platform,
) -> None:
    opened = await here.open()
    await given(here, opened.token)
    signing = Signing(here)
    await revoked(replace(here, broker=replace(here.broker, known={})), opened.run.id)
    for _ in range(4):
        assert await denied(here, opened.token) == "run-revoked"
    assert signing.count == 1


async def test_an_open_run_is_read_from_the_store_once(
    here: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it is over is known without that: the record's transaction says so anyway."""
    opened = await here.open()
    here.broker.new_runs.clear()
    read, count = here.store.run, 0

    async def counted(run_id: str) -> Run | None:
        nonlocal count
        count += 1
        return await read(run_id)

    monkeypatch.setattr(here.store, "run", counted)
    for _ in range(3):
        await given(here, opened.token)
    assert count == 1


async def test_a_token_that_would_be_too_long_is_never_signed(tmp_path: Path) -> None:
    """It is nobody's fault but the tags', and the answer says so."""
    many = tuple(parse_template(f"k{i:02}{'x' * 120}", "{subject.c}") for i in range(45))
    async with token_platform(tmp_path) as here:
        here.broker = replace(here.broker, templates=many)
        opened = await here.open(subject_token=here.subject(c="a" * 250), attributes={})
        signing = Signing(here)
        with pytest.raises(ValetkeyError) as caught:
            await asked(here, opened.token, "direct")
        assert (caught.value.code, signing.count) == ("token-too-long", 0)
        assert caught.value.hint is not None
        assert (await leaf(here))["code"] == "token-too-long"
        assert await given(here, opened.token)
