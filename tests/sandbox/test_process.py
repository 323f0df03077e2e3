"""`credential_process`: what SDKs start, as they start it, in Python and as the static program."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from tests.fakes.broker_http import FakeBroker, FakeRun, Fault
from tests.native.programs import STATIC, Done, needs_static, start_program
from tests.sandbox.conftest import bare_environment, write_private
from tests.sandbox.raw_server import raw_server
from valetkey.sandbox import credential_process
from valetkey.sandbox.process import USAGE
from valetkey.version import VERSION

PROGRAM = str(credential_process.__file__)
Start = Callable[..., Done]


@pytest.fixture
def start(program: tuple[str, ...]) -> Start:
    """Start the program with arguments, and with environment variables by name."""

    def start(*arguments: str, **more: str) -> Done:
        return start_program(program, arguments, bare_environment(**more))

    return start


def url_of(broker: FakeBroker, grant: str = "tenant-data") -> str:
    return f"{broker.url}/v1/credentials/{grant}"


def test_it_prints_what_the_sdks_contract_names_and_nothing_else(
    start: Start, broker: FakeBroker, run_token_file: Path
) -> None:
    done = start("--url", url_of(broker), "--token-file", str(run_token_file))
    document = json.loads(done.stdout)
    assert (done.exit_code, done.stderr) == (0, b"")
    assert set(document) == {
        "Version",
        "AccessKeyId",
        "SecretAccessKey",
        "SessionToken",
        "Expiration",
    }
    assert document["Version"] == 1
    assert type(document["Version"]) is int
    assert document["SessionToken"] == "session-of-tenant-data-1"
    assert datetime.fromisoformat(document["Expiration"]).tzinfo is not None


def test_the_environment_names_the_broker_and_the_token_file(
    start: Start, broker: FakeBroker, run_token_file: Path
) -> None:
    done = start(
        "tenant-data", VALETKEY_BROKER=broker.url, VALETKEY_RUN_TOKEN_FILE=str(run_token_file)
    )
    assert json.loads(done.stdout)["AccessKeyId"].startswith("ASIA")


def test_a_flag_wins_over_the_environment(
    start: Start, broker: FakeBroker, run_token_file: Path
) -> None:
    flags = [f"--broker={broker.url}/", f"--run-token-file={run_token_file}"]
    done = start(
        "tenant-data", *flags, VALETKEY_BROKER="http://127.0.0.1:1", VALETKEY_RUN_TOKEN_FILE="/x"
    )
    assert done.exit_code == 0


def test_the_token_file_is_read_anew_each_time(
    start: Start, broker: FakeBroker, joined: FakeRun, run_token_file: Path
) -> None:
    arguments = ("--url", url_of(broker), "--token-file", str(run_token_file))
    assert start(*arguments).exit_code == 0
    joined.tokens[:] = ["rotated"]
    assert start(*arguments).exit_code == 1
    run_token_file.write_text("rotated")
    assert start(*arguments).exit_code == 0


def test_a_no_is_one_message_with_its_code_and_what_to_do(
    start: Start, broker: FakeBroker, joined: FakeRun, run_token_file: Path
) -> None:
    broker.revoke_all()
    done = start("--url", url_of(broker), "--token-file", str(run_token_file))
    assert (done.exit_code, done.stdout) == (1, b"")
    assert done.stderr.decode() == (
        f"valetkey: run `{joined.id}` is revoked [run-revoked]\n  open a new run\n"
    )


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (
            Fault(500, b"<html>arn:aws:iam::111122223333:role/X</html>", "text/html"),
            "broker-refused",
        ),
        (Fault(200, b"<html>hello</html>", "text/html"), "broker-answer-unreadable"),
        (Fault(200, b'{"AccessKeyId": "ASIA1"}'), "broker-answer-unreadable"),
        (Fault(302, b""), "broker-refused"),
        (Fault(503, b'{"code": "sts-down", "detail": "no \\u001b[2J \\r\\n x"}'), "sts-down"),
    ],
)
def test_an_upstreams_body_is_not_shown(
    start: Start, broker: FakeBroker, run_token_file: Path, fault: Fault, code: str
) -> None:
    broker.fault = fault
    done = start("--url", url_of(broker), "--token-file", str(run_token_file))
    assert (done.exit_code, done.stdout) == (1, b"")
    assert done.code == code
    assert b"111122223333" not in done.stderr
    assert b"html" not in done.stderr
    assert b"\x1b" not in done.stderr
    assert len(done.stderr.splitlines()) <= 2


def test_a_slow_broker_ends_at_the_time_limit(
    start: Start, broker: FakeBroker, run_token_file: Path
) -> None:
    broker.delay_seconds = 1.0
    arguments = ("--url", url_of(broker), "--token-file", str(run_token_file))
    assert start(*arguments, "--timeout", "0.2").code == "broker-slow"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], "grant-name-invalid"),
        (["../runs/self"], "grant-name-invalid"),
        (["a", "b"], "usage"),
        (["a", "--tokn", "x"], "usage"),
        (["a"], "broker-url-missing"),
        (["a", "--broker", "http://127.0.0.1:1"], "token-file-missing"),
        (["--url", "http://evil.example/x", "--token-file", "F"], "broker-url-insecure"),
        (["--url", "http://127.0.0.1:1/x", "--token-file", "/absent"], "token-file-unreadable"),
        (["--url", "http://127.0.0.1:1/x", "--token-file", "F"], "broker-unreachable"),
        (["--url", "http://127.0.0.1:1/x", "--token-file", "F", "--timeout", "inf"], "usage"),
    ],
)
def test_each_mistake_has_its_own_message(
    start: Start, arguments: list[str], code: str, run_token_file: Path
) -> None:
    done = start(*[str(run_token_file) if a == "F" else a for a in arguments])
    assert (done.exit_code, done.stdout, done.code) == (1, b"", code)


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_is_printed_and_nothing_is_drawn(start: Start, broker: FakeBroker, flag: str) -> None:
    done = start("--url", url_of(broker), "--token-file", flag)
    assert (done.exit_code, done.stdout.decode(), done.stderr) == (0, USAGE, b"")
    assert broker.seen_authorizations == []


def test_an_answer_that_drips_ends_at_the_total_time(start: Start, run_token_file: Path) -> None:
    with raw_server(b"HTTP/1.1 200 OK\r\n\r\n" + b" " * 1000, drip_seconds=0.05) as (url, _):
        done = start("--url", url, "--token-file", str(run_token_file), "--timeout", "0.3")
    assert done.code == "broker-slow"


def test_localhost_is_this_machine_by_either_address(
    start: Start, broker: FakeBroker, run_token_file: Path
) -> None:
    url = url_of(broker).replace("127.0.0.1", "localhost")
    assert start("--url", url, "--token-file", str(run_token_file)).exit_code == 0


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o610])
def test_a_token_file_open_to_others_sends_nothing(
    start: Start, broker: FakeBroker, run_token_file: Path, mode: int
) -> None:
    run_token_file.chmod(mode)
    done = start("--url", url_of(broker), "--token-file", str(run_token_file))
    assert done.code == "token-file-open-to-others"
    assert broker.seen_authorizations == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_token_file_of_another_account_sends_nothing(
    start: Start, broker: FakeBroker, run_token_file: Path
) -> None:
    os.chown(run_token_file, 12345, -1)
    done = start("--url", url_of(broker), "--token-file", str(run_token_file))
    assert done.code == "token-file-of-another"
    assert broker.seen_authorizations == []


def test_a_named_pipe_in_place_of_the_token_does_not_block(start: Start, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    for path in (tmp_path / "pipe", tmp_path):
        done = start("--url", "http://127.0.0.1:1", "--token-file", str(path))
        assert done.code == "token-file-irregular"


@needs_static
def test_the_static_program_refuses_https_and_names_what_speaks_it(run_token_file: Path) -> None:
    arguments = ["--url", "https://127.0.0.1:1/x", "--token-file", str(run_token_file)]
    done = start_program([str(STATIC)], arguments, {"VALETKEY_COMMAND": "/bin/true"})
    assert (done.exit_code, done.stdout, done.code) == (1, b"", "tls-not-here")
    assert b"valetkey credential-process" in done.stderr


def test_the_version_is_printed_and_nothing_is_drawn(start: Start) -> None:
    done = start("--version")
    assert (done.exit_code, done.stdout.split()[:1]) == (0, [VERSION.encode()])
    assert start("--version", "x").code == "usage"


def test_where_nothing_answers_on_this_machine_the_run_may_be_over(
    start: Start, run_token_file: Path
) -> None:
    done = start("--url", "http://127.0.0.1:1/x", "--token-file", str(run_token_file))
    assert b"\n  is the run, or `valetkey serve`, still there?\n" in done.stderr


def test_where_the_token_file_is_gone_the_run_may_be_over(start: Start, tmp_path: Path) -> None:
    gone = start("--url", "http://127.0.0.1:1/x", "--token-file", str(tmp_path / "token"))
    assert b"may be over" in gone.stderr
    below_a_file = str(write_private(tmp_path / "f", "t") / "token")
    other = start("--url", "http://127.0.0.1:1/x", "--token-file", below_a_file)
    assert (other.code, b"may be over" in other.stderr) == ("token-file-unreadable", False)


def test_it_imports_nothing_that_is_slow(broker: FakeBroker, run_token_file: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-I", "-S", PROGRAM]  # noqa: RUF005
        + ["--url", url_of(broker), "--token-file", str(run_token_file)],
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "valetkey.sandbox.process" in imported
    assert imported.isdisjoint(
        {"os", "re", "json", "socket", "ssl", "dataclasses", "typing", "argparse", "urllib.parse"}
        | {"http.client", "enum", "hashlib", "site", "typer"}
    )
