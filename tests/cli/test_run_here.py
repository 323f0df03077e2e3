"""The log of a run without a broker: for its owner alone, and silent when it can't be written."""

import contextlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from valetkey.cli import run_here


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, put back as it was."""
    found = logging.getLogger()
    handlers, level, raises = found.handlers[:], found.level, logging.raiseExceptions
    yield found
    for handler in found.handlers:
        if handler not in handlers:
            with contextlib.suppress(OSError, ValueError):
                handler.close()
    found.handlers, logging.raiseExceptions = handlers, raises
    found.setLevel(level)


def test_it_is_its_owners_alone_after_a_rotation_too(
    tmp_path: Path, root: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_here, "LOG_BYTES", 200)
    before = os.umask(0o022)
    try:
        run_here.log_to_file(tmp_path / "home")
        for number in range(20):
            root.warning("a line of AWS's own words %s", number)
    finally:
        os.umask(before)
    logs = sorted((tmp_path / "home").glob("valetkey.log*"))
    assert [path.name for path in logs] == ["valetkey.log", "valetkey.log.1"]
    assert [path.stat().st_mode & 0o077 for path in logs] == [0, 0]


def test_a_log_that_cannot_be_written_says_nothing(
    tmp_path: Path, root: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    run_here.log_to_file(tmp_path / "home")
    root.handlers[-1].stream.close()  # type: ignore[attr-defined]
    root.warning("lost")
    assert capsys.readouterr().err == ""
