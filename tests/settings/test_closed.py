"""Nobody else may choose what is in a grant's file, wherever it really is."""

import os
from pathlib import Path

import pytest

from valetkey.errors import ValetkeyError
from valetkey.settings.closed import check_closed

FILE = Path("grants.d") / "tenant-data.toml"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with one file, closed to others whatever the umask is."""
    made = folder(tmp_path, "above") / "home"
    folder(made.parent, "home")
    folder(made, "grants.d")
    file(made / FILE)
    return made


def folder(where: Path, name: str) -> Path:
    made = where / name
    made.mkdir(mode=0o700)
    return made


def file(path: Path) -> Path:
    path.write_text("")
    path.chmod(0o600)
    return path


def link(path: Path, target: Path) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to(target)


def code(home: Path) -> str | None:
    try:
        check_closed(home / FILE)
    except ValetkeyError as error:
        return error.code
    return None


def test_what_is_ours_alone_passes_and_so_does_what_is_not_there(home: Path) -> None:
    assert code(home) is None
    assert code(home.parent / "nothing") is None


@pytest.mark.parametrize("path", ["..", ".", "grants.d", "grants.d/tenant-data.toml"])
@pytest.mark.parametrize("mode", [0o020, 0o002])
def test_what_others_may_write_chooses_no_role(home: Path, path: str, mode: int) -> None:
    (home / path).chmod((home / path).stat().st_mode | mode)

    assert code(home) == "grants-open-to-others"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
@pytest.mark.parametrize("path", ["..", ".", "grants.d", "grants.d/tenant-data.toml"])
def test_what_belongs_to_another_account_chooses_no_role(home: Path, path: str) -> None:
    os.chown(home / path, 65_533, -1)

    assert code(home) == "grants-open-to-others"


def test_a_sticky_folder_may_be_above_the_home(home: Path) -> None:
    home.parent.chmod(0o1777)

    assert code(home) is None


@pytest.mark.parametrize("path", [".", "grants.d"])
def test_a_sticky_folder_is_no_home(home: Path, path: str) -> None:
    """There others could make the files that are not there yet."""
    (home / path).chmod(0o1777)

    assert code(home) == "grants-open-to-others"


@pytest.mark.parametrize("mode", [0o600, 0o666])
def test_a_link_is_judged_by_what_it_leads_to(home: Path, mode: int) -> None:
    target = file(home.parent / "kept-elsewhere.toml")
    target.chmod(mode)
    link(home / FILE, target)

    assert code(home) == (None if mode == 0o600 else "grants-open-to-others")


@pytest.mark.parametrize("is_relative", [True, False])
def test_a_link_is_judged_by_the_folder_that_it_leads_to(home: Path, is_relative: bool) -> None:
    elsewhere = folder(home.parent, "elsewhere")
    file(elsewhere / "g.toml")
    target = Path("..", "..", "elsewhere", "g.toml") if is_relative else elsewhere / "g.toml"
    link(home / FILE, target)
    assert code(home) is None
    elsewhere.chmod(0o777)

    assert code(home) == "grants-open-to-others"


def test_a_link_on_the_way_is_judged_by_the_folder_that_it_is_in(
    home: Path, tmp_path: Path
) -> None:
    """Who may write there leads it to another home."""
    shared = folder(tmp_path, "shared")
    link(shared / "way", home)
    assert code(shared / "way") is None
    shared.chmod(0o777)

    assert code(shared / "way") == "grants-open-to-others"


def test_a_home_behind_a_link_is_no_sticky_folder(home: Path, tmp_path: Path) -> None:
    link(tmp_path / "way", home)
    home.chmod(0o1777)

    assert code(tmp_path / "way") == "grants-open-to-others"


def test_links_that_go_round_are_one_clear_error(home: Path) -> None:
    link(home / FILE, home / FILE)

    assert code(home) == "config-unreadable"
