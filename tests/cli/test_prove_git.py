"""Files at a revision: git's bytes, or a sentence that says why there are none."""

import shutil
import subprocess
from pathlib import Path

import pytest

from valetkey.cli import prove_git
from valetkey.cli.prove_git import at_revision, commit_of, listed_at
from valetkey.errors import ValetkeyError


def git(folder: Path, *arguments: str) -> None:
    names = ("-c", "user.name=n", "-c", "user.email=e@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(folder), *names, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "-b", "main")
    sub = tmp_path / "sub"
    (sub / "grants.d").mkdir(parents=True)
    (sub / "a b.json").write_bytes(b"old\xff\r\n")
    (sub / "grants.d" / "g.toml").write_text("x")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "one")
    (sub / "a b.json").write_text("new")
    (sub / "fresh.json").write_text("new")
    return sub


def refused(path: Path, revision: str) -> str:
    with pytest.raises(ValetkeyError) as raised:
        at_revision(path, revision)
    return raised.value.code


def test_a_file_is_what_it_was_to_the_byte(repository: Path) -> None:
    assert at_revision(repository / "a b.json", "main") == b"old\xff\r\n"


def test_a_file_that_was_not_there_is_said_to_be_missing(repository: Path) -> None:
    assert at_revision(repository / "fresh.json", "HEAD") is None
    assert refused(repository / "grants.d", "HEAD") == "not-in-revision"


@pytest.mark.parametrize("revision", ["no-such", "", "--help", "-n1", "HEAD:sub", "HEAD^9"])
def test_what_is_no_revision_is_refused(repository: Path, revision: str) -> None:
    assert refused(repository / "a b.json", revision) == "unknown-revision"


def test_outside_of_a_repository_there_are_no_revisions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    (tmp_path / "x.json").write_text("{}")
    assert refused(tmp_path / "x.json", "HEAD") == "not-a-repository"


def test_a_repository_of_the_environment_is_not_asked(
    repository: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path_factory.mktemp("other")
    monkeypatch.setenv("GIT_DIR", str(other))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    assert at_revision(repository / "a b.json", "HEAD") == b"old\xff\r\n"


def test_a_file_beyond_the_bound_is_not_read(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prove_git, "MAX_FILE", 4)
    assert refused(repository / "a b.json", "HEAD") == "source-too-large"


def test_a_folder_is_listed_as_it_was(repository: Path) -> None:
    assert listed_at(repository / "grants.d", "HEAD") == ("g.toml",)
    assert listed_at(repository / "no-such", "HEAD") == ()


def test_git_that_is_not_there_is_said_to_be(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ValetkeyError) as raised:
        commit_of(repository, "HEAD")
    assert raised.value.code == "git-missing"


def test_a_link_is_followed_as_it_led_then_and_never_out_of_the_repository(
    repository: Path,
) -> None:
    links = {"l.json": "m.json", "m.json": "../sub/a b.json", "folder": "grants.d"}
    broken = {"out.json": "/etc/hosts", "none.json": "nothing", "round.json": "round.json"}
    for name, target in {**links, **broken}.items():
        (repository / name).symlink_to(target)
    git(repository, "add", "l.json", "m.json", "folder", *broken)
    git(repository, "commit", "-q", "-m", "two")
    (repository / "m.json").unlink()

    assert at_revision(repository / "l.json", "HEAD") == b"old\xff\r\n"
    assert listed_at(repository / "folder", "HEAD") == ("g.toml",)
    assert {refused(repository / name, "HEAD") for name in broken} == {"not-in-revision"}


def test_what_lay_in_a_folder_that_is_no_more_is_had(repository: Path) -> None:
    shutil.rmtree(repository / "grants.d")
    assert listed_at(repository / "grants.d", "HEAD") == ("g.toml",)
    assert at_revision(repository / "grants.d" / "g.toml", "HEAD") == b"x"
    assert at_revision(repository / "no" / "such.json", "HEAD") is None
