"""`valetkey aws` as a process: one line of JSON, then service until it is ended."""

import json
import signal
import subprocess
import sys
import urllib.request
from urllib.error import HTTPError

import pytest

START = "from valetkey.cli import main; main()"


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_prints_its_keys_serves_and_ends_cleanly(how: signal.Signals) -> None:
    command = [sys.executable, "-c", START, "aws", "--json", "--account", "444455556666"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        found = json.loads(process.stdout.readline())
        assert list(found) == [
            "endpoint", "region", "account", "access_key_id", "secret_access_key",
        ]  # fmt: skip
        assert found["account"] == "444455556666"
        with pytest.raises(HTTPError) as caught:
            urllib.request.urlopen(found["endpoint"])
        caught.value.close()
        process.send_signal(how)
        assert process.wait(timeout=10) == 0
        assert process.stdout.read() == b""
        assert process.stderr.read() == b""


def test_a_bad_account_is_one_clear_error() -> None:
    command = [sys.executable, "-c", START, "aws", "--account", "7"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "[bad-account]" in done.stderr


def test_without_the_extra_it_says_what_to_install() -> None:
    without = "import sys; sys.modules['moto'] = None\n"
    command = [sys.executable, "-c", without + START, "aws"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "pip install 'valetkey[localaws]'" in done.stderr
