"""What is done in a table for each action of DynamoDB, and how it shows.

A map says which text a partition key has, not what the attribute is called: here it is `pk`, and
`ik` is an index's own.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from valetkey.localaws.replaying_outcome import NotPlayedError, Outcome, Played
from valetkey.localaws.replaying_stage import Perform, Stage, beside, of_arn

LEADING = ("dynamodb:LeadingKeys", "dynamodb:FirstPartitionKeyValues")
THEIRS = "of-another-run"
OURS = "written by whoever asked"


@dataclass(frozen=True, slots=True)
class Table:
    """A table with an item for each key that the request names. `attribute` holds these keys."""

    name: str
    index: str | None
    attribute: str
    keys: tuple[str, ...]

    @property
    def first(self) -> dict[str, Any]:
        """The key of the first item."""
        return {"pk": {"S": self.keys[0]}}


def _table(stage: Stage) -> Table:
    """Make the table with another run's items."""
    arn = of_arn(stage.attempt.resource)
    kind, _, rest = arn.resource.partition("/")
    name, _, below = rest.partition("/")
    index = below.removeprefix("index/") if below.startswith("index/") else None
    if kind != "table" or not name or (below and index is None):
        raise NotPlayedError(f"`{stage.attempt.resource}` is no table and no index of one")
    named = next((found for one in LEADING if (found := stage.attempt.keys(one))), ())
    if "" in named:
        raise NotPlayedError("a key of an item is never empty, so DynamoDB takes no such request")
    table = Table(name, index, "ik" if index else "pk", named or (THEIRS,))
    dynamodb = stage.root("dynamodb")
    dynamodb.create_table(**_shape(table))
    for number, key in enumerate(table.keys):
        item = {"pk": {"S": f"{THEIRS}-{number}" if index else key}, "said": {"S": stage.marker}}
        dynamodb.put_item(TableName=name, Item=item | ({"ik": {"S": key}} if index else {}))
    holder = _holder(stage)
    policy = stage.policy(holder)
    if policy is not None:
        put = dynamodb.put_resource_policy
        stage.guards.append(lambda: put(ResourceArn=holder, Policy=policy))
    return table


