"""`valetkey run --grant` on a person, with real processes against the local AWS."""

import contextlib
import json
import resource
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.person import Person
from tests.e2e.processes import AWS_CLI, VALETKEY
from tests.e2e.world import AwsSide
from valetkey.audit import Verified
from valetkey.demo.world import BUCKET
from valetkey.store import LogReader, StoreError

WHO = (AWS_CLI, "sts", "get-caller-identity", "--output", "json")
ENVIRONMENT = (sys.executable, "-c", "import json, os; print(json.dumps(dict(os.environ)))")
NOTE = "it does not keep the command from"


@pytest.fixture
def person(tmp_path: Path, aws: AwsSide) -> Person:
    made = Person(tmp_path, aws)
    made.grant("tenant-data")
    return made


def records(person: Person) -> list[dict[str, Any]]:
    with LogReader(person.valetkey / "valetkey.db") as log:
        assert isinstance(log.verify(), Verified)
        return [json.loads(leaf.leaf) for leaf in log.leaves(after=-1)]


def kinds(person: Person) -> list[str]:
    """Return what is on record so far, nothing while the store is being made."""
    try:
        return [record["kind"] for record in records(person)]
    except StoreError:
        return []


@contextlib.contextmanager
def silence() -> Iterator[str]:
    """An endpoint that takes connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_grant_alone_runs_a_command_as_a_session_of_its_run(person: Person) -> None:
    done = person.run("run", "--grant", "tenant-data", "--", *WHO)
    assert done.returncode == 0, done.stderr
    opened, *_, ended = (r for r in records(person) if r["kind"].startswith("run-"))
    assert f"assumed-role/AgentTenantData/vk-{opened['run']}" in json.loads(done.stdout)["Arn"]
    assert (ended["kind"], ended["run"]) == ("run-ended", opened["run"])
    assert done.stderr.count(NOTE) == 1, "it says once and plainly what it does not isolate"


def test_it_reaches_what_its_tags_own_and_nothing_else(person: Person) -> None:
    read = f"{AWS_CLI} s3 cp s3://{BUCKET}/traces/%s/1.txt -"
    own, other = (
        person.run("run", "--quiet", "--grant", "tenant-data", "--", "sh", "-c", read % who)
        for who in ("alice", "bob")
    )
    assert own.returncode == 0, own.stderr
    assert other.returncode != 0
    assert "403" in other.stderr or "Denied" in other.stderr


def test_quiet_says_nothing_and_the_commands_exit_code_is_ours(person: Person) -> None:
    done = person.run("run", "--quiet", "--grant", "tenant-data", "--", "sh", "-c", "exit 42")
    assert (done.returncode, done.stdout, done.stderr) == (42, "", "")


def test_the_machines_own_identity_is_not_the_commands(person: Person) -> None:
    """Invariant 15: nothing ambient, and neither the profile nor its keys in the environment."""
    world = person.aws.world
    done = person.run(
        "run",
        "--grant",
        "tenant-data",
        "--",
        *ENVIRONMENT,
        AWS_PROFILE="work",
        AWS_ACCESS_KEY_ID=world.broker_key_id,
        AWS_SECRET_ACCESS_KEY=world.broker_secret,
        MY_COPY=f"x{world.broker_secret}x",
    )
    environment = json.loads(done.stdout)
    assert not {"AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} & set(environment)
    assert world.broker_secret not in done.stdout
    assert "user_id" not in done.stdout, "tags are never in the environment (lesson 8)"


def test_a_role_that_refuses_is_told_before_the_command_starts(
    person: Person, aws: AwsSide, tmp_path: Path
) -> None:
    person.grant("closed", aws.role("ClosedRole", {"AWS": "arn:aws:iam::111122223333:user/nobody"}))
    sign = tmp_path / "started"
    done = person.run("run", "--grant", "closed", "--", "touch", str(sign))
    assert done.returncode == 2
    assert "[aws-access-denied" in done.stderr
    assert "AWS said:" in done.stderr
    assert "Traceback" not in done.stderr
    assert not sign.exists()
    assert [r["kind"] for r in records(person)][-2:] == ["vend-failed", "run-ended"]


def test_each_grant_of_a_run_is_tried_before_the_command_starts(
    person: Person, aws: AwsSide, tmp_path: Path
) -> None:
    """Not only the first: the others would fail in the middle of the work."""
    person.grant("closed", aws.role("LastRole", {"AWS": "arn:aws:iam::111122223333:user/nobody"}))
    sign = tmp_path / "started"
    both = ("--grant", "tenant-data", "--grant", "closed")
    done = person.run("run", *both, "--", "touch", str(sign))
    assert done.returncode == 2
    assert "grant `closed`: " in done.stderr
    assert not sign.exists()
    assert kinds(person)[-2:] == ["vend-failed", "run-ended"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_aws_is_asked_leaves_no_open_run(
    person: Person, number: signal.Signals
) -> None:
    with silence() as url:
        person.grant("silent", endpoint_url=f'"{url}"')
        process = subprocess.Popen(
            [*VALETKEY, "run", "--grant", "silent", "--", "true"],
            env=person.env,
            stderr=subprocess.PIPE,
            text=True,
        )
        until = time.monotonic() + 30
        while "run-opened" not in kinds(person) and time.monotonic() < until:
            time.sleep(0.1)
        time.sleep(0.5)
        process.send_signal(number)
        said = process.communicate(timeout=30)[1]
    assert process.returncode == 128 + number
    assert "Traceback" not in said
    assert kinds(person)[-2:] == ["vend-failed", "run-ended"], "what AWS was asked is on record"


def test_a_profile_that_asks_valetkey_itself_is_refused_and_does_not_go_round(
    person: Person,
) -> None:
    """Each would start the next one for ever: AWS's libraries start what a profile names."""
    command = shlex.join([*VALETKEY, "credentials", "round"])
    config = person.home / ".aws" / "config"
    config.write_text(config.read_text() + f"[profile round]\ncredential_process = {command}\n")
    person.grant("round", profile='"round"')
    done = person.run("credentials", "round", "--format", "json")
    assert done.returncode == 1
    assert "[credentials-of-itself]" in done.stderr
    again = person.run("run", "--quiet", "--grant", "tenant-data", "--", *WHO, AWS_PROFILE="round")
    assert again.returncode == 0, "another profile's grant is not concerned"


