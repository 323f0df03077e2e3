"""SSO logins and programs that give credentials: when they fail, and when they are back."""

import asyncio
import os

import pytest

from tests.aws.home import SSO, START_URL, Laptop, Portal, portal_open, refusal
from valetkey.aws.ambient import REREAD_SECONDS

SSO_SESSION = """
    [sso-session corp]
    sso_start_url = https://example.awsapps.com/start
    sso_region = eu-west-1
    sso_registration_scopes = sso:account:access

    [profile dev]
    sso_session = corp
    sso_account_id = 111122223333
    sso_role_name = Developer
"""


@pytest.mark.parametrize(("config", "key"), [(SSO, START_URL), (SSO_SESSION, "corp")])
async def test_a_login_that_ends_midway_is_one_clear_error_and_a_new_one_goes_on(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch, config: str, key: str
) -> None:
    laptop.home.config(config)
    laptop.home.log_in("first", key=key)
    portal = Portal(known={"first"})
    async with portal_open(portal, monkeypatch):
        sts = laptop.client()
        assert await sts.caller_arn("dev") == "arn:aws:iam::111122223333:user/ASIAFIRST"
        # hours later: what the portal gave has ended, and so has the login
        laptop.sts.refuses = {"ASIAFIRST": "ExpiredToken"}
        portal.known.clear()
        laptop.clock.now += REREAD_SECONDS
        error = await refusal(sts, "dev")
        assert error.code == "aws-sso-expired"
        assert error.hint is not None and "`aws sso login --profile dev`" in error.hint
        assert (await refusal(sts, "dev")).code == "aws-sso-expired"
        # the person logs in; no time passes
        portal.known = {"second"}
        laptop.home.log_in("second", key=key)
        assert await sts.caller_arn("dev") == "arn:aws:iam::111122223333:user/ASIASECOND"


@pytest.mark.parametrize(("config", "key"), [(SSO, START_URL), (SSO_SESSION, "corp")])
@pytest.mark.parametrize("seconds", [None, -60.0])
async def test_no_login_and_one_whose_time_is_over_say_how_to_log_in(
    laptop: Laptop,
    monkeypatch: pytest.MonkeyPatch,
    config: str,
    key: str,
    seconds: float | None,
) -> None:
    laptop.home.config(config)
    if seconds is not None:
        laptop.home.log_in("first", seconds=seconds, key=key)
    portal = Portal(known={"first"})
    async with portal_open(portal, monkeypatch):
        sts = laptop.client()
        assert (await refusal(sts, "dev")).code == "aws-sso-expired"
        laptop.home.log_in("first", key=key)
        assert await sts.caller_arn("dev")


