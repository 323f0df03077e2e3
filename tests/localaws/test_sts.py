"""AssumeRole: trust, tags, chains, source identity, session policies, durations."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.localaws.world import (
    ACCOUNT,
    BUCKET,
    TENANT_ROLE,
    World,
    allow,
    code_of,
    document,
    trust,
)

BROKER = f"arn:aws:iam::{ACCOUNT}:user/broker"
ANYONE = f"arn:aws:iam::{ACCOUNT}:root"
ALL = ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")


def refused(world: World, role: str, tags: dict[str, str] | None = None, **more: Any) -> str:
    """Return the code with which AssumeRole is refused."""
    with pytest.raises(ClientError) as caught:
        world.assume(role, tags, **more)
    return code_of(caught.value)


def can_read(world: World, keys: Any, key: str) -> bool:
    """True if these keys may read an object; False if AWS says AccessDenied."""
    try:
        world.client("s3", keys).get_object(Bucket=BUCKET, Key=key)
    except ClientError as error:
        if code_of(error) != "AccessDenied":
            raise
        return False
    return True


def test_caller_identity_needs_no_permission(world: World) -> None:
    session = world.client("sts", world.tenant("alice")).get_caller_identity()
    assert session["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/AgentTenantData/vk-run"
    assert session["UserId"].startswith("AROA")
    assert world.client("sts").get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:root"


def test_an_untagged_session_is_refused_where_trust_requires_tags(world: World) -> None:
    assert refused(world, TENANT_ROLE) == "AccessDenied"


def test_an_empty_tag_does_not_satisfy_a_trust_that_requires_one(world: World) -> None:
    assert refused(world, TENANT_ROLE, {"user_id": ""}) == "AccessDenied"


def test_a_role_that_is_not_there_is_access_denied(world: World) -> None:
    assert refused(world, f"arn:aws:iam::{ACCOUNT}:role/nobody") == "AccessDenied"


def test_root_assumes_no_role(world: World) -> None:
    role = world.role("trusts-root", [trust(ANYONE)])
    assert refused(world, role, keys=world.root) == "AccessDenied"


def test_tags_need_tag_session_in_the_trust_policy(world: World) -> None:
    role = world.role("no-tag-session", [trust(BROKER)])
    world.assume(role)
    assert refused(world, role, {"user_id": "alice"}) == "AccessDenied"


def test_account_delegation_needs_the_callers_own_permission(world: World) -> None:
    role = world.role("delegated", [trust(ANYONE, *ALL)])
    keys = world.user("powerless")
    assert refused(world, role, keys=keys) == "AccessDenied"
    world.assume(role)


def test_a_trust_that_names_the_user_suffices_in_the_same_account(world: World) -> None:
    keys = world.user("named")
    role = world.role("names-a-user", [trust(f"arn:aws:iam::{ACCOUNT}:user/named")])
    world.assume(role, keys=keys)


def test_trust_may_require_an_external_id(world: World) -> None:
    wanted = {"StringEquals": {"sts:ExternalId": "valetkey-7"}}
    role = world.role("external", [trust(BROKER, **wanted)])
    assert refused(world, role) == "AccessDenied"
    assert refused(world, role, ExternalId="valetkey-8") == "AccessDenied"
    world.assume(role, ExternalId="valetkey-7")


def test_trust_sees_session_name_tag_keys_and_transitive_keys(world: World) -> None:
    wanted = {
        "StringLike": {"sts:RoleSessionName": "vk-*"},
        "ForAllValues:StringEquals": {
            "aws:TagKeys": ["user_id"],
            "sts:TransitiveTagKeys": ["user_id"],
        },
    }
    role = world.role("strict-trust", [trust(BROKER, *ALL, **wanted)])
    world.assume(role, {"user_id": "a"}, TransitiveTagKeys=["user_id"])
    assert refused(world, role, {"user_id": "a"}, RoleSessionName="other") == "AccessDenied"
    assert refused(world, role, {"user_id": "a", "admin": "1"}) == "AccessDenied"


def test_a_source_identity_needs_its_own_permission_and_reaches_policies(world: World) -> None:
    plain = world.role("no-source", [trust(BROKER)])
    assert refused(world, plain, SourceIdentity="run-1") == "AccessDenied"
    role = world.role(
        "with-source",
        [trust(BROKER, *ALL)],
        allow("s3:GetObject", StringEquals={"aws:SourceIdentity": "run-1"}),
    )
    assert can_read(world, world.assume(role, SourceIdentity="run-1"), "traces/alice/a")
    assert not can_read(world, world.assume(role, SourceIdentity="run-2"), "traces/alice/a")


def test_a_source_identity_cannot_change_down_a_chain(world: World) -> None:
    first = world.role("chain-source-1", [trust(BROKER, *ALL)], allow("sts:*"))
    second = world.role("chain-source-2", [trust(ANYONE, *ALL)])
    keys = world.assume(first, SourceIdentity="run-1")
    assert refused(world, second, keys=keys, SourceIdentity="run-2") == "AccessDenied"
    sts = world.client("sts", keys)
    answer = sts.assume_role(RoleArn=second, RoleSessionName="next")
    assert answer["SourceIdentity"] == "run-1"


def test_an_inherited_source_identity_needs_set_source_identity_again(world: World) -> None:
    first = world.role("inherit-source-1", [trust(BROKER, *ALL)], allow("sts:*"))
    second = world.role("inherit-source-2", [trust(ANYONE, "sts:AssumeRole")])
    narrow = world.role("inherit-source-3", [trust(BROKER, *ALL)], allow("sts:AssumeRole"))
    world.assume(second, keys=world.assume(first))
    assert refused(world, second, keys=world.assume(narrow, SourceIdentity="run-1")) == (
        "AccessDenied"
    )


def test_transitive_tags_are_inherited_and_others_are_not(world: World) -> None:
    first = world.role("chain-1", [trust(BROKER, *ALL)], allow("sts:*"))
    reads = allow("s3:GetObject", f"arn:aws:s3:::{BUCKET}/traces/${{aws:PrincipalTag/user_id}}/*")
    second = world.role("chain-2", [trust(ANYONE, *ALL)], reads)
    kept = world.assume(first, {"user_id": "alice"}, TransitiveTagKeys=["user_id"])
    lost = world.assume(first, {"user_id": "alice"})
    assert can_read(world, world.assume(second, keys=kept), "traces/alice/a")
    assert not can_read(world, world.assume(second, keys=lost), "traces/alice/a")


def test_inherited_tags_need_tag_session_on_the_next_role(world: World) -> None:
    first = world.role("tagged-chain-1", [trust(BROKER, *ALL)], allow("sts:*"))
    second = world.role("tagged-chain-2", [trust(f"arn:aws:iam::{ACCOUNT}:role/tagged-chain-1")])
    kept = world.assume(first, {"user_id": "a"}, TransitiveTagKeys=["user_id"])
    # the caller's identity policy allows sts:*, so only its narrowed session shows the need
    narrow = document(allow("sts:AssumeRole"))
    narrowed = world.assume(first, {"user_id": "a"}, TransitiveTagKeys=["user_id"], Policy=narrow)
    world.assume(second, keys=world.assume(first))
    assert refused(world, second, keys=narrowed) == "AccessDenied"
    assert kept["AccessKeyId"].startswith("ASIA")


@pytest.mark.parametrize("key", ["user_id", "USER_ID"])
def test_an_inherited_transitive_tag_cannot_be_overridden(world: World, key: str) -> None:
    name = f"override-{key.islower()}"
    first = world.role(name, [trust(BROKER, *ALL)], allow("sts:*"))
    kept = world.assume(first, {"user_id": "alice"}, TransitiveTagKeys=["user_id"])
    second = world.role(f"{name}-next", [trust(ANYONE, *ALL)])
    assert refused(world, second, {key: "bob"}, keys=kept) == "ValidationError"


def test_a_chained_session_above_an_hour_fails(world: World) -> None:
    first = world.role("hour-1", [trust(BROKER, *ALL)], allow("sts:*"), MaxSessionDuration=43200)
    second = world.role("hour-2", [trust(ANYONE, *ALL)], MaxSessionDuration=43200)
    keys = world.assume(first, DurationSeconds=43200)
    assert refused(world, second, keys=keys, DurationSeconds=3601) == "ValidationError"
    world.assume(second, keys=keys, DurationSeconds=3600)


@pytest.mark.parametrize("seconds", [899, 43201, 3601])
def test_a_duration_outside_the_roles_is_refused(world: World, seconds: int) -> None:
    more = {"DurationSeconds": seconds}
    assert refused(world, TENANT_ROLE, {"user_id": "a"}, **more) == "ValidationError"


def test_a_role_tag_counts_as_a_principal_tag_and_a_session_tag_wins(world: World) -> None:
    reads = allow("s3:GetObject", f"arn:aws:s3:::{BUCKET}/traces/${{aws:PrincipalTag/user_id}}/*")
    role = world.role(
        "tagged-role",
        [trust(BROKER, *ALL)],
        reads,
        Tags=[{"Key": "user_id", "Value": "alice"}],
    )
    assert can_read(world, world.assume(role), "traces/alice/a")
    other = world.assume(role, {"User_Id": "bob"})
    assert not can_read(world, other, "traces/alice/a")
    assert can_read(world, other, "traces/bob/a")


def test_a_session_policy_narrows_and_never_widens(world: World) -> None:
    only = document(allow("s3:GetObject", f"arn:aws:s3:::{BUCKET}/traces/alice/b"))
    wide = document(allow("*"))
    tags = {"user_id": "alice"}
    assert not can_read(world, world.assume(TENANT_ROLE, tags, Policy=only), "traces/alice/a")
    widened = world.assume(TENANT_ROLE, tags, Policy=wide)
    assert can_read(world, widened, "traces/alice/a")
    assert not can_read(world, widened, "traces/bob/a")


def test_a_managed_session_policy_narrows(world: World) -> None:
    iam = world.client("iam")
    arn = iam.create_policy(PolicyName="lists", PolicyDocument=document(allow("s3:ListBucket")))
    keys = world.assume(
        TENANT_ROLE, {"user_id": "alice"}, PolicyArns=[{"arn": arn["Policy"]["Arn"]}]
    )
    assert not can_read(world, keys, "traces/alice/a")


def test_a_malformed_session_policy_is_refused(world: World) -> None:
    more = {"Policy": '{"Statement":[{"Effect":"Allow"}]}'}
    assert refused(world, TENANT_ROLE, {"user_id": "a"}, **more) == "MalformedPolicyDocument"


def test_too_much_for_the_packed_size_fails_with_the_number(world: World) -> None:
    role = world.role("packed", [trust(BROKER, *ALL)])
    tags = {f"key{n}": f"{n * 7919:x}" * 50 for n in range(50)}
    sts = world.client("sts", world.broker)
    few = [{"Key": "user_id", "Value": "alice"}]
    answer = sts.assume_role(RoleArn=role, RoleSessionName="vk-run", Tags=few)
    assert 0 < answer["PackedPolicySize"] <= 100
    assert refused(world, role, tags) == "PackedPolicyTooLarge"


@pytest.mark.parametrize("name", ["a", "a:b", "a/b", "a|b", "x" * 65, "a b"])
def test_a_malformed_session_name_is_refused(world: World, name: str) -> None:
    sts = world.client("sts", world.broker, parameter_validation=False)
    with pytest.raises(ClientError) as caught:
        sts.assume_role(RoleArn=TENANT_ROLE, RoleSessionName=name)
    assert code_of(caught.value) == "ValidationError"


def test_a_session_dies_with_its_role(world: World) -> None:
    role = world.role("short-lived", [trust(BROKER)], allow("s3:GetObject"))
    keys = world.assume(role)
    assert can_read(world, keys, "traces/alice/a")
    iam = world.client("iam")
    iam.delete_role_policy(RoleName="short-lived", PolicyName="own")
    iam.delete_role(RoleName="short-lived")
    world.role("short-lived", [trust(BROKER)], allow("s3:GetObject"))
    with pytest.raises(ClientError) as caught:
        can_read(world, keys, "traces/alice/a")
    assert code_of(caught.value) == "InvalidToken"


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("get_session_token", {}),
        ("get_federation_token", {"Name": "someone"}),
    ],
)
def test_other_ways_to_credentials_are_refused(
    world: World, operation: str, arguments: dict[str, Any]
) -> None:
    with pytest.raises(ClientError) as caught:
        getattr(world.client("sts", world.broker), operation)(**arguments)
    assert code_of(caught.value) == "InvalidAction"


def test_web_identity_is_refused_until_it_is_modelled(world: World) -> None:
    with pytest.raises(ClientError):
        world.client("sts", world.broker).assume_role_with_web_identity(
            RoleArn=TENANT_ROLE, RoleSessionName="vk-run", WebIdentityToken="e30.e30.e30"
        )


def test_calls_are_counted(world: World) -> None:
    before = world.aws.calls("sts:AssumeRole")
    world.tenant("alice")
    assert world.aws.calls("sts:AssumeRole") == before + 1
