"""IAM behind the gate: documents checked when put, boundaries, groups, self-service."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.localaws.world import ACCOUNT, BUCKET, World, allow, code_of, document, trust

BROKER = f"arn:aws:iam::{ACCOUNT}:user/broker"


def refused(call: Callable[[], Any]) -> str:
    """Return the code with which the call is refused."""
    with pytest.raises(ClientError) as caught:
        call()
    return code_of(caught.value)


def reads(world: World, keys: Any) -> bool:
    """True if these keys may read Alice's object."""
    try:
        world.client("s3", keys).get_object(Bucket=BUCKET, Key="traces/alice/a")
    except ClientError as error:
        assert code_of(error) == "AccessDenied"
        return False
    return True


@pytest.mark.parametrize(
    "broken",
    [
        "{}",
        "not json",
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*"}]}',
        '{"Version":"2012-10-17","Statement":[{"Effect":"Maybe","Action":"s3:*","Resource":"*"}]}',
    ],
)
def test_a_malformed_document_is_refused_when_it_is_put(world: World, broken: str) -> None:
    iam = world.client("iam")
    name = "AgentTenantData"
    assert refused(
        lambda: iam.put_role_policy(RoleName=name, PolicyName="x", PolicyDocument=broken)
    ) == ("MalformedPolicyDocument")
    assert refused(lambda: iam.create_policy(PolicyName="x", PolicyDocument=broken)) == (
        "MalformedPolicyDocument"
    )
    assert refused(lambda: iam.update_assume_role_policy(RoleName=name, PolicyDocument=broken)) == (
        "MalformedPolicyDocument"
    )


def test_a_boundary_on_a_role_limits_it(world: World) -> None:
    iam = world.client("iam")
    arn = iam.create_policy(PolicyName="edge", PolicyDocument=document(allow("sts:*")))
    boundary = arn["Policy"]["Arn"]
    role = world.role("bounded", [trust(BROKER)], allow("s3:*"))
    keys = world.assume(role)
    assert reads(world, keys)
    iam.put_role_permissions_boundary(RoleName="bounded", PermissionsBoundary=boundary)
    assert not reads(world, keys)
    iam.delete_role_permissions_boundary(RoleName="bounded")
    assert reads(world, keys)


def test_a_boundary_on_a_user_limits_it(world: World) -> None:
    iam = world.client("iam")
    made = iam.create_policy(PolicyName="user-edge", PolicyDocument=document(allow("sts:*")))
    keys = world.user("bounded-user", allow("s3:*"))
    assert reads(world, keys)
    iam.put_user_permissions_boundary(
        UserName="bounded-user", PermissionsBoundary=made["Policy"]["Arn"]
    )
    assert not reads(world, keys)
    iam.delete_user_permissions_boundary(UserName="bounded-user")
    assert reads(world, keys)


def test_no_boundary_that_does_not_exist_is_set(world: World) -> None:
    iam = world.client("iam")
    role = {"AssumeRolePolicyDocument": document(trust(BROKER)), "RoleName": "edgeless"}
    gone = {"PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/never-was"}
    assert refused(lambda: iam.create_role(**role, **gone)) == "NoSuchEntity"
    assert refused(lambda: iam.create_user(UserName="edgeless", **gone)) == "NoSuchEntity"
    iam.create_role(**role)
    iam.create_user(UserName="edgeless")
    assert refused(lambda: iam.put_role_permissions_boundary(RoleName="edgeless", **gone)) == (
        "NoSuchEntity"
    )
    assert refused(lambda: iam.put_user_permissions_boundary(UserName="edgeless", **gone)) == (
        "NoSuchEntity"
    )


@pytest.mark.parametrize("kind", ["role", "user"])
def test_a_policy_that_is_a_boundary_is_not_deleted(world: World, kind: str) -> None:
    iam = world.client("iam")
    made = iam.create_policy(PolicyName=f"kept-for-{kind}", PolicyDocument=document(allow("sts:*")))
    arn = made["Policy"]["Arn"]
    name = f"kept-{kind}"
    if kind == "role":
        world.role(name, [trust(BROKER)])
        iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=arn)
    else:
        iam.create_user(UserName=name, PermissionsBoundary=arn)
    assert refused(lambda: iam.delete_policy(PolicyArn=arn)) == "DeleteConflict"
    if kind == "role":
        iam.delete_role_permissions_boundary(RoleName=name)
    else:
        iam.delete_user_permissions_boundary(UserName=name)
    iam.delete_policy(PolicyArn=arn)


def test_a_managed_policys_default_version_is_in_force(world: World) -> None:
    iam = world.client("iam")
    made = iam.create_policy(PolicyName="versions", PolicyDocument=document(allow("s3:*")))
    arn = made["Policy"]["Arn"]
    role = world.role("managed", [trust(BROKER)])
    iam.attach_role_policy(RoleName="managed", PolicyArn=arn)
    keys = world.assume(role)
    assert reads(world, keys)
    iam.create_policy_version(
        PolicyArn=arn, PolicyDocument=document(allow("sts:*")), SetAsDefault=True
    )
    assert not reads(world, keys)
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    assert reads(world, keys)
    iam.detach_role_policy(RoleName="managed", PolicyArn=arn)
    assert not reads(world, keys)