async def test_a_flood_of_calls_does_not_flood_the_portal(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop.home.config(SSO)
    laptop.home.log_in("unknown")
    portal = Portal()
    async with portal_open(portal, monkeypatch):
        sts = laptop.client()
        for _ in range(10):
            assert (await refusal(sts, "dev")).code == "aws-sso-expired"
        assert len(portal.asked) == 1
        laptop.clock.now += REREAD_SECONDS
        await refusal(sts, "dev")
        assert len(portal.asked) == 2


@pytest.mark.parametrize("is_login", [True, False])
async def test_a_login_renews_what_aws_calls_expired_where_one_is_behind_it(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch, is_login: bool
) -> None:
    """Who has keys alone would be sent to a login that they never had."""
    laptop.sts.refuses = {"ASIAFIRST": "ExpiredToken"}
    laptop.home.config(SSO if is_login else "[profile dev]\nregion = eu-west-1\n")
    laptop.home.keys(**({} if is_login else {"dev": "ASIAFIRST"}))
    laptop.home.log_in("first")
    async with portal_open(Portal(known={"first"}), monkeypatch):
        error = await refusal(laptop.client(), "dev")
    assert error.code == "aws-credentials-expired"
    assert ("`aws sso login --profile dev`" in str(error.hint)) is is_login


async def test_the_default_profile_logs_in_without_a_name(laptop: Laptop) -> None:
    laptop.home.config(SSO.replace("profile dev", "default"))
    hint = str((await refusal(laptop.client())).hint)
    assert "`aws sso login`" in hint


async def test_a_login_without_the_role_is_told_from_one_that_ended(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop.home.config(SSO)
    laptop.home.log_in("first")
    async with portal_open(Portal(known={"first"}, forbids=True), monkeypatch):
        assert (await refusal(laptop.client(), "dev")).code == "aws-source-role-refused"


async def test_a_credential_process_that_failed_is_started_again(laptop: Laptop) -> None:
    """Its answer has no expiry, as a password store's has none."""
    failing = laptop.home.command("keys", "raise SystemExit('the store is locked')")
    laptop.home.config(f"[profile dev]\ncredential_process = {failing}\n")
    sts = laptop.client()
    error = await refusal(sts, "dev")
    assert error.code == "aws-credential-process-failed"
    assert "the store is locked" in str(error.detail)
    assert "the store is locked" not in f"{error.message} {error.hint}"
    answer = '{"Version": 1, "AccessKeyId": "AKIAPROCESS", "SecretAccessKey": "s"}'
    laptop.home.command("keys", f"print('''{answer}''')")
    laptop.clock.now += REREAD_SECONDS
    assert await sts.caller_arn("dev") == "arn:aws:iam::111122223333:user/AKIAPROCESS"


@pytest.mark.parametrize("source", ["print('no JSON')", "print('{}')", "import os; os._exit(1)"])
async def test_whatever_a_credential_process_does_wrong_is_named(
    laptop: Laptop, source: str
) -> None:
    failing = laptop.home.command("keys", source)
    laptop.home.config(f"[profile dev]\ncredential_process = {failing}\n")
    assert (await refusal(laptop.client(), "dev")).code == "aws-credential-process-failed"


async def test_a_credential_process_that_is_not_there_is_named(laptop: Laptop) -> None:
    laptop.home.config("[profile dev]\ncredential_process = /nonexistent/program\n")
    assert (await refusal(laptop.client(), "dev")).code == "aws-credential-process-failed"


async def test_keys_that_are_new_at_each_reading_are_not_tried_for_ever(laptop: Laptop) -> None:
    count = laptop.home.path / "count"
    source = f"""
        import json
        file = open({os.fspath(count)!r}, "a+")
        file.write("x")
        key = f"AKIA{{file.tell()}}"
        print(json.dumps({{"Version": 1, "AccessKeyId": key, "SecretAccessKey": "s"}}))
    """
    command = laptop.home.command("keys", source)
    laptop.home.config(f"[default]\ncredential_process = {command}\n")
    laptop.sts.refuses = {f"AKIA{n}": "ExpiredToken" for n in range(9)}
    laptop.clock.step = REREAD_SECONDS
    assert (await refusal(laptop.client())).code == "aws-credentials-expired"
    assert laptop.sts.signers == ["AKIA1", "AKIA2"]


async def test_a_caller_that_goes_away_does_not_end_the_lookup_of_the_others(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = laptop.home.path / "started"
    answer = '{"Version": 1, "AccessKeyId": "AKIASLOW", "SecretAccessKey": "s"}'
    slow = laptop.home.command(
        "keys",
        f"""
        import time
        open({os.fspath(started)!r}, "a").write("x")
        time.sleep(0.3)
        print('''{answer}''')
        """,
    )
    laptop.home.config(f"[profile dev]\ncredential_process = {slow}\n")
    ambient = laptop.ambient(profile="dev")
    calls = [asyncio.create_task(ambient.credentials()) for _ in range(20)]
    await asyncio.sleep(0.05)
    calls[0].cancel()
    found = await asyncio.gather(*calls[1:])
    assert {each.access_key for each in found} == {"AKIASLOW"}
    assert started.read_text() == "x"
