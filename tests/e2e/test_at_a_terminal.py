"""A person at a terminal: asked for an MFA code before the command starts, and free to give up."""

import fcntl
import os
import select
import subprocess
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.person import Person
from tests.e2e.processes import VALETKEY
from tests.e2e.test_without_broker import kinds, silence
from tests.e2e.world import AwsSide

MFA = """
[profile mfa]
role_arn = arn:aws:iam::111122223333:role/Admin
source_profile = work
mfa_serial = arn:aws:iam::111122223333:mfa/ada
region = eu-west-1
endpoint_url = {endpoint}
"""


@pytest.fixture
def person(tmp_path: Path, aws: AwsSide) -> Person:
    made = Person(tmp_path, aws)
    config = made.home / ".aws" / "config"
    config.write_text(config.read_text() + MFA.format(endpoint=aws.aws.endpoint))
    made.grant("guarded", profile='"mfa"')
    return made


@contextmanager
def terminal(person: Person, *arguments: str) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """`valetkey ARGUMENTS` with a terminal of its own; give it and the person's side."""
    master, slave = os.openpty()

    def take() -> None:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    process = subprocess.Popen(
        [*VALETKEY, *arguments],
        env=person.env,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        preexec_fn=take,  # noqa: PLW1509 - no thread of ours is at work
    )
    os.close(slave)
    try:
        yield process, master
    finally:
        process.kill()
        process.wait()
        os.close(master)


def seen(master: int, word: str, seconds: float = 20) -> str:
    """Return what the terminal shows up to `word`."""
    shown, until = "", time.monotonic() + seconds
    while word not in shown and time.monotonic() < until:
        if select.select([master], [], [], 0.2)[0]:
            try:
                shown += os.read(master, 4096).decode(errors="replace")
            except OSError:
                break
    assert word in shown, shown
    return shown


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "--grant", "guarded", "--", "true"),
        ("grant", "try", "guarded"),
    ],
)
def test_ctrl_c_at_the_prompt_for_a_code_gives_up_at_once(
    person: Person, arguments: tuple[str, ...]
) -> None:
    with terminal(person, *arguments) as (process, master):
        seen(master, "Enter MFA code")
        os.write(master, b"\x03")
        assert process.wait(5) == 130


def test_ctrl_c_gives_up_a_profile_that_does_not_answer(person: Person) -> None:
    with silence() as url:
        config = person.home / ".aws" / "config"
        config.write_text(
            config.read_text()
            + "[profile far]\nrole_arn = arn:aws:iam::111122223333:role/Admin\n"
            + f"source_profile = work\nregion = eu-west-1\nendpoint_url = {url}\n"
        )
        person.grant("far", profile='"far"')
        with terminal(person, "run", "--grant", "far", "--", "true") as (process, master):
            time.sleep(3)
            assert process.poll() is None
            os.write(master, b"\x03")
            assert process.wait(5) == 130
    assert "run-opened" not in kinds(person), "whose identity is not found opens no run"


def test_a_hang_up_ends_the_command_also_where_we_are_the_sessions_leader(
    person: Person, tmp_path: Path
) -> None:
    """As under `ssh -t` or in a window of our own: the kernel tells the leader alone."""
    person.grant("tenant-data")
    sign, ended = tmp_path / "ready", tmp_path / "ended"
    script = f"trap 'touch {ended}; exit 0' HUP; touch {sign}; while :; do sleep 0.1; done"
    master, slave = os.openpty()
    process = subprocess.Popen(
        [*VALETKEY, "run", "--quiet", "--grant", "tenant-data", "--", "sh", "-c", script],
        env=person.env,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509
    )
    os.close(slave)
    until = time.monotonic() + 30
    while not sign.exists() and time.monotonic() < until:
        time.sleep(0.05)
    os.close(master)
    process.wait(10)
    assert ended.exists()
    assert kinds(person)[-1] == "run-ended"


def test_without_a_terminal_nobody_is_asked(person: Person) -> None:
    done = person.run("run", "--grant", "guarded", "--", "true")
    assert done.returncode == 1
    assert "[aws-mfa-needed]" in done.stderr