def test_a_full_disk_spills_nothing_into_the_commands_terminal(
    person: Person, tmp_path: Path
) -> None:
    """The log can't be written any more; what was refused is refused without a traceback."""
    go, ready = tmp_path / "go", tmp_path / "ready"
    wait = f"touch {ready}; while [ ! -e {go} ]; do sleep 0.1; done; {' '.join(WHO)}; echo $?"
    process = subprocess.Popen(
        [*VALETKEY, "run", "--quiet", "--grant", "tenant-data", "--", "sh", "-c", wait],
        env=person.env | {"AWS_MAX_ATTEMPTS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not ready.exists():
        time.sleep(0.05)
    limit = (person.valetkey / "valetkey.log").stat().st_size
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    go.touch()
    _, said = process.communicate(timeout=60)
    assert "Traceback" not in said, said
    assert "Logging error" not in said


def test_a_closed_standard_error_keeps_no_command_from_starting(
    person: Person, tmp_path: Path
) -> None:
    """As under cron and some supervisors."""
    sign = tmp_path / "started"
    command = [*VALETKEY, "run", "--grant", "tenant-data", "--", "touch", str(sign)]
    done = subprocess.run(
        ["sh", "-c", f"exec {shlex.join(command)} 2>&-"], env=person.env, timeout=60, check=False
    )
    assert done.returncode == 0
    assert sign.exists()


def test_a_grant_that_is_not_there_names_those_that_are(person: Person) -> None:
    done = person.run("run", "--grant", "tenent-data", "--", "true")
    assert done.returncode == 1
    assert "[grant-unknown]" in done.stderr
    assert "it has tenant-data" in done.stderr


def test_with_a_broker_named_the_machines_grants_are_not_used(person: Person) -> None:
    done = person.run(
        "run", "--grant", "tenant-data", "--", "true", VALETKEY_BROKER="http://127.0.0.1:9"
    )
    assert done.returncode == 1
    assert "[actor-token-missing]" in done.stderr
    assert "VALETKEY_BROKER" in done.stderr


def test_what_leads_to_a_broker_is_named(person: Person, tmp_path: Path) -> None:
    token = str(tmp_path / "token")
    done = person.run(
        "run", "--grant", "tenant-data", "--", "true", VALETKEY_ACTOR_TOKEN_FILE=token
    )
    assert done.returncode == 1
    assert "drop --actor-token-file (VALETKEY_ACTOR_TOKEN_FILE)" in done.stderr
    assert "VALETKEY_BROKER" not in done.stderr


@pytest.mark.parametrize("stream", ["2>&-", "2>/dev/full"])
def test_a_command_starts_and_its_run_ends_also_where_nobody_can_be_told(
    person: Person, stream: str
) -> None:
    words = [*VALETKEY, "run", "--grant", "tenant-data", "--", "sh", "-c", "exit 42"]
    shell = ["sh", "-c", f"{shlex.join(words)} {stream}"]
    env = person.env | {"PYTHONUNBUFFERED": ""}  # as a person has it
    assert subprocess.run(shell, env=env, timeout=60, check=False).returncode == 42
    assert kinds(person)[-1] == "run-ended"


def test_sts_is_asked_where_the_grant_says(person: Person) -> None:
    """What was in the shell when the grant was made need not be there when it runs."""
    (person.home / ".aws" / "config").write_text("[profile work]\nregion = eu-west-1\n")
    done = person.run("run", "--quiet", "--grant", "tenant-data", "--", *WHO, AWS_PROFILE="gone")
    assert done.returncode == 0, done.stderr


def test_two_grants_are_one_run_with_a_profile_each(person: Person) -> None:
    person.grant("again")
    each = f"{' '.join(WHO)} && {' '.join(WHO)} --profile again"
    done = person.run(
        "run", "--quiet", "--grant", "tenant-data", "--grant", "again", "--", "sh", "-c", each
    )
    assert done.returncode == 0, done.stderr
    assert len({line for line in done.stdout.splitlines() if "Arn" in line}) == 1
    (opened,) = (r for r in records(person) if r["kind"] == "run-opened")
    assert opened["grants"] == ["tenant-data", "again"]
    assert opened["tags"] == {"user_id": "alice"}


def test_two_commands_at_once_are_two_runs_in_one_log(person: Person) -> None:
    command = [*VALETKEY, "run", "--quiet", "--grant", "tenant-data", "--", *WHO]
    both = [
        subprocess.Popen(command, env=person.env, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = {json.loads(each.communicate(timeout=60)[0])["Arn"] for each in both}
    assert len(said) == 2
    kinds = [r["kind"] for r in records(person)]
    assert kinds.count("run-opened") == kinds.count("run-ended") == 2


def test_a_signal_reaches_the_command_and_the_run_ends(person: Person, tmp_path: Path) -> None:
    sign = tmp_path / "ready"
    script = f"trap 'exit 7' TERM; touch {sign}; while :; do sleep 0.1; done"
    process = subprocess.Popen(
        [*VALETKEY, "run", "--quiet", "--grant", "tenant-data", "--", "sh", "-c", script],
        env=person.env,
    )
    until = time.monotonic() + 30
    while not sign.exists() and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 7
    assert records(person)[-1]["kind"] == "run-ended"


def test_what_is_stored_holds_no_secret(person: Person) -> None:
    person.run("run", "--grant", "tenant-data", "--", *WHO)
    world = person.aws.world
    for path in person.valetkey.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert world.broker_secret.encode() not in content, path
            assert b"vkr_" not in content, path
            assert path.stat().st_mode & 0o077 == 0 or path.suffix == ".toml", path
