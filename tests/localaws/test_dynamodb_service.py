"""DynamoDB behind the gate: LeadingKeys from every item operation, batches, transactions."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.localaws.world import ACCOUNT, REGION, TABLE, TABLE_ARN, World, allow, code_of, document
from valetkey.localaws.dynamodb_actions import OPERATIONS
from valetkey.localaws.faults import AwsError, Service
from valetkey.localaws.http import Incoming
from valetkey.localaws.json_protocol import json_operation

DENIED = "AccessDeniedException"
CREATES = ["dynamodb:CreateTable", "dynamodb:TagResource"]


def refused(call: Callable[[], Any]) -> str:
    """Return the code with which the call is refused."""
    with pytest.raises(ClientError) as caught:
        call()
    return code_of(caught.value)


def key(owner: str, at: str = "1") -> dict[str, Any]:
    """Return a row's key."""
    return {"owner": {"S": owner}, "at": {"N": at}}


SET = {"UpdateExpression": "SET #s = :s", "ExpressionAttributeNames": {"#s": "status"}}
VALUE = {"ExpressionAttributeValues": {":s": {"S": "done"}}}
ITEM_CALLS: dict[str, Callable[[Any, str], Any]] = {
    "GetItem": lambda d, who: d.get_item(TableName=TABLE, Key=key(who)),
    "GetItem by ARN": lambda d, who: d.get_item(TableName=TABLE_ARN, Key=key(who)),
    "PutItem": lambda d, who: d.put_item(TableName=TABLE, Item=key(who, "9")),
    "UpdateItem": lambda d, who: d.update_item(TableName=TABLE, Key=key(who, "9"), **SET, **VALUE),
    "DeleteItem": lambda d, who: d.delete_item(TableName=TABLE, Key=key(who, "9")),
    "Query": lambda d, who: d.query(
        TableName=TABLE,
        KeyConditionExpression="#o = :o",
        ExpressionAttributeNames={"#o": "owner"},
        ExpressionAttributeValues={":o": {"S": who}},
    ),
    "BatchGetItem": lambda d, who: d.batch_get_item(RequestItems={TABLE: {"Keys": [key(who)]}}),
    "BatchWriteItem": lambda d, who: d.batch_write_item(
        RequestItems={TABLE: [{"PutRequest": {"Item": key(who, "9")}}]}
    ),
    "TransactGetItems": lambda d, who: d.transact_get_items(
        TransactItems=[{"Get": {"TableName": TABLE, "Key": key(who)}}]
    ),
    "TransactWriteItems": lambda d, who: d.transact_write_items(
        TransactItems=[{"Put": {"TableName": TABLE, "Item": key(who, "9")}}]
    ),
    "ConditionCheck": lambda d, who: d.transact_write_items(
        TransactItems=[
            {
                "ConditionCheck": {
                    "TableName": TABLE,
                    "Key": key(who),
                    "ConditionExpression": "attribute_exists(kind)",
                }
            }
        ]
    ),
}


@pytest.mark.parametrize(("own", "other"), [("alice", "bob"), ("bob", "alice")])
@pytest.mark.parametrize("name", ITEM_CALLS)
def test_each_person_reaches_their_own_rows_only(
    world: World, name: str, own: str, other: str
) -> None:
    call = ITEM_CALLS[name]
    ddb = world.client("dynamodb", world.tenant(own))
    call(ddb, own)
    assert refused(lambda: call(ddb, other)) == DENIED


def test_a_scan_names_no_key_and_is_refused(world: World) -> None:
    ddb = world.client("dynamodb", world.tenant("alice"))
    assert refused(lambda: ddb.scan(TableName=TABLE)) == DENIED


def test_for_all_values_without_null_lets_scan_through(world: World) -> None:
    """The hole of lesson 12: the local AWS shows it, because AWS has it."""
    condition = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["alice"]}}
    keys = world.user("holey", allow(["dynamodb:GetItem", "dynamodb:Scan"], condition=condition))
    ddb = world.client("dynamodb", keys)
    assert refused(lambda: ddb.get_item(TableName=TABLE, Key=key("bob"))) == DENIED
    owners = {item["owner"]["S"] for item in ddb.scan(TableName=TABLE)["Items"]}
    assert "bob" in owners


