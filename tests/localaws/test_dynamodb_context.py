"""What policies see of a DynamoDB request is all that the storage will do."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.localaws.world import TABLE, World, allow, code_of

DENIED = "AccessDeniedException"
ON_FAILURE = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
KEY = {"owner": {"S": "bob"}, "at": {"N": "1"}}
FAILS = {"TableName": TABLE, "ConditionExpression": "attribute_not_exists(kind)"}
UPDATE = {"UpdateExpression": "SET #s = :s", "ExpressionAttributeNames": {"#s": "status"}}
VALUES = {"ExpressionAttributeValues": {":s": {"S": "x"}}}


def refused(call: Callable[[], Any]) -> ClientError:
    """Return the error with which the call is refused."""
    with pytest.raises(ClientError) as caught:
        call()
    return caught.value


def transacts(ddb: Any, **part: Any) -> Any:
    """Run a transaction of one part."""
    return ddb.transact_write_items(TransactItems=[part])


CALLS: dict[str, Callable[[Any, dict[str, str]], Any]] = {
    "PutItem": lambda d, more: d.put_item(**FAILS, Item=KEY, **more),
    "UpdateItem": lambda d, more: d.update_item(**FAILS, Key=KEY, **UPDATE, **VALUES, **more),
    "DeleteItem": lambda d, more: d.delete_item(**FAILS, Key=KEY, **more),
    "Put": lambda d, more: transacts(d, Put={**FAILS, "Item": KEY, **more}),
    "Update": lambda d, more: transacts(
        d, Update={**FAILS, "Key": KEY, **UPDATE, **VALUES, **more}
    ),
    "Delete": lambda d, more: transacts(d, Delete={**FAILS, "Key": KEY, **more}),
    "ConditionCheck": lambda d, more: transacts(d, ConditionCheck={**FAILS, "Key": KEY, **more}),
}


@pytest.fixture(scope="module")
def silent(world: World) -> Any:
    """A client whose policy is the developer guide's: changes, and nothing read back."""
    none = {"StringEqualsIfExists": {"dynamodb:ReturnValues": "NONE"}}
    writes = [
        f"dynamodb:{name}Item" for name in ("Put", "Update", "Delete", "ConditionCheck")
    ]  # fmt: skip
    return world.client("dynamodb", world.user("silent", allow(writes, condition=none)))


@pytest.mark.parametrize("name", CALLS)
def test_an_item_returned_when_a_condition_fails_is_a_return_value(silent: Any, name: str) -> None:
    error = refused(lambda: CALLS[name](silent, ON_FAILURE))
    assert code_of(error) == DENIED
    assert "Item" not in error.response
    plain = refused(lambda: CALLS[name](silent, {}))
    assert code_of(plain) in {"ConditionalCheckFailedException", "TransactionCanceledException"}


def test_each_way_of_returning_values_must_be_allowed(world: World, silent: Any) -> None:
    both = {**ON_FAILURE, "ReturnValues": "NONE"}
    error = refused(lambda: silent.put_item(**FAILS, Item=KEY, **both))
    assert code_of(error) == DENIED
    only = {"StringEquals": {"dynamodb:ReturnValues": "ALL_OLD"}}
    keys = world.user("old-only", allow("dynamodb:PutItem", condition=only))
    loud = world.client("dynamodb", keys)
    assert code_of(refused(lambda: loud.put_item(**FAILS, Item=KEY, **both))) == DENIED
    error = refused(lambda: loud.put_item(**FAILS, Item=KEY, **ON_FAILURE))
    assert code_of(error) == "ConditionalCheckFailedException"


def test_listed_attributes_hold_when_a_condition_fails(world: World) -> None:
    """The developer guide's pattern: a list of attributes comes with limited return values."""
    listed = {
        "ForAllValues:StringEquals": {"dynamodb:Attributes": ["owner", "at", "kind"]},
        "StringEqualsIfExists": {
            "dynamodb:ReturnValues": ["NONE", "UPDATED_OLD", "UPDATED_NEW"],
        },
    }
    keys = world.user("listed", allow("dynamodb:PutItem", condition=listed))
    ddb = world.client("dynamodb", keys)
    assert code_of(refused(lambda: ddb.put_item(**FAILS, Item=KEY, **ON_FAILURE))) == DENIED
    plain = refused(lambda: ddb.put_item(**FAILS, Item=KEY))
    assert code_of(plain) == "ConditionalCheckFailedException"


@pytest.mark.parametrize(
    "condition",
    [
        "#o = :o\n  AND #a = :a",
        "\n #o = :o AND\n\t#a = :a\n",
        "#o\t=\t:o\r\nAND #a=:a",
        "(#o = :o)AND(#a = :a)",
        "( #a = :a and ((#o=:o)) )",
        "#o = :o AND #a between :a and :a",
    ],
)
def test_white_space_in_a_key_condition_means_nothing(world: World, condition: str) -> None:
    ddb = world.client("dynamodb", world.tenant("alice"))
    for at in ("11", "12"):
        ddb.put_item(TableName=TABLE, Item={"owner": {"S": "alice"}, "at": {"N": at}})
    found = ddb.query(
        TableName=TABLE,
        KeyConditionExpression=condition,
        ExpressionAttributeNames={"#o": "owner", "#a": "at"},
        ExpressionAttributeValues={":o": {"S": "alice"}, ":a": {"N": "11"}},
    )
    assert [item["at"]["N"] for item in found["Items"]] == ["11"]


def test_white_space_in_other_expressions_means_nothing(world: World) -> None:
    ddb = world.client("dynamodb")
    row = {"owner": {"S": "spaced"}, "at": {"N": "1"}}
    ddb.update_item(
        TableName=TABLE,
        Key=row,
        UpdateExpression="SET\n  a = :a,\n  b = :a\nREMOVE\tzz",
        ConditionExpression="attribute_not_exists (#o)\n OR\ta = :a",
        ExpressionAttributeNames={"#o": "owner"},
        ExpressionAttributeValues={":a": {"S": "1"}},
    )
    found = ddb.get_item(TableName=TABLE, Key=row, ProjectionExpression="a ,\n b")
    assert found["Item"] == {"a": {"S": "1"}, "b": {"S": "1"}}
    filtered = ddb.scan(
        TableName=TABLE,
        FilterExpression="a = :a\n AND\n\tcontains (b, :a)",
        ExpressionAttributeValues={":a": {"S": "1"}},
    )
    assert filtered["Count"] == 1


def test_a_transaction_returns_the_attributes_that_were_asked_for(world: World) -> None:
    only = {
        "ForAllValues:StringEquals": {"dynamodb:Attributes": ["owner", "at", "kind"]},
        "StringEqualsIfExists": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"},
    }
    ddb = world.client(
        "dynamodb", world.user("tx-columns", allow("dynamodb:GetItem", condition=only))
    )
    get = {"TableName": TABLE, "Key": KEY}

    def read(**more: Any) -> Any:
        items = [{"Get": {**get, **more}}, {"Get": {**get, "ProjectionExpression": "kind"}}]
        return ddb.transact_get_items(TransactItems=items)["Responses"]

    found = read(ProjectionExpression="#o", ExpressionAttributeNames={"#o": "owner"})
    assert found == [{"Item": {"owner": {"S": "bob"}}}, {"Item": {"kind": {"S": "note"}}}]
    assert code_of(refused(lambda: read(ProjectionExpression="secret"))) == DENIED
