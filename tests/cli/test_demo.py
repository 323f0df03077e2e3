"""The demo is a check, too: it passes, and it fails where isolation does not hold."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

import valetkey.demo.web_identity as second
from tests.cli.doctor_world import Chain, chain
from tests.cli.entry import command, script
from tests.localaws.world import ACCOUNT
from valetkey.credentials.token_claims import AWS_CLAIM
from valetkey.demo import world
from valetkey.demo.agents import unexpected
from valetkey.demo.clients import _session
from valetkey.demo.config import GRANT
from valetkey.demo.experiment import TAGGED, UNTAGGED, experiment
from valetkey.demo.policies import Document, web_trust_policy
from valetkey.demo.processes import environment
from valetkey.demo.story import wrong_hand_outs
from valetkey.demo.untagged import twins
from valetkey.demo.world import Aws
from valetkey.identity import parse_unverified
from valetkey.secret import Secret

pytestmark = pytest.mark.xdist_group("demo")

NOW = 1_800_000_000.0
NOWHERE = "http://127.0.0.1:1"
ELSEWHERE = {
    "AWS_PROFILE": "none-such",
    "AWS_ENDPOINT_URL": NOWHERE,
    "HTTP_PROXY": NOWHERE,
    "http_proxy": NOWHERE,
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_USE_DUALSTACK_ENDPOINT": "true",
}

# The role may read every row: one broad Allow masks the narrow ones (lesson 14).
HOLED = """
import valetkey.demo.web_identity, valetkey.demo.world, valetkey.demo.story as story
narrow = valetkey.demo.world.permission_policy
def holed(table_arn, bucket):
    policy = narrow(table_arn, bucket)
    policy["Statement"].append(
        {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": table_arn}
    )
    return policy
valetkey.demo.world.permission_policy = holed
valetkey.demo.web_identity.permission_policy = holed
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
    assert {a["did"] for a in report["by_web_identity"]} == {a["did"] for a in report["attempts"]}
    assert {leaf["tags"]["user_id"] for leaf in report["issued"]} == {"alice", "bob"}
    tokens = [(a["agent"], a["did"]) for a in report["tokens"] if a["answer"] == "ok"]
    assert tokens == [
        (TAGGED, "assume the role that asks for tags"),
        (TAGGED, "assume a role that asks for none"),
        (TAGGED, "read alice's row"),
        (TAGGED, "read alice's object"),
        (UNTAGGED, "assume a role that asks for none"),
    ]
    assert len(report["tokens"]) == 16
    calls = [(a["agent"], a["did"]) for a in report["at_the_gateway"] if a["answer"] == "ok"]
    assert calls == [
        ("alice", "refund 500 for A-17"),
        ("alice", "refund 500 for TEST-1"),
        ("bob", "refund 500 for TEST-1"),
    ]
    assert len(report["decided"]) == 9


@pytest.mark.slow
def test_the_demo_fails_where_one_reads_anothers_data(tmp_path: Path) -> None:
    done = script(HOLED, "demo", "--json", folder=tmp_path, seconds=90)
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    assert report["passed"] is False
    assert "alice: read bob's row: expected denied, got ok" in report["failures"]
    assert "bob: read alice's row: expected denied, got ok" in report["failures"]
    assert len([line for line in report["failures"] if line.startswith(UNTAGGED)]) == 2
    assert f"{TAGGED}: read bob's row: expected denied, got ok" in report["failures"]


@pytest.fixture(scope="module")
def issuing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    """The demo's AWS in this process, and the documents of a broker that signs."""
    with chain(tmp_path_factory.mktemp("demo")) as made:
        made.configure(GRANT, role=f"arn:aws:iam::{ACCOUNT}:role/ignored")
        world.build(demo_aws(made))
        yield made


def demo_aws(issuing: Chain) -> Aws:
    local = issuing.aws
    keys = (local.root_access_key_id, local.root_secret_access_key)
    return Aws(local.endpoint, local.region, local.account, *keys)


def found_out(issuing: Chain, patch: pytest.MonkeyPatch, *, name: str) -> list[str]:
    """Make the two roles under other names, and return what the experiment finds wrong."""
    aws = demo_aws(issuing)
    patch.setattr(second, "ROLE", f"Strict{name}")
    patch.setattr(second, "LAX_ROLE", f"Lax{name}")
    aws.client("iam", aws.root_keys).delete_open_id_connect_provider(
        OpenIDConnectProviderArn=issuing.issuer.provider
    )
    roles = second.make_roles(aws, issuing.issuer.url)
    made = twins(issuing.folder / f"{GRANT}.toml", roles, person="alice", now=time.time())
    return unexpected(experiment(aws, made, person="alice"))


def test_a_token_and_its_twin_differ_in_the_tags_claim_alone(issuing: Chain) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/any"
    config = issuing.folder / f"{GRANT}.toml"
    (made,) = twins(config, [role], person="alice", now=NOW)
    tagged = parse_unverified(Secret(made.tagged))
    untagged = parse_unverified(Secret(made.untagged))
    without = {name: said for name, said in tagged.claims.items() if name != AWS_CLAIM + "tags"}
    assert without == untagged.claims != tagged.claims
    assert {AWS_CLAIM + "roles", AWS_CLAIM + "source_identity"} < set(without)
    assert (tagged.kid, tagged.alg) == (untagged.kid, untagged.alg)


def test_the_experiment_finds_nothing_where_all_is_well(
    issuing: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert found_out(issuing, monkeypatch, name="Whole") == []


def test_a_role_that_does_not_ask_for_tags_is_found_out(
    issuing: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing else of the token may be what the trust policy refuses it for."""

    def careless(*args: Any, **named: Any) -> Document:
        document = web_trust_policy(*args, **named)
        conditions = document["Statement"][0]["Condition"]
        for name in set(conditions) & {"StringLike", "Null"}:
            del conditions[name]
        return document

    monkeypatch.setattr(second, "web_trust_policy", careless)
    assert found_out(issuing, monkeypatch, name="Careless") == [
        f"{UNTAGGED}: assume the role that asks for tags: expected denied, got ok"
    ]


def test_a_role_that_may_do_nothing_is_no_proof(
    issuing: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That an untagged session reads nothing shows something where the tagged one reads."""
    nothing = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    denies = {"Version": "2012-10-17", "Statement": [nothing]}
    monkeypatch.setattr(second, "permission_policy", lambda *_: denies)
    found = found_out(issuing, monkeypatch, name="Idle")
    assert found == [
        f"{TAGGED}: read alice's row: expected ok, got AccessDeniedException",
        f"{TAGGED}: read alice's object: expected ok, got AccessDenied",
    ]


def test_the_demos_own_clients_are_apart_from_the_machines_settings(
    issuing: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws = demo_aws(issuing)
    for name, value in ELSEWHERE.items():
        monkeypatch.setenv(name, value)
    _session.cache_clear()
    assert aws.client("s3", aws.root_keys).list_buckets()["Buckets"]
    with pytest.raises(ClientError):
        aws.client("sts", None).get_caller_identity()


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
