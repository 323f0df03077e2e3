"""Signing in, to operate a broker: what is kept, what is shown, and what it is good for."""

import json
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.operating import Operating, operating
from tests.fakes.device_issuer import DEVICE_CODE, DeviceIssuer, device_issuer
from valetkey.cli import device_flow


@pytest.fixture
async def issuer(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DeviceIssuer]:
    monkeypatch.setattr(device_flow, "MIN_INTERVAL", 0.0)
    async with device_issuer() as made:
        made.device = {"interval": 0}
        yield made


@pytest.fixture
async def desk(
    tmp_path: Path, issuer: DeviceIssuer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Operating]:
    async with operating(tmp_path, issuer_url=issuer.url) as made:
        monkeypatch.setenv("VALETKEY_HOME", str(made.home))
        monkeypatch.setenv("VALETKEY_BROKER", made.url)
        monkeypatch.delenv("VALETKEY_TOKEN_FILE", raising=False)
        yield made


async def test_who_signed_in_is_told_and_works_without_a_token_file(
    desk: Operating, issuer: DeviceIssuer
) -> None:
    issuer.sub = "revoker"
    issuer.errors = ["authorization_pending"]
    said = await desk.run("login")
    assert (said.code, said.err.splitlines()[0]) == (
        0,
        f"open {issuer.url}/sign-in and enter the code WDJB-MJHT",
    )
    [first, second] = said.out.splitlines()
    assert first.startswith(f"signed in at {desk.url} as revoker of {issuer.url} until 20")
    assert second == "you may: revoke"
    run = (await desk.here.open("alice")).run
    listed = await desk.run("runs", "list")
    assert run.id in listed.out
    assert (await desk.run("runs", "revoke", run.id, "--because", "a test")).code == 0
    assert (await desk.here.audit())[-1]["by"] == "revoker"


async def test_a_session_is_the_accounts_alone_and_its_token_is_never_shown(
    desk: Operating, issuer: DeviceIssuer
) -> None:
    issuer.sub = "reader"
    said = await desk.run("login")
    [path] = (desk.home / "sessions").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert desk.home.stat().st_mode & 0o777 == 0o700
    [session] = desk.sessions()
    assert (session["broker"], session["subject"]) == (desk.url, "reader")
    assert session["token"].count(".") == 2
    for secret in (session["token"], DEVICE_CODE):
        assert secret not in said.out + said.err


async def test_nobody_is_signed_in_whom_the_broker_does_not_admit(
    desk: Operating, issuer: DeviceIssuer
) -> None:
    issuer.sub = "stranger"
    said = await desk.run("login")
    assert said.code == 1
    assert "[not-admitted]" in said.err
    assert desk.sessions() == []
    record = (await desk.here.audit())[-1]
    assert (record["kind"], record["route"]) == ("request-refused", "GET /v1/whoami")


async def test_a_token_that_the_broker_refuses_is_the_operators_to_explain(
    desk: Operating, issuer: DeviceIssuer
) -> None:
    issuer.sub = "reader"
    issuer.claims = {"iat": int(time.time()) + 3_600}
    said = await desk.run("login")
    assert (said.code, "tell who operates the broker" in said.err) == (1, True)
    assert desk.sessions() == []


async def test_a_token_for_another_client_signs_nobody_in(
    desk: Operating, issuer: DeviceIssuer
) -> None:
    issuer.sub, issuer.claims = "revoker", {"aud": "another"}
    said = await desk.run("login")
    assert said.code == 1
    assert desk.sessions() == []


async def test_who_refuses_is_not_signed_in(desk: Operating, issuer: DeviceIssuer) -> None:
    issuer.errors = ["access_denied"]
    said = await desk.run("login")
    assert (said.code, "[login-denied]" in said.err) == (2, True)
    assert desk.sessions() == []


async def test_an_issuers_words_do_not_write_on_the_terminal(
    desk: Operating, issuer: DeviceIssuer
) -> None:
    issuer.sub = "reader"
    issuer.device |= {
        "user_code": "\x1b[2Jcode",
        "verification_uri": "https://a\u202e\n",
        "verification_uri_complete": "https://a/\r\x1b]0;x\x07",
    }
    said = await desk.run("login")
    assert not [c for c in said.err.replace("\n", "") if not c.isprintable()]
    issuer.device = {"error": "bad\x1b[2J", "error_description": "\x07"}
    said = await desk.run("login")
    assert not [c for c in said.err.replace("\n", "") if not c.isprintable()]


