"""What is made in IAM: the rights that it takes, its name, and the conditions it brings."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from botocore import xform_name

from tests.localaws.refusals import refused
from tests.localaws.world import ACCOUNT, World, allow, document, trust

BROKER = f"arn:aws:iam::{ACCOUNT}:user/broker"
CREATIONS: list[tuple[str, str, dict[str, Any]]] = [
    ("CreateRole", "TagRole", {"RoleName": "NAME", "AssumeRolePolicyDocument": trust(BROKER)}),
    ("CreateUser", "TagUser", {"UserName": "NAME"}),
    ("CreatePolicy", "TagPolicy", {"PolicyName": "NAME", "PolicyDocument": allow("s3:*")}),
    ("CreateOpenIDConnectProvider", "TagOpenIDConnectProvider",
     {"Url": "https://NAME.example", "ThumbprintList": ["a" * 40]}),
]  # fmt: skip


@pytest.mark.parametrize(("operation", "action", "params"), CREATIONS)
def test_what_is_made_with_tags_needs_the_right_to_tag_it(
    world: World, operation: str, action: str, params: dict[str, Any]
) -> None:
    name = f"tagging-{action.lower()}"
    params = {
        key: document(one) if isinstance(one, dict)
        else one.replace("NAME", name) if isinstance(one, str) else one
        for key, one in params.items()
    }  # fmt: skip
    red = {"StringEquals": {"aws:RequestTag/team": "red"}}
    only = {"ForAllValues:StringEquals": {"aws:TagKeys": "team"}}
    making, tagging = allow(f"iam:{operation}"), allow(f"iam:{action}", condition={**red, **only})
    unable = world.client("iam", world.user(f"{name}-unable", making))
    able = world.client("iam", world.user(f"{name}-able", making, tagging))

    def make(iam: Any, **tags: str) -> Any:
        written = [{"Key": key, "Value": value} for key, value in tags.items()]
        return getattr(iam, xform_name(operation))(**params, **({"Tags": written} if tags else {}))

    assert refused(lambda: make(unable, team="red")) == "AccessDenied"
    assert refused(lambda: make(able, team="blue")) == "AccessDenied"
    assert refused(lambda: make(able, team="red", owner="me")) == "AccessDenied"
    make(able, team="red")
    assert refused(lambda: make(unable)) == "EntityAlreadyExists"


def test_names_are_unique_whatever_their_case(world: World) -> None:
    iam = world.client("iam")
    trusted = document(trust(BROKER))
    policy = document(allow("s3:*"))
    for name in ("Cased", "cased", "CASED"):
        makes: list[Callable[[], Any]] = [
            partial(iam.create_role, RoleName=name, AssumeRolePolicyDocument=trusted),
            partial(iam.create_user, UserName=name),
            partial(iam.create_group, GroupName=name),
            partial(iam.create_policy, PolicyName=name, PolicyDocument=policy),
        ]
        for make in makes:
            if name == "Cased":
                make()
            else:
                assert refused(make) == "EntityAlreadyExists"
    iam.create_policy(PolicyName="ReadOnlyAccess", PolicyDocument=policy)  # AWS's is not ours


def test_a_boundary_is_a_condition_of_the_actions_that_aws_has_it_for(world: World) -> None:
    iam = world.client("iam")
    made = iam.create_policy(PolicyName="edged", PolicyDocument=document(allow("s3:*")))
    edge = made["Policy"]["Arn"]
    iam.create_user(UserName="edged", PermissionsBoundary=edge)
    wanted = {"StringEquals": {"iam:PermissionsBoundary": edge}}
    admin = world.client("iam", world.user("edge-admin", allow("iam:*", condition=wanted)))
    policy = {"PolicyName": "own", "PolicyDocument": document(allow("s3:*"))}
    admin.put_user_policy(UserName="edged", **policy)
    assert refused(lambda: admin.create_access_key(UserName="edged")) == "AccessDenied"


def test_a_providers_tags_are_a_condition(world: World) -> None:
    red = [{"Key": "team", "Value": "red"}]
    made = world.client("iam").create_open_id_connect_provider(
        Url="https://owned.example", ThumbprintList=["a" * 40], Tags=red
    )
    wanted = {"StringEquals": {"aws:ResourceTag/team": "red"}}
    reading = allow("iam:GetOpenIDConnectProvider", condition=wanted)
    iam = world.client("iam", world.user("provider-reader", reading))
    arn = made["OpenIDConnectProviderArn"]
    assert iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)["Tags"] == red
    gone = arn.replace("owned", "unknown")
    assert refused(lambda: iam.get_open_id_connect_provider(OpenIDConnectProviderArn=gone)) == (
        "AccessDenied"
    )
