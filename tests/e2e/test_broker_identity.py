"""A broker whose own AWS identity is wrong: the code says how, and AWS's words stay inside."""

from collections.abc import Mapping

import boto3
import pytest

from tests.e2e.conftest import MakeBroker
from tests.e2e.world import AwsSide, Broker, Grant

pytestmark = pytest.mark.xdist_group("e2e-broker-identity")


def check_refusal(broker: Broker, code: str, *, grant: str = "tenant-data") -> None:
    """Draw once: the sandbox learns the code and nothing of AWS's text; the operator learns it."""
    opened = broker.open()
    status, problem = broker.draw(opened, grant)
    assert (status, problem["code"]) == (503, code)
    for word in ("User:", "arn:aws:sts", "is not authorized", "valetkey-broker", "DurationSeconds"):
        assert word not in str(problem)
    assert [leaf["code"] for leaf in broker.leaves("vend-failed", opened.id)] == [code]
    assert broker.hand_outs(opened) == 0
    assert f"code='{code}'" in broker.server.log


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ({}, "aws-no-credentials"),
        (
            {"AWS_ACCESS_KEY_ID": "AKIAUNKNOWNUNKNOWNUN", "AWS_SECRET_ACCESS_KEY": "x" * 40},
            "aws-credentials-invalid",
        ),
    ],
)
def test_credentials_that_are_missing_or_unknown_are_named(
    make_broker: MakeBroker, keys: Mapping[str, str], code: str
) -> None:
    broker = make_broker(keys=keys)
    assert broker.obstacles() == [code]
    check_refusal(broker, code)


def test_a_wrong_secret_is_named(make_broker: MakeBroker, aws: AwsSide) -> None:
    broker = make_broker(keys={**aws.broker_keys(), "AWS_SECRET_ACCESS_KEY": "wrong" * 8})
    assert broker.obstacles() == ["aws-credentials-invalid"]
    check_refusal(broker, "aws-credentials-invalid")


def test_a_role_that_does_not_let_the_broker_in_is_told_from_one_with_short_sessions(
    make_broker: MakeBroker, aws: AwsSide
) -> None:
    root = f"arn:aws:iam::{aws.aws.account}:user/somebody-else"
    aws.client("iam").create_user(UserName="somebody-else")
    stranger = aws.role("TrustsAnother", {"AWS": root})
    short = aws.role("ShortSessions", {"AWS": _broker_arn(aws)}, most=3600)
    aws.let_broker_assume(stranger, short)
    broker = make_broker(
        grants=(
            Grant(aws.world.role_arn),
            Grant(stranger, name="stranger"),
            Grant(short, duration="2h", name="short"),
        )
    )
    assert broker.obstacles() == []
    check_refusal(broker, "aws-access-denied-trust", grant="stranger")
    assert "is not authorized" in broker.server.log  # AWS's own words, for the operator
    check_refusal(broker, "aws-duration-above-role-maximum", grant="short")
    assert "MaxSessionDuration" in broker.server.log
    assert broker.draw(broker.open())[0] == 200


def test_a_broker_session_that_carries_a_runs_tag_is_named(
    make_broker: MakeBroker, aws: AwsSide
) -> None:
    """EKS Pod Identity does this: an inherited transitive key can't be passed again."""
    broker_role = aws.role("BrokerRole", {"AWS": _broker_arn(aws)})
    aws.let_broker_assume(broker_role)
    sts = boto3.client(
        "sts",
        endpoint_url=aws.aws.endpoint,
        region_name=aws.aws.region,
        aws_access_key_id=aws.world.broker_key_id,
        aws_secret_access_key=aws.world.broker_secret,
    )
    session = sts.assume_role(
        RoleArn=broker_role,
        RoleSessionName="broker",
        Tags=[{"Key": "user_id", "Value": "the-pod"}],
        TransitiveTagKeys=["user_id"],
    )["Credentials"]
    broker = make_broker(
        keys={
            "AWS_ACCESS_KEY_ID": session["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
            "AWS_SESSION_TOKEN": session["SessionToken"],
        }
    )
    check_refusal(broker, "aws-broker-session-tagged")


def _broker_arn(aws: AwsSide) -> str:
    return f"arn:aws:iam::{aws.aws.account}:user/valetkey-broker"
