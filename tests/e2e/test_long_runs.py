"""A coding agent at work for hours under one `valetkey run --grant`, without a broker.

The agent is a shell script that starts the AWS CLI and Python programs again and again, as agents
do. Hours pass by a moved clock, for the agent, for valetkey and for AWS alike.
"""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.e2e.long_work import GRANT, LongWork
from tests.e2e.moved_clock import MovedClock
from tests.e2e.person import PROFILE
from tests.e2e.processes import AWS_CLI, VALETKEY, run
from tests.e2e.world import AGENT
from valetkey.demo.world import BUCKET
from valetkey.runs import MAX_RUN_SECONDS

pytestmark = [pytest.mark.xdist_group("e2e-long-runs"), pytest.mark.slow]

WHO = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
NODE = """
const { STSClient, GetCallerIdentityCommand } = require("@aws-sdk/client-sts");
new STSClient({}).send(new GetCallerIdentityCommand({})).then(
  (said) => console.log(said.Arn), (error) => { console.log(String(error)); process.exit(1); });
"""
SCRIPT = """\
trap 'echo "0 stopped"; exit 41' TERM
echo "0 $$"
while read -r tool; do
  case $tool in
    cli) said=$({aws} sts get-caller-identity --query Arn --output text 2>&1) ;;
    list) said=$({aws} s3 ls s3://{bucket}/traces/ 2>&1) ;;
    python) said=$({python} -c {who} 2>&1) ;;
    node) said=$(node -e {node} 2>&1) ;;
    ours) said=$({valetkey} credentials --format json 2>&1) ;;
    nested) said=$({valetkey} run --grant {grant} --quiet -- {python} -c {who} 2>&1) ;;
    leave) exit 7 ;;
  esac
  printf '%s %s\\n' "$?" "$(printf %s "$said" | tr '\\n' ' ')"
done
""".format(
    aws=shlex.quote(AWS_CLI),
    bucket=BUCKET,
    grant=GRANT,
    python=shlex.quote(sys.executable),
    who=shlex.quote(WHO),
    node=shlex.quote(NODE),
    valetkey=shlex.join(VALETKEY),
)


class CodingAgent:
    """The script under `valetkey run`: what it is told to start, and what came of it."""

    def __init__(self, work: LongWork) -> None:
        self.process = work.start("sh", "-c", SCRIPT)
        self.pid = int(self.hear()[1])

    def start(self, tool: str) -> tuple[bool, str]:
        """Let the agent start a program; say whether it succeeded, and what it said."""
        assert self.process.stdin is not None
        self.process.stdin.write(tool + "\n")
        self.process.stdin.flush()
        return self.hear()

    def hear(self) -> tuple[bool, str]:
        """Return the agent's next answer."""
        assert self.process.stdout is not None and self.process.stderr is not None
        line = self.process.stdout.readline()
        assert line, f"the agent ended: {self.process.stderr.read()}"
        code, _, said = line.rstrip("\n").partition(" ")
        return code == "0", said.strip()

    def end(self) -> int:
        """Let the agent come to its end; return the exit code of `valetkey run`."""
        try:
            self.process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
        return self.process.returncode


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> MovedClock:
    return MovedClock(tmp_path_factory.mktemp("clock"))


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory, clock: MovedClock) -> Iterator[LongWork]:
    made = LongWork(tmp_path_factory.mktemp("person"), clock)
    yield made
    made.side.server.end()


@pytest.fixture
def agent(work: LongWork) -> Iterator[CodingAgent]:
    work.keep_signed_in()
    started = CodingAgent(work)
    yield started
    started.end()


def has_javascript(work: LongWork) -> bool:
    if shutil.which("node") is None:
        return False
    return run("node", "-e", 'require("@aws-sdk/client-sts")', env=work.env).returncode == 0


def test_an_agents_tools_work_for_hours_under_one_command(
    work: LongWork, agent: CodingAgent
) -> None:
    run_id = work.runs()[-1]
    for _ in range(6):
        for tool in ("cli", "python"):
            is_well, said = agent.start(tool)
            assert is_well, said
            assert said.endswith(f":assumed-role/Traces/vk-{run_id}")
        work.clock.forward(minutes=40)
    vended = [leaf for leaf in work.leaves("credentials-vended") if leaf["run"] == run_id]
    assert len({leaf["access_key_id"] for leaf in vended}) == 6  # each hour's last third is spare
    assert [leaf for leaf in work.leaves("vend-failed") if leaf["run"] == run_id] == []
    assert work.runs()[-1] == run_id


