"""`valetkey run` as a process: the run's beginning and end, exit codes, what it leaves behind."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import valetkey
from tests.fakes.broker_http import EXPIRES_AT, FakeBroker, FakeRun, Fault
from tests.sandbox.conftest import bare_environment
from tests.sandbox.runner import COMMAND

Done = subprocess.CompletedProcess[str]


def run(
    broker: FakeBroker, options: dict[str, str] | list[str], *command: str, **more: str
) -> Done:
    if isinstance(options, dict):
        options = [word for pair in options.items() for word in pair]
    return subprocess.run(
        [*COMMAND, "run", "--broker", broker.url, *options, "--", *command],
        env=bare_environment(**more),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def states(broker: FakeBroker) -> list[str]:
    return [run.state for run in broker.runs.values()]


def test_a_run_is_opened_and_ended_and_said(
    broker: FakeBroker, identity_files: dict[str, str], tmp_path: Path
) -> None:
    done = run(broker, identity_files, "true", HOME=str(tmp_path))
    (opened,) = broker.runs.values()
    assert (done.returncode, opened.state) == (0, "ended")
    note, said = done.stderr.splitlines()
    assert said == f"valetkey: run {opened.id} for tenant-data until {EXPIRES_AT}"
    assert note.startswith("valetkey: note: the command can read ")
    assert "standard input" in note


def test_quiet_says_nothing(broker: FakeBroker, identity_files: dict[str, str]) -> None:
    options = [word for pair in identity_files.items() for word in pair]
    assert run(broker, [*options, "--quiet"], "true").stderr == ""


def test_the_broker_is_asked_what_the_options_say(
    broker: FakeBroker, identity_files: dict[str, str]
) -> None:
    options = [word for pair in identity_files.items() for word in pair]
    options += ["--attribute", "task_id=t=1", "--attribute", "repo=org/app"]
    options += ["--grant", "tenant-data", "--expires-in", "15m"]
    assert run(broker, options, "true").returncode == 0
    body = next(body for method, path, body in broker.requests if path == "/v1/runs")
    del body["subject_token"]
    assert body == {
        "attributes": {"task_id": "t=1", "repo": "org/app"},
        "grants": ["tenant-data"],
        "expires_in": 900,
    }


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["true"], 0),
        (["sh", "-c", "exit 7"], 7),
        (["sh", "-c", "exit 255"], 255),
        (["sh", "-c", "kill -TERM $$"], 128 + signal.SIGTERM),
        (["sh", "-c", "kill -KILL $$"], 128 + signal.SIGKILL),
        (["there-is-no-such-command"], 127),
        (["/etc/hostname"], 126),
        (["/"], 126),
    ],
)
def test_the_exit_code_is_the_commands_and_the_run_is_ended(
    broker: FakeBroker, identity_files: dict[str, str], command: list[str], code: int
) -> None:
    done = run(broker, identity_files, *command)
    assert done.returncode == code, done.stderr
    assert states(broker) == ["ended"]


def test_options_of_the_command_are_its_own(
    broker: FakeBroker, identity_files: dict[str, str]
) -> None:
    script = "import sys; print(sys.argv[1:])"
    done = run(broker, identity_files, sys.executable, "-c", script, "--broker", "-q", "--", "x")
    assert done.stdout == "['--broker', '-q', '--', 'x']\n"


def test_input_and_output_pass_through(broker: FakeBroker, identity_files: dict[str, str]) -> None:
    options = [word for pair in identity_files.items() for word in pair]
    done = subprocess.run(
        [*COMMAND, "run", "--broker", broker.url, *options, "cat"],
        input="through",
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert done.stdout == "through"


def test_a_denied_run_starts_nothing(
    broker: FakeBroker, identity_files: dict[str, str], tmp_path: Path
) -> None:
    Path(identity_files["--subject-token-file"]).write_text("somebody-else")
    done = run(broker, identity_files, "touch", str(tmp_path / "started"))
    assert done.returncode == 2
    assert done.stderr == "valetkey: no [no-trust-rule]\n  hint: look at the trust rules\n"
    assert not (tmp_path / "started").exists()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"--actor-token-file": "/absent"}, "token-file-unreadable"),
        ({"--broker": "http://127.0.0.1:1"}, "broker-unreachable"),
        ({"--broker": "http://broker.internal"}, "broker-url-insecure"),
        ({"--attribute": "task_id"}, "usage"),
        ({"--attribute": "task_id="}, "usage"),
        ({"--expires-in": "soon"}, "usage"),
        ({"--expires-in": "1w"}, "usage"),
        ({"--grant": "unknown"}, "grant-unknown"),
        ({"--run-token-file": "/absent"}, "usage"),
        ({"--actor-token-file": "-", "--subject-token-file": "-"}, "usage"),
    ],
)
def test_without_a_run_nothing_is_started_and_nothing_ambient_is_used(
    broker: FakeBroker,
    identity_files: dict[str, str],
    tmp_path: Path,
    change: dict[str, str],
    code: str,
) -> None:
    done = run(
        broker,
        identity_files | change,
        "touch",
        str(tmp_path / "started"),
        AWS_ACCESS_KEY_ID="AKIAAMBIENT",
    )
    assert done.returncode == 1
    assert f"[{code}]" in done.stderr
    assert not (tmp_path / "started").exists()


def test_an_unreachable_broker_leaves_the_command_unstarted(
    broker: FakeBroker, identity_files: dict[str, str], tmp_path: Path
) -> None:
    broker.fault = Fault()
    done = run(broker, identity_files, "touch", str(tmp_path / "started"))
    assert done.returncode == 1
    assert "[broker-down]" in done.stderr
    assert not (tmp_path / "started").exists()


def test_no_secret_is_in_the_childs_environment_arguments_or_files(
    broker: FakeBroker, identity_files: dict[str, str]
) -> None:
    script = """