def test_a_batch_with_one_foreign_key_is_refused_whole(world: World) -> None:
    ddb = world.client("dynamodb", world.tenant("alice"))
    keys = [key("alice"), key("bob")]
    assert refused(lambda: ddb.batch_get_item(RequestItems={TABLE: {"Keys": keys}})) == DENIED
    writes = [
        {"PutRequest": {"Item": key("alice", "77")}},
        {"DeleteRequest": {"Key": key("bob")}},
    ]
    assert refused(lambda: ddb.batch_write_item(RequestItems={TABLE: writes})) == DENIED
    root = world.client("dynamodb")
    assert "Item" in root.get_item(TableName=TABLE, Key=key("bob"))
    assert "Item" not in root.get_item(TableName=TABLE, Key=key("alice", "77"))


def test_a_transaction_with_one_foreign_part_is_refused_whole(world: World) -> None:
    ddb = world.client("dynamodb", world.tenant("alice"))
    parts = [
        {"Put": {"TableName": TABLE, "Item": key("alice", "78")}},
        {"Delete": {"TableName": TABLE, "Key": key("bob")}},
    ]
    assert refused(lambda: ddb.transact_write_items(TransactItems=parts)) == DENIED
    root = world.client("dynamodb")
    assert "Item" not in root.get_item(TableName=TABLE, Key=key("alice", "78"))


def test_each_part_of_a_transaction_needs_its_own_action(world: World) -> None:
    ddb = world.client("dynamodb", world.user("putter", allow("dynamodb:PutItem")))
    put = {"Put": {"TableName": TABLE, "Item": key("putter")}}
    ddb.transact_write_items(TransactItems=[put])
    delete = {"Delete": {"TableName": TABLE, "Key": key("putter", "2")}}
    assert refused(lambda: ddb.transact_write_items(TransactItems=[put, delete])) == DENIED


def test_a_query_on_an_index_is_on_the_index_and_leads_with_its_key(world: World) -> None:
    query = {
        "TableName": TABLE,
        "IndexName": "by-kind",
        "KeyConditionExpression": "kind = :k",
        "ExpressionAttributeValues": {":k": {"S": "note"}},
    }
    on_table = world.client("dynamodb", world.user("on-table", allow("dynamodb:Query", TABLE_ARN)))
    assert refused(lambda: on_table.query(**query)) == DENIED
    leads = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["note"]}}
    on_index = allow("dynamodb:Query", f"{TABLE_ARN}/index/by-kind", condition=leads)
    ddb = world.client("dynamodb", world.user("on-index", on_index))
    assert ddb.query(**query)["Count"] >= 2
    other = {**query, "ExpressionAttributeValues": {":k": {"S": "secret"}}}
    assert refused(lambda: ddb.query(**other)) == DENIED


def test_a_number_key_is_decided_in_its_canonical_form(world: World) -> None:
    root = world.client("dynamodb")
    root.create_table(
        TableName="numbered",
        KeySchema=[{"AttributeName": "n", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "n", "AttributeType": "N"}],
        BillingMode="PAY_PER_REQUEST",
    )
    leads = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["7"]}}
    ddb = world.client("dynamodb", world.user("seven", allow("dynamodb:*", condition=leads)))
    ddb.put_item(TableName="numbered", Item={"n": {"N": "07.0"}})
    assert root.get_item(TableName="numbered", Key={"n": {"N": "7"}})["Item"]["n"] == {"N": "7"}
    assert refused(lambda: ddb.get_item(TableName="numbered", Key={"n": {"N": "70e1"}})) == DENIED


def test_attributes_limit_what_is_read_and_written(world: World) -> None:
    only = {
        "ForAllValues:StringEquals": {"dynamodb:Attributes": ["owner", "at", "kind"]},
        "StringEqualsIfExists": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"},
    }
    keys = world.user("columns", allow(["dynamodb:GetItem", "dynamodb:Query"], condition=only))
    ddb = world.client("dynamodb", keys)
    get = {"TableName": TABLE, "Key": key("alice")}
    assert "kind" in ddb.get_item(**get, ProjectionExpression="kind, #o",
                                  ExpressionAttributeNames={"#o": "owner"})["Item"]  # fmt: skip
    assert refused(lambda: ddb.get_item(**get)) == DENIED
    assert refused(lambda: ddb.get_item(**get, ProjectionExpression="secret")) == DENIED
    aliased = {"ProjectionExpression": "#s", "ExpressionAttributeNames": {"#s": "secret"}}
    assert refused(lambda: ddb.get_item(**get, **aliased)) == DENIED


