"""Folders of started servers: what a killed broker left goes, all else stays."""

import os
import tempfile
import time
from pathlib import Path

import pytest

from valetkey.gateway.surroundings import make_surroundings, remove_leftovers
from valetkey.tools.server import Reach, ToolServer

LATER = 3_600.0
SERVER = ToolServer(name="files", reach=Reach.STDIO, command=("true",))


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_the_folder_of_a_dead_broker_is_removed(tmp_path: Path) -> None:
    made = make_surroundings(SERVER, None)
    (made.folder / "aws-token").write_text("secret")
    made.lock.close()  # as the system does when the process is gone
    remove_leftovers()
    assert made.folder.exists()  # so new that its broker may be about to lock it
    remove_leftovers(now=time.time() + LATER)
    assert not list(tmp_path.iterdir())


def test_the_folder_of_a_living_broker_stays_until_it_removes_it(tmp_path: Path) -> None:
    made = make_surroundings(SERVER, None)
    remove_leftovers(now=time.time() + LATER)
    assert made.folder.exists()
    made.remove()
    made.remove()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("what", ["link", "open", "file", "another-name"])
def test_nothing_else_is_removed(what: str, tmp_path: Path) -> None:
    inside = tmp_path / "elsewhere"
    inside.mkdir(mode=0o700)
    (inside / "kept").write_text("kept")
    found = tmp_path / ("other-server-x" if what == "another-name" else "valetkey-server-x")
    if what == "link":
        found.symlink_to(inside)
    elif what == "file":
        found.write_text("kept")
    else:
        found.mkdir(mode=0o700)
        found.chmod(0o755 if what == "open" else 0o700)
    remove_leftovers(now=time.time() + LATER)
    assert os.path.lexists(found)
    assert (inside / "kept").exists()


def test_a_folder_of_another_account_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = tmp_path / "valetkey-server-x"
    found.mkdir(mode=0o700)
    monkeypatch.setattr(os, "geteuid", lambda: 424_242)
    remove_leftovers(now=time.time() + LATER)
    assert found.exists()
