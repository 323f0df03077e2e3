"""`valetkey credentials`: a hand-out on standard output, or one line on standard error."""

import json
import os
import pty
import shlex
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest

from tests.cli.entry import VALETKEY, bare
from tests.e2e.person import Person
from tests.e2e.world import AwsSide, stored_leaves
from tests.fakes.broker_http import FakeBroker
from tests.sandbox.conftest import write_private

FORMATS = ("claude", "process", "env", "json")


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


def keys_in(text: str, form: str) -> tuple[str, str, str]:
    """Return access key, secret and session token as `form` has them."""
    if form == "env":
        pairs = [shlex.split(line)[1].split("=", 1) for line in text.splitlines()[1:]]
        found = dict(pairs)
        names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    else:
        document = json.loads(text)
        found = document["Credentials"] if form == "claude" else document
        token = "Token" if form == "json" else "SessionToken"
        names = ("AccessKeyId", "SecretAccessKey", token)
    key, secret, session = (found[name] for name in names)
    return key, secret, session


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


# Below, this machine's grants are drawn from a local AWS.


@pytest.fixture(scope="module")
def side(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsSide]:
    started = AwsSide(tmp_path_factory.mktemp("aws"))
    yield started
    started.server.end()


@pytest.fixture
def person(side: AwsSide, tmp_path: Path) -> Person:
    made = Person(tmp_path, side)
    made.grant("notes")
    return made


def of_runs(person: Person) -> list[tuple[str, str]]:
    """Return kind and run of each record that is of a run."""
    leaves = stored_leaves(person.valetkey / "valetkey.db")
    return [(leaf["kind"], leaf["run"]) for leaf in leaves if leaf.get("run")]


def who(text: str, form: str, side: AwsSide) -> str:
    """Return the ARN that AWS knows these credentials by."""
    key, secret, token = keys_in(text, form)
    sts = boto3.client(
        "sts",
        endpoint_url=side.aws.endpoint,
        region_name=side.aws.region,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=token,
    )
    arn: str = sts.get_caller_identity()["Arn"]
    return arn


@pytest.mark.slow
def test_each_call_outside_of_a_run_is_one_recorded_run_that_is_over(
    person: Person, side: AwsSide
) -> None:
    kinds = ["run-opened", "credentials-vended", "credentials-handed-out", "run-ended"]
    seen: list[str] = []
    for form in FORMATS:
        done = person.run("credentials", "--format", form)
        assert (done.returncode, done.stderr) == (0, "")
        run_id = of_runs(person)[-1][1]
        assert who(done.stdout, form, side).endswith(f"/vk-{run_id}")
        seen.append(run_id)
    assert of_runs(person) == [(kind, run_id) for run_id in seen for kind in kinds]
    assert len(set(seen)) == len(FORMATS)


@pytest.mark.slow
def test_what_aws_refuses_is_said_with_its_own_words_and_the_run_is_over(
    person: Person, side: AwsSide
) -> None:
    closed = side.role("Closed", {"AWS": "arn:aws:iam::999988887777:root"})
    person.grant("closed", closed)
    done = person.run("credentials", "closed", "--format", "claude")
    assert (done.returncode, done.stdout) == (1, "")
    assert "[aws-access-denied" in done.stderr and "AWS said: " in done.stderr
    assert [kind for kind, _ in of_runs(person)] == ["run-opened", "vend-failed", "run-ended"]


@pytest.mark.slow
def test_the_line_that_connect_prints_gives_claude_code_its_credentials(
    person: Person, side: AwsSide
) -> None:
    settings = json.loads(person.run("connect", "claude").stdout)
    done = subprocess.run(
        ["/bin/sh", "-c", settings["awsCredentialExport"]],
        capture_output=True,
        text=True,
        env=person.env | settings["env"] | {"PATH": "/usr/bin:/bin"},
        timeout=60,
        check=False,
    )
    assert "/vk-r-" in who(done.stdout, "claude", side), done.stderr
    expires = datetime.fromisoformat(json.loads(done.stdout)["Credentials"]["Expiration"])
    assert 3000 < (expires - datetime.now(UTC)).total_seconds() <= 3600


@pytest.mark.slow
def test_the_server_that_connect_writes_for_cursor_works_in_a_run(person: Person) -> None:
    """The editor was not started from a shell: its PATH leads nowhere near us."""
    says = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
    written = person.run("connect", "cursor", "--", sys.executable, "-c", says)
    entry = json.loads(written.stdout)["mcpServers"]["notes"]
    done = subprocess.run(
        [entry["command"], *entry["args"]],
        capture_output=True,
        text=True,
        env=person.env | {"PATH": "/usr/bin:/bin"},
        timeout=60,
        check=False,
    )
    assert done.stdout.strip().endswith(f"/vk-{of_runs(person)[-1][1]}"), done.stderr
    assert done.stderr == ""
