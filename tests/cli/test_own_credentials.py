"""`valetkey credentials` without a run: this machine's own grants, drawn from a local AWS."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest

from tests.cli.exported import FORMATS, keys_in
from tests.e2e.person import Person
from tests.e2e.world import AwsSide, stored_leaves

pytestmark = [pytest.mark.xdist_group("own-credentials"), pytest.mark.slow]


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


def test_what_aws_refuses_is_said_with_its_own_words_and_the_run_is_over(
    person: Person, side: AwsSide
) -> None:
    closed = side.role("Closed", {"AWS": "arn:aws:iam::999988887777:root"})
    person.grant("closed", closed)
    done = person.run("credentials", "closed", "--format", "claude")
    assert (done.returncode, done.stdout) == (2, "")
    assert "[aws-access-denied" in done.stderr and "AWS said: " in done.stderr
    assert [kind for kind, _ in of_runs(person)] == ["run-opened", "vend-failed", "run-ended"]


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