def test_one_long_process_sees_no_refresh_and_no_sleep(work: LongWork) -> None:
    work.keep_signed_in()
    with work.agent(sys.executable, str(AGENT)) as agent:
        arns = {agent.ask("whoami")}
        for minutes in (50, 50, 50, 300, 50):
            work.clock.forward(minutes=minutes)
            arns.add(agent.ask("whoami"))
    account, run_id = work.side.aws.account, work.runs()[-1]
    assert arns == {f"arn:aws:sts::{account}:assumed-role/Traces/vk-{run_id}"}


def test_an_expired_sign_in_says_what_to_do_and_the_agent_goes_on_after_it(work: LongWork) -> None:
    work.sign_in()
    work.clock.forward(minutes=30)
    agent = CodingAgent(work)
    work.clock.forward(minutes=45)  # the sign-in's hour is over, the session's own is not
    is_well, said = agent.start("cli")
    assert is_well, said
    work.clock.forward(hours=2)
    for tool in ("cli", "python"):
        is_well, said = agent.start(tool)
        assert not is_well
        assert "aws-credentials-expired" in said
        assert f"of profile `{PROFILE}`" in said
        assert "renew them where they come from" in said
    work.sign_in()
    for tool in ("cli", "python"):
        is_well, said = agent.start(tool)
        assert is_well, said
    assert agent.end() == 0


def test_a_machine_that_slept_past_every_expiry_works_on(
    work: LongWork, agent: CodingAgent
) -> None:
    assert agent.start("cli")[0]
    groups = {os.getpgid(agent.process.pid), os.getpgid(agent.pid)}
    for group in groups:
        os.killpg(group, signal.SIGSTOP)
    work.clock.forward(hours=5)
    for group in groups:
        os.killpg(group, signal.SIGCONT)
    for tool in ("cli", "python"):
        is_well, said = agent.start(tool)
        assert is_well, said


def test_a_run_ends_at_its_own_expiry_and_says_so(agent: CodingAgent, work: LongWork) -> None:
    assert agent.start("cli")[0]
    work.clock.forward(hours=MAX_RUN_SECONDS / 3600, minutes=1)
    is_well, said = agent.start("cli")
    assert not is_well
    assert "run-expired" in said
    is_well, said = agent.start("nested")
    assert not is_well
    assert "[run-expired]" in said, "the nested run is refused, and not what it would start"


def test_the_agents_own_exit_code_comes_back_and_the_run_is_over(
    work: LongWork, agent: CodingAgent
) -> None:
    assert agent.process.stdin is not None
    agent.process.stdin.write("leave\n")
    assert agent.end() == 7
    assert work.leaves("run-ended")[-1]["run"] == work.runs()[-1]


def test_a_signal_reaches_the_agent_and_the_run_is_over(work: LongWork, agent: CodingAgent) -> None:
    agent.process.send_signal(signal.SIGTERM)
    assert agent.hear() == (True, "stopped")
    assert agent.end() == 41
    assert work.leaves("run-ended")[-1]["run"] == work.runs()[-1]


def test_commands_of_ours_in_the_run_draw_from_it(work: LongWork, agent: CodingAgent) -> None:
    opened = work.runs()
    is_well, said = agent.start("ours")
    assert is_well, said
    last = work.leaves("credentials-handed-out")[-1]
    assert (last["run"], last["access_key_id"]) == (opened[-1], json.loads(said)["AccessKeyId"])
    is_well, said = agent.start("nested")
    assert is_well, said
    assert said.endswith(f"/vk-{opened[-1]}")
    assert work.runs() == opened
    assert agent.start("cli")[0]  # the nested command ended nothing that was not its own


def test_javascript_draws_from_the_run(work: LongWork, agent: CodingAgent) -> None:
    if not has_javascript(work):
        pytest.skip("no node, or no @aws-sdk/client-sts on NODE_PATH")
    is_well, said = agent.start("node")
    assert is_well, said
    assert said.endswith(f"/vk-{work.runs()[-1]}")


def test_the_grant_reaches_what_its_role_may(agent: CodingAgent) -> None:
    is_well, said = agent.start("list")
    assert is_well, said
    assert "PRE alice/" in said