def _shape(table: Table) -> dict[str, Any]:
    names = ["pk", *(["ik"] if table.index else [])]
    found: dict[str, Any] = {
        "TableName": table.name,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": one, "AttributeType": "S"} for one in names],
    }
    if table.index:
        found["GlobalSecondaryIndexes"] = [
            {
                "IndexName": table.index,
                "KeySchema": [{"AttributeName": "ik", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ]
    return found


def _read(ask: Callable[[Table], tuple[str, dict[str, Any]]]) -> Perform:
    """Return what reads: the other run's text must be in the answer."""

    def perform(stage: Stage) -> Played:
        table = _table(stage)
        operation, params = ask(table)
        answer = stage.call("dynamodb", operation, **params)
        del answer["ResponseMetadata"]
        if stage.marker not in json.dumps(answer, default=str):
            return Played(Outcome.DONE, f"{operation} was answered, without another run's item")
        whose = "of another run" if table.keys == (THEIRS,) else f"of {', '.join(table.keys)!r}"
        return Played(Outcome.ARRIVED, f"{operation} brought the item {whose}")

    return perform


def _write(ask: Callable[[Table], tuple[str, dict[str, Any]]], how: str) -> Perform:
    """Return what writes: the other run's text must be gone from where it was."""

    def perform(stage: Stage) -> Played:
        table = _table(stage)
        operation, params = ask(table)
        stage.call("dynamodb", operation, **params)
        stage.aws.session().client("dynamodb").delete_resource_policy(ResourceArn=_holder(stage))
        found = stage.root("dynamodb").get_item(TableName=table.name, Key=table.first)
        if found.get("Item", {}).get("said", {}).get("S") == stage.marker:
            raise NotPlayedError("AWS said yes, and the item is as it was")
        return Played(Outcome.LANDED, f"the item of {table.keys[0]!r} {how} by {operation}")

    return perform


def _holder(stage: Stage) -> str:
    arn = of_arn(stage.attempt.resource)
    return beside(stage.attempt.resource, "/".join(arn.resource.split("/")[:2]))


def _query(table: Table) -> tuple[str, dict[str, Any]]:
    index = {"IndexName": table.index} if table.index else {}
    return "query", {
        "TableName": table.name,
        "KeyConditionExpression": f"{table.attribute} = :key",
        "ExpressionAttributeValues": {":key": {"S": table.keys[0]}},
        **index,
    }


def _scan(table: Table) -> tuple[str, dict[str, Any]]:
    index = {"IndexName": table.index} if table.index else {}
    return "scan", {"TableName": table.name, **index}


def _select(table: Table) -> tuple[str, dict[str, Any]]:
    source = f'"{table.name}"' + (f'."{table.index}"' if table.index else "")
    if table.keys == (THEIRS,):
        return "execute_statement", {"Statement": " ".join(("SELECT * FROM", source))}
    where = " ".join(("SELECT * FROM", source, "WHERE", table.attribute, "= ?"))
    return "execute_statement", {"Statement": where, "Parameters": [{"S": table.keys[0]}]}


def _statement(table: Table, text: str) -> tuple[str, dict[str, Any]]:
    statement = text.format(table=f'"{table.name}"')
    return "execute_statement", {"Statement": statement, "Parameters": [{"S": table.keys[0]}]}


def _batch_get(table: Table) -> tuple[str, dict[str, Any]]:
    keys = [{"pk": {"S": key}} for key in table.keys]
    return "batch_get_item", {"RequestItems": {table.name: {"Keys": keys}}}


def _batch_write(table: Table) -> tuple[str, dict[str, Any]]:
    items = [{"pk": {"S": key}, "said": {"S": OURS}} for key in table.keys]
    writes = [{"PutRequest": {"Item": item}} for item in items]
    return "batch_write_item", {"RequestItems": {table.name: writes}}


def _update(table: Table) -> tuple[str, dict[str, Any]]:
    return "update_item", {
        "TableName": table.name,
        "Key": table.first,
        "UpdateExpression": "SET said = :said",
        "ExpressionAttributeValues": {":said": {"S": OURS}},
    }


def _check(stage: Stage) -> Played:
    table = _table(stage)
    there = {"TableName": table.name, "Key": table.first}
    check = {"ConditionCheck": {**there, "ConditionExpression": "attribute_exists(said)"}}
    stage.call("dynamodb", "transact_write_items", TransactItems=[check])
    return Played(Outcome.SHOWN, f"the check tells that {table.keys[0]!r} has an item")


def _insert(stage: Stage) -> Played:
    table = _table(stage)
    stage.root("dynamodb").delete_item(TableName=table.name, Key=table.first)
    operation, params = _statement(table, "INSERT INTO {table} VALUE {{'pk': ?}}")
    stage.call("dynamodb", operation, **params)
    return Played(Outcome.LANDED, f"an item of {table.keys[0]!r} was inserted")


def _on_table(operation: str, **more: Any) -> Perform:
    def perform(stage: Stage) -> Played:
        table = _table(stage)
        stage.call("dynamodb", operation, TableName=table.name, **more)
        return Played(Outcome.DONE, f"{operation} was done on the table")

    return perform


TABLE_CALLS: Mapping[str, Perform] = {
    "dynamodb:GetItem": _read(lambda t: ("get_item", {"TableName": t.name, "Key": t.first})),
    "dynamodb:BatchGetItem": _read(_batch_get),
    "dynamodb:Query": _read(_query),
    "dynamodb:Scan": _read(_scan),
    "dynamodb:PartiQLSelect": _read(_select),
    "dynamodb:ConditionCheckItem": _check,
    "dynamodb:PutItem": _write(
        lambda t: ("put_item", {"TableName": t.name, "Item": t.first | {"said": {"S": OURS}}}),
        "was overwritten",
    ),
    "dynamodb:UpdateItem": _write(_update, "was changed"),
    "dynamodb:DeleteItem": _write(
        lambda t: ("delete_item", {"TableName": t.name, "Key": t.first}), "is gone"
    ),
    "dynamodb:BatchWriteItem": _write(_batch_write, "was overwritten"),
    "dynamodb:PartiQLInsert": _insert,
    "dynamodb:PartiQLUpdate": _write(
        lambda t: _statement(t, "UPDATE {table} SET said = 'changed' WHERE pk = ?"), "was changed"
    ),
    "dynamodb:PartiQLDelete": _write(
        lambda t: _statement(t, "DELETE FROM {table} WHERE pk = ?"), "is gone"
    ),
    "dynamodb:DescribeTable": _on_table("describe_table"),
    "dynamodb:DeleteTable": _on_table("delete_table"),
}
