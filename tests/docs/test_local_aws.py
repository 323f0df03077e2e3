"""The guide to the local AWS is run: its seeds, its suites, its programs."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import page
from valetkey.localaws import LocalAws, read_seed

GUIDE = page("docs/guides/local-aws.md")
INI = (
    "[pytest]\naddopts = -p no:cacheprovider -p no:asyncio --strict-markers\naws_seed = aws.toml\n"
)
PROGRAM = [sys.executable, "-m", "valetkey"]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with the guide's seeds and suites, under the names that it says."""
    first, everything = GUIDE.blocks("toml")
    (tmp_path / "aws.toml").write_text(first)
    (tmp_path / "everything.toml").write_text(everything)
    (tmp_path / "trust.json").write_text(
        '{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Principal": "*", '
        '"Action": "sts:AssumeRole"}}'
    )
    (tmp_path / "notes.txt").write_text("notes")
    (tmp_path / "events.json").write_text('{"Items": [{"tenant": {"S": "a"}, "at": {"N": "1"}}]}')
    (tmp_path / "pytest.ini").write_text(INI)
    for block in GUIDE.blocks("python"):
        named = re.match(r"# (test_\w+\.py)\n", block)
        if named:
            (tmp_path / named[1]).write_text(block)
    yield tmp_path


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.slow
def test_its_commands_and_its_program_do_what_they_say(folder: Path) -> None:
    (checking,) = GUIDE.blocks("sh")
    done = run([*PROGRAM, *shlex.split(checking)[1:]], folder)
    assert done.returncode == 0, done.stderr
    assert "arn:aws:iam::111122223333:role/Agent" in done.stdout
    (program,) = (block for block in GUIDE.blocks("python") if "LocalAws()" in block)
    done = run([sys.executable, "-c", program], folder)
    assert done.stdout == "1\n", done.stderr


@pytest.mark.slow
def test_its_mistake_is_answered_as_it_says(folder: Path) -> None:
    seed = (folder / "aws.toml").read_text()
    begin, end = seed.split("[[roles.policies.own-data]]", 1)
    (folder / "aws.toml").write_text(
        f"{begin}[[roles.policies.own-data]]{end.replace('Allow', 'Alow', 1)}"
    )
    done = run([*PROGRAM, "aws", "--seed", "aws.toml"], folder)
    said = [b for b in GUIDE.blocks("text") if b.startswith("valetkey: ")]
    assert [done.stderr.splitlines(keepends=True)[0]] == said


@pytest.mark.slow
@pytest.mark.parametrize("shared", [False, True])
def test_its_suites_pass(folder: Path, shared: bool) -> None:
    conftests = [b for b in GUIDE.blocks("python") if b.startswith("# conftest.py")]
    (folder / "conftest.py").write_text(conftests[shared])
    wanted = ["test_tenants.py", "test_application.py", "test_web_identity.py"]
    if shared:  # a test that brings its own seed needs an AWS of its own
        wanted = ["test_application.py"]
    done = run([sys.executable, "-m", "pytest", "-q", *wanted], folder)
    assert f"{1 if shared else 5} passed" in done.stdout, done.stdout


def test_all_that_a_seed_can_say_can_be_made(folder: Path) -> None:
    aws = LocalAws()
    try:
        made = aws.seed(read_seed(folder / "everything.toml", {"CI_SECRET": "x" * 40})).made
    finally:
        aws.stop()
    assert set(made) == {
        "policy", "provider", "user", "role", "bucket", "table", "queue", "secret", "parameter",
        "function",
    }  # fmt: skip
