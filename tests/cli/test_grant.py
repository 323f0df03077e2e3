"""`valetkey grant` against the local AWS: what can be assumed is kept, what can't is explained."""

import json
import re
import tomllib
from typing import Any

import pytest

from tests.cli.entry import script, warm_command
from tests.cli.grant_world import ALICE, Account, GrantWorld, role_arn


def stored(account: Account) -> dict[str, Any]:
    (table,) = tomllib.loads((account.grants / "g.toml").read_text())["grants"]
    return dict(table)


def test_a_role_that_can_be_assumed_is_kept_and_the_steps_are_said(account: Account) -> None:
    done = account.add("Good")
    first, second, third, where, last = done.stdout.splitlines()

    assert done.returncode == 0
    assert first == f"as {ALICE}, by profile alice"
    assert re.fullmatch(rf"assumed {re.escape(role_arn('Good'))} until 20\S+Z", second)
    assert third == f"kept in {account.grants}/g.toml"
    assert where == f"AWS is at {account.endpoint}"
    assert last == "draw it: valetkey run --grant g -- COMMAND"
    assert done.stderr.count("\n") == 1
    assert "not isolation" in done.stderr
    assert "~/.aws" in done.stderr
    assert stored(account) == {
        "name": "g",
        "role": role_arn("Good"),
        "source": "assume-role",
        "duration": "1h",
        "profile": "alice",
        "region": "eu-west-1",
        "endpoint_url": account.endpoint,
    }


def test_no_credential_is_written_anywhere(account: Account, grant_world: GrantWorld) -> None:
    account.add("Good")
    home = account.folder / ".valetkey"
    written = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())

    assert grant_world.alice.given["SecretAccessKey"].encode() not in written
    assert grant_world.alice.given["AccessKeyId"].encode() not in written


def kinds(account: Account) -> list[str]:
    store = str(account.folder / ".valetkey" / "valetkey.db")
    shown = warm_command("audit", "show", "--json", "--store", store, folder=account.folder)
    return [json.loads(line)["kind"] for line in shown.stdout.splitlines()]


def test_a_trial_is_a_run_on_record(account: Account) -> None:
    account.add("Good")

    assert kinds(account) == [
        "broker-started",
        "run-opened",
        "credentials-vended",
        "credentials-handed-out",
        "run-ended",
    ]


def test_a_trial_that_aws_refused_is_on_record_and_over(account: Account) -> None:
    account.add("NoTags")

    assert kinds(account) == ["broker-started", "run-opened", "vend-failed", "run-ended"]


def test_programs_get_one_json_document(account: Account) -> None:
    done = account.add("Good", "--json", "--tag", "user_id=alice")
    found = json.loads(done.stdout)

    assert (found["name"], found["tags"]) == ("g", {"user_id": "alice"})
    assert found["tried"]["as"] == ALICE
    assert found["file"] == str(account.grants / "g.toml")


def test_a_name_that_is_taken_needs_to_be_told(account: Account) -> None:
    account.add("Good")
    again = account.add("Long", "--duration", "2h")

    assert (again.returncode, again.stdout) == (1, "")
    assert "[grant-exists]" in again.stderr
    assert account.add("Long", "--duration", "2h", "--replace").returncode == 0
    assert stored(account)["role"] == role_arn("Long")


def test_conditions_of_the_trust_policy_are_met_by_options(account: Account) -> None:
    assert account.add("External", "--external-id", "x-1").returncode == 0
    assert account.add("Tagged", "--tag", "user_id=a/b", "--replace").returncode == 0
    assert stored(account)["tags"] == {"user_id": "a/b"}


def test_a_wrong_word_leaves_no_trace(account: Account) -> None:
    done = account.add("Good", "--duration", "14m", AWS_ENDPOINT_URL="http://127.0.0.1:9")

    assert (done.returncode, done.stdout) == (1, "")
    assert "[grant-duration]" in done.stderr
    assert not (account.folder / ".valetkey").exists()


def test_a_name_that_is_no_file_name_is_refused(account: Account) -> None:
    done = account.grant("aws", "../up", "--role", role_arn("Good"), "--profile", "alice")

    assert (done.returncode, done.stdout) == (1, "")
    assert "[config-invalid]" in done.stderr


def test_the_profile_of_this_shell_is_kept_for_another_one(account: Account) -> None:
    """Lesson 27: a profile known when the grant was made was not carried to where it is used."""
    done = account.add("Good", AWS_PROFILE="alice")

    assert done.returncode == 0
    assert stored(account)["profile"] == "alice"
    assert account.grant("try", "g").stdout.startswith(f"as {ALICE}, by profile alice\n")


def test_where_aws_is_stays_with_the_grant(account: Account) -> None:
    """Lesson 27 once more: the next shell may have no AWS_ENDPOINT_URL, or another one."""
    done = account.add("Good", "--endpoint-url", account.endpoint, AWS_ENDPOINT_URL="")

    assert done.returncode == 0
    assert stored(account)["endpoint_url"] == account.endpoint
    assert account.grant("try", "g", AWS_ENDPOINT_URL="http://127.0.0.1:9").returncode == 0


def test_region_and_endpoint_come_from_the_profile_where_nothing_else_says(
    account: Account, grant_world: GrantWorld
) -> None:
    account.put("credentials", grant_world.alice.section("elsewhere"))
    done = account.add("Good", "--profile", "elsewhere", AWS_ENDPOINT_URL="")

    assert done.returncode == 0
    assert stored(account)["region"] == "eu-west-1"
    assert stored(account)["endpoint_url"] == account.endpoint


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_the_environments_region_wins_over_the_profiles(account: Account, variable: str) -> None:
    account.add("Good", "--no-try", **{variable: "us-east-1"})

    assert stored(account)["region"] == "us-east-1"
    account.add("Good", "--no-try", "--replace", "--region", "us-west-2", **{variable: "us-east-1"})
    assert stored(account)["region"] == "us-west-2"