import os, pathlib, sys
print(*(pathlib.Path("/proc/self", name).read_bytes() for name in ("environ", "cmdline")))
print(os.listdir("/proc/self/fd"))
folder = pathlib.Path(os.environ["AWS_CONFIG_FILE"]).parent
for path in (folder, *folder.iterdir()):
    print(oct(path.stat().st_mode & 0o777), path.is_dir() or path.read_text())
for process in pathlib.Path("/proc").glob("[0-9]*"):
    try:
        print((process / "cmdline").read_bytes())
    except OSError:
        pass
"""
    actor = Path(identity_files["--actor-token-file"]).read_text()
    subject = Path(identity_files["--subject-token-file"]).read_text()
    done = run(broker, identity_files, sys.executable, "-c", script, LEAK=f"x{actor}x")
    (opened,) = broker.runs.values()
    assert done.returncode == 0, done.stderr
    for secret in (opened.tokens[0], actor, subject, "alice-tag-value"):
        assert secret not in done.stdout
    modes = re.findall(r"^0o\d+", done.stdout, re.MULTILINE)
    assert modes == ["0o700", "0o600", "0o600", "0o600"]
    token = re.search(r"^0o600 ([\w-]{43})$", done.stdout, re.MULTILINE)
    assert token is not None
    environ = done.stdout.splitlines()[0]
    assert token.group(1) not in environ, "the sidecar's token is in its file alone"


def test_a_joined_run_stays_open_unless_it_is_told_to_end(
    broker: FakeBroker, joined: FakeRun, run_token_file: Path
) -> None:
    assert run(broker, {"--run-token-file": str(run_token_file)}, "true").returncode == 0
    assert joined.state == "open"
    assert run(broker, ["--run-token-file", str(run_token_file), "--end"], "true").returncode == 0
    assert joined.state == "ended"


def test_a_revoked_run_cannot_be_joined(
    broker: FakeBroker, run_token_file: Path, tmp_path: Path
) -> None:
    broker.revoke_all()
    done = run(
        broker, {"--run-token-file": str(run_token_file)}, "touch", str(tmp_path / "started")
    )
    assert done.returncode == 2
    assert not (tmp_path / "started").exists()


def test_two_runs_at_the_same_time_share_nothing(
    broker: FakeBroker, identity_files: dict[str, str]
) -> None:
    options = [word for pair in identity_files.items() for word in pair]
    script = """
import os, sys, urllib.request, urllib.error
print(os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"], os.environ["AWS_CONFIG_FILE"])
print(open(os.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]).read(), flush=True)
sys.stdin.readline()
"""
    both = [
        subprocess.Popen(
            [*COMMAND, "run", "--broker", broker.url, *options, sys.executable, "-c", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for _ in range(2)
    ]
    seen = []
    for process in both:
        assert process.stdout is not None
        url, config, token = [*process.stdout.readline().split(), process.stdout.readline().strip()]
        seen.append((url, config, token))
    one, other = seen
    assert not set(one) & set(other)
    assert _status_of(one[0], one[2]) == 200
    assert _status_of(one[0], other[2]) == 401
    for process in both:
        process.communicate("\n", timeout=30)
    assert states(broker) == ["ended", "ended"]


def _status_of(url: str, token: str) -> int:
    import urllib.error
    import urllib.request

    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, headers={"Authorization": token}), timeout=5
        ) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


@pytest.mark.parametrize("death", ["exit 3", "kill -KILL $$"])
def test_no_file_is_left_however_the_command_dies(
    broker: FakeBroker, identity_files: dict[str, str], tmp_path: Path, death: str
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    done = run(
        broker,
        identity_files,
        *("sh", "-c", f'ls "$TMPDIR"; {death}'),
        TMPDIR=str(folder),
    )
    assert done.stdout.startswith("valetkey-")
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
def test_the_command_ends_when_valetkey_is_killed(
    broker: FakeBroker, identity_files: dict[str, str], tmp_path: Path
) -> None:
    options = [word for pair in identity_files.items() for word in pair]
    with subprocess.Popen(
        [*COMMAND, "run", "--broker", broker.url, *options, "sh", "-c", "echo $$; exec sleep 60"],
        env=bare_environment(TMPDIR=str(tmp_path)),  # its files stay: nobody is left to remove them
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        process.kill()
    until = time.monotonic() + 5
    while time.monotonic() < until and _is_alive(child):
        time.sleep(0.02)
    assert not _is_alive(child)


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="needs root to become another account"
)
def test_the_command_cannot_read_valetkeys_memory_or_environment(
    broker: FakeBroker, identity_files: dict[str, str]
) -> None:
    # The other account cannot run this checkout's interpreter, so only the shield is tried here.
    script = """
import os, sys, subprocess
sys.path.insert(0, sys.argv[1])
from valetkey.sandbox.child import hide_memory
os.setgroups([]); os.setgid(65534); os.setuid(65534)
libc_dumpable = __import__("ctypes").CDLL(None).prctl
libc_dumpable(4, 1, 0, 0, 0)  # as a process that began under this account is
read = ["cat", f"/proc/{os.getpid()}/environ"]
before = subprocess.run(read, capture_output=True).returncode
hide_memory()
print(before, subprocess.run(read, capture_output=True).returncode)
"""
    root = str(Path(valetkey.__file__ or "").parent.parent)
    done = subprocess.run(
        [sys.executable, "-c", script, root], capture_output=True, text=True, check=True
    )
    assert done.stdout == "0 1\n"
