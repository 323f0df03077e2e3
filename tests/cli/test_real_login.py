"""Signing in at an OpenID-certified provider, pages and all, as a person does."""

import asyncio
import re
from io import StringIO
from pathlib import Path

import pytest

from tests.cli.operating import Operating, Said, operating
from tests.providers.provider import needs_provider, oidc_provider
from valetkey.cli import device_flow

pytestmark = needs_provider


async def test_a_person_signs_in_at_a_real_provider_and_revokes_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device_flow, "DEFAULT_INTERVAL", 0.2)
    monkeypatch.setattr(device_flow, "MIN_INTERVAL", 0.2)
    monkeypatch.setenv("VALETKEY_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("VALETKEY_TOKEN_FILE", raising=False)
    async with (
        oidc_provider() as provider,
        operating(tmp_path, issuer_url=provider.url, client_id=provider.client_id) as desk,
    ):
        monkeypatch.setenv("VALETKEY_BROKER", desk.url)

        signing_in = asyncio.create_task(desk.run("login"))
        await provider.approve_device(await _address(desk, signing_in), account="revoker")
        said = await signing_in
        assert (said.code, said.out.splitlines()[1]) == (0, "you may: revoke"), said
        run = (await desk.here.open("alice")).run
        assert (await desk.run("runs", "revoke", run.id, "--because", "a test")).code == 0
        assert (await desk.here.audit())[-1]["by_issuer"] == provider.url

        desk.err = StringIO()
        denied = asyncio.create_task(desk.run("login"))
        await provider.deny_device(await _address(desk, denied))
        said = await denied
        assert (said.code, "[login-denied]" in said.err) == (2, True), said


async def _address(desk: Operating, command: "asyncio.Task[Said]") -> str:
    """Return the address that the command shows, once it does."""
    while True:
        found = re.search(r"or open (\S+)", desk.err.getvalue())
        if found is not None:
            return found[1]
        assert not command.done(), command.result()
        await asyncio.sleep(0.02)
