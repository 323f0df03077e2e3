"""`valetkey iam explain`: what a person reads, and what never reaches a terminal."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.entry import warm_command
from valetkey.cli.iam_words import words_of
from valetkey.cli.output import StyledLine, print_lines
from valetkey.iam.explain import explain, layers_of
from valetkey.iam.record import read_record

SESSION = "arn:aws:sts::111122223333:assumed-role/Agent/s"
OWN = {
    "Sid": "Own",
    "Effect": "Allow",
    "Action": "s3:GetObject",
    "Resource": "arn:aws:s3:::traces/${aws:PrincipalTag/user_id}/*",
}


def record(statement: Any = OWN, **changes: Any) -> dict[str, Any]:
    policies = {"identity": [{"Version": "2012-10-17", "Statement": statement}]}
    return {
        "id": "own",
        "principal": {"arn": SESSION, "tags": {"user_id": "u1"}},
        "action": "s3:GetObject",
        "resource": "arn:aws:s3:::traces/u2/k",
        "policies": {**policies, **changes.pop("policies", {})},
        **changes,
    }


def words(given: dict[str, Any]) -> str:
    request, policies = read_record(given)
    lines = words_of(given, request, explain(request, policies), layers_of(request, policies))
    return "\n".join(line.text for line in lines)


def said(given: dict[str, Any], tmp_path: Path, *options: str) -> str:
    done = warm_command("iam", "explain", *options, folder=tmp_path, stdin=json.dumps(given) + "\n")
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_a_near_miss_shows_the_values_compared() -> None:
    text = words(record())

    assert "implicit-deny: no identity-based policy allows the s3:GetObject action" in text
    assert "near miss: identity[0] statement 0 `Own` did not allow" in text
    assert "Resource: wanted `arn:aws:s3:::traces/u1/*`, got `arn:aws:s3:::traces/u2/k`" in text


def test_a_variable_without_a_value_is_shown_as_such() -> None:
    untagged = words(record(principal={"arn": SESSION}))

    assert "traces/${aws:PrincipalTag/user_id} (no value)/*" in untagged


def test_an_absent_key_is_said_to_be_absent() -> None:
    block = {"StringEquals": {"aws:PrincipalTag/team": "a"}, "Null": {"s3:prefix": "false"}}
    text = words(record({**OWN, "Resource": "*", "Condition": block}))

    assert "Condition StringEquals on aws:PrincipalTag/team: the key is absent, wanted `a`" in text
    assert "Condition Null on s3:prefix: the key is absent" in text


def test_a_list_under_a_plain_operator_is_explained() -> None:
    block = {"StringEquals": {"dynamodb:LeadingKeys": "u1"}}
    given = record({**OWN, "Resource": "*", "Condition": block})
    text = words({**given, "context": {"dynamodb:LeadingKeys": ["u1"]}})

    assert "[`u1`] is a list, which no operator without a set prefix matches" in text


def test_the_deciding_statement_is_shown_in_its_own_words() -> None:
    text = words(record(resource="arn:aws:s3:::traces/u1/k"))

    assert "decided by identity[0] statement 0 `Own`" in text
    assert json.dumps(OWN) in text


def test_the_layers_say_which_one_is_missing() -> None:
    text = words(record(resource="arn:aws:s3:::traces/u1/k", policies={"session": []}))

    assert "✓ identity-based policy allows" in text
    assert "✗ session policy does not allow" in text
    assert "– permissions boundary is not there" in text


def test_what_is_contested_is_flagged_with_the_reason() -> None:
    loose = {**OWN, "NotResource": OWN["Resource"]}
    del loose["Resource"]
    text = words(record(loose, principal={"arn": SESSION}))

    assert "contested: NotResource has a variable without a value" in text


def test_a_deny_that_spared_the_caller_is_flagged_too() -> None:
    named = {"AWS": ["111122223333", "arn:aws:iam::111122223333:role/Agent", SESSION]}
    spared = {"Effect": "Deny", "NotPrincipal": named, "Action": "s3:*"}
    both = [{**OWN, "Principal": {"AWS": SESSION}, "Resource": "*"}, {**spared, "Resource": "*"}]
    text = words(record(policies={"resource": {"Version": "2012-10-17", "Statement": both}}))

    assert "  allow: " in text
    assert "contested: resource statement 1 did not deny" in text
    assert "whom NotPrincipal spares is disputed" in text


def test_a_statement_in_a_level_of_controls_is_found() -> None:
    guard = {"Version": "2012-10-17", "Statement": {**OWN, "Effect": "Deny", "Resource": "*"}}
    text = words(record(policies={"service_control": [[guard]]}))

    assert "✗ service control policy, level 0 denies" in text
    assert "decided by service_control[0][0] statement 0 `Own`" in text


def test_control_characters_never_reach_the_output(tmp_path: Path) -> None:
    bad = "\x1b[2J\u202e\x07\r"
    hostile = record(
        {**OWN, "Condition": {"StringEquals": {f"k{bad}": bad}}},
        id=bad,
        resource=f"arn:aws:s3:::traces/u1/{bad}",
        principal={"arn": SESSION, "tags": {"user_id": "u1", f"t{bad}": bad}},
    )
    out = said(hostile, tmp_path)

    assert out
    assert all(character.isprintable() for line in out.split("\n") for character in line)


def test_control_characters_never_reach_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    print_lines([StyledLine("bold", "  a\x1b[2Jb\u202e[red]c")])
    out = capsys.readouterr().out

    assert "\x1b[2J" not in out
    assert "\u202e" not in out
    assert "a\\x1b[2Jb\\x202e[red]c" in out


def test_json_has_the_answer_and_what_explain_adds(tmp_path: Path) -> None:
    found = json.loads(said(record(), tmp_path, "--json"))

    assert found["decision"] == "implicit-deny"
    assert found["contested"] == []
    assert found["near_misses"][0]["wanted"] == ["arn:aws:s3:::traces/u1/*"]
    assert found["near_misses"][0]["got"] == "arn:aws:s3:::traces/u2/k"
    assert found["layers"][0] == {
        "layer": "identity-based policy", "level": None, "says": "does not allow",
    }  # fmt: skip


def test_a_bad_line_is_said_and_the_next_is_taken(tmp_path: Path) -> None:
    lines = f"nonsense\n\n{json.dumps(record())}\n"
    done = warm_command("iam", "explain", folder=tmp_path, stdin=lines)

    assert done.returncode == 1
    assert done.stderr.startswith("valetkey: request 1: ")
    assert "[malformed-record]" in done.stderr
    assert "implicit-deny" in done.stdout


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    done = warm_command("iam", "explain", "absent.jsonl", folder=tmp_path)

    assert (done.returncode, done.stdout) == (1, "")
    assert "[file-unreadable]" in done.stderr
