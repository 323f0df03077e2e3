"""Documents are of AWS's sizes, and what is remembered of them is bounded."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.localaws.world import ACCOUNT, BUCKET, TABLE_ARN, World, allow, code_of, document, trust
from valetkey.iam import Layer
from valetkey.localaws import documents
from valetkey.localaws.documents import ALLOWS_ALL, _Remembered, check_size, compiled
from valetkey.localaws.faults import AwsError

BROKER = f"arn:aws:iam::{ACCOUNT}:user/broker"


def refused(call: Callable[[], Any]) -> str:
    """Return the code with which the call is refused."""
    with pytest.raises(ClientError) as caught:
        call()
    return code_of(caught.value)


def sized(size: int, spaces: int = 0) -> str:
    """Return an identity policy of so many characters without its white space."""
    bare = len("".join(document(allow("s3:GetObject", "arn:aws:s3:::")).split()))
    text = document(allow("s3:GetObject", "arn:aws:s3:::" + "x" * (size - bare)))
    return text + " \n" * spaces


def test_white_space_is_not_counted() -> None:
    check_size([sized(1000, spaces=500), " \t\r\n" * 100], 1000, "a role")
    with pytest.raises(AwsError) as caught:
        check_size([sized(1000), "x"], 1000, "a role")
    assert caught.value.code == "LimitExceeded"


@pytest.mark.parametrize(("holder", "limit"), [("user", 2048), ("group", 5120), ("role", 10240)])
def test_all_inline_policies_of_one_holder_are_counted(
    world: World, holder: str, limit: int
) -> None:
    iam = world.client("iam")
    name = {f"{holder.title()}Name": f"large-{holder}"}
    made = {"AssumeRolePolicyDocument": document(trust(BROKER))} if holder == "role" else {}
    getattr(iam, f"create_{holder}")(**name, **made)

    def put(policy: str, size: int) -> None:
        text = sized(size, spaces=20)
        getattr(iam, f"put_{holder}_policy")(**name, PolicyName=policy, PolicyDocument=text)

    put("zero", limit // 2 - 500)
    put("one", limit - limit // 2 - 500)
    put("two", 1000)
    put("two", 999)
    assert refused(lambda: put("two", 1001)) == "LimitExceeded"
    assert refused(lambda: put("three", 200)) == "LimitExceeded"


def test_managed_and_trust_policies_have_their_sizes(world: World) -> None:
    iam = world.client("iam")
    iam.create_policy(PolicyName="fits", PolicyDocument=sized(6144))
    large = sized(6145)
    assert refused(lambda: iam.create_policy(PolicyName="l", PolicyDocument=large)) == (
        "LimitExceeded"
    )
    trusts = document(trust(BROKER, StringLike={"sts:RoleSessionName": "x" * 2000}))
    assert refused(lambda: iam.create_role(RoleName="l", AssumeRolePolicyDocument=trusts)) == (
        "LimitExceeded"
    )


def test_resource_policies_have_their_sizes(world: World) -> None:
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject"}
    long = [f"arn:aws:s3:::{BUCKET}/{'x' * 1000}{n}" for n in range(21)]
    text = document({**statement, "Resource": long})
    s3 = world.client("s3")
    assert refused(lambda: s3.put_bucket_policy(Bucket=BUCKET, Policy=text)) == "MalformedPolicy"
    ddb = world.client("dynamodb")
    assert refused(lambda: ddb.put_resource_policy(ResourceArn=TABLE_ARN, Policy=text)) == (
        "ValidationException"
    )


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    small = _Remembered(len(ALLOWS_ALL) * 2)
    monkeypatch.setattr(documents, "_REMEMBERED", small)
    for name in ("a", "b", "c", "d", "e"):
        assert compiled(ALLOWS_ALL, name, Layer.IDENTITY).name == name
        assert small.size <= len(ALLOWS_ALL) * 2
    assert compiled(ALLOWS_ALL, "e", Layer.IDENTITY) is compiled(ALLOWS_ALL, "e", Layer.IDENTITY)


def test_a_decision_that_would_take_too_long_is_a_denial(world: World) -> None:
    slow = {"StringLike": {"aws:UserAgent": [f"*a?b{n}*" for n in range(900)]}}
    world.role("slow", [trust(BROKER)], allow("s3:GetObject"))
    iam = world.client("iam")
    iam.put_role_policy(
        RoleName="slow",
        PolicyName="own",
        PolicyDocument=document(allow("s3:GetObject", condition=slow)),
    )
    keys = world.assume(f"arn:aws:iam::{ACCOUNT}:role/slow")
    s3 = world.client("s3", keys, user_agent="a" * 50_000, read_timeout=5)
    assert refused(lambda: s3.get_object(Bucket=BUCKET, Key="traces/alice/a")) == "AccessDenied"
