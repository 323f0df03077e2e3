"""`valetkey credentials`: a hand-out on standard output, or one line on standard error."""

import json
import os
import pty
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.entry import VALETKEY, bare, command
from tests.cli.exported import FORMATS, keys_in
from tests.fakes.broker_http import FakeBroker
from tests.sandbox.conftest import write_private


@pytest.fixture
def broker() -> Iterator[FakeBroker]:
    grants = {name: {"region": "eu-west-1", "endpoint_url": None} for name in ("first", "second")}
    with FakeBroker(grants=dict(grants)) as started:
        yield started


@pytest.fixture
def in_a_run(broker: FakeBroker, tmp_path: Path) -> dict[str, str]:
    """What `valetkey run` gives a command, so that commands of ours find the run."""
    token = write_private(tmp_path / "token", broker.open_run().tokens[0])
    return {"VALETKEY_BROKER": broker.url, "VALETKEY_RUN_TOKEN_FILE": str(token)}


def credentials(
    *arguments: str, home: Path, env: dict[str, str]
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*VALETKEY, "credentials", *arguments],
        capture_output=True,
        text=True,
        env=bare(home, **env),
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("form", FORMATS)
def test_each_format_holds_the_runs_credentials(
    form: str, broker: FakeBroker, in_a_run: dict[str, str], tmp_path: Path
) -> None:
    done = credentials("second", "--format", form, home=tmp_path, env=in_a_run)
    assert (done.returncode, done.stderr) == (0, "")
    assert keys_in(done.stdout, form) == (
        "ASIAFAKE000000000001",
        "secret-of-second-1",
        "session-of-second-1",
    )
    assert broker.hand_outs == {"second": 1}


def test_the_runs_first_grant_is_drawn_where_none_is_named(
    broker: FakeBroker, in_a_run: dict[str, str], tmp_path: Path
) -> None:
    done = credentials(home=tmp_path, env=in_a_run)
    assert json.loads(done.stdout)["Version"] == 1
    assert broker.hand_outs == {"first": 1}


def test_a_run_wins_over_this_machines_grants(
    broker: FakeBroker, in_a_run: dict[str, str], tmp_path: Path
) -> None:
    stored(tmp_path, "first")
    assert credentials("first", home=tmp_path, env=in_a_run).returncode == 0
    assert broker.hand_outs == {"first": 1}
    assert not (tmp_path / ".valetkey" / "valetkey.db").exists()


def test_a_grant_that_the_run_has_not_is_refused_with_those_it_has(
    broker: FakeBroker, in_a_run: dict[str, str], tmp_path: Path
) -> None:
    done = credentials("third", home=tmp_path, env=in_a_run)
    assert (done.returncode, done.stdout) == (1, "")
    assert "[grant-unknown]" in done.stderr and "first, second" in done.stderr


@pytest.mark.parametrize("form", FORMATS)
def test_a_denial_is_said_on_standard_error_alone(
    form: str, broker: FakeBroker, in_a_run: dict[str, str], tmp_path: Path
) -> None:
    broker.revoke_all()
    done = credentials("first", "--format", form, home=tmp_path, env=in_a_run)
    assert (done.returncode, done.stdout) == (2, "")
    assert "[run-revoked]" in done.stderr


def test_a_broker_without_a_run_is_not_asked(
    broker: FakeBroker, in_a_run: dict[str, str], tmp_path: Path
) -> None:
    del in_a_run["VALETKEY_RUN_TOKEN_FILE"]
    done = credentials("first", home=tmp_path, env=in_a_run)
    assert (done.returncode, done.stdout) == (1, "")
    assert "[token-file-missing]" in done.stderr
    assert broker.requests == []


@pytest.mark.parametrize("form", FORMATS)
def test_a_terminal_is_shown_no_credentials_and_none_are_drawn(
    form: str, broker: FakeBroker, in_a_run: dict[str, str], tmp_path: Path
) -> None:
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            [*VALETKEY, "credentials", "first", "--format", form],
            stdout=theirs,
            stderr=subprocess.PIPE,
            text=True,
            env=bare(tmp_path, **in_a_run),
            timeout=60,
            check=False,
        )
    finally:
        os.close(theirs)
        os.close(ours)
    assert done.returncode == 1
    assert "[credentials-on-terminal]" in done.stderr
    assert broker.requests == []


def test_a_closed_standard_output_is_given_no_credentials_and_none_are_drawn(
    broker: FakeBroker, in_a_run: dict[str, str], tmp_path: Path
) -> None:
    """Exit code 0 without a word would look like success to who asked."""
    done = subprocess.run(
        ["sh", "-c", f"exec {shlex.join(VALETKEY)} credentials first >&-"],
        stderr=subprocess.PIPE,
        text=True,
        env=bare(tmp_path, **in_a_run),
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "[output-closed]" in done.stderr
    assert broker.requests == []


def stored(home: Path, *names: str) -> None:
    """Store grants that lead to no AWS."""
    folder = home / ".valetkey" / "grants.d"
    folder.mkdir(mode=0o700, parents=True)
    for name in names:
        (folder / f"{name}.toml").write_text(
            f'[[grants]]\nname = "{name}"\nrole = "arn:aws:iam::111122223333:role/Data"\n'
        )


@pytest.mark.parametrize(
    ("names", "hint"),
    [((), "valetkey grant aws NAME --role ARN"), (("one", "two"), "one, two")],
    ids=["none", "two"],
)
def test_outside_of_a_run_a_grant_must_be_named_unless_there_is_one(
    names: tuple[str, ...], hint: str, tmp_path: Path
) -> None:
    stored(tmp_path, *names)
    done = credentials(home=tmp_path, env={})
    assert (done.returncode, done.stdout) == (1, "")
    assert "[grant-missing]" in done.stderr and hint in done.stderr


def test_an_empty_name_is_not_the_only_grant(tmp_path: Path) -> None:
    """It is a variable that is not set, in the script of somebody who meant another one."""
    stored(tmp_path, "one")
    for words in (("credentials", ""), ("connect", "claude", "--grant", "")):
        done = command(*words, folder=tmp_path)
        assert (done.returncode, done.stdout) == (1, "")
        assert "[grant-unknown]" in done.stderr
