"""What several tests of the agent's side stand on: a broker, a joined run, token files."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.broker_http import ACTOR_TOKEN, SUBJECT_TOKEN, FakeBroker, FakeRun
from tests.native.conftest import program  # noqa: F401 - a fixture for the tests here


@pytest.fixture
def broker() -> Iterator[FakeBroker]:
    with FakeBroker() as broker:
        yield broker


@pytest.fixture
def joined(broker: FakeBroker) -> FakeRun:
    """A run that is already open at the broker."""
    return broker.open_run()


@pytest.fixture
def run_token_file(joined: FakeRun, tmp_path: Path) -> Path:
    return write_private(tmp_path / "run-token", joined.tokens[0])


@pytest.fixture
def identity_files(tmp_path: Path) -> dict[str, str]:
    """The options that open a run: the actor's and the subject's token files."""
    actor, subject = tmp_path / "actor", tmp_path / "subject"
    actor.write_text(ACTOR_TOKEN)
    subject.write_text(SUBJECT_TOKEN)
    return {"--actor-token-file": str(actor), "--subject-token-file": str(subject)}


def write_private(path: Path, content: str) -> Path:
    path.touch(mode=0o600)
    path.write_text(content)
    return path


def bare_environment(**more: str) -> dict[str, str]:
    """Return an environment with nothing of AWS in it."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | more
