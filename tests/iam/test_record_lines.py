"""`valetkey iam evaluate` over files and standard input."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.iam.test_record import record
from valetkey.cli.iam import app
from valetkey.errors import ValetkeyError


def test_a_bad_line_is_answered_and_the_run_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "lines.jsonl"
    lines = [json.dumps(record(id=1)), "nonsense", "", "y" * 3_000_000, json.dumps(record(id=2))]
    file.write_text("\n".join(lines))

    result = CliRunner().invoke(app, ["evaluate", str(file)])

    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert [one["id"] for one in found] == [1, None, None, 2]
    assert ["error" in one for one in found] == [False, True, True, False]
    assert result.exit_code == 1


@pytest.mark.parametrize("arguments", [["evaluate"], ["evaluate", "-"]])
def test_lines_come_from_standard_input_and_a_denial_is_no_failure(arguments: list[str]) -> None:
    line = json.dumps(record(policies={"identity": []}))

    result = CliRunner().invoke(app, arguments, input=line + "\n")

    assert json.loads(result.stdout)["decision"] == "implicit-deny"
    assert result.exit_code == 0


def test_line_ends_and_a_missing_last_one_are_no_matter(tmp_path: Path) -> None:
    file = tmp_path / "lines.jsonl"
    file.write_bytes("\r\n".join([json.dumps(record(id=1)), json.dumps(record(id=2))]).encode())

    result = CliRunner().invoke(app, ["evaluate", str(file)])

    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == [1, 2]
    assert result.exit_code == 0


def test_bytes_that_are_no_text_spoil_their_line_only(tmp_path: Path) -> None:
    file = tmp_path / "lines.jsonl"
    good = json.dumps(record(id="y")).encode()
    file.write_bytes(b"\xff\xfe{}\n" + good + b"\n\xed\xa0\x80\n" + good)

    result = CliRunner().invoke(app, ["evaluate", str(file)])

    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == [None, "y", None, "y"]


def test_a_file_that_cannot_be_read_is_one_clear_error(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["evaluate", str(tmp_path / "none")])

    assert result.exit_code == 1
    assert result.stdout == ""
    assert isinstance(result.exception, ValetkeyError)
    assert result.exception.code == "file-unreadable"
