"""What surrounds an agent of `valetkey run`: other people's credentials, and the run token."""

import sys
from pathlib import Path

import pytest

from tests.e2e.processes import VALETKEY, bare, run
from tests.e2e.world import AGENT, Agent, Broker

pytestmark = pytest.mark.xdist_group("e2e-surroundings")
AMBIENT_KEY, AMBIENT_SECRET = "AKIAAMBIENTAMBIENTAM", "ambient-secret-of-the-account"


def opening(broker: Broker, person: str, *command: str) -> tuple[str, ...]:
    """A command line that opens a run of its own, the default delivery."""
    subject = broker.folder / f"{person}.jwt"
    subject.write_text(broker.issuer.sign(person, {"token_use": "id"}))
    tokens = ["--actor-token-file", str(broker.orchestrator), "--subject-token-file", str(subject)]
    return (*VALETKEY, "run", "--broker", broker.url, *tokens, "--", *command)


def ambient(home: Path) -> dict[str, str]:
    """An account with keys of its own everywhere an SDK looks."""
    (home / ".aws").mkdir(parents=True)
    for name in (".aws/credentials", ".aws/config"):
        (home / name).write_text(
            f"[default]\naws_access_key_id = {AMBIENT_KEY}\n"
            f"aws_secret_access_key = {AMBIENT_SECRET}\n"
        )
    return bare(
        home,
        AWS_ACCESS_KEY_ID=AMBIENT_KEY,
        AWS_SECRET_ACCESS_KEY=AMBIENT_SECRET,
        AWS_SESSION_TOKEN="ambient-session-token",
        AWS_PROFILE="default",
        AWS_ROLE_ARN="arn:aws:iam::111122223333:role/Ambient",
        AWS_WEB_IDENTITY_TOKEN_FILE=str(home / "web-identity"),
        LEAKED_COPY=f"key={AMBIENT_SECRET}",
    )


def test_ambient_credentials_do_not_win_over_the_runs(broker: Broker, tmp_path: Path) -> None:
    """Invariant 15: environment, profile and files of the account are not the child's."""
    env = ambient(tmp_path / "home")
    command = opening(broker, "alice", sys.executable, str(AGENT))
    with Agent(command, env) as agent:
        assert agent.ask("row alice") == "alice's private note"
        assert agent.ask("row bob") == "AccessDeniedException"
        assert agent.ask("method") == "container-role"
        inherited = agent.ask("environment")
    assert not any(AMBIENT_KEY in v or AMBIENT_SECRET in v for v in inherited.values())
    assert inherited["AWS_EC2_METADATA_DISABLED"] == "true"
    assert not {"AWS_PROFILE", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"} & inherited.keys()
    assert agent.process.returncode == 0


def descendants(pid: int) -> list[int]:
    """A process and all that it started, by their ids."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found, waiting = [], [pid]
    while waiting:
        found.append(waiting.pop())
        waiting += children.get(found[-1], [])
    return found


def visible(pid: int) -> str:
    """What `/proc` shows of a process: command line and environment, where it may be read."""
    parts = []
    for name in ("cmdline", "environ"):
        try:
            parts.append(Path(f"/proc/{pid}/{name}").read_bytes().decode(errors="replace"))
        except PermissionError:
            parts.append("")
    return "\0".join(parts)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("way", ["opened", "container", "credential-process", "run"])
def test_the_run_token_is_in_no_environment_and_no_command_line(broker: Broker, way: str) -> None:
    """Invariant 14, lesson 8: whatever an agent spawns inherits nothing that is the run."""
    if way == "opened":
        agent = Agent(opening(broker, "bob", sys.executable, str(AGENT)), bare(broker.folder))
        secrets = ["vkr_", broker.orchestrator.read_text()]
    else:
        opened = broker.open("bob")
        agent = broker.agent(opened, way)
        secrets = [opened.token]
    with agent:
        assert agent.ask("row bob") == "bob's private note"
        shown = [visible(pid) for pid in descendants(agent.process.pid)]
        assert any("agent.py" in text for text in shown)
        assert not [s for s in secrets for text in shown if s in text]
        assert not any(v in {"alice", "bob"} for v in agent.ask("environment").values())


def test_a_run_that_was_opened_for_a_command_ends_with_it(broker: Broker) -> None:
    before = {leaf["run"] for leaf in broker.leaves("run-opened")}
    done = run(*opening(broker, "carol", "sh", "-c", "exit 7"), env=bare(broker.folder))
    assert done.returncode == 7
    (opened,) = {leaf["run"] for leaf in broker.leaves("run-opened")} - before
    assert [leaf["by"] for leaf in broker.leaves("run-ended", opened)] == ["the run itself"]


def test_nothing_is_left_of_a_run_that_ended(broker: Broker, tmp_path: Path) -> None:
    env = bare(broker.folder, TMPDIR=str(tmp_path))
    script = "import os; print(os.environ['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'])"
    done = run(*opening(broker, "dave", sys.executable, "-c", script), env=env)
    assert done.stdout.startswith(str(tmp_path)), done.stderr
    assert list(tmp_path.iterdir()) == []


def test_no_token_reaches_the_log_or_the_store(broker: Broker) -> None:
    """Invariant 10: what is written down names secrets by digest or not at all."""
    opened = broker.open("erin")
    status, given = broker.draw(opened)
    assert status == 200
    secrets = [opened.token, given["SecretAccessKey"], given["Token"]]
    secrets += [broker.orchestrator.read_text(), broker.aws.world.broker_secret]
    written = [*broker.folder.glob("valetkey.db*"), broker.server.log_path]
    assert len(written) >= 2
    for path in written:
        content = path.read_bytes()
        assert not [s for s in secrets if s.encode() in content], path
