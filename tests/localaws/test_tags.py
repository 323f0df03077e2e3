"""Tags whose keys differ by case alone are never stored, and never stop a request."""

from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.localaws.refusals import refused
from tests.localaws.world import (
    ACCOUNT,
    BUCKET,
    REGION,
    TABLE,
    TABLE_ARN,
    World,
    allow,
    code_of,
    document,
)
from tests.localaws.world import trust as trusts
from valetkey.localaws.tags import clashing_key, stored_spelling, stored_tags, tags_trouble

BROKER = f"arn:aws:iam::{ACCOUNT}:user/broker"
BOTH = [{"Key": "Team", "Value": "red"}, {"Key": "team", "Value": "blue"}]


def test_keys_are_compared_ignoring_case() -> None:
    assert clashing_key(["a", "b", "A"]) == "A"
    assert clashing_key(["a", "b"]) is None
    assert stored_spelling("TEAM", ["x", "Team"]) == "Team"
    assert stored_spelling("new", ["x"]) == "new"
    assert stored_tags(BOTH) == {"Team": "red"}


def test_iam_refuses_both_spellings_in_one_request(world: World) -> None:
    iam = world.client("iam")
    iam.create_user(UserName="two-tags")
    with pytest.raises(ClientError) as caught:
        iam.tag_user(UserName="two-tags", Tags=BOTH)
    assert code_of(caught.value) == "InvalidInput"
    with pytest.raises(ClientError) as caught:
        text = document(trusts(BROKER))
        iam.create_role(RoleName="two-tags", AssumeRolePolicyDocument=text, Tags=BOTH)
    assert code_of(caught.value) == "InvalidInput"


def test_iam_replaces_the_tag_whose_key_differs_by_case(world: World) -> None:
    iam = world.client("iam")
    keys = world.user("retagged", allow("iam:GetUser"))
    iam.tag_user(UserName="retagged", Tags=BOTH[:1])
    iam.tag_user(UserName="retagged", Tags=BOTH[1:])
    tags = iam.list_user_tags(UserName="retagged")["Tags"]
    assert tags == [{"Key": "Team", "Value": "blue"}]
    world.client("iam", keys).get_user(UserName="retagged")
    iam.untag_user(UserName="retagged", TagKeys=["TEAM"])
    assert iam.list_user_tags(UserName="retagged")["Tags"] == []


def test_dynamodb_refuses_a_second_spelling(world: World) -> None:
    ddb = world.client("dynamodb")
    made = ddb.create_table(
        TableName="spelled",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=BOTH[:1],
    )
    arn = made["TableDescription"]["TableArn"]
    assert arn != f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{TABLE}"
    with pytest.raises(ClientError) as caught:
        ddb.tag_resource(ResourceArn=arn, Tags=BOTH[1:])
    assert code_of(caught.value) == "ValidationException"
    ddb.tag_resource(ResourceArn=arn, Tags=[{"Key": "Team", "Value": "green"}])
    ddb.get_item(TableName="spelled", Key={"k": {"S": "1"}})


@pytest.mark.parametrize("way", ["header", "body"])
def test_s3_refuses_a_second_spelling(world: World, way: str) -> None:
    s3: Any = world.client("s3")
    place = {"Bucket": BUCKET, "Key": "spelled"}
    with pytest.raises(ClientError) as caught:
        if way == "header":
            s3.put_object(**place, Body=b"", Tagging="Team=red&team=blue")
        s3.put_object(**place, Body=b"")
        s3.put_object_tagging(**place, Tagging={"TagSet": BOTH})
    assert code_of(caught.value) in {"InvalidArgument", "InvalidTag"}
    s3.delete_object(**place)


def test_a_stored_pair_of_spellings_stops_nobody(moving: World) -> None:
    """Storage that has both all the same: the first counts, and no request fails of it."""
    keys = moving.user("haunted", allow("s3:GetObject"))
    with moving.aws._storage.active():
        moving.aws._storage.iam.tag_user("haunted", BOTH)
    moving.client("s3", keys).get_object(Bucket=BUCKET, Key="traces/alice/a")


@pytest.mark.parametrize(
    ("tags", "stored", "why"),
    [
        ([("a", "b")], ["c"], None),
        ([("a", "b")], ["a"], None),
        ([("a", "b")], ["A"], "twice"),
        ([("a", "b"), ("a", "c")], [], "twice"),
        ([("", "b")], [], "1 to 128"),
        ([("k" * 129, "b")], [], "1 to 128"),
        ([("k", "v" * 257)], [], "at most 256"),
        ([("AWS:k", "v")], [], "reserved"),
        ([("k", "#")], [], "letters"),
        ([("a", "b")], [str(number) for number in range(50)], "at most 50 tags"),
        ([("0", "b")], [str(number) for number in range(50)], None),
    ],
)
def test_tags_that_aws_would_not_take_say_why(
    tags: list[tuple[str, str]], stored: list[str], why: str | None
) -> None:
    trouble = tags_trouble(tags, stored)
    assert (trouble is None) is (why is None)
    assert why is None or why in (trouble or "")


@pytest.mark.parametrize("key", ["aws:x", "a#b", "k" * 129])
def test_a_table_takes_no_tag_that_others_would_not(world: World, key: str) -> None:
    tags = [{"Key": key, "Value": "v"}]
    call = partial(world.client("dynamodb").tag_resource, ResourceArn=TABLE_ARN, Tags=tags)
    assert refused(call) == "ValidationException"