def test_aws_managed_policies_can_be_attached(world: World) -> None:
    keys = world.user("reader")
    world.client("iam").attach_user_policy(
        UserName="reader", PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
    )
    assert reads(world, keys)


def test_a_groups_policies_are_its_members(world: World) -> None:
    iam = world.client("iam")
    keys = world.user("member")
    iam.create_group(GroupName="readers")
    iam.put_group_policy(
        GroupName="readers", PolicyName="own", PolicyDocument=document(allow("s3:*"))
    )
    assert not reads(world, keys)
    iam.add_user_to_group(GroupName="readers", UserName="member")
    assert reads(world, keys)


def test_a_users_tags_are_principal_tags(world: World) -> None:
    resource = f"arn:aws:s3:::{BUCKET}/traces/${{aws:PrincipalTag/user_id}}/*"
    keys = world.user("tagged-user", allow("s3:GetObject", resource))
    assert not reads(world, keys)
    world.client("iam").tag_user(
        UserName="tagged-user", Tags=[{"Key": "user_id", "Value": "alice"}]
    )
    assert reads(world, keys)


def test_the_user_name_variable_is_the_callers(world: World) -> None:
    own = f"arn:aws:iam::{ACCOUNT}:user/${{aws:username}}"
    keys = world.user("self-service", allow(["iam:GetUser", "iam:ListAccessKeys"], own))
    iam = world.client("iam", keys)
    assert iam.get_user()["User"]["UserName"] == "self-service"
    assert len(iam.list_access_keys()["AccessKeyMetadata"]) == 1
    assert refused(lambda: iam.get_user(UserName="broker")) == "AccessDenied"
    assert refused(iam.list_roles) == "AccessDenied"


def test_request_tags_and_boundaries_decide_on_a_new_role(world: World) -> None:
    made = world.client("iam").create_policy(
        PolicyName="must-have", PolicyDocument=document(allow("s3:*"))
    )
    edge = made["Policy"]["Arn"]
    wanted = {"StringEquals": {"iam:PermissionsBoundary": edge, "aws:RequestTag/team": "red"}}
    making = allow("iam:CreateRole", condition=wanted)
    iam = world.client("iam", world.user("maker", making, allow("iam:TagRole")))
    role: dict[str, Any] = {"AssumeRolePolicyDocument": document(trust(BROKER))}
    red = [{"Key": "team", "Value": "red"}]
    assert refused(lambda: iam.create_role(RoleName="r1", Tags=red, **role)) == "AccessDenied"
    role["PermissionsBoundary"] = edge
    assert refused(lambda: iam.create_role(RoleName="r1", **role)) == "AccessDenied"
    iam.create_role(RoleName="r1", Tags=red, **role)


def test_attaching_a_policy_can_be_limited_by_its_arn(world: World) -> None:
    fine = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
    only = {"ArnEquals": {"iam:PolicyARN": fine}}
    iam = world.client("iam", world.user("attacher", allow("iam:AttachUserPolicy", condition=only)))
    iam.attach_user_policy(UserName="attacher", PolicyArn=fine)
    admin = "arn:aws:iam::aws:policy/AdministratorAccess"
    assert refused(lambda: iam.attach_user_policy(UserName="attacher", PolicyArn=admin)) == (
        "AccessDenied"
    )


@pytest.mark.parametrize("operation", ["get_account_summary", "list_mfa_devices"])
def test_an_operation_that_is_not_modelled_is_refused(world: World, operation: str) -> None:
    assert refused(getattr(world.client("iam"), operation)) == "InvalidAction"


@pytest.mark.parametrize(
    ("key", "value"), [("k" * 129, "v"), ("k", "v" * 257), ("aws:k", "v"), ("k", "*")]
)
def test_a_tag_that_iam_would_not_take_is_refused(world: World, key: str, value: str) -> None:
    iam = world.client("iam")
    tags = [{"Key": key, "Value": value}]
    trusted = document(trust(BROKER))
    assert refused(
        lambda: iam.create_role(RoleName="long", AssumeRolePolicyDocument=trusted, Tags=tags)
    ) == ("InvalidInput")
    assert refused(lambda: iam.tag_user(UserName="broker", Tags=tags)) == "InvalidInput"


def test_a_parameter_that_comes_twice_is_refused(world: World) -> None:
    iam = world.client("iam")
    body = "Action=GetRole&Version=2010-05-08&RoleName=a&RoleName=AgentTenantData"
    iam.meta.events.register("before-sign.iam", lambda request, **_: setattr(request, "data", body))
    assert refused(lambda: iam.get_role(RoleName="a")) == "ValidationError"
