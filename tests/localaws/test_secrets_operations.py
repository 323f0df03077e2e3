"""What is done to a secret: versions, deletion, and what is refused by name."""

import json
from typing import Any

import pytest

from tests.localaws.refusals import DENIED, refused, said
from tests.localaws.world import ACCOUNT, REGION, World, allow, document
from valetkey.localaws.callers import root_caller
from valetkey.localaws.decisions import Ask
from valetkey.localaws.faults import AwsError
from valetkey.localaws.resource_policies import ResourcePolicies
from valetkey.localaws.secrets_service import SecretService
from valetkey.localaws.storage import Storage


class Anybody:
    """Allows everything to one caller."""

    caller = root_caller(ACCOUNT)

    def __call__(self, ask: Ask) -> None:
        """Allow it."""


def put(world: World, name: str, value: str = "v", **more: Any) -> str:
    """Make a secret as root and return its ARN."""
    root = world.client("secretsmanager")
    return str(root.create_secret(Name=name, SecretString=value, **more)["ARN"])


def test_a_version_and_a_stage_that_disagree_give_nothing(world: World) -> None:
    arn = put(world, "disagree", "one")
    root = world.client("secretsmanager")
    first = root.get_secret_value(SecretId=arn)["VersionId"]
    root.put_secret_value(SecretId=arn, SecretString="two")
    asked = {"SecretId": arn, "VersionId": first, "VersionStage": "AWSCURRENT"}
    assert refused(lambda: root.get_secret_value(**asked)) == "ResourceNotFoundException"
    assert root.get_secret_value(SecretId=arn, VersionId=first)["SecretString"] == "one"


def test_a_deleted_secret_is_not_read_and_comes_back(moving: World) -> None:
    root = moving.client("secretsmanager")
    root.create_secret(Name="leaving", SecretString="v")
    root.delete_secret(SecretId="leaving", RecoveryWindowInDays=7)
    assert refused(lambda: root.get_secret_value(SecretId="leaving")) == "InvalidRequestException"
    batch = root.batch_get_secret_value(SecretIdList=["leaving"])
    assert [row["ErrorCode"] for row in batch["Errors"]] == ["InvalidRequestException"]
    assert root.list_secrets()["SecretList"] == []
    assert refused(lambda: root.create_secret(Name="leaving")) == "InvalidRequestException"
    root.restore_secret(SecretId="leaving")
    assert root.get_secret_value(SecretId="leaving")["SecretString"] == "v"


def test_a_deleted_secret_goes_when_its_window_ends_and_its_policy_too() -> None:
    now = [1_000_000.0]
    policies = ResourcePolicies()
    storage = Storage(account=ACCOUNT, region=REGION)
    service = SecretService(storage, policies, lambda: now[0])

    def run(operation: str, **params: Any) -> dict[str, Any]:
        answer = service.run(operation, params, require=Anybody())
        found: dict[str, Any] = json.loads(answer.body)
        return found

    arn = run("CreateSecret", Name="leaving")["ARN"]
    everyone = {**allow("secretsmanager:*"), "Principal": "*"}
    run("PutResourcePolicy", SecretId=arn, ResourcePolicy=document(everyone))
    run("DeleteSecret", SecretId=arn, RecoveryWindowInDays=7)
    now[0] += 7 * 86_400 - 1
    assert run("DescribeSecret", SecretId=arn)["DeletedDate"] == now[0] + 1
    now[0] += 1
    with pytest.raises(AwsError) as caught:
        run("DescribeSecret", SecretId=arn)
    assert caught.value.code == "ResourceNotFoundException"
    assert policies.documents == {}


def test_what_is_not_modelled_is_refused_by_name(world: World) -> None:
    arn = put(world, "plain-secret")
    root = world.client("secretsmanager")
    unknown = "UnknownOperationException"
    assert refused(lambda: root.rotate_secret(SecretId=arn)) == unknown
    replicas = [{"Region": "us-east-1"}]
    assert refused(lambda: root.create_secret(Name="r", AddReplicaRegions=replicas)) == unknown
    blocked = {"SecretId": arn, "ResourcePolicy": document(), "BlockPublicPolicy": True}
    assert "BlockPublicPolicy" in said(lambda: root.put_resource_policy(**blocked))
    by_region = [{"Key": "primary-region", "Values": ["x"]}]
    assert refused(lambda: root.list_secrets(Filters=by_region)) == "ValidationException"


def test_binary_values_and_idempotent_writes(world: World) -> None:
    root = world.client("secretsmanager")
    token = "0" * 32
    made = root.create_secret(Name="binary", SecretBinary=b"\0\xff", ClientRequestToken=token)
    assert made["VersionId"] == token
    again = root.create_secret(Name="binary", SecretBinary=b"\0\xff", ClientRequestToken=token)
    assert again["ARN"] == made["ARN"]
    other = {"SecretId": "binary", "SecretBinary": b"\1", "ClientRequestToken": token}
    assert refused(lambda: root.put_secret_value(**other)) == "ResourceExistsException"
    assert root.get_secret_value(SecretId="binary")["SecretBinary"] == b"\0\xff"
    assert refused(lambda: root.create_secret(Name="binary")) == "ResourceExistsException"
    both = {"SecretId": "binary", "SecretBinary": b"x", "SecretString": "x"}
    assert refused(lambda: root.put_secret_value(**both)) == "InvalidParameterException"


def test_a_random_password_needs_its_own_right(world: World) -> None:
    nobody = world.client("secretsmanager", world.user("nobody-2"))
    assert refused(nobody.get_random_password) == DENIED
    root = world.client("secretsmanager")
    assert len(root.get_random_password(PasswordLength=20)["RandomPassword"]) == 20


def test_two_local_awses_and_a_restarted_one_share_no_secret(moving: World, world: World) -> None:
    put(world, "only-here")
    root = moving.client("secretsmanager")
    missing = "ResourceNotFoundException"
    assert refused(lambda: root.get_secret_value(SecretId="only-here")) == missing
    put(moving, "before-the-stop")
    moving.aws.stop()
    moving.aws.start()
    root = moving.client("secretsmanager")
    assert refused(lambda: root.get_secret_value(SecretId="before-the-stop")) == missing


def test_calls_are_counted(world: World) -> None:
    before = world.aws.calls("secretsmanager:GetSecretValue")
    refused(lambda: world.client("secretsmanager").get_secret_value(SecretId="none-such"))
    assert world.aws.calls("secretsmanager:GetSecretValue") == before + 1
