"""Web identity with real processes: a broker without AWS credentials, a local AWS, a boto3 agent.

The local AWS fetches the broker's own documents and believes what they let it believe.
"""

import base64
import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.e2e.reading import heard, where
from tests.e2e.signing import AUDIENCE, CARELESS, STRICT, SigningBroker, careless_trust, trust
from tests.e2e.world import AwsSide, OpenRun
from valetkey.credentials.token_claims import AWS_CLAIM
from valetkey.demo.issuer import DemoIssuer
from valetkey.demo.policies import permission_policy
from valetkey.demo.world import BUCKET, TABLE

pytestmark = pytest.mark.xdist_group("e2e-web-identity")


@pytest.fixture(scope="module")
def broker(
    tmp_path_factory: pytest.TempPathFactory, aws: AwsSide, issuer: DemoIssuer
) -> Iterator[SigningBroker]:
    made = SigningBroker(tmp_path_factory.mktemp("broker"), aws, issuer)
    iam = aws.client("iam")
    iam.create_open_id_connect_provider(Url=made.url, ClientIDList=[AUDIENCE])
    table = f"arn:aws:dynamodb:{aws.aws.region}:{aws.aws.account}:table/{TABLE}"
    for name, document in ((STRICT, trust(made)), (CARELESS, careless_trust(made))):
        iam.create_role(
            RoleName=name, AssumeRolePolicyDocument=document, MaxSessionDuration=4 * 3600
        )
        iam.put_role_policy(
            RoleName=name,
            PolicyName="own-data",
            PolicyDocument=json.dumps(permission_policy(table, BUCKET)),
        )
    yield made
    made.server.end()


@pytest.fixture(scope="module")
def alice(broker: SigningBroker) -> OpenRun:
    return broker.open("alice")


def assumed(broker: SigningBroker, role: str, token: str) -> dict[str, Any]:
    """What STS gives to whoever holds a token, or the code of its refusal under `error`."""
    unsigned = Config(signature_version=UNSIGNED)
    sts = boto3.client("sts", config=unsigned, **where(broker.aws))
    arn = f"arn:aws:iam::{broker.aws.aws.account}:role/{role}"
    try:
        made = sts.assume_role_with_web_identity(
            RoleArn=arn, RoleSessionName="by-hand", WebIdentityToken=token
        )
    except ClientError as error:
        return {"error": error.response["Error"]["Code"]}
    return dict(made)


def claims_of(alice: OpenRun, **changes: Any) -> dict[str, Any]:
    """Return the claims of a token as the broker signs it for Alice's run."""
    tags = {"user_id": ["alice"], "valetkey_run": [alice.id]}
    return {
        "sub": "grant:tenant-data",
        AWS_CLAIM + "tags": {"principal_tags": tags, "transitive_tag_keys": list(tags)},
        AWS_CLAIM + "source_identity": alice.id,
        **changes,
    }


def test_an_agent_reads_its_own_and_nobody_elses(broker: SigningBroker, alice: OpenRun) -> None:
    """The whole chain without one AWS credential of the broker's."""
    with broker.agent(alice, "container") as agent:
        assert agent.ask("row alice") == "alice's private note"
        assert agent.ask("object alice") == "alice's trace"
        assert agent.ask("row bob") == "AccessDeniedException"
        assert agent.ask("object bob") == "AccessDenied"
        assert agent.ask("scan") == "AccessDeniedException"
        assert agent.ask("whoami").endswith(f":assumed-role/{STRICT}/vk-{alice.id}")
    assert broker.draw(alice)[1]["RoleArn"].endswith(f":role/{STRICT}")


def test_a_broker_without_aws_credentials_is_ready(broker: SigningBroker) -> None:
    assert broker.obstacles() == []


