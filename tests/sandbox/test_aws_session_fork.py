"""A fork copies one thread and every lock: a child goes on by itself, whatever others were doing.

Each program runs in a process of its own: forking the one that runs the tests is no test.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.broker_http import FakeBroker
from tests.sandbox.conftest import bare_environment

PRELUDE = """
import json, multiprocessing, os, signal, sys, threading, time
import valetkey
from valetkey.sandbox.flights import guard

AHEAD = 0.0
real = time.time
time.time = lambda: real() + AHEAD

def key():
    return valetkey.aws_session("tenant-data").get_credentials().get_frozen_credentials().access_key

def in_child(work):
    "Return what `work` returns in a child of a fork; None where it hangs or dies."
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writer, json.dumps(work()).encode())
        finally:
            os._exit(0)
    os.close(writer)
    until = time.monotonic() + 20
    while time.monotonic() < until and os.waitpid(child, os.WNOHANG) == (0, 0):
        time.sleep(0.01)
    try:
        os.kill(child, signal.SIGKILL)
    except ProcessLookupError:
        pass
    return json.loads(os.read(reader, 65536) or b"null")

def in_thread(work):
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread

import boto3, botocore.session  # an import under way at the fork is Python's own affair
"""


@pytest.fixture
def environment(broker: FakeBroker, run_token_file: Path) -> dict[str, str]:
    return bare_environment(VALETKEY_BROKER=broker.url, VALETKEY_RUN_TOKEN_FILE=str(run_token_file))


def said(program: str, environment: dict[str, str]) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + program],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_child_goes_on_with_what_its_parent_drew(
    broker: FakeBroker, environment: dict[str, str]
) -> None:
    program = """
session = valetkey.aws_session("tenant-data")
keys = [key(), in_child(key)]
is_new = in_child(lambda: valetkey.aws_session("tenant-data") is not session)
print(json.dumps([keys, is_new, session.client("s3") is not None]))
"""
    keys, is_new, _ = said(program, environment)
    assert keys == ["ASIAFAKE000000000001"] * 2
    assert is_new
    assert broker.hand_outs["tenant-data"] == 1


def test_a_child_of_a_fork_in_the_middle_of_the_first_draw_draws_for_itself(
    broker: FakeBroker, environment: dict[str, str]
) -> None:
    broker.delay_seconds = 0.4
    program = """
others = in_thread(key)
time.sleep(0.2)
print(json.dumps([in_child(key), key()]))
"""
    assert None not in said(program, environment)
    assert broker.hand_outs["tenant-data"] == 2


def test_a_child_of_a_fork_in_the_middle_of_a_refresh_refreshes_for_itself(
    broker: FakeBroker, environment: dict[str, str]
) -> None:
    broker.delay_seconds = 0.4
    broker.life_seconds = 8 * 3600
    broker.first_life_seconds = 3600
    program = """
first = key()
AHEAD = 3600.0
others = in_thread(key)
time.sleep(0.2)
print(json.dumps([first, in_child(key), key()]))
"""
    first, in_child, in_parent = said(program, environment)
    assert None not in (in_child, in_parent)
    assert len({first, in_child, in_parent}) == 3
    assert broker.hand_outs["tenant-data"] == 3


def test_a_lock_that_another_thread_held_at_the_fork_is_free_in_the_child(
    environment: dict[str, str],
) -> None:
    program = """
key()
held, done = threading.Event(), threading.Event()
def hold():
    with guard.lock:
        held.set()
        done.wait(30)
in_thread(hold)
held.wait(10)
print(json.dumps(in_child(key)))
done.set()
"""
    assert said(program, environment) == "ASIAFAKE000000000001"


def test_a_child_renews_what_it_got_from_its_parent(
    broker: FakeBroker, environment: dict[str, str]
) -> None:
    broker.life_seconds = 8 * 3600
    broker.first_life_seconds = 3600
    program = """
session = valetkey.aws_session("tenant-data")
def later():
    global AHEAD
    AHEAD = 3600.0
    return [session.get_credentials().access_key, key()]
print(json.dumps([in_child(later), key()]))
"""
    (kept, made), parents = said(program, environment)
    assert kept == made != parents
    assert broker.hand_outs["tenant-data"] == 2


@pytest.mark.slow
def test_the_children_of_a_pool_work_with_busy_threads_beside_them(
    broker: FakeBroker, environment: dict[str, str]
) -> None:
    """multiprocessing's fork, while eight threads of the parent make sessions all the time."""
    program = """
def busy():
    while True:
        key()
for _ in range(8):
    in_thread(busy)
time.sleep(0.5)
with multiprocessing.get_context("fork").Pool(4) as pool:
    keys = [each.get(30) for each in [pool.apply_async(key) for _ in range(16)]]
print(json.dumps(keys))
"""
    assert len(said(program, environment)) == 16
    assert broker.hand_outs["tenant-data"] <= 5
