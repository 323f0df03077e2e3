"""A grant's file: exactly what was given, whole or not at all, closed to others."""

import os
import stat
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from valetkey.errors import ValetkeyError
from valetkey.settings.grant_file import grant_text, remove_grant, write_grant
from valetkey.settings.local import local_grant_names, read_grant_table, read_local_grants
from valetkey.settings.reading import decode_file
from valetkey.settings.shape import GrantsFile, GrantTable

ROLE = "arn:aws:iam::111122223333:role/AgentTenantData"
ODD_ROLE = "arn:aws:iam::111122223333:role/te\"am\\x'#]:a/b/AgentTenantData"
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
POLICIES = st.one_of(TEXT, st.lists(st.sampled_from("'\"\\\n\r\t{}a "), max_size=30).map("".join))


def table(**changes: object) -> GrantTable:
    return GrantTable(**{"name": "tenant-data", "role": ROLE, **changes})  # type: ignore[arg-type]


def parsed(text: str) -> GrantTable:
    (found,) = decode_file(Path("x.toml"), text.encode(), GrantsFile).grants
    return found


@given(
    st.builds(
        GrantTable,
        name=st.just("g"),
        role=TEXT,
        source=TEXT,
        duration=TEXT,
        region=st.none() | TEXT,
        endpoint_url=st.none() | TEXT,
        external_id=st.none() | TEXT,
        session_policy=st.none() | POLICIES,
        profile=st.none() | TEXT,
        tags=st.dictionaries(TEXT, TEXT, max_size=3),
    )
)
def test_every_grant_reads_back_as_it_was_written(written: GrantTable) -> None:
    text = grant_text(written)

    assert parsed(text) == written
    assert list(tomllib.loads(text)) == ["grants"]
    assert len(tomllib.loads(text)["grants"]) == 1


def test_no_value_begins_a_line_or_a_comment_of_its_own() -> None:
    hostile = 'x"\nrole = "arn:aws:iam::111122223333:role/Admin"\n# '
    found = parsed(grant_text(table(profile=hostile, tags={hostile: hostile})))

    assert (found.role, found.profile, found.tags) == (ROLE, hostile, {hostile: hostile})


def test_a_policy_of_several_lines_stays_readable() -> None:
    policy = '{\n  "Statement": []\n}'
    text = grant_text(table(session_policy=policy))

    assert policy in text
    assert parsed(text).session_policy == policy


def test_text_that_is_not_unicode_is_refused() -> None:
    with pytest.raises(ValetkeyError) as caught:
        grant_text(table(profile="\udcff"))
    assert caught.value.code == "config-invalid"


def test_a_written_grant_is_what_a_run_reads(tmp_path: Path) -> None:
    home = tmp_path / "a" / "home"
    path = write_grant(home, table(role=ODD_ROLE, tags={"repo": "org/app"}), replace=False)
    found = read_local_grants(home, {})["tenant-data"]

    assert path == home / "grants.d" / "tenant-data.toml"
    assert (str(found.grant.role), dict(found.tags)) == (ODD_ROLE, {"repo": "org/app"})


def test_files_and_folders_are_the_accounts_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        path = write_grant(tmp_path / "home", table(), replace=False)
    finally:
        os.umask(before)

    modes = [stat.S_IMODE(p.stat().st_mode) for p in (path, path.parent, path.parent.parent)]
    assert modes == [0o600, 0o700, 0o700]


def test_a_name_that_is_taken_is_kept(tmp_path: Path) -> None:
    home = tmp_path / "home"
    write_grant(home, table(), replace=False)
    with pytest.raises(ValetkeyError) as caught:
        write_grant(home, table(duration="2h"), replace=False)

    assert caught.value.code == "grant-exists"
    assert read_local_grants(home, {})["tenant-data"].grant.duration == 3600


def test_replacing_leaves_one_file_with_the_new_grant(tmp_path: Path) -> None:
    home = tmp_path / "home"
    write_grant(home, table(), replace=False)
    path = write_grant(home, table(duration="2h"), replace=True)

    assert [each.name for each in path.parent.iterdir()] == ["tenant-data.toml"]
    assert read_local_grants(home, {})["tenant-data"].grant.duration == 7200


def test_a_write_that_fails_leaves_the_old_grant_and_no_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    path = write_grant(home, table(), replace=False)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ValetkeyError) as caught:
        write_grant(home, table(duration="2h"), replace=True)

    assert caught.value.code == "file-unwritable"
    assert read_grant_table(path) == table()
    assert [each.name for each in path.parent.iterdir()] == ["tenant-data.toml"]


@pytest.mark.parametrize("which", [".", "grants.d"])
def test_nothing_is_written_where_others_may_write(tmp_path: Path, which: str) -> None:
    home = tmp_path / "home"
    (home / "grants.d").mkdir(parents=True)
    for folder in (home, home / "grants.d"):
        folder.chmod(0o700)
    (home / which).chmod(0o777)
    with pytest.raises(ValetkeyError) as caught:
        write_grant(home, table(), replace=False)

    assert caught.value.code == "grants-open-to-others"
    assert list((home / "grants.d").iterdir()) == []


def test_a_home_that_is_a_file_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    with pytest.raises(ValetkeyError) as caught:
        write_grant(tmp_path / "home", table(), replace=False)
    assert caught.value.code == "file-unwritable"


def test_a_home_that_is_a_link_to_nowhere_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "home").symlink_to(tmp_path / "gone")
    with pytest.raises(ValetkeyError) as caught:
        write_grant(tmp_path / "home", table(), replace=False)
    assert caught.value.code == "file-unwritable"
    assert "File exists" not in caught.value.message


def test_a_removed_grant_is_gone_and_a_second_time_there_is_none(tmp_path: Path) -> None:
    home = tmp_path / "home"
    write_grant(home, table(), replace=False)

    assert remove_grant(home, "tenant-data")
    assert local_grant_names(home) == ()
    assert not remove_grant(home, "tenant-data")
