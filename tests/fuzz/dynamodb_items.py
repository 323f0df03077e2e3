"""Calls on single items, with the condition keys that DynamoDB documents for them."""

from typing import Any

from tests.fuzz.calls import Call, Context, Holder, Need, Put
from tests.fuzz.names import Tenant
from tests.fuzz.pick import Pick
from tests.fuzz.places import TABLE_TAGS
from tests.fuzz.world import VAULT_ROW, World, item_place, item_views

KEY = {"repo", "seq"}
_RESOURCE: Context = {f"aws:ResourceTag/{key}": value for key, value in TABLE_TAGS.items()}


def on_table(world: World, action: str, context: Context, *, index: str | None = None) -> Need:
    """Return a decision on the table or on one of its indexes."""
    arn = world.names.table_arn + ("" if index is None else f"/index/{index}")
    return Need(f"dynamodb:{action}", arn, {**_RESOURCE, **context}, Holder.TABLE)


def attributes(*names: str) -> Context:
    """Return `dynamodb:Attributes`: the attributes that a request names, each once."""
    return {"dynamodb:Attributes": tuple(sorted(set(names)))}


def leading(*values: str) -> Context:
    """Return `dynamodb:LeadingKeys`: the partition keys, each once."""
    return {"dynamodb:LeadingKeys": tuple(dict.fromkeys(values))}


def pick_repo(pick: Pick, world: World, me: Tenant) -> str:
    """Return a partition key: the caller's, another's, or one that looks like a pattern."""
    if world.honest:
        return me.repo
    odd = ("*", "?", "${aws:PrincipalTag/repo}", f"{me.repo}*", f"{me.repo} ", "${*}")
    return pick.one([*(tenant.repo for tenant in world.tenants), *odd])


def pick_place(pick: Pick, world: World, me: Tenant, *, write: bool) -> tuple[str, str]:
    """Return an item's key; the caller's own vault is read but never written."""
    repo = pick_repo(pick, world, me)
    rows = ("1", "2", "5") if write and repo == me.repo else ("1", "2", VAULT_ROW, "5")
    return repo, pick.one(rows)


def key_of(repo: str, seq: str) -> dict[str, Any]:
    """Return the item's key as the SDK takes it."""
    return {"repo": {"S": repo}, "seq": {"N": seq}}


def projection(pick: Pick, arguments: dict[str, Any]) -> set[str]:
    """Add a projection, or none; return the attributes that it names."""
    shape = pick.below(5)
    if shape == 1:
        arguments["ProjectionExpression"] = "repo, seq"
        return {"repo", "seq"}
    if shape == 2:
        arguments |= {"ProjectionExpression": "#s,  #n",
                      "ExpressionAttributeNames": {"#s": "secret", "#n": "remove"}}  # fmt: skip
        return {"secret", "remove"}
    return set()


def select(arguments: dict[str, Any]) -> Context:
    """Return `dynamodb:Select` by the defaults of the API reference."""
    if "Select" in arguments:
        return {"dynamodb:Select": arguments["Select"]}
    if "ProjectionExpression" in arguments:
        return {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}
    indexed = "IndexName" in arguments
    return {"dynamodb:Select": "ALL_PROJECTED_ATTRIBUTES" if indexed else "ALL_ATTRIBUTES"}


def capacity(pick: Pick, arguments: dict[str, Any]) -> Context:
    """Add ReturnConsumedCapacity at times, and return its key."""
    if not pick.chance(5):
        return {}
    arguments["ReturnConsumedCapacity"] = value = pick.one(("NONE", "TOTAL", "INDEXES"))
    return {"dynamodb:ReturnConsumedCapacity": value}


def pick_get(pick: Pick, world: World, me: Tenant) -> Call:
    """Return a GetItem."""
    repo, seq = pick_place(pick, world, me, write=False)
    arguments: dict[str, Any] = {"TableName": world.names.table, "Key": key_of(repo, seq)}
    if pick.chance(6):
        arguments["TableName"] = world.names.table_arn
    named = projection(pick, arguments)
    context = {**leading(repo), **attributes(*KEY, *named), **select(arguments),
               **capacity(pick, arguments)}  # fmt: skip
    return Call("dynamodb", "get_item", arguments, needs=(on_table(world, "GetItem", context),),
                shows=(item_place(repo, seq),))  # fmt: skip


