"""A broker whose key does not open: its own fault, and a sandbox gets no operator's hint."""

import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes.tokens import token_platform
from tests.web.calling import Api, api
from tests.web.test_token import asked, run_token, verdict
from valetkey.broker.local_signer import LocalSigner
from valetkey.credentials.sealing import new_secret


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Api]:
    async with token_platform(tmp_path) as made:
        yield api(made)


async def test_a_key_that_does_not_open_is_no_fault_of_who_asks(
    here: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    own = here.platform.broker.own
    assert own is not None
    token = await run_token(here)
    now = here.platform.broker.clock()
    kids = {key.kid for key, _ in await own.ring.keys(now=now)}
    monkeypatch.setattr(own.ring, "signer", LocalSigner(new_secret(lambda size: b"x" * size)))
    with caplog.at_level(logging.WARNING, logger="valetkey"):
        answer = await asked(here, token)
    assert verdict(answer) == (503, "temporarily_unavailable", "signing-key-sealed")
    assert answer.headers["retry-after"] == "2"
    assert "hint" not in answer.json
    assert not any(kid in answer.json["error_description"] for kid in kids)
    [record] = [r for r in caplog.records if r.__dict__.get("code") == "signing-key-sealed"]
    assert any(kid in record.__dict__["detail"] for kid in kids)
    assert "--new-secret" in record.__dict__["hint"]
