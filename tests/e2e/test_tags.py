"""The policies of the demo's role under tags that are absent, or nearly right."""

import json

import boto3
import pytest

from tests.e2e.conftest import MakeBroker
from tests.e2e.reading import heard, where
from tests.e2e.world import AwsSide, Grant
from valetkey.demo.policies import permission_policy
from valetkey.demo.world import BUCKET, TABLE

pytestmark = pytest.mark.xdist_group("e2e-tags")


@pytest.fixture(scope="module")
def careless_role(aws: AwsSide) -> str:
    """The role's permissions behind a trust policy that lets any session in, tagged or not."""
    broker = f"arn:aws:iam::{aws.aws.account}:user/valetkey-broker"
    role = aws.role("Careless", {"AWS": broker})
    table = f"arn:aws:dynamodb:{aws.aws.region}:{aws.aws.account}:table/{TABLE}"
    aws.client("iam").put_role_policy(
        RoleName="Careless",
        PolicyName="own-data",
        PolicyDocument=json.dumps(permission_policy(table, BUCKET)),
    )
    aws.let_broker_assume(role)
    return role


def answers(aws: AwsSide, role: str, **asked: object) -> list[str]:
    """What a session gets that the broker's own keys made: row, object, scan, listing."""
    keys = aws.broker_keys()
    made = boto3.client(
        "sts",
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
        **where(aws),
    ).assume_role(RoleArn=role, RoleSessionName="untagged", **asked)["Credentials"]
    return heard(aws, made)


def test_a_session_without_the_tag_reaches_nothing(aws: AwsSide, careless_role: str) -> None:
    """Lesson 4: with the tag absent, isolation must not be inert."""
    tagged = [{"Key": "user_id", "Value": "alice"}]
    assert answers(aws, careless_role, Tags=tagged)[:2] == ["ok", "ok"]
    assert answers(aws, careless_role) == ["AccessDenied"] * 4


def test_a_tag_of_another_case_is_another_persons(make_broker: MakeBroker, aws: AwsSide) -> None:
    """Lesson 7: a value goes in as the token has it, and IAM compares it exactly."""
    broker = make_broker(grants=(Grant(aws.world.role_arn),))
    opened = broker.open("Alice")
    with broker.agent(opened, "container") as agent:
        assert agent.ask("row alice") == "AccessDeniedException"
    (leaf,) = broker.leaves("run-opened", opened.id)
    assert leaf["tags"] == {"user_id": "Alice"}