def new_item(pick: Pick, world: World, me: Tenant) -> tuple[dict[str, Any], Put]:
    """Return an item to write, and what it leaves behind."""
    repo, seq = pick_place(pick, world, me, write=True)
    text = world.canary(me)
    item = {**key_of(repo, seq), "remove": {"S": text}}
    holder = kind = None
    if pick.chance(3):
        holder = me.repo if world.documents.safe else pick.one(world.tenants).repo
        item["holder"] = {"S": holder}
    if pick.chance(3):
        kind = "note"
        item |= {"kind": {"S": kind}, "rank": {"N": seq}}
    views = item_views(repo, holder=holder, kind=kind)
    return item, Put(item_place(repo, seq), text, views=views)


def returned(pick: Pick, arguments: dict[str, Any], options: tuple[str, ...]) -> list[Context]:
    """Add what the call returns of the item; each way must be allowed by itself."""
    values = []
    if pick.chance(2):
        arguments["ReturnValues"] = pick.one(options)
        values.append(str(arguments["ReturnValues"]))
    if "ConditionExpression" in arguments and pick.chance(2):
        on_failure = "NONE" if pick.chance(4) else "ALL_OLD"
        arguments["ReturnValuesOnConditionCheckFailure"] = on_failure
        if on_failure != "NONE" and on_failure not in values:
            values.append(on_failure)
    return [{"dynamodb:ReturnValues": value} for value in values] or [{}]


def condition(pick: Pick, arguments: dict[str, Any]) -> set[str]:
    """Add a condition at times; return the attributes that it names."""
    if not pick.chance(3):
        return set()
    text, names = pick.one(
        (("attribute_exists(secret)", {"secret"}), ("attribute_not_exists( repo )", {"repo"}),
         ("attribute_exists(remove) OR NOT attribute_exists(holder)", {"remove", "holder"}))
    )  # fmt: skip
    arguments["ConditionExpression"] = text
    return names


def _whole_item(pick: Pick, world: World, me: Tenant) -> tuple[dict[str, Any], set[str], Put]:
    item, put = new_item(pick, world, me)
    arguments = {"TableName": world.names.table, "Item": item}
    return arguments, set(item) | condition(pick, arguments), put


def update_arguments(
    pick: Pick, world: World, me: Tenant
) -> tuple[dict[str, Any], set[str], str, Put]:
    """Return an update's arguments, the attributes it names, its partition, what it leaves."""
    repo, seq = pick_place(pick, world, me, write=True)
    text = world.canary(me)
    arguments: dict[str, Any] = {"TableName": world.names.table, "Key": key_of(repo, seq)}
    shape = pick.below(3)
    if shape == 0:
        arguments |= {"UpdateExpression": "SET note = :v"}
        arguments["ExpressionAttributeValues"] = {":v": {"S": text}}
        names = {"note"}
    elif shape == 1:
        arguments |= {"UpdateExpression": "SET  #n=:v REMOVE secret"}
        arguments["ExpressionAttributeValues"] = {":v": {"S": text}}
        arguments["ExpressionAttributeNames"] = {"#n": "remove"}
        names = {"remove", "secret"}
    else:
        arguments |= {"UpdateExpression": "ADD n :v"}
        arguments["ExpressionAttributeValues"] = {":v": {"N": "1"}}
        names, text = {"n"}, ""
    names |= condition(pick, arguments)
    views = item_views(repo, holder=None, kind=None)
    return arguments, names | KEY, repo, Put(item_place(repo, seq), text, views=views)


def pick_write(pick: Pick, world: World, me: Tenant) -> Call:
    """Return a PutItem, UpdateItem or DeleteItem."""
    kind = pick.below(3)
    if kind == 0:
        arguments, names, put = _whole_item(pick, world, me)
        repo, action, method = arguments["Item"]["repo"]["S"], "PutItem", "put_item"
        ways = returned(pick, arguments, ("NONE", "ALL_OLD"))
    elif kind == 1:
        arguments, names, repo, put = update_arguments(pick, world, me)
        action, method = "UpdateItem", "update_item"
        options = ("NONE", "ALL_OLD", "UPDATED_OLD", "ALL_NEW", "UPDATED_NEW")
        ways = returned(pick, arguments, options)
    else:
        repo, seq = pick_place(pick, world, me, write=True)
        arguments = {"TableName": world.names.table, "Key": key_of(repo, seq)}
        names, put = KEY | condition(pick, arguments), Put(item_place(repo, seq))
        ways, action, method = (
            returned(pick, arguments, ("NONE", "ALL_OLD")),
            "DeleteItem",
            "delete_item",
        )
    context = {**leading(repo), **attributes(*names), **capacity(pick, arguments)}
    needs = tuple(on_table(world, action, {**context, **way}) for way in ways)
    return Call("dynamodb", method, arguments, needs=needs, shows=(put.place,), puts=(put,),
                touches=(put.place,))  # fmt: skip
