"""Principals of a seed have its policies, tags, boundaries and keys."""

import pytest
from botocore.exceptions import ClientError

from tests.localaws.seeds import TWO_TENANTS, bad, seed, sown
from tests.localaws.world import ACCOUNT, code_of
from valetkey.localaws import LocalAws

KEY = "AKIAEXAMPLEBROKER000"
SECRET = "a-secret-of-the-test's-own"


def test_principals_have_what_the_seed_says() -> None:
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    managed = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    role = {
        "name": "Agent", "path": "/agents/", "max_session": "12h", "boundary": "limits",
        "managed": ["limits", managed], "tags": {"team": "x"}, "policies": {"own": everything},
    }  # fmt: skip
    policies = [{"name": "limits", "path": "/p/", "document": everything, "tags": {"a": "b"}}]
    users = [{"name": "u", "boundary": "limits", "managed": [managed]}]
    with sown(seed(policies=policies, roles=[role], users=users)) as aws:
        iam = aws.session().client("iam")
        found = iam.get_role(RoleName="Agent")["Role"]
        limits = f"arn:aws:iam::{ACCOUNT}:policy/p/limits"
        assert found["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/agents/Agent"
        assert found["MaxSessionDuration"] == 43_200
        assert found["PermissionsBoundary"]["PermissionsBoundaryArn"] == limits
        assert found["Tags"] == [{"Key": "team", "Value": "x"}]
        attached = iam.list_attached_role_policies(RoleName="Agent")["AttachedPolicies"]
        assert {one["PolicyArn"] for one in attached} == {limits, managed}
        own = iam.get_role_policy(RoleName="Agent", PolicyName="own")["PolicyDocument"]
        assert own == {"Version": "2012-10-17", "Statement": everything}
        assert aws._gate.keyring.identities.user_boundaries == {"u": limits}


def test_a_role_without_trust_is_taken_by_nobody() -> None:
    tables = {**TWO_TENANTS, "roles": [{"name": "Agent"}]}
    with sown(seed(**tables)) as aws:
        with pytest.raises(ClientError) as caught:
            aws.session("Agent", by="broker")
        assert code_of(caught.value) == "AccessDenied"


def test_a_given_key_signs_and_the_made_one_before_it_does_not() -> None:
    users = [{"name": "broker", "access_keys": [{"id": KEY, "secret": "env:S"}]}]
    aws = LocalAws()
    try:
        made = aws.seed(seed({"S": SECRET}, users=users))
        aws.start()
        (key,) = made.keys
        assert (key.user, key.id, key.given) == ("broker", KEY, True)
        assert SECRET not in repr(made)
        mine = {"AccessKeyId": KEY, "SecretAccessKey": SECRET}
        sts = aws._clients().session(mine).client("sts")
        assert sts.get_caller_identity()["Arn"].endswith(":user/broker")
        iam = aws.session().client("iam")
        listed = iam.list_access_keys(UserName="broker")["AccessKeyMetadata"]
        assert [one["AccessKeyId"] for one in listed] == [KEY]
        iam.delete_access_key(UserName="broker", AccessKeyId=KEY)
        with pytest.raises(ClientError) as caught:
            sts.get_caller_identity()
        assert code_of(caught.value) == "InvalidClientTokenId"
    finally:
        aws.stop()


@pytest.mark.parametrize(
    "key",
    [
        {"id": KEY, "secret": SECRET},
        {"id": "short", "secret": "env:S"},
        {"id": "AKIA/EXAMPLE/BROKER", "secret": "env:S"},
        {"id": KEY, "secret": "env:EMPTY"},
        {"id": KEY, "secret": "env:MISSING"},
    ],
)
def test_a_key_that_cannot_be_is_refused_and_its_secret_not_told(key: dict[str, str]) -> None:
    said = bad({"S": SECRET, "EMPTY": ""}, users=[{"name": "u", "access_keys": [key]}])
    assert "user `u`: access_keys[0]" in said
    assert SECRET not in said


def test_a_key_id_belongs_to_one_user() -> None:
    key = {"id": KEY, "secret": "env:S"}
    users = [{"name": name, "access_keys": [key]} for name in ("a", "b")]
    assert "user `b`: access_keys[0]" in bad({"S": SECRET}, users=users)


def test_users_have_one_made_key_unless_the_seed_says_otherwise() -> None:
    aws = LocalAws()
    try:
        users = [{"name": "a"}, {"name": "b", "access_keys": 0}, {"name": "c", "access_keys": 2}]
        made = aws.seed(seed(users=users))
        assert [key.user for key in made.keys] == ["a", "c", "c"]
    finally:
        aws.stop()
