"""The demo is a check, too: it passes, and it fails where isolation does not hold."""

import json
from pathlib import Path

import pytest

from tests.cli.entry import command, script
from valetkey.demo.processes import environment
from valetkey.demo.story import wrong_hand_outs

pytestmark = pytest.mark.xdist_group("demo")

# The role may read every row: one broad Allow masks the narrow ones (lesson 14).
HOLED = """
import valetkey.demo.world, valetkey.demo.story as story
narrow = valetkey.demo.world.permission_policy
def holed(table_arn, bucket):
    policy = narrow(table_arn, bucket)
    policy["Statement"].append(
        {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": table_arn}
    )
    return policy
valetkey.demo.world.permission_policy = holed
story.WORK_SECONDS = 0.1
from valetkey.cli import main
main()
"""


@pytest.mark.slow
def test_the_demo_passes(tmp_path: Path) -> None:
    done = command("demo", "--json", folder=tmp_path, seconds=90)
    assert done.returncode == 0, done.stderr + done.stdout
    report = json.loads(done.stdout)
    assert report["passed"] is True
    assert report["failures"] == []
    assert report["hand_outs"]["alice"] >= 2
    assert report["hand_outs"]["bob"] >= 3
    assert report["verified"]["answer"] == "verified"
    denied = {
        a["did"] for a in report["attempts"] if a["agent"] == "alice" and a["expected"] == "denied"
    }
    assert {"read bob's row", "read bob's object", "scan the table"} <= denied


@pytest.mark.slow
def test_the_demo_fails_where_one_reads_anothers_data(tmp_path: Path) -> None:
    done = script(HOLED, "demo", "--json", folder=tmp_path, seconds=90)
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    assert report["passed"] is False
    assert "alice: read bob's row: expected denied, got ok" in report["failures"]
    assert "bob: read alice's row: expected denied, got ok" in report["failures"]


@pytest.mark.parametrize(
    ("at", "new_sessions", "wrongs"),
    [
        ([0, 5.3], 0, 0),
        ([0, 5.3, 11, 17], 0, 0),  # a slow machine
        ([0, 5.3, 5.4], 1, 0),
        ([0, 5.3, 11], 1, 0),
        ([0], 0, 1),  # no refresh
        ([0, 5.3], 1, 1),
        ([0, 0.2], 0, 1),  # one for each call
        ([0, 5.3, 5.4, 5.5], 1, 1),
    ],
)
def test_it_tells_a_refresh_from_a_hand_out_at_each_call(
    at: list[float], new_sessions: int, wrongs: int
) -> None:
    assert len(wrong_hand_outs(at, new_sessions=new_sessions)) == wrongs


def test_the_demo_reaches_no_aws_of_whoever_runs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lesson 19: nothing of it may ever land in a real account."""
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "aws_secret_access_key", "VALETKEY_CONFIG"):
        monkeypatch.setenv(name, "theirs")
    given = environment(tmp_path, {})
    assert given["HOME"] == str(tmp_path)
    assert not [name for name, value in given.items() if value == "theirs"]