def test_return_values_are_a_condition(world: World) -> None:
    only = {"StringEqualsIfExists": {"dynamodb:ReturnValues": ["NONE", "UPDATED_NEW"]}}
    ddb = world.client(
        "dynamodb", world.user("quiet", allow("dynamodb:UpdateItem", condition=only))
    )
    update = {"TableName": TABLE, "Key": key("quiet"), **SET, **VALUE}
    ddb.update_item(**update)
    assert refused(lambda: ddb.update_item(**update, ReturnValues="ALL_OLD")) == DENIED


def test_a_key_is_never_changed_by_an_update(world: World) -> None:
    ddb = world.client("dynamodb", world.tenant("alice"))
    update = {
        "TableName": TABLE,
        "Key": key("alice"),
        "UpdateExpression": "SET #o = :o",
        "ExpressionAttributeNames": {"#o": "owner"},
        "ExpressionAttributeValues": {":o": {"S": "bob"}},
    }
    assert refused(lambda: ddb.update_item(**update)) == "ValidationException"


@pytest.mark.parametrize(
    "bad",
    [
        {"owner": {"S": "alice"}},
        {"owner": {"S": "alice"}, "at": {"N": "1"}, "more": {"S": "x"}},
        {"owner": {"N": "1"}, "at": {"N": "1"}},
        {"owner": {"S": "alice", "N": "1"}, "at": {"N": "1"}},
        {"owner": {"S": "alice"}, "at": {"N": "NaN"}},
    ],
)
def test_a_key_that_is_not_the_schemas_is_refused(world: World, bad: dict[str, Any]) -> None:
    reader = world.client("dynamodb", world.user(f"keys-{len(str(bad))}", allow("dynamodb:*")))
    assert refused(lambda: reader.get_item(TableName=TABLE, Key=bad)) == "ValidationException"


@pytest.mark.parametrize(
    "call",
    [
        lambda d: d.get_item(TableName=TABLE, Key={"owner": {"S": "alice"}}),
        lambda d: d.get_item(TableName=TABLE, Key=key("alice"), ProjectionExpression="a-b;"),
        lambda d: d.batch_get_item(RequestItems={TABLE: {"Keys": [{"x": {"S": "1"}}]}}),
        lambda d: d.transact_get_items(
            TransactItems=[{"Get": {"TableName": TABLE, "Key": {"x": {"S": "1"}}}}]
        ),
    ],
)
def test_only_who_may_use_a_table_learns_why_a_request_is_invalid(
    world: World, call: Callable[[Any], Any]
) -> None:
    name = f"curious-{id(call)}"
    assert refused(lambda: call(world.client("dynamodb", world.user(name)))) == DENIED
    assert refused(lambda: call(world.client("dynamodb"))) == "ValidationException"


@pytest.mark.parametrize(
    "legacy",
    [
        {"AttributesToGet": ["kind"]},
        {"KeyConditions": {"owner": {"ComparisonOperator": "EQ", "AttributeValueList": []}}},
    ],
)
def test_legacy_parameters_are_refused(world: World, legacy: dict[str, Any]) -> None:
    ddb = world.client("dynamodb")
    operation = ddb.query if "KeyConditions" in legacy else ddb.get_item
    more = {} if "KeyConditions" in legacy else {"Key": key("alice")}
    code = refused(lambda: operation(TableName=TABLE, **more, **legacy))
    assert code == "ValidationException"


def test_streams_are_refused(world: World) -> None:
    streams = world.client("dynamodbstreams")
    assert refused(streams.list_streams) == "UnknownOperationException"


