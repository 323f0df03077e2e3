"""A policy version that is activated beside a broker is taken up, and told in its log."""

import logging
from pathlib import Path

import pytest

from tests.fakes.platform import grant, platform
from valetkey.broker import make_policy
from valetkey.broker.activate import Running, activate
from valetkey.wiring.active_policy import follow_active


async def test_what_another_activated_is_taken_up_and_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "valetkey")
    async with platform(tmp_path) as made:
        first = made.broker.opening.version
        assert await follow_active(made.broker, made.store, told=first) == first
        policy = make_policy((grant(),), ())
        await activate(
            made.store, policy, running=Running.KEEP, by="account:a", because="less", now=1.0
        )
        told = first
        for _ in range(2):
            told = await follow_active(made.broker, made.store, told=told)
        assert made.broker.opening.version == told == policy.version != first
    [record] = [vars(each) for each in caplog.records]
    assert (record["policy_version"], record["previous"]) == (told, first)


async def test_a_version_that_can_not_be_read_is_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with platform(tmp_path) as made:
        first = made.broker.opening
        policy = make_policy((grant(),), ())
        await activate(
            made.store, policy, running=Running.KEEP, by="account:a", because="less", now=1.0
        )
        monkeypatch.setattr(made.store, "policy", _nothing)  # as of another valetkey
        assert await follow_active(made.broker, made.store, told=first.version) == policy.version
        assert made.broker.opening is first
    [record] = caplog.records
    assert record.levelno == logging.WARNING


async def _nothing(_: str) -> str | None:
    return None
