"""A run of this machine's own account: nobody's token, the same record, the same tags rule."""

from pathlib import Path

import pytest

from tests.fakes.platform import grant, platform
from valetkey.broker import LOCAL_ACCOUNT, Opened, hand_out, open_own_run
from valetkey.broker.policy import make_policy, read_policy
from valetkey.errors import ValetkeyError
from valetkey.identity import IdentityError, issuer_url


async def test_the_account_is_subject_and_actor_and_the_record_comes_first(tmp_path: Path) -> None:
    async with platform(tmp_path) as here:
        opened = await open_own_run(here.broker, "ada", tags={"user_id": "alice"})
        assert isinstance(opened, Opened)
        (record,) = [leaf for leaf in await here.audit() if leaf["kind"] == "run-opened"]
        assert (record["subject_issuer"], record["subject"]) == (LOCAL_ACCOUNT, "ada")
        assert (record["actor_issuer"], record["actor"]) == (LOCAL_ACCOUNT, "ada")
        assert record["tags"] == {"user_id": "alice"}
        assert record["grants"] == ["tenant-data", "other"]


async def test_its_sessions_carry_its_tags_and_the_run(tmp_path: Path) -> None:
    async with platform(tmp_path) as here:
        opened = await open_own_run(here.broker, "ada", tags={"user_id": "alice"})
        assert isinstance(opened, Opened)
        await hand_out(here.broker, opened.token, "tenant-data")
        (asked,) = here.sts.asked
        assert asked.tags == {"user_id": "alice", "valetkey_run": opened.run.id}
        assert asked.source_identity == opened.run.id


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ({"valetkey_run": "r-1"}, "tag-key"),
        ({"Valetkey_Run": "r-1"}, "tag-key"),
        ({"user_id": ""}, "tag-value-empty"),
        ({"user_id": "a" * 257}, "tag-value-too-long"),
        ({"user_id": "a", "USER_ID": "b"}, "tag-key"),
    ],
)
async def test_a_tag_is_exact_or_refused(tmp_path: Path, tags: dict[str, str], code: str) -> None:
    async with platform(tmp_path) as here:
        with pytest.raises(ValetkeyError) as caught:
            await open_own_run(here.broker, "ada", tags=tags)
        assert caught.value.code == code
        assert await here.store.runs() == []


async def test_its_life_is_bounded(tmp_path: Path) -> None:
    async with platform(tmp_path) as here:
        with pytest.raises(ValetkeyError) as caught:
            await open_own_run(here.broker, "ada", tags={}, expires_in=12 * 3600 + 1)
        assert caught.value.code == "run-duration"


def test_no_issuer_of_tokens_can_be_the_local_account() -> None:
    with pytest.raises(IdentityError):
        issuer_url(LOCAL_ACCOUNT)


async def test_the_profile_is_asked_and_kept_with_the_run(tmp_path: Path) -> None:
    """Lesson 27: what was known of the identity when the grant was made reaches STS."""
    async with platform(tmp_path, grants=(grant(profile="work"),)) as here:
        opened = await open_own_run(here.broker, "ada", tags={})
        assert isinstance(opened, Opened)
        await hand_out(here.broker, opened.token, "tenant-data")
        assert [request.profile for request in here.sts.asked] == ["work"]


def test_a_policy_with_a_profile_is_another_and_reads_back() -> None:
    without, named = make_policy([grant()]), make_policy([grant(profile="work")])
    assert without.version != named.version
    assert "profile" not in without.document, "the versions of stored policies must not change"
    stored = read_policy(named.version, named.document)
    assert stored is not None
    assert stored.grants["tenant-data"].profile == "work"
