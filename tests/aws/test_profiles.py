"""A grant's profile: whose keys sign, where STS is asked, and what a wrong one says."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tests.aws.home import Clock, Laptop, home_at
from tests.aws.serving import FakeEndpoint, serving
from tests.aws.test_sts import REQUEST
from valetkey.aws import AmbientAws, AwsError


async def test_each_call_is_signed_with_the_profile_of_its_grant(laptop: Laptop) -> None:
    laptop.home.keys(default="AKIADEFAULT", one="AKIAONE", two="AKIATWO")
    sts = laptop.client()
    for profile in (None, "one", "two", "one", None):
        await sts.assume_role(replace(REQUEST, profile=profile))
    keys = ["AKIADEFAULT", "AKIAONE", "AKIATWO", "AKIAONE", "AKIADEFAULT"]
    assert laptop.sts.signers == keys
    assert await sts.caller_arn("two") == "arn:aws:iam::111122223333:user/AKIATWO"


async def test_a_profile_wins_over_keys_of_the_environment(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAENV")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    laptop.home.keys(one="AKIAONE")
    sts = laptop.client()
    await sts.caller_arn("one")
    await sts.caller_arn()
    assert laptop.sts.signers == ["AKIAONE", "AKIAENV"]


async def test_a_profile_is_made_once(laptop: Laptop) -> None:
    laptop.home.keys(one="AKIAONE", two="AKIATWO")
    ambient = laptop.ambient()
    found = await asyncio.gather(*(asyncio.to_thread(ambient.for_profile, "one") for _ in range(8)))
    assert len(set(map(id, found))) == 1
    assert ambient.for_profile(None) is ambient
    assert found[0].for_profile("two") is ambient.for_profile("two")
    assert found[0].for_profile("one") is found[0].for_profile(None) is found[0]
    configured = laptop.ambient(profile="one")
    assert configured.for_profile("one") is configured


async def test_held_credentials_do_not_wait_for_a_lookup(laptop: Laptop) -> None:
    laptop.home.keys(default="AKIADEFAULT")
    ambient = laptop.ambient()
    await ambient.credentials()
    with ambient._lock:
        held = await asyncio.wait_for(ambient.credentials(), 5)
    assert held.access_key == "AKIADEFAULT"


async def test_an_expiry_of_one_profile_does_not_touch_the_other(laptop: Laptop) -> None:
    laptop.home.keys(one="AKIAONE", two="AKIATWO")
    sts = laptop.client()
    laptop.sts.refuses = {"AKIAONE": "ExpiredToken"}
    with pytest.raises(AwsError) as caught:
        await sts.caller_arn("one")
    assert "`one`" in caught.value.message
    assert await sts.caller_arn("two")


async def test_an_unknown_profile_is_named_with_the_nearest_that_exists(laptop: Laptop) -> None:
    laptop.home.keys(tenant_dev="AKIAONE", production="AKIATWO")
    sts = laptop.client()
    with pytest.raises(AwsError) as caught:
        await sts.assume_role(replace(REQUEST, profile="tenant-dev"))
    error = caught.value
    assert error.code == "aws-profile-unknown"
    assert "`tenant-dev`" in error.message
    assert "did you mean `tenant_dev`?" in str(error.hint)
    assert "production" not in f"{error.message} {error.hint}"
    assert error.detail == "profiles: tenant_dev, production"
    assert laptop.sts.asked == []


async def test_an_unknown_profile_is_found_once_it_is_written(laptop: Laptop) -> None:
    sts = laptop.client()
    with pytest.raises(AwsError) as caught:
        await sts.caller_arn("one")
    assert caught.value.code == "aws-profile-unknown"
    laptop.home.keys(one="AKIAONE")
    assert await sts.caller_arn("one")


async def test_the_profile_of_the_environment_is_the_default_one(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop.home.keys(default="AKIADEFAULT", one="AKIAONE")
    monkeypatch.setenv("AWS_PROFILE", "one")
    sts = laptop.client()
    assert (await sts.caller_arn()).endswith("AKIAONE")
    laptop.sts.refuses = {"AKIAONE": "ExpiredToken"}
    with pytest.raises(AwsError) as caught:
        await sts.caller_arn()
    assert "of profile `one`" in caught.value.message


async def test_keys_of_the_environment_are_not_blamed_on_a_profile(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop.home.keys(one="AKIAONE")
    monkeypatch.setenv("AWS_PROFILE", "one")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAENV")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    laptop.sts.refuses = {"AKIAENV": "ExpiredToken"}
    with pytest.raises(AwsError) as caught:
        await laptop.client().caller_arn()
    assert "profile" not in caught.value.message


async def test_a_profiles_own_region_and_endpoint_count(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL_STS")
    elsewhere = FakeEndpoint()
    async with serving(elsewhere) as url:
        laptop.home.config(
            f"""
            [profile own]
            region = ap-southeast-2
            endpoint_url = {url}
            aws_access_key_id = AKIAOWN
            aws_secret_access_key = s

            [profile plain]
            aws_access_key_id = AKIAPLAIN
            aws_secret_access_key = s
            """
        )
        ambient = laptop.ambient(endpoint_url=laptop.sts.url, region="eu-central-1")
        own, plain = ambient.for_profile("own"), ambient.for_profile("plain")
        assert (own.region, plain.region) == ("ap-southeast-2", "eu-central-1")
        assert (await own.sts_endpoint(None)).url == f"{url}/"
        assert (await plain.sts_endpoint(None)).url == f"{laptop.sts.url}/"
        assert (await own.sts_endpoint("sa-east-1")).region == "sa-east-1"
        assert (own.region, own.endpoint_url) == ("ap-southeast-2", url)


async def test_where_aws_is_comes_from_files_and_environment_and_else_is_none(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `valetkey grant` writes down (lesson 27): None is AWS's own endpoint."""
    monkeypatch.delenv("AWS_ENDPOINT_URL_STS")
    nothing = laptop.ambient()
    assert (nothing.region, nothing.endpoint_url) == ("eu-west-1", None)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert laptop.ambient().endpoint_url == "http://127.0.0.1:9"
    monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    assert laptop.ambient().endpoint_url is None


def test_identities_serve_one_event_loop_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = home_at(tmp_path, monkeypatch)
    ambient = AmbientAws(clock=Clock())
    home.keys(default="AKIAOLD")

    async def both() -> set[str]:
        found = await asyncio.gather(ambient.credentials(), ambient.credentials())
        return {each.access_key for each in found}

    first = asyncio.run(both())
    home.keys(default="AKIANEW")
    held = asyncio.run(both())
    assert first == held == {"AKIAOLD"}


async def test_an_account_without_a_home_has_the_keys_of_its_environment(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container under a uid that no passwd file knows."""

    def nobody(_: int) -> None:
        raise KeyError("uid not found")

    monkeypatch.setattr("pwd.getpwuid", nobody)
    monkeypatch.delenv("HOME")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAENV")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s-AKIAENV")
    assert await laptop.client().caller_arn() == "arn:aws:iam::111122223333:user/AKIAENV"
