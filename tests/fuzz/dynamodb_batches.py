"""Batches and transactions: one foreign key among one's own must be enough to deny."""

from typing import Any

from tests.fuzz.calls import Call, Context, Need, Place, Put
from tests.fuzz.dynamodb_items import (
    KEY,
    attributes,
    capacity,
    condition,
    key_of,
    leading,
    new_item,
    on_table,
    pick_place,
    projection,
    select,
    update_arguments,
)
from tests.fuzz.names import Tenant
from tests.fuzz.pick import Pick
from tests.fuzz.world import World, item_place


def pick_batch_get(pick: Pick, world: World, me: Tenant) -> Call:
    """Return a BatchGetItem: one decision, on all leading keys together."""
    places = list(
        dict.fromkeys(pick_place(pick, world, me, write=False) for _ in range(1 + pick.below(4)))
    )
    request: dict[str, Any] = {"Keys": [key_of(*place) for place in places]}
    named = projection(pick, request)
    name = world.names.table_arn if pick.chance(6) else world.names.table
    arguments: dict[str, Any] = {"RequestItems": {name: request}}
    context = {**leading(*(repo for repo, _ in places)), **attributes(*KEY, *named),
               **select(request), **capacity(pick, arguments)}  # fmt: skip
    return Call("dynamodb", "batch_get_item", arguments,
                needs=(on_table(world, "BatchGetItem", context),),
                shows=tuple(item_place(*place) for place in places))  # fmt: skip


def pick_batch_write(pick: Pick, world: World, me: Tenant) -> Call:
    """Return a BatchWriteItem of puts and deletes."""
    writes: dict[Place, dict[str, Any]] = {}
    puts: dict[Place, Put] = {}
    repos: list[str] = []
    named: set[str] = set()
    for _ in range(1 + pick.below(4)):
        item, put = new_item(pick, world, me)
        if put.place in writes:
            continue
        if pick.chance(3):
            key = {name: item[name] for name in sorted(KEY)}
            put, item = Put(put.place), key
            writes[put.place] = {"DeleteRequest": {"Key": key}}
        else:
            writes[put.place] = {"PutRequest": {"Item": item}}
        puts[put.place] = put
        repos.append(item["repo"]["S"])
        named |= set(item)
    arguments: dict[str, Any] = {"RequestItems": {world.names.table: list(writes.values())}}
    context = {**leading(*repos), **attributes(*named), **capacity(pick, arguments)}
    return Call("dynamodb", "batch_write_item", arguments,
                needs=(on_table(world, "BatchWriteItem", context),),
                puts=tuple(puts.values()), touches=tuple(puts))  # fmt: skip


def pick_transact_get(pick: Pick, world: World, me: Tenant) -> Call:
    """Return a TransactGetItems: one decision a part."""
    enclosing: Context = {"dynamodb:EnclosingOperation": "TransactGetItems"}
    arguments: dict[str, Any] = {"TransactItems": []}
    enclosing |= capacity(pick, arguments)
    needs: list[Need] = []
    shows: list[Place] = []
    for _ in range(1 + pick.below(3)):
        repo, seq = pick_place(pick, world, me, write=False)
        if item_place(repo, seq) in shows:
            continue
        part: dict[str, Any] = {"TableName": world.names.table, "Key": key_of(repo, seq)}
        named = projection(pick, part)
        context = {**enclosing, **leading(repo), **attributes(*KEY, *named), **select(part)}
        needs.append(on_table(world, "GetItem", context))
        shows.append(item_place(repo, seq))
        arguments["TransactItems"].append({"Get": part})
    return Call("dynamodb", "transact_get_items", arguments, needs=tuple(needs),
                shows=tuple(shows))  # fmt: skip


def pick_transact_write(pick: Pick, world: World, me: Tenant) -> Call:
    """Return a TransactWriteItems of puts, updates, deletes and checks."""
    arguments: dict[str, Any] = {"TransactItems": []}
    enclosing: Context = {"dynamodb:EnclosingOperation": "TransactWriteItems"}
    enclosing |= capacity(pick, arguments)
    needs: list[Need] = []
    puts: dict[Place, Put] = {}
    for _ in range(1 + pick.below(3)):
        kind, part, named, repo, put = _part(pick, world, me)
        if put.place in puts:
            continue
        ways: list[Context] = [{}]
        if "ConditionExpression" in part and pick.chance(2):
            part["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
            ways = [{"dynamodb:ReturnValues": "ALL_OLD"}]
        context = {**enclosing, **leading(repo), **attributes(*named)}
        action = "ConditionCheckItem" if kind == "ConditionCheck" else f"{kind}Item"
        needs += [on_table(world, action, {**context, **way}) for way in ways]
        puts[put.place] = put
        arguments["TransactItems"].append({kind: part})
    return Call("dynamodb", "transact_write_items", arguments, needs=tuple(needs),
                shows=tuple(puts), puts=tuple(puts.values()), touches=tuple(puts))  # fmt: skip


def _part(pick: Pick, world: World, me: Tenant) -> tuple[str, dict[str, Any], set[str], str, Put]:
    kind = pick.one(("Put", "Update", "Delete", "ConditionCheck"))
    table = world.names.table
    if kind == "Put":
        item, put = new_item(pick, world, me)
        part = {"TableName": table, "Item": item}
        return kind, part, set(item) | condition(pick, part), item["repo"]["S"], put
    if kind == "Update":
        part, named, repo, put = update_arguments(pick, world, me)
        return kind, part, named, repo, put
    repo, seq = pick_place(pick, world, me, write=True)
    part = {"TableName": table, "Key": key_of(repo, seq)}
    named = set(KEY)
    if kind == "ConditionCheck":
        part["ConditionExpression"] = "attribute_exists(secret)"
        named.add("secret")
    else:
        named |= condition(pick, part)
    return kind, part, named, repo, Put(item_place(repo, seq))