@pytest.mark.parametrize(
    "body",
    [
        b'{"TableName":"TaskEvents","Key":{},"Key":{}}',
        b'{"TableName":"TaskEvents","TableName":"Other"}',
        b"[" * 100_000,
        b'{"Limit":NaN}',
        b'{"TableName":"\\ud800"}',
        b"\xff",
        b"[]",
    ],
)
def test_json_with_two_readings_is_refused(world: World, body: bytes) -> None:
    ddb = world.client("dynamodb")
    ddb.meta.events.register(
        "before-sign.dynamodb", lambda request, **_: setattr(request, "data", body)
    )
    assert refused(ddb.list_tables) == "SerializationException"


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("BatchGetItem", b'{"RequestItems":[]}'),
        ("BatchWriteItem", b'{"RequestItems":{"TaskEvents":"x"}}'),
        ("TransactGetItems", b'{"TransactItems":["x"]}'),
        ("TransactWriteItems", b'{"TransactItems":{"x":1}}'),
        ("GetItem", b'{"TableName":["x"],"Key":"k"}'),
    ],
)
def test_parameters_of_the_wrong_shape_are_the_callers_mistake(operation: str, body: bytes) -> None:
    headers = {
        "x-amz-target": f"DynamoDB_20120810.{operation}",
        "content-type": "application/x-amz-json-1.0",
    }
    request = Incoming("POST", "/", {}, headers, body, "127.0.0.1")
    with pytest.raises(AwsError) as caught:
        json_operation(request, Service.DYNAMODB, known=OPERATIONS)
    assert caught.value.code == "ValidationException"


def test_an_unknown_member_is_refused(world: World) -> None:
    ddb = world.client("dynamodb")
    body = b'{"TableName":"TaskEvents","Nonsense":"x"}'
    ddb.meta.events.register(
        "before-sign.dynamodb", lambda request, **_: setattr(request, "data", body)
    )
    assert refused(lambda: ddb.describe_table(TableName=TABLE)) == "ValidationException"


def test_a_value_that_looks_like_a_form_stays_a_value(world: World) -> None:
    ddb = world.client("dynamodb", world.tenant("alice"))
    item = {**key("alice", "5"), "x": {"S": "a&Action=Scan&TableName=Other&y=1;z"}}
    ddb.put_item(TableName=TABLE, Item=item)
    assert ddb.get_item(TableName=TABLE, Key=key("alice", "5"))["Item"] == item


def test_a_resource_policy_on_a_table_grants_and_denies(world: World) -> None:
    root = world.client("dynamodb")
    arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/policed"
    root.create_table(
        TableName="policed",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    ddb = world.client("dynamodb", world.user("table-guest"))
    get = {"TableName": "policed", "Key": {"k": {"S": "a"}}}
    assert refused(lambda: ddb.get_item(**get)) == DENIED
    guest = f"arn:aws:iam::{ACCOUNT}:user/table-guest"
    grant = {"Effect": "Allow", "Principal": {"AWS": guest}, "Action": "dynamodb:GetItem"}
    root.put_resource_policy(ResourceArn=arn, Policy=document({**grant, "Resource": arn}))
    ddb.get_item(**get)
    root.delete_resource_policy(ResourceArn=arn)
    assert refused(lambda: ddb.get_item(**get)) == DENIED


def test_request_tags_decide_on_a_new_table(world: World) -> None:
    tagged = {"StringEquals": {"aws:RequestTag/team": "red"}}
    keys = world.user("red-tables", allow(CREATES, condition=tagged))
    ddb = world.client("dynamodb", keys)
    create: dict[str, Any] = {
        "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    blue = [{"Key": "team", "Value": "blue"}]
    assert refused(lambda: ddb.create_table(TableName="blue-t", Tags=blue, **create)) == DENIED
    assert refused(lambda: ddb.create_table(TableName="bare-t", **create)) == DENIED
    ddb.create_table(TableName="red-t", Tags=[{"Key": "team", "Value": "red"}], **create)
    seen = {"StringEquals": {"aws:ResourceTag/team": "red"}}
    reader = world.client("dynamodb", world.user("red-reader", allow("dynamodb:*", condition=seen)))
    reader.describe_table(TableName="red-t")
    assert refused(lambda: reader.describe_table(TableName=TABLE)) == DENIED


def test_a_table_of_another_account_is_refused(world: World) -> None:
    ddb = world.client("dynamodb")
    foreign = TABLE_ARN.replace(ACCOUNT, "999999999999")
    call = {"TableName": foreign, "Key": key("alice")}
    assert refused(lambda: ddb.get_item(**call)) == "ValidationException"
