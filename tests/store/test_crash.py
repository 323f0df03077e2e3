"""SIGKILL and a failing disk: what was acknowledged is there, what is half done is not."""

import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.store.samples import a_run, log
from valetkey.store.schema import connect

ROOT = Path(__file__).parents[2]


def _start(path: Path, seed: int, *more: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "tests.store.under_load", str(path), str(seed), *more]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def _said(process: "subprocess.Popen[bytes]") -> list[str]:
    out, _ = process.communicate(timeout=30)
    # The last line may have been cut by the kill: what was not said whole was not acknowledged.
    return out.decode().split("\n")[:-1]


def _check(path: Path, said: list[str]) -> None:
    """Compare what was acknowledged with what a broker finds that starts now."""
    connect(path).close()
    written = set(log(path))
    connection = sqlite3.connect(path)
    runs = dict(connection.execute("SELECT id, state FROM runs"))
    bound = {run for (run,) in connection.execute("SELECT run FROM work_bindings")}
    connection.close()
    for line in said:
        what, name = line.split(" ")
        if what == "a":
            assert ("request-refused", f"n-{name}") in written
        elif what == "o":
            assert name in runs
        elif what == "e":
            assert runs[name] == "ended"
    # Run, record and binding are one: none of them without the others.
    assert {name for kind, name in written if kind == "run-opened"} == set(runs) == bound
    finished = {name for name, state in runs.items() if state == "ended"}
    assert {name for kind, name in written if kind == "run-ended"} == finished


def test_a_killed_broker_loses_nothing_it_acknowledged(path: Path) -> None:
    moments = random.Random(20)
    said: list[str] = []
    for life in range(6):
        process = _start(path, life * 1_000_000)
        time.sleep(moments.uniform(0.01, 0.35))
        process.send_signal(signal.SIGKILL)
        said += _said(process)
        _check(path, said)
    assert len(said) > 200


def test_one_of_two_brokers_on_a_file_is_killed_and_the_log_goes_on(path: Path) -> None:
    first, second = _start(path, 0), _start(path, 1_000_000)
    time.sleep(0.4)
    first.kill()
    time.sleep(0.3)
    second.kill()
    said = [_said(first), _said(second)]
    assert all(len(lines) > 10 for lines in said)
    _check(path, said[0] + said[1])


@pytest.mark.parametrize("room", [300_000, 1_500_000])
def test_a_disk_that_fills_up_acknowledges_nothing_that_is_not_there(path: Path, room: int) -> None:
    process = _start(path, 0, str(room))
    said = _said(process)
    assert process.returncode == 0
    refusals = [line for line in said if line.startswith("x ")]
    assert refusals == ["x store-unwritable"] * 16
    assert len(said) > 30
    _check(path, said)


def test_equal_numbers_make_equal_runs_and_others_do_not() -> None:
    """What the checks above stand on."""
    assert a_run(1) == a_run(1)
    assert a_run(1).id != a_run(2).id