def test_token_session_and_records_say_the_same(broker: SigningBroker, alice: OpenRun) -> None:
    assert broker.draw(alice)[0] == 200
    (opened,) = broker.leaves("run-opened", alice.id)
    issued = broker.leaves("token-issued", alice.id)
    assert issued[0]["tags"] == {**opened["tags"], "valetkey_run": alice.id}
    assert (issued[0]["holder"], issued[0]["subject"]) == ("broker", "grant:tenant-data")
    (vended, *_) = broker.leaves("credentials-vended", alice.id)
    assert vended["duration"] == 7200, "no chaining cap"


def test_a_token_without_the_tags_claim_makes_a_session_that_reads_nothing(
    broker: SigningBroker, alice: OpenRun
) -> None:
    """Lesson 4: STS says nothing of it; with the tag absent the policies must open nothing."""
    whole = broker.sign(**claims_of(alice))
    untagged = broker.sign(**claims_of(alice, **{AWS_CLAIM + "tags": None}))
    tagged_session = assumed(broker, CARELESS, whole)
    untagged_session = assumed(broker, CARELESS, untagged)
    assert heard(broker.aws, tagged_session["Credentials"])[:2] == ["ok", "ok"]
    assert tagged_session["Provider"] == untagged_session["Provider"] == broker.provider
    assert heard(broker.aws, untagged_session["Credentials"]) == ["AccessDenied"] * 4


CHANGES = {
    "no tags": {AWS_CLAIM + "tags": None},
    "no source": {AWS_CLAIM + "source_identity": "x-1"},
    "another grant": {"sub": "grant:other"},
    "no roles": {AWS_CLAIM + "roles": None},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_trust_policy_as_the_guide_has_it_takes_the_brokers_tokens_alone(
    broker: SigningBroker, alice: OpenRun, change: dict[str, Any]
) -> None:
    """Lesson 17: a token of the right issuer and audience is not enough."""
    role = f"arn:aws:iam::{broker.aws.aws.account}:role/{STRICT}"
    good = claims_of(alice, **{AWS_CLAIM + "roles": [role]})
    assert "Credentials" in assumed(broker, STRICT, broker.sign(**good))
    assert assumed(broker, STRICT, broker.sign(**{**good, **change})) == {"error": "AccessDenied"}


def test_a_token_for_one_role_is_refused_for_another(broker: SigningBroker, alice: OpenRun) -> None:
    """The roles claim is judged before any trust policy, even one that lets everybody in."""
    other = claims_of(alice, **{AWS_CLAIM + "roles": ["arn:aws:iam::111122223333:role/Other"]})
    found = assumed(broker, CARELESS, broker.sign(**other))
    assert found == {"error": "InvalidIdentityToken"}


def test_a_changed_token_is_refused(broker: SigningBroker, alice: OpenRun) -> None:
    head, _, signature = broker.sign(**claims_of(alice)).split(".")
    now = int(time.time())
    claims = {"iss": broker.url, "aud": AUDIENCE, "iat": now, "exp": now + 300}
    body = json.dumps({**claims, **claims_of(alice)}).encode()
    forged = f"{head}.{base64.urlsafe_b64encode(body).rstrip(b'=').decode()}.{signature}"
    assert assumed(broker, CARELESS, forged) == {"error": "InvalidIdentityToken"}


def test_no_other_way_leads_to_a_token_for_sts(broker: SigningBroker, alice: OpenRun) -> None:
    """Lesson 11: one mint, always tagged; the sandbox gets none where nobody opted in."""
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": alice.token,
        "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
    }
    for target in ("tenant-data", AUDIENCE):
        status, said = broker.exchange(urlencode({**form, "audience": target}))
        assert (status, said["error"]) == (400, "invalid_target")
    assert all("valetkey_run" in leaf["tags"] for leaf in broker.leaves("token-issued"))


def test_no_token_is_in_the_log(broker: SigningBroker) -> None:
    assert "eyJ" not in broker.server.log
    assert b"eyJ" not in broker.store.read_bytes()