async def test_who_signs_out_is_asked_to_sign_in_again(
    desk: Operating, issuer: DeviceIssuer
) -> None:
    issuer.sub = "reader"
    await desk.run("login")
    assert (await desk.run("logout")).out == f"signed out at {desk.url}\n"
    assert (await desk.run("logout")).out == f"you were not signed in at {desk.url}\n"
    said = await desk.run("runs", "list")
    assert said.code == 1
    assert "[session-missing]" in said.err
    assert "valetkey login" in said.err


async def test_a_session_that_ended_says_what_to_do(desk: Operating, issuer: DeviceIssuer) -> None:
    issuer.sub, issuer.claims = "reader", {"exp": int(time.time()) + 1}
    assert (await desk.run("login")).code == 0
    [path] = (desk.home / "sessions").iterdir()
    text = json.loads(path.read_text()) | {"expires_at": int(time.time())}
    path.write_text(json.dumps(text))
    said = await desk.run("runs", "list")
    assert "[session-expired]" in said.err
    assert "hint: `valetkey login`" in said.err


async def test_a_session_that_the_broker_no_longer_takes_says_what_to_do(
    desk: Operating, issuer: DeviceIssuer
) -> None:
    issuer.sub = "reader"
    await desk.run("login")
    [path] = (desk.home / "sessions").iterdir()
    issuer.claims = {"iat": int(time.time()) - 900, "exp": int(time.time()) - 100}
    path.write_text(json.dumps(json.loads(path.read_text()) | {"token": issuer.id_token()}))
    for command in (("runs", "list"), ("audit", "show", "--broker", desk.url)):
        said = await desk.run(*command)
        assert "[token-expired]" in said.err
        assert "hint: `valetkey login`" in said.err


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o622])
async def test_a_session_that_others_may_read_or_write_is_not_used(
    desk: Operating, issuer: DeviceIssuer, mode: int
) -> None:
    issuer.sub = "reader"
    await desk.run("login")
    [path] = (desk.home / "sessions").iterdir()
    path.chmod(mode)
    assert "[session-open-to-others]" in (await desk.run("runs", "list")).err


async def test_a_session_of_another_broker_is_sent_to_none_other(
    desk: Operating, issuer: DeviceIssuer
) -> None:
    issuer.sub = "reader"
    await desk.run("login")
    [path] = (desk.home / "sessions").iterdir()
    other = json.loads(path.read_text()) | {"broker": "https://other.example:443"}
    path.write_text(json.dumps(other))
    assert "[session-malformed]" in (await desk.run("runs", "list")).err
    said = await desk.run("runs", "list", "--broker", "http://127.0.0.1:9")
    assert "[session-missing]" in said.err


async def test_the_log_of_a_broker_is_read_and_verified_by_who_may(
    desk: Operating, issuer: DeviceIssuer
) -> None:
    issuer.sub = "reader"
    for name in ("alice", "bob", "carol"):
        run = (await desk.here.open(name)).run
    await desk.run("login")
    size = (await desk.here.store.head()).size
    root = (await desk.here.store.head()).root.hex()
    said = await desk.run("audit", "verify", "--broker", desk.url, "--json")
    assert json.loads(said.out) == {"answer": "verified", "leaves": size, "root": root}
    said = await desk.run("audit", "show", "--broker", desk.url, "--run", run.id, "--json")
    assert [json.loads(line)["run"] for line in said.out.splitlines()] == [run.id]
    said = await desk.run("audit", "show", "--broker", desk.url)
    assert [line.split()[2] for line in said.out.splitlines()] == [
        *["run-opened"] * 3,
        *["audit-read"] * 2,
    ]
    said = await desk.run("audit", "show", "--broker", desk.url, "--store", "x")
    assert "[usage]" in said.err


async def test_a_broker_that_shows_other_leaves_than_it_counts_is_found_out(
    desk: Operating, issuer: DeviceIssuer
) -> None:
    issuer.sub = "reader"
    await desk.here.open("alice")
    await desk.here.open("bob")
    await desk.run("login")
    with closing(sqlite3.connect(desk.here.path)) as other:
        other.execute(
            "UPDATE audit_leaves SET leaf = CAST(replace(leaf, 'alice', 'mallo') AS BLOB)"
            " WHERE idx = 0"
        )
        other.commit()
    said = await desk.run("audit", "verify", "--broker", desk.url)
    assert (said.code, said.out) == (2, "broken: leaf 0: leaf-changed\n")


async def test_how_long_it_waits_is_said_as_it_is(desk: Operating, issuer: DeviceIssuer) -> None:
    issuer.sub = "reader"
    for seconds, told in ((8, "8 s"), (600, "10 min")):
        issuer.device = {"interval": 0, "expires_in": seconds}
        assert f"waiting for {told} at most" in (await desk.run("login")).err
