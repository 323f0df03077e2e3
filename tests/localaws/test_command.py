"""`valetkey aws` as a process: one line of JSON, then service until it is ended."""

import json
import os
import pty
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import boto3
import pytest

START = "from valetkey.cli import main; main()"
SEED = """
account = "444455556666"

[[users]]
name = "broker"

[[users]]
name = "known"
access_keys = [{ id = "AKIAEXAMPLEKNOWN0000", secret = "env:KNOWN" }]

[[roles]]
name = "Agent"

[[queues]]
name = "jobs"
"""
SECRET = "the-known-secret-of-the-test"


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", START, "aws", *arguments]


def said(*arguments: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, **(env or {})},
    )


@contextmanager
def started(*arguments: str, how: signal.Signals = signal.SIGTERM) -> Iterator[dict[str, Any]]:
    """Give the first line of a process that is ended at the end, cleanly and in silence."""
    environ = {**os.environ, "KNOWN": SECRET}
    with subprocess.Popen(
        command("--json", *arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environ
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        yield json.loads(process.stdout.readline())
        process.send_signal(how)
        assert process.wait(timeout=10) == 0
        assert process.stdout.read() == b""
        assert process.stderr.read() == b""


@pytest.fixture
def seed(tmp_path: Path) -> str:
    path = tmp_path / "aws.toml"
    path.write_text(SEED)
    return str(path)


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_prints_its_keys_serves_and_ends_cleanly(how: signal.Signals) -> None:
    with started("--account", "444455556666", how=how) as found:
        assert list(found) == [
            "endpoint", "region", "account", "access_key_id", "secret_access_key",
        ]  # fmt: skip
        assert found["account"] == "444455556666"
        with pytest.raises(HTTPError) as caught:
            urllib.request.urlopen(found["endpoint"])
        caught.value.close()


@pytest.mark.slow
def test_a_seeded_start_tells_programs_what_is_there(seed: str) -> None:
    with started("--seed", seed) as found:
        made = found["seed"]
        assert found["account"] == "444455556666"
        assert made["role"] == {"Agent": "arn:aws:iam::444455556666:role/Agent"}
        assert made["queue"] == {"jobs": f"{found['endpoint']}/444455556666/jobs"}
        broker, known = made["access_keys"]
        assert known == {"user": "known", "access_key_id": "AKIAEXAMPLEKNOWN0000"}
        for key, secret in ((broker, broker["secret_access_key"]), (known, SECRET)):
            sts = boto3.client(
                "sts",
                endpoint_url=found["endpoint"],
                region_name=found["region"],
                aws_access_key_id=key["access_key_id"],
                aws_secret_access_key=secret,
            )
            assert sts.get_caller_identity()["Arn"].endswith(f":user/{key['user']}")
            sts.close()


@pytest.mark.slow
def test_checking_a_seed_shows_what_it_makes_and_ends(seed: str) -> None:
    done = said("--seed", seed, "--check", env={"KNOWN": SECRET})
    assert (done.returncode, done.stderr) == (0, "")
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert [row[:2] for row in rows] == [
        ["user", "broker"], ["user", "known"], ["role", "Agent"], ["queue", "jobs"],
        ["access key", "broker"], ["access key", "known"],
    ]  # fmt: skip
    assert SECRET not in done.stdout


@pytest.mark.slow
def test_on_a_terminal_it_draws_a_table_and_exports(seed: str) -> None:
    ours, theirs = pty.openpty()
    environ = {**os.environ, "KNOWN": SECRET, "TERM": "dumb", "COLUMNS": "120"}
    with subprocess.Popen(command("--seed", seed), stdout=theirs, env=environ) as process:
        os.close(theirs)
        text = ""
        while "Ctrl-C" not in text:
            text += os.read(ours, 65_536).decode()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 0
    os.close(ours)
    assert "export AWS_ENDPOINT_URL=http://127.0.0.1:" in text
    assert "known as" in text
    assert "arn:aws:iam::444455556666:role/Agent" in text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("written", "code"),
    [
        (SEED, "bad-seed"),  # its variable is not set
        ('[[roles]]\nname = "A"\nnmae = "B"\n', "bad-seed"),
        ('[[buckets]]\nname = "NO_bucket"\n', "bad-seed"),
    ],
)
def test_nothing_starts_half_seeded(written: str, code: str, tmp_path: Path) -> None:
    (tmp_path / "aws.toml").write_text(written)
    done = said("--seed", str(tmp_path / "aws.toml"))
    assert (done.returncode, done.stdout) == (1, "")
    assert f"[{code}]" in done.stderr
    assert len(done.stderr.splitlines()) <= 2


def test_a_taken_port_is_one_clear_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = said("--port", str(port))
    assert (done.returncode, done.stdout) == (1, "")
    assert f"port {port} " in done.stderr + " "
    assert "[port-unavailable]" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--account", "7"), "bad-account"),
        (("--region", "mars-north-1"), "bad-region"),
        (("--check",), "seed-missing"),
        (("--seed", "missing.toml"), "bad-seed"),
    ],
)
def test_a_mistake_is_one_clear_error(arguments: tuple[str, ...], code: str) -> None:
    done = said(*arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"[{code}]" in done.stderr


@pytest.mark.slow
def test_an_option_that_contradicts_the_seed_is_an_error(seed: str) -> None:
    done = said("--seed", seed, "--account", "999900001111", env={"KNOWN": SECRET})
    assert done.returncode == 1
    assert "`account`" in done.stderr


def test_without_the_extra_it_says_what_to_install() -> None:
    without = "import sys; sys.modules['moto'] = None\n"
    missing = [sys.executable, "-c", without + START, "aws"]
    done = subprocess.run(missing, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "pip install 'valetkey[localaws]'" in done.stderr
