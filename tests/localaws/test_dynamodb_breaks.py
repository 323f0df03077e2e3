"""What the storage breaks at is the request's fault, and leaves nothing half done."""

from functools import partial, reduce
from typing import Any

import pytest

from tests.localaws.refusals import refused
from tests.localaws.world import TABLE, World
from valetkey.localaws.faults import AwsError, Service
from valetkey.localaws.models import check_params

KEY: dict[str, Any] = {"owner": {"S": "broken"}, "at": {"N": "1"}}
ITEM = {**KEY, "n": {"N": "5"}, "s": {"S": "x"}, "l": {"L": [{"N": "1"}]}}
VALUES = {":s": {"S": "x"}, ":n": {"N": "1"}, ":l": {"L": []}}
INVALID = "ValidationException"


def using(expression: str) -> dict[str, Any]:
    """Return the values that an expression has in it."""
    found = {name: value for name, value in VALUES.items() if name in expression}
    return {"ExpressionAttributeValues": found} if found else {}


@pytest.mark.parametrize(
    "condition",
    ["n > :s", "s BETWEEN :n AND :l", "size(n) > l", "attribute_exists(:s)", ") < :n",
     "contains(size(l), :s)", "l >= n", "n = ", "AND", "NOT", "n IN ()", "(n = :n", "n = :n)"],
)  # fmt: skip
def test_a_condition_that_the_storage_cannot_read_is_invalid(world: World, condition: str) -> None:
    ddb = world.client("dynamodb")
    ddb.put_item(TableName=TABLE, Item=ITEM)
    given = using(condition)
    put = {"TableName": TABLE, "Item": KEY, "ConditionExpression": condition, **given}
    assert refused(lambda: ddb.put_item(**put)) == INVALID
    scan = {"TableName": TABLE, "FilterExpression": condition, **given}
    assert refused(lambda: ddb.scan(**scan)) == INVALID
    assert ddb.get_item(TableName=TABLE, Key=KEY)["Item"] == ITEM


@pytest.mark.parametrize("update", ["SET fresh = :n ADD s :n", "SET fresh = :n DELETE s :l"])
@pytest.mark.parametrize("there", [True, False])
def test_a_refused_update_leaves_the_item_as_it_was(world: World, update: str, there: bool) -> None:
    ddb = world.client("dynamodb")
    key: dict[str, Any] = {"owner": {"S": "half"}, "at": {"N": "7"}}
    ddb.delete_item(TableName=TABLE, Key=key)
    if there:
        ddb.put_item(TableName=TABLE, Item={**ITEM, **key})
    before = ddb.get_item(TableName=TABLE, Key=key).get("Item")
    call = {"TableName": TABLE, "Key": key, "UpdateExpression": update, **using(update)}
    if not there:  # a number can be added to nothing, but no text
        call |= {"UpdateExpression": "SET fresh = :n ADD s :s", **using(":n :s")}
    assert refused(lambda: ddb.update_item(**call)) == INVALID
    assert ddb.get_item(TableName=TABLE, Key=key).get("Item") == before


def test_an_update_in_parentheses_or_of_nothing_is_refused_plainly(world: World) -> None:
    ddb = world.client("dynamodb")
    ddb.put_item(TableName=TABLE, Item=ITEM)
    add = {
        "UpdateExpression": "SET n = (n + :n)",
        "ExpressionAttributeValues": {":n": VALUES[":n"]},
    }
    assert refused(lambda: ddb.update_item(TableName=TABLE, Key=KEY, **add)) == INVALID
    nothing = refused(lambda: ddb.update_item(TableName=TABLE, Key=KEY))
    assert nothing == "UnknownOperationException"


@pytest.mark.parametrize("bad", ["s = s + :n", "n = list_append(n, :l)", "n = none.of.it", "l = "])
def test_an_update_that_breaks_changes_nothing(world: World, bad: str) -> None:
    ddb = world.client("dynamodb")
    ddb.put_item(TableName=TABLE, Item=ITEM)
    text = f"SET fresh = :n, {bad}"
    update = {"TableName": TABLE, "Key": KEY, "UpdateExpression": text, **using(text)}
    assert refused(lambda: ddb.update_item(**update)) == INVALID
    items: list[Any] = [{"Put": {"TableName": TABLE, "Item": {**KEY, "at": {"N": "2"}}}},
                        {"Update": update}]  # fmt: skip
    code = refused(lambda: ddb.transact_write_items(TransactItems=items))
    assert code in {INVALID, "TransactionCanceledException"}
    found = ddb.query(
        TableName=TABLE,
        KeyConditionExpression="#o = :o",
        ExpressionAttributeNames={"#o": "owner"},
        ExpressionAttributeValues={":o": KEY["owner"]},
    )
    assert found["Items"] == [ITEM]


def nested(depth: int) -> dict[str, Any]:
    """Return lists in lists."""
    return reduce(lambda inner, _: {"L": [inner]}, range(depth), {"S": "x"})


def test_a_value_that_is_nested_too_deeply_is_invalid(world: World) -> None:
    ddb = world.client("dynamodb")
    put = partial(ddb.put_item, TableName=TABLE, Item={**KEY, "deep": nested(40)})
    assert refused(put) == INVALID
    params = {"TableName": TABLE, "Item": {**KEY, "deep": nested(5000)}}
    with pytest.raises(AwsError) as caught:
        check_params(Service.DYNAMODB, "PutItem", params)
    assert caught.value.code == INVALID
