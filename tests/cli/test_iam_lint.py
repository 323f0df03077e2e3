"""`valetkey iam lint`: exit codes, forms of output, and parliament at a distance."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.entry import warm_command
from valetkey.cli import parliament
from valetkey.cli.iam_findings import findings_page, print_findings
from valetkey.iam.lint import Document, Finding, Severity, lint, read_documents

TAG = "${aws:PrincipalTag/user_id}"
GOOD = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::b/t/{TAG}/*"}
BROAD = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
EMPTY = {"Effect": "Allow", "Action": [], "Resource": "*"}
MISSPELT = {"Effect": "Allow", "Action": "s3:GetObjekt", "Resource": "arn:aws:s3:::b/*"}
ALONE = "--no-parliament"


def text(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def documents(*statements: dict[str, Any]) -> tuple[Document, ...]:
    return read_documents(text(*statements), "p.json", layer=None)


def test_exit_0_where_there_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text(text(GOOD, EMPTY))
    done = warm_command("iam", "lint", "p.json", ALONE, folder=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("warning\tempty-list\tp.json\t$.Statement[1].Action\t")


def test_exit_2_where_there_is_an_error(tmp_path: Path) -> None:
    done = warm_command("iam", "lint", "-", ALONE, folder=tmp_path, stdin=text(GOOD, BROAD))

    assert done.returncode == 2
    assert "broad-allow-masks-tenant" in done.stdout


def test_exit_1_where_a_file_can_not_be_read_and_the_others_are(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text(text(GOOD, BROAD))
    (tmp_path / "bad.json").write_text('{"Statement": 1}')
    done = warm_command("iam", "lint", "no.json", "bad.json", "p.json", ALONE, folder=tmp_path)

    assert done.returncode == 1
    assert "[file-unreadable]" in done.stderr
    assert "[malformed-policy]" in done.stderr
    assert "broad-allow-masks-tenant" in done.stdout


def test_files_of_one_call_are_one_role(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(text(GOOD))
    (tmp_path / "b.json").write_text(text(BROAD))

    alone = warm_command("iam", "lint", "b.json", ALONE, folder=tmp_path)
    both = warm_command("iam", "lint", "a.json", "b.json", ALONE, folder=tmp_path)

    assert (alone.returncode, alone.stdout) == (0, "")
    assert both.returncode == 2
    assert "a.json $.Statement[0]" in both.stdout


def test_options_reach_the_linter(tmp_path: Path) -> None:
    table = "arn:aws:dynamodb:eu-west-1:111122223333:table/Approvals"
    write = {"Effect": "Allow", "Action": "dynamodb:PutItem", "Resource": table}
    given = text(write, EMPTY)

    def run(*options: str) -> str:
        return warm_command(
            "iam", "lint", "-", ALONE, *options, folder=tmp_path, stdin=given
        ).stdout

    assert "may-write-guarded" in run("--guarded", table)
    assert run("--ignore", "empty-list") == ""
    assert "malformed-policy" in warm_command(
        "iam", "lint", "-", ALONE, "--layer", "trust", folder=tmp_path, stdin=given
    ).stderr  # fmt: skip


def test_a_misspelt_code_to_ignore_is_refused(tmp_path: Path) -> None:
    done = warm_command(
        "iam", "lint", "-", "--ignore", "emty-list", folder=tmp_path, stdin=text(GOOD)
    )

    assert done.returncode == 1
    assert "[unknown-lint-code]" in done.stderr


@pytest.mark.parametrize(
    ("option", "code"),
    [
        (("--tag", ""), "bad-tag"),
        (("--tag", "${aws:PrincipalTag/user_id}"), "bad-tag"),
        (("--tag", "aws:ResourceTag/user_id"), "bad-tag"),
        (("--tag", "userid"), "unknown-tag"),
        (("--guarded", "TaskApprovals"), "bad-arn"),
        (("--guarded", "arn:aws:s3"), "bad-arn"),
    ],
)
def test_an_option_that_would_guard_nothing_is_refused(
    tmp_path: Path, option: tuple[str, str], code: str
) -> None:
    done = warm_command("iam", "lint", "-", *option, folder=tmp_path, stdin=text(GOOD))

    assert (done.returncode, done.stdout) == (1, "")
    assert f"[{code}]" in done.stderr


def test_a_tag_that_a_policy_forgot_is_what_lint_looks_for(tmp_path: Path) -> None:
    options = ("--tag", "user_id", "--tag", "task_id")
    done = warm_command("iam", "lint", "-", ALONE, *options, folder=tmp_path, stdin=text(GOOD))

    assert done.stderr == ""


def test_a_tag_that_no_policy_could_have_is_no_mistake(tmp_path: Path) -> None:
    given = text({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"})
    done = warm_command("iam", "lint", "-", ALONE, "--tag", "user_id", folder=tmp_path, stdin=given)

    assert done.stderr == ""


def test_a_tag_may_be_written_as_its_condition_key(tmp_path: Path) -> None:
    def run(tag: str) -> str:
        given = text(GOOD, BROAD)
        return warm_command(
            "iam", "lint", "-", ALONE, "--tag", tag, folder=tmp_path, stdin=given
        ).stdout

    assert "broad-allow" in run("user_id")
    assert run("aws:PrincipalTag/user_id") == run("user_id")


def test_json_is_for_programs(tmp_path: Path) -> None:
    done = warm_command("iam", "lint", "-", "--json", ALONE, folder=tmp_path, stdin=text(EMPTY))
    (found,) = json.loads(done.stdout)["findings"]

    assert (found["code"], found["severity"]) == ("empty-list", "warning")
    assert found["path"] == "$.Statement[0].Action"
    assert found["policy"] == "-"


def test_a_terminal_gets_findings_under_their_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    hostile = {**EMPTY, "Sid": "x", "Condition": {"StringNotLike": {"k\x1b[2J": "a"}}}
    print_findings(lint(documents(GOOD, hostile)), as_json=False)
    out = capsys.readouterr().out

    assert "p.json" in out
    assert "[empty-list]" in out
    assert "\x1b[2J" not in out
    assert list(findings_page(()))[-1].text == "0 errors, 0 warnings, 0 notes"


def test_parliament_knows_the_actions() -> None:
    (found,) = parliament.findings_of(documents(MISSPELT), [])

    assert (found.code, found.severity) == ("parliament-unknown-action", Severity.NOTE)
    assert found.path == "$.Statement[0].Action"


def test_what_parliament_repeats_is_said_once() -> None:
    mismatch = documents({**GOOD, "Resource": "arn:aws:s3:::b"})
    ours = lint(mismatch)

    assert {one.code for one in ours} == {"action-never-meets-resource"}
    assert parliament.findings_of(mismatch, ours) == []
    assert parliament.findings_of(mismatch, [])[0].code == "parliament-resource-mismatch"


def test_parliament_never_sees_a_trust_policy() -> None:
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "1" * 12}}

    assert parliament.findings_of(documents(trust), []) == []


def test_what_fails_in_parliament_stays_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import parliament as guest

    def fail(*_: object, **__: object) -> None:
        print("noise")
        raise KeyError("x")

    monkeypatch.setattr(guest, "analyze_policy_string", fail)
    (found,) = parliament.findings_of(documents(GOOD), [])

    assert (found.code, found.severity) == ("parliament-failed", Severity.NOTE)
    assert capsys.readouterr() == ("", "")


def test_parliament_prints_and_warns_of_nothing(tmp_path: Path) -> None:
    done = warm_command("iam", "lint", "-", "--parliament", folder=tmp_path, stdin=text(MISSPELT))

    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split("\t")[:2] for line in done.stdout.splitlines()] == [
        ["note", "parliament-unknown-action"]
    ]


@pytest.mark.parametrize(("wanted", "code"), [(None, 0), ("--parliament", 1), (ALONE, 0)])
def test_without_parliament_a_note_says_so(
    wanted: str | None, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from typer.testing import CliRunner

    from valetkey.cli.commands import app

    monkeypatch.setattr(parliament, "is_installed", lambda: False)
    (tmp_path / "p.json").write_text(text(GOOD))
    arguments = ["iam", "lint", str(tmp_path / "p.json"), *([wanted] if wanted else [])]
    done = CliRunner().invoke(app, arguments)

    assert done.exit_code == code
    assert ("[extra-missing]" in done.stderr) == (wanted is None)


def test_a_finding_of_parliament_may_be_ignored(tmp_path: Path) -> None:
    done = warm_command(
        "iam", "lint", "-", "--ignore", "parliament-unknown-action", folder=tmp_path,
        stdin=text(MISSPELT),
    )  # fmt: skip

    assert (done.returncode, done.stdout) == (0, "")
    assert isinstance(parliament.findings_of(documents(MISSPELT), [])[0], Finding)
