"""The signing keys of a broker that is elsewhere, for who administers it."""

import json
from pathlib import Path

import pytest

from tests.cli.operating import operating
from tests.fakes.device_issuer import device_issuer
from tests.fakes.own_issuer import own_issuer


async def test_who_administers_sees_rotates_and_retires_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with device_issuer() as issuer, operating(tmp_path, issuer_url=issuer.url) as desk:
        own = await own_issuer(desk.here.store, now=desk.here.clock.now)
        object.__setattr__(desk.here.broker, "own", own)
        issuer.sub = "admin"
        token = tmp_path / "token"
        token.write_text(issuer.id_token())
        monkeypatch.setenv("VALETKEY_TOKEN_FILE", str(token))

        async def phases() -> dict[str, str]:
            said = await desk.run("keys", "list", "--broker", desk.url, "--json")
            return {key["kid"]: key["phase"] for key in json.loads(said.out)}

        [(first, _)] = (await phases()).items()
        said = await desk.run("keys", "rotate", "--broker", desk.url)
        assert (said.code, " signs from 20" in said.out) == (0, True), said
        assert list((await phases()).values()) == ["signing", "next"]
        asked = ("keys", "retire", "--broker", desk.url, "--because", "lost")
        assert (await desk.run(*asked, "--", first)).code == 0
        assert (await phases())[first] == "retired"
        assert "[usage]" in (await desk.run(*asked, "--leave-none", "--", first)).err

        issuer.sub = "revoker"
        token.write_text(issuer.id_token())
        assert "[not-permitted]" in (await desk.run("keys", "list", "--broker", desk.url)).err