def test_credentials_of_the_shell_are_not_kept_and_that_is_said(
    account: Account, grant_world: GrantWorld
) -> None:
    words = ("aws", "g", "--role", role_arn("Good"))
    done = account.grant(*words, **grant_world.alice.variables())

    assert done.returncode == 0
    assert "profile" not in stored(account)
    assert "variables of this shell" in done.stderr
    assert account.grant("try", "g").returncode == 1
    assert account.grant("try", "g", **grant_world.alice.variables()).returncode == 0


HOMELESS = """
import os, pwd
def nobody(_):
    raise KeyError("uid not found")
pwd.getpwuid = nobody
del os.environ["HOME"]
from valetkey.cli.main import main
main()
"""


def test_an_account_without_a_home_names_one_and_works(
    account: Account, grant_world: GrantWorld
) -> None:
    """As in a container under a uid that no passwd file knows."""
    keys: dict[str, Any] = grant_world.alice.variables()
    account.grant("aws", "g", "--role", role_arn("Good"), **keys)
    words, home = ("run", "--grant", "g", "--", "true"), str(account.folder / ".valetkey")
    without = script(HOMELESS, *words, folder=account.folder, **keys)
    done = script(HOMELESS, *words, folder=account.folder, **(keys | {"VALETKEY_HOME": home}))

    assert "[home-unusable]" in without.stderr
    assert done.returncode == 0, done.stderr


def test_without_a_trial_nobody_is_asked_and_that_is_said(account: Account) -> None:
    done = account.add("Missing", "--no-try", AWS_ENDPOINT_URL="http://127.0.0.1:9")

    assert done.returncode == 0
    assert done.stdout.startswith("not tried: ")
    assert account.files() == ["g.toml"]
    assert account.grant("try", "g", AWS_ENDPOINT_URL=account.endpoint).returncode == 1


def test_a_session_policy_is_copied_so_that_no_command_can_widen_it(account: Account) -> None:
    path = account.folder / "narrow.json"
    policy = '{"Version": "2012-10-17",\n "Statement": []}'
    path.write_text(policy)
    account.add("Good", "--session-policy", "narrow.json", "--no-try")
    path.write_text("{}")

    assert stored(account)["session_policy"] == policy


def test_a_reference_is_kept_as_one_and_found_from_anywhere(account: Account) -> None:
    (account.folder / "id").write_text("x-1\n")
    done = account.add("External", "--external-id", "file:id")

    assert done.returncode == 0
    assert stored(account)["external_id"] == f"file:{account.folder}/id"
    assert account.grant("try", "g").returncode == 0


def test_grants_are_listed_tried_and_removed(account: Account) -> None:
    account.add("Good")
    listed = account.grant("list")
    tried = account.grant("try", "g")
    removed = account.grant("remove", "g")

    assert listed.stdout == f"g\t{role_arn('Good')}\t1h\talice\teu-west-1\t\n"
    assert tried.stdout.splitlines()[0] == f"as {ALICE}, by profile alice"
    assert removed.stdout.startswith("g is removed")
    assert account.files() == []
    assert "[grant-unknown]" in account.grant("remove", "g").stderr
    assert "[grant-unknown]" in account.grant("try", "g").stderr
    assert json.loads(account.grant("list", "--json").stdout) == {"grants": []}


@pytest.mark.parametrize("length", ["900s", "3601s", "61m", "2h"])
def test_the_length_of_a_session_is_listed_exactly(account: Account, length: str) -> None:
    account.add("Good", "--no-try", "--duration", length)
    shown = account.grant("list").stdout.split("\t")[2]

    assert shown == {"900s": "15m"}.get(length, length)


def test_a_grant_that_can_not_be_used_hides_no_other_and_can_be_removed(account: Account) -> None:
    account.add("Good", "--no-try")
    (account.grants / "bad.toml").write_text("nonsense")
    listed = account.grant("list")

    assert listed.returncode == 1
    assert listed.stdout.startswith("g\t")
    assert "[config-invalid]" in listed.stderr
    assert account.grant("try", "g").returncode == 0
    assert account.grant("remove", "bad").returncode == 0
    assert account.grant("list").returncode == 0


def test_a_password_in_an_address_is_refused_and_stored_nowhere(account: Account) -> None:
    done = account.add("Good", "--no-try", "--endpoint-url", "https://me:hunter2@aws.example")

    assert (done.returncode, account.files()) == (1, [])
    assert "[config-invalid]" in done.stderr
    assert "hunter2" not in done.stderr


@pytest.mark.parametrize("name", ["../../outside", "/etc/passwd", "..", "g.toml"])
def test_only_a_grant_can_be_removed(account: Account, name: str) -> None:
    account.add("Good", "--no-try")
    (account.folder / "outside.toml").write_text("kept")
    done = account.grant("remove", name)

    assert done.returncode == 1
    assert (account.folder / "outside.toml").exists()
    assert account.files() == ["g.toml"]


def test_a_home_that_others_may_write_gets_no_grant(account: Account) -> None:
    home = account.folder / ".valetkey"
    home.mkdir(mode=0o700)
    home.chmod(0o770)
    done = account.add("Good")

    assert (done.returncode, done.stdout) == (1, "")
    assert "[grants-open-to-others]" in done.stderr
    assert list(home.iterdir()) == []
