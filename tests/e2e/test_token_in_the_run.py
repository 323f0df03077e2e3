"""A grant that gives its token to the run: boto3 calls STS itself, and tools get tokens."""

import base64
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence

import pytest

from tests.e2e.signing import AUDIENCE, STRICT, SigningBroker, trust
from tests.e2e.world import AwsSide, Grant
from tests.sandbox.conftest import bare_environment
from tests.sandbox.runner import COMMAND
from valetkey.demo.issuer import DemoIssuer
from valetkey.demo.policies import permission_policy
from valetkey.demo.world import BUCKET, TABLE

pytestmark = pytest.mark.xdist_group("e2e-web-identity")

ROLE = "WebOptedIn"
AGENT = f"""
import boto3
from botocore.exceptions import ClientError
session = boto3.Session()
print(session.get_credentials().method)
print(session.client("sts").get_caller_identity()["Arn"].rpartition("/")[2])
for person in ("alice", "bob"):
    try:
        session.client("s3").get_object(Bucket="{BUCKET}", Key=f"traces/{{person}}/1.txt")
        print("read")
    except ClientError as error:
        print(error.response["Error"]["Code"])
"""


class OptedIn(SigningBroker):
    """A broker whose grant `tenant-data` gives its token away, beside a tool's."""

    def configure(self, grants: Sequence[Grant]) -> None:
        super().configure(grants)
        text = self.config.read_text().replace(f"role/{STRICT}", f"role/{ROLE}")
        tool = '[[grants]]\nname = "billing"\naudience = "https://billing.internal/mcp"\n'
        self.config.write_text(f'{text}token_to_sandbox = true\n{tool}scopes = ["read"]\n')


@pytest.fixture(scope="module")
def broker(
    tmp_path_factory: pytest.TempPathFactory, aws: AwsSide, issuer: DemoIssuer
) -> Iterator[OptedIn]:
    made = OptedIn(tmp_path_factory.mktemp("broker"), aws, issuer)
    iam = aws.client("iam")
    iam.create_open_id_connect_provider(Url=made.url, ClientIDList=[AUDIENCE])
    iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=trust(made))
    table = f"arn:aws:dynamodb:{aws.aws.region}:{aws.aws.account}:table/{TABLE}"
    document = json.dumps(permission_policy(table, BUCKET))
    iam.put_role_policy(RoleName=ROLE, PolicyName="own-data", PolicyDocument=document)
    yield made
    made.server.end()


def valetkey(broker: OptedIn, token_file: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Give a command to valetkey in a run that is open."""
    first, *rest = words
    return subprocess.run(
        [*COMMAND, first, "--broker", broker.url, "--run-token-file", token_file, *rest],
        env=bare_environment(AWS_DEFAULT_REGION=broker.aws.aws.region),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_boto3_calls_sts_itself_and_reads_its_own_alone(broker: OptedIn) -> None:
    alice = broker.open("alice")
    agent = ("--deliver", "web-identity", "--", sys.executable, "-c", AGENT)
    done = valetkey(broker, str(alice.token_file), "run", *agent)
    assert done.stdout.split() == [
        "assume-role-with-web-identity",
        f"vk-{alice.id}",
        "read",
        "AccessDenied",
    ], done.stderr
    (issued,) = broker.leaves("token-issued", alice.id)
    assert issued["holder"] == "sandbox"


def test_a_token_for_a_tool_is_of_its_audience_alone_until_the_run_is_revoked(
    broker: OptedIn,
) -> None:
    alice = broker.open("alice")
    done = valetkey(broker, str(alice.token_file), "token", "billing")
    body = done.stdout.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    assert (claims["aud"], claims["valetkey_run"]) == ("https://billing.internal/mcp", alice.id)
    broker.revoke(alice)
    done = valetkey(broker, str(alice.token_file), "token", "billing")
    assert (done.returncode, done.stdout) == (1, "")
    assert "[run-" in done.stderr
