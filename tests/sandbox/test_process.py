"""`credential_process`: what SDKs start, as they start it."""

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from tests.fakes.broker_http import FakeBroker, FakeRun, Fault
from tests.sandbox.conftest import bare_environment
from valetkey.sandbox import credential_process
from valetkey.sandbox.process import main

PROGRAM = str(credential_process.__file__)


def start(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-S", PROGRAM, *arguments],
        capture_output=True,
        text=True,
        env=bare_environment(**more),
        timeout=30,
        check=False,
    )


def url_of(broker: FakeBroker, grant: str = "tenant-data") -> str:
    return f"{broker.url}/v1/credentials/{grant}"


def test_it_prints_what_the_sdks_contract_names_and_nothing_else(
    broker: FakeBroker, run_token_file: Path
) -> None:
    done = start("--url", url_of(broker), "--token-file", str(run_token_file))
    document = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
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
    broker: FakeBroker, run_token_file: Path
) -> None:
    done = start(
        "tenant-data", VALETKEY_BROKER=broker.url, VALETKEY_RUN_TOKEN_FILE=str(run_token_file)
    )
    assert json.loads(done.stdout)["AccessKeyId"].startswith("ASIA")


def test_a_flag_wins_over_the_environment(broker: FakeBroker, run_token_file: Path) -> None:
    flags = [f"--broker={broker.url}/", f"--run-token-file={run_token_file}"]
    done = start(
        "tenant-data", *flags, VALETKEY_BROKER="http://127.0.0.1:1", VALETKEY_RUN_TOKEN_FILE="/x"
    )
    assert done.returncode == 0


def test_the_token_file_is_read_anew_each_time(
    broker: FakeBroker, joined: FakeRun, run_token_file: Path
) -> None:
    arguments = ("--url", url_of(broker), "--token-file", str(run_token_file))
    assert start(*arguments).returncode == 0
    joined.tokens[:] = ["rotated"]
    assert start(*arguments).returncode == 1
    run_token_file.write_text("rotated")
    assert start(*arguments).returncode == 0


def test_a_no_is_one_message_with_its_code_and_what_to_do(
    broker: FakeBroker, joined: FakeRun, run_token_file: Path
) -> None:
    broker.revoke_all()
    done = start("--url", url_of(broker), "--token-file", str(run_token_file))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
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
    broker: FakeBroker, run_token_file: Path, fault: Fault, code: str
) -> None:
    broker.fault = fault
    done = start("--url", url_of(broker), "--token-file", str(run_token_file))
    assert (done.returncode, done.stdout) == (1, "")
    assert f"[{code}]" in done.stderr
    assert "111122223333" not in done.stderr
    assert "html" not in done.stderr
    assert "\x1b" not in done.stderr
    assert len(done.stderr.splitlines()) <= 2


def test_a_slow_broker_ends_at_the_time_limit(broker: FakeBroker, run_token_file: Path) -> None:
    broker.delay_seconds = 1.0
    arguments = ("--url", url_of(broker), "--token-file", str(run_token_file))
    assert "[broker-slow]" in start(*arguments, "--timeout", "0.2").stderr


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
    arguments: list[str],
    code: str,
    run_token_file: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("VALETKEY_BROKER", raising=False)
    monkeypatch.delenv("VALETKEY_RUN_TOKEN_FILE", raising=False)
    assert main([str(run_token_file) if a == "F" else a for a in arguments]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert f"[{code}]" in err


def test_help_is_printed_and_nothing_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert "credential-process GRANT" in capsys.readouterr().out


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
