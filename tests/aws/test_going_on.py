"""A person renews what AWS refused, and the next call, or the same one, goes well."""

import asyncio

import pytest

from tests.aws.home import Laptop, refusal
from tests.aws.test_sts import REQUEST
from valetkey.aws import AwsError, StsClient
from valetkey.aws.ambient import REREAD_SECONDS
from valetkey.aws.chain import Ask, Chain


def refused_keys(laptop: Laptop, code: str) -> StsClient:
    """A client whose keys AWS refuses; what it read is old enough to be read anew."""
    laptop.home.keys(default="AKIAOLD")
    laptop.sts.refuses = {"AKIAOLD": code}
    sts = laptop.client()
    laptop.clock.now += REREAD_SECONDS
    return sts


@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidClientTokenId", "SignatureDoesNotMatch"])
async def test_keys_replaced_in_the_file_serve_the_very_call_that_was_refused(
    laptop: Laptop, code: str
) -> None:
    laptop.home.keys(default="AKIAOLD")
    sts = laptop.client()
    await sts.assume_role(REQUEST)
    laptop.sts.refuses = {"AKIAOLD": code}
    laptop.home.keys(default="AKIANEW")
    assert (await sts.assume_role(REQUEST)).access_key_id == "ASIA1"
    assert laptop.sts.signers == ["AKIAOLD", "AKIAOLD", "AKIANEW"]


async def test_new_keys_that_are_refused_too_are_tried_once(laptop: Laptop) -> None:
    laptop.home.keys(default="AKIAOLD")
    sts = laptop.client()
    laptop.sts.refuses = {"AKIAOLD": "ExpiredToken", "AKIANEW": "ExpiredToken"}
    await refusal(sts)
    laptop.home.keys(default="AKIANEW")
    assert (await refusal(sts)).code == "aws-credentials-expired"
    assert laptop.sts.signers == ["AKIAOLD", "AKIAOLD", "AKIANEW"]


async def test_twenty_calls_refused_at_once_go_on_with_one_reading(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop.home.keys(default="AKIAOLD")
    sts = laptop.client()
    await sts.caller_arn()
    laptop.sts.refuses = {"AKIAOLD": "ExpiredToken"}
    laptop.home.keys(default="AKIANEW")
    reads = count_readings(monkeypatch)
    found = await asyncio.gather(*(sts.caller_arn() for _ in range(20)))
    assert {arn.rpartition("/")[2] for arn in found} == {"AKIANEW"}
    assert reads == [None]


async def test_a_flood_of_refusals_reads_the_files_once_in_some_seconds(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    sts = refused_keys(laptop, "ExpiredToken")
    reads = count_readings(monkeypatch)
    for _ in range(10):
        await refusal(sts)
    assert reads == [None]
    laptop.clock.now += REREAD_SECONDS
    await refusal(sts)
    assert reads == [None, None]


async def test_a_clock_that_is_set_back_does_not_stop_the_reading(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    sts = refused_keys(laptop, "ExpiredToken")
    laptop.clock.now -= 86_400
    reads = count_readings(monkeypatch)
    await refusal(sts)
    assert reads == [None]


async def test_while_all_goes_well_nothing_is_read_again(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop.home.keys(default="AKIAOLD")
    sts = laptop.client()
    await sts.caller_arn()
    reads = count_readings(monkeypatch)
    laptop.home.keys(default="AKIANEW")
    laptop.clock.now += 86_400
    await sts.caller_arn()
    assert reads == []


async def test_a_denial_is_no_reason_to_look_for_other_keys_unless_a_file_was_edited(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    sts = refused_keys(laptop, "AccessDenied")
    reads = count_readings(monkeypatch)
    with pytest.raises(AwsError):
        await sts.assume_role(REQUEST)
    assert reads == []
    laptop.home.keys(default="AKIANEW")
    await sts.assume_role(REQUEST)
    assert laptop.sts.signers[-1] == "AKIANEW"


async def test_where_nothing_was_found_a_profile_that_is_written_is_found(laptop: Laptop) -> None:
    sts = laptop.client()
    assert (await refusal(sts)).code == "aws-no-credentials"
    laptop.home.keys(default="AKIANEW")
    for _ in range(2):
        assert await sts.caller_arn() == "arn:aws:iam::111122223333:user/AKIANEW"


async def test_an_endpoint_that_is_mended_in_the_file_is_used(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL_STS")
    laptop.home.keys(default="AKIAOLD")
    laptop.home.config("[default]\nendpoint_url = http://127.0.0.1:9\n")
    sts = laptop.client()
    assert (await refusal(sts)).code == "aws-unreachable"
    laptop.home.config(f"[default]\nendpoint_url = {laptop.sts.url}\n")
    assert await sts.caller_arn()


async def test_a_config_that_is_broken_while_it_runs_is_named_and_then_mended(
    laptop: Laptop,
) -> None:
    laptop.home.keys(default="AKIAOLD")
    sts = laptop.client()
    laptop.sts.refuses = {"AKIAOLD": "ExpiredToken"}
    laptop.home.write("credentials", "[default\n")
    error = await refusal(sts)
    assert error.code == "aws-configuration"
    assert "`credentials`" in str(error.hint)
    assert str(laptop.home.path) not in f"{error.message} {error.hint}"
    assert str(laptop.home.path) in str(error.detail)
    laptop.home.keys(default="AKIANEW")
    assert await sts.caller_arn() == "arn:aws:iam::111122223333:user/AKIANEW"


def count_readings(patch: pytest.MonkeyPatch) -> list[str | None]:
    """Return a list that gets the profile of each further reading."""
    reads: list[str | None] = []

    class Counted(Chain):
        def __init__(self, profile: str | None, *, ask: Ask, like: Chain | None = None) -> None:
            reads.append(profile)
            super().__init__(profile, ask=ask, like=like)

    patch.setattr("valetkey.aws.ambient.Chain", Counted)
    return reads
