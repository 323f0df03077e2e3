"""The entry point: what starts fast, and what a person sees when something breaks."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.entry import bare, command, script
from tests.fakes.broker_http import FakeBroker
from tests.sandbox.conftest import write_private
from valetkey.version import VERSION

MODULES = """
import json, sys
known = set(sys.modules)
from valetkey.cli import main
try:
    main()
except SystemExit as end:
    new = {name.partition('.')[0] for name in set(sys.modules) - known}
    sys.stderr.write(json.dumps([end.code, sorted(new - set(sys.stdlib_module_names))]))
"""
BREAKS = """
import valetkey.settings
def broken(path):
    raise RuntimeError("the secret is hunter2")
valetkey.settings.read_settings = broken
from valetkey.cli import main
main()
"""


def test_credential_process_imports_nothing_of_others(tmp_path: Path) -> None:
    """SDKs start it for every command: typer, rich and botocore would be most of its time."""
    with FakeBroker() as broker:
        token = write_private(tmp_path / "token", broker.open_run().tokens[0])
        arguments = ["credential-process", "tenant-data", "--broker", broker.url]
        arguments += ["--run-token-file", str(token)]
        done = script(MODULES, *arguments, folder=tmp_path)
    assert json.loads(done.stdout)["Version"] == 1, done.stderr
    assert json.loads(done.stderr) == [0, ["valetkey"]]


def test_a_command_that_may_be_slow_is_not_held_to_that(tmp_path: Path) -> None:
    """What the test above stands on: the same look at another command finds typer."""
    done = script(MODULES, "--version", folder=tmp_path)
    assert "typer" in json.loads(done.stderr)[1]


def test_the_version_is_said(tmp_path: Path) -> None:
    done = command("--version", folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"valetkey {VERSION}\n", "")


def shell(line: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run a command line whose standard streams are not what they are usually."""
    words = ["sh", "-c", f"exec {sys.executable} -m valetkey {line}"]
    return subprocess.run(
        words,
        capture_output=True,
        text=True,
        cwd=folder,
        env=bare(folder, PYTHONUNBUFFERED=""),  # as a person has it
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("line", ["iam evaluate", "iam explain", "iam lint -"])
def test_a_closed_standard_input_is_a_file_that_cannot_be_read(line: str, tmp_path: Path) -> None:
    done = shell(f"{line} <&-", tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "standard input is closed [file-unreadable]" in done.stderr


@pytest.mark.parametrize("line", ["iam evaluate", "iam lint", "iam explain"])
def test_a_closed_standard_output_takes_everything(line: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("{}\n")
    done = shell(f"{line} file >&-", tmp_path)
    assert done.returncode == 1
    assert "internal-error" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_under_the_output_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "lines").write_text("{}\n")
    done = shell("iam evaluate lines > /dev/full", tmp_path)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "valetkey: the system refused: No space left on device [system-refused]"
    ]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_what_fits_into_the_buffer_meets_the_full_disk_before_the_exit(tmp_path: Path) -> None:
    """Python would tell of it in its own words, after the last of ours, and exit with 120."""
    done = shell("grant list --json > /dev/full", tmp_path)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "valetkey: the system refused: No space left on device [system-refused]"
    ]


def test_what_the_system_refused_is_named(tmp_path: Path) -> None:
    (tmp_path / ".valetkey" / "grants.d").mkdir(mode=0o700, parents=True)
    (tmp_path / ".valetkey" / "valetkey.log").mkdir()
    (tmp_path / ".valetkey" / "grants.d" / "g.toml").write_text(
        '[[grants]]\nname = "g"\nrole = "arn:aws:iam::111122223333:role/Data"\n'
    )
    done = shell("run --grant g -- true", tmp_path)
    assert done.returncode == 1
    assert "[system-refused]" in done.stderr
    assert str(tmp_path / ".valetkey" / "valetkey.log") in done.stderr


def test_a_closed_standard_error_is_no_defect_of_ours(tmp_path: Path) -> None:
    done = shell("grant list 2>&-", tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_what_the_locale_cannot_write_is_escaped(tmp_path: Path) -> None:
    line = json.dumps(
        {"principal": {"anonymous": True}, "action": "s3:GetObject",
         "resource": "arn:aws:s3:::b/\u00e9", "policies": {}}
    )  # fmt: skip
    done = command("iam", "explain", folder=tmp_path, stdin=line, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert "b/\\xe9" in done.stdout and "implicit-deny" in done.stdout


def test_an_unforeseen_error_is_one_line_with_a_code(tmp_path: Path) -> None:
    done = script(BREAKS, "check", folder=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    first, hint = done.stderr.splitlines()
    assert first == "valetkey: valetkey itself failed (RuntimeError) [internal-error]"
    assert hint.startswith("  hint: ")
    assert "hunter2" not in done.stderr


def test_a_traceback_is_shown_to_whoever_asks_for_it(tmp_path: Path) -> None:
    done = script(BREAKS, "check", folder=tmp_path, VALETKEY_TRACEBACK="1")
    assert done.returncode == 1
    assert "Traceback" in done.stderr


def test_a_reader_that_leaves_early_is_no_reason_for_a_traceback(tmp_path: Path) -> None:
    text = (
        "import os\nreader, writer = os.pipe()\nos.close(reader)\nos.dup2(writer, 1)\n"
        "from valetkey.cli import main\nmain()\n"
    )
    for unbuffered in ("1", ""):
        done = script(text, "--help", folder=tmp_path, PYTHONUNBUFFERED=unbuffered)
        assert (done.returncode, done.stderr) == (1, "")
