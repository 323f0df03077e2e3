"""Queries in every spelling, scans, and what tells of tables: calls that name no single item."""

from typing import Any

from tests.fuzz.calls import Call, Need, Place
from tests.fuzz.dynamodb_items import (
    attributes,
    capacity,
    leading,
    on_table,
    pick_repo,
    projection,
    select,
)
from tests.fuzz.names import Tenant
from tests.fuzz.pick import Pick
from tests.fuzz.world import World

# index name, its partition key, what shows a partition of it
_INDEXES: tuple[tuple[str | None, str, str], ...] = (
    (None, "repo", "partition"),
    ("by-holder", "holder", "holder"),
    ("by-rank", "repo", "partition"),
    ("by-kind", "kind", "kind"),
)
_SPELLINGS = (
    "#h = :h", "{name} = :h", "(#h = :h)", "((#h=:h))", "#h=:h\nAND seq > :s",
    "seq BETWEEN :s AND :t and #h = :h", "  ( #h = :h ) AND ( seq <= :t )", "(#h = :h AND seq>=:s)",
)  # fmt: skip


def pick_query(pick: Pick, world: World, me: Tenant) -> Call:
    """Return a Query of the table or of an index, its key condition in one of many spellings."""
    index, name, view = pick.one(_INDEXES)
    value = pick_repo(pick, world, me) if name != "kind" else pick.one(("note", "none"))
    spelling = pick.one(_SPELLINGS if index is None else _SPELLINGS[:4])
    arguments: dict[str, Any] = {"TableName": world.names.table}
    if index is not None:
        arguments["IndexName"] = index
    named = projection(pick, arguments)
    aliases = arguments.setdefault("ExpressionAttributeNames", {})
    if "#h" in spelling:
        aliases["#h"] = name
    if not aliases:
        del arguments["ExpressionAttributeNames"]
    values = {":h": {"S": value}}
    values |= {
        part: {"N": number} for part, number in ((":s", "0"), (":t", "100")) if part in spelling
    }
    arguments |= {"KeyConditionExpression": spelling.format(name=name),
                  "ExpressionAttributeValues": values}  # fmt: skip
    named |= {name} | ({"seq"} if "seq" in spelling else set())
    if pick.chance(4):
        arguments["Limit"] = 1
    if pick.chance(5) and "ProjectionExpression" not in arguments:
        arguments["Select"] = "COUNT"
    context = {**leading(value), **attributes(*named), **select(arguments),
               **capacity(pick, arguments)}  # fmt: skip
    return Call("dynamodb", "query", arguments,
                needs=(on_table(world, "Query", context, index=index),),
                shows=(Place(view, value),))  # fmt: skip


def pick_scan(pick: Pick, world: World, me: Tenant) -> Call:
    """Return a Scan, which names no key at all."""
    arguments: dict[str, Any] = {"TableName": world.names.table}
    index = pick.one((None, "by-holder", "by-kind"))
    if index is not None:
        arguments["IndexName"] = index
    named = projection(pick, arguments)
    if pick.chance(3):
        arguments |= {"FilterExpression": "repo = :r",
                      "ExpressionAttributeValues": {":r": {"S": me.repo}}}  # fmt: skip
        named |= {"repo"}
    context = {**attributes(*named), **select(arguments), **capacity(pick, arguments)}
    need = on_table(world, "Scan", context, index=index)
    return Call("dynamodb", "scan", arguments, needs=(need,), shows=(Place("table", ""),))


def pick_describe(pick: Pick, world: World, me: Tenant) -> Call:
    """Return a call on the table itself, or on all tables."""
    if pick.chance(3):
        return Call("dynamodb", "list_tables", {}, needs=(Need("dynamodb:ListTables", "*"),))
    return Call("dynamodb", "describe_table", {"TableName": world.names.table},
                needs=(on_table(world, "DescribeTable", {}),))  # fmt: skip
