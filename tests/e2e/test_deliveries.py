"""The main job with real clients: boto3 and the AWS CLI, unmodified, in each of the deliveries."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.e2e.conftest import MakeBroker
from tests.e2e.processes import AWS_CLI, run
from tests.e2e.world import DELIVERIES, Agent, AwsSide, Broker, Grant, OpenRun

pytestmark = pytest.mark.xdist_group("e2e-deliveries")
METHODS = {"container": "container-role", "credential-process": "custom-process"}
SHORT_SECONDS = 906
"""The SDKs' advisory window is 900 s: a refresh is due after 6."""


class Working:
    """Alice's run in one delivery, and a boto3 program at work in it."""

    def __init__(self, broker: Broker, way: str) -> None:
        self.broker, self.way = broker, way
        self.opened: OpenRun = broker.open("alice")
        self.agent: Agent = broker.agent(self.opened, way)


@pytest.fixture(scope="module", params=DELIVERIES)
def working(request: pytest.FixtureRequest, broker: Broker) -> Iterator[Working]:
    started = Working(broker, request.param)
    yield started
    started.agent.end()


@pytest.mark.slow
def test_a_hundred_signed_calls_on_fresh_credentials_make_one_hand_out(working: Working) -> None:
    assert working.agent.ask("rows alice 100") == 100
    assert working.broker.hand_outs(working.opened) == 1


def test_the_sdk_draws_by_the_delivery_and_by_nothing_else(working: Working) -> None:
    assert working.agent.ask("method") == METHODS.get(working.way, "container-role")


def test_an_agent_reads_what_is_its_persons(working: Working) -> None:
    assert working.agent.ask("row alice") == "alice's private note"
    assert working.agent.ask("object alice") == "alice's trace"


@pytest.mark.parametrize("task", ["row bob", "object bob", "scan", "list"])
def test_iam_denies_an_agent_everything_else(working: Working, task: str) -> None:
    assert working.agent.ask(task) in {"AccessDenied", "AccessDeniedException"}


def test_the_session_is_named_after_the_run(working: Working) -> None:
    name = working.agent.ask("whoami").rpartition("/")[2]
    assert name == f"vk-{working.opened.id}"


def test_a_policy_on_the_run_tag_stops_the_run(working: Working, aws: AwsSide) -> None:
    stop = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Deny",
            "Action": "*",
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:PrincipalTag/valetkey_run": working.opened.id}},
        },
    }
    aws.set_policy("stop", stop)
    try:
        assert working.agent.ask("row alice") == "AccessDeniedException"
    finally:
        aws.set_policy("stop", None)
    assert working.agent.ask("row alice") == "alice's private note"


def test_a_policy_sees_the_run_as_source_identity(working: Working, aws: AwsSide) -> None:
    """CloudTrail leads from a call to its run, and the audit log from there to the person."""
    only = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Deny",
            "Action": "*",
            "Resource": "*",
            "Condition": {"StringNotEquals": {"aws:SourceIdentity": working.opened.id}},
        },
    }
    aws.set_policy("only-this-run", only)
    try:
        assert working.agent.ask("row alice") == "alice's private note"
        other = working.broker.open("alice")
        with working.broker.agent(other, "container") as agent:
            assert agent.ask("row alice") == "AccessDeniedException"
    finally:
        aws.set_policy("only-this-run", None)


CLI = """\
say() {{ "$@" >"$OUT" 2>&1; code=$?; printf '%s %s\\n' "$code" "$(tr '\\n' ' ' <"$OUT")"; }}
OUT=$(mktemp)
say {aws} dynamodb get-item --table-name Notes --key '{{"user_id":{{"S":"alice"}}}}' --output json
say {aws} dynamodb get-item --table-name Notes --key '{{"user_id":{{"S":"bob"}}}}'
say {aws} s3 cp s3://trace-artifacts/traces/alice/1.txt -
say {aws} s3 ls s3://trace-artifacts/
say {aws} sts get-caller-identity --output json
rm "$OUT"
"""


@pytest.mark.slow
@pytest.mark.parametrize("way", DELIVERIES)
def test_the_aws_cli_gets_what_the_run_may_and_no_more(broker: Broker, way: str) -> None:
    opened = broker.open("alice")
    delivered = broker.deliver(opened, way, "sh", "-c", CLI.format(aws=AWS_CLI))
    done = run(*delivered.command, env=delivered.env)
    own, others, mine, whole, identity = done.stdout.splitlines()
    assert own.startswith("0 ") and "alice's private note" in own, done.stderr
    assert not others.startswith("0 ") and "AccessDenied" in others
    assert mine.strip() == "0 alice's trace"
    assert not whole.startswith("0 ") and "AccessDenied" in whole
    assert json.loads(identity.removeprefix("0 "))["Arn"].endswith(f"/vk-{opened.id}")


@pytest.mark.slow
def test_a_call_in_the_refresh_window_makes_one_more_hand_out(
    make_broker: MakeBroker, aws: AwsSide
) -> None:
    """Lesson 20: what is counted is refreshes, not only that a refresh works."""
    broker = make_broker(grants=(Grant(aws.world.role_arn, duration=f"{SHORT_SECONDS}s"),))
    runs = {way: broker.open("alice") for way in DELIVERIES}
    with ExitStack() as stack:
        agents = {w: stack.enter_context(broker.agent(o, w)) for w, o in runs.items()}
        for agent in agents.values():
            agent.tell("rows alice 20")
        assert [agent.hear() for agent in agents.values()] == [{"said": 20}] * 3
        until = time.time() + SHORT_SECONDS - 900 + 0.5
        assert {way: broker.hand_outs(opened) for way, opened in runs.items()} == dict.fromkeys(
            DELIVERIES, 1
        )
        time.sleep(max(0.0, until - time.time()))
        for agent in agents.values():
            assert agent.ask("rows alice 20") == 20
    assert {way: broker.hand_outs(opened) for way, opened in runs.items()} == dict.fromkeys(
        DELIVERIES, 2
    )


@pytest.mark.slow
@pytest.mark.parametrize("way", DELIVERIES)
def test_a_revoked_run_is_refused_the_next_hand_out(broker: Broker, way: str) -> None:
    opened = broker.open("alice")
    with broker.agent(opened, way) as agent:
        assert agent.ask("row alice") == "alice's private note"
        broker.revoke(opened)
        agent.tell("new-session")
        answer = agent.hear()
    assert answer["error"] in {"CredentialRetrievalError", "MetadataRetrievalError"}
    assert "run-revoked" in answer["why"] or "the run was revoked" in answer["why"]
    refused = {leaf["code"] for leaf in broker.leaves("hand-out-refused", opened.id)}
    assert refused == {"run-revoked"}
