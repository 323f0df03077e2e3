"""PartiQL statements by tenants: the needs come from what was meant, not from the text."""

from dataclasses import dataclass, field
from typing import Any

from tests.fuzz.calls import Call, Context, Need, Place, Put
from tests.fuzz.dynamodb_items import KEY, attributes, leading, on_table, pick_place, pick_repo
from tests.fuzz.names import Tenant
from tests.fuzz.pick import Pick
from tests.fuzz.world import World, item_place, item_views

# index name, its partition key, what shows a partition of it
_SOURCES: tuple[tuple[str | None, str, str], ...] = (
    (None, "repo", "partition"), (None, "repo", "partition"),
    ("by-holder", "holder", "holder"), ("by-rank", "repo", "partition"),
    ("by-kind", "kind", "kind"),
)  # fmt: skip
_WHOLE = Place("table", "")
# a condition on the partition key `h`, and how it is read: by the keys in it, as a full scan, or
# not at all
_KEYED = ("{h} = {v}", "(({h} = {v}))", "{h} IN [{v}, {w}]", "{h} = {v} OR {h} = {w}",
          "{h} = {v} AND secret IS NOT MISSING", "(secret IS MISSING OR note = 'x') AND {h}={v}",
          "{h} in ({v})", "{h} = {v} AND NOT (note = 'x')")  # fmt: skip
_SCANS = ("", "secret IS NOT MISSING", "{h} = {v} OR secret IS NOT MISSING", "{h} >= {v}",
          "NOT {h} = {v}", "{h} BETWEEN {v} AND {v}", "begins_with({h}, {v})")  # fmt: skip
_INVALID = ("{h} = {v} AND {h} = {w}", "NOT (NOT {h} = {v})", "{h} = {v} AND {h} IN [{w}]",
            "({h} = {v} AND note = 'x') OR ({h} = {w} AND note = 'y')")  # fmt: skip
_RETURNING = {"ALL OLD": "ALL_OLD", "ALL NEW": "ALL_NEW", "MODIFIED OLD": "UPDATED_OLD",
              "MODIFIED NEW": "UPDATED_NEW"}  # fmt: skip


@dataclass(slots=True)
class _Text:
    """One statement as it is written: its text, and a parameter for each mark in it."""

    pick: Pick
    text: str = ""
    parameters: list[dict[str, Any]] = field(default_factory=list)

    def write(self, template: str, **values: dict[str, Any]) -> None:
        """Add a template; a value in it becomes a literal or a mark."""
        for part in template.replace("{", "\0{").replace("}", "}\0").split("\0"):
            if part.startswith("{") and part.endswith("}"):
                self.text += self._value(values[part[1:-1]])
            else:
                self.text += part

    def _value(self, value: dict[str, Any]) -> str:
        if self.pick.chance(2):
            self.parameters.append(value)
            return "?"
        kind, content = next(iter(value.items()))
        return str(content) if kind == "N" else "'" + str(content).replace("'", "''") + "'"

    def arguments(self) -> dict[str, Any]:
        """Return the statement as the SDK takes it."""
        given = {"Parameters": self.parameters} if self.parameters else {}
        return {"Statement": self.text, **given}


@dataclass(frozen=True, slots=True)
class _Part:
    """One statement with all that it needs, shows and leaves."""

    text: _Text
    need: Need
    shows: tuple[Place, ...]
    put: Put | None = None


def pick_partiql(pick: Pick, world: World, me: Tenant) -> Call:
    """Return a statement by itself, or some in a transaction."""
    if pick.chance(4):
        return _transaction(pick, world, me)
    part = _select(pick, world, me) if pick.chance(2) else _write(pick, world, me, {})
    arguments = part.text.arguments()
    if part.put is None and pick.chance(5):
        arguments["Limit"] = 1
    puts = () if part.put is None else (part.put,)
    return Call("dynamodb", "execute_statement", arguments, needs=(part.need,), shows=part.shows,
                puts=puts, touches=tuple(put.place for put in puts))  # fmt: skip


def _transaction(pick: Pick, world: World, me: Tenant) -> Call:
    enclosing: Context = {"dynamodb:EnclosingOperation": "ExecuteTransaction"}
    reads = pick.chance(2)
    parts: dict[Place, _Part] = {}
    for _ in range(1 + pick.below(3)):
        part = (_get if reads else _write)(pick, world, me, enclosing)
        parts.setdefault(part.shows[0], part)
    puts = tuple(part.put for part in parts.values() if part.put is not None)
    return Call("dynamodb", "execute_transaction",
                {"TransactStatements": [part.text.arguments() for part in parts.values()]},
                needs=tuple(part.need for part in parts.values()), shows=tuple(parts),
                puts=puts, touches=tuple(put.place for put in puts))  # fmt: skip


def _select(pick: Pick, world: World, me: Tenant) -> _Part:
    index, name, view = pick.one(_SOURCES)
    other = pick_repo(pick, world, me) if name != "kind" else pick.one(("note", "none"))
    value = me.repo if name != "kind" and pick.chance(2) else other
    keyed = pick.chance(2) or pick.chance(2)
    where = pick.one(_KEYED) if keyed else pick.one(_SCANS if pick.chance(2) else _INVALID)
    projection, context, named = _projection(pick, index)
    named |= {word for word in ("secret", "note") if word in where}
    named |= {name} if "{h}" in where else set()
    text = _Text(pick, pick.one(("SELECT ", "select\n")) + projection)
    text.text += f' FROM "{world.names.table}"' + ("" if index is None else f'."{index}"')
    if where:
        spelled = where.replace("{h}", pick.one((name, f'"{name}"')))
        text.write(f" WHERE {spelled}", v={"S": value}, w={"S": other})
    context |= {"dynamodb:FullTableScan": "false" if keyed else "true", **attributes(*named)}
    shows: tuple[Place, ...] = (_WHOLE,)
    if keyed:
        keys = (value, other) if "{w}" in where else (value,)
        context |= leading(*keys)
        shows = tuple(Place(view, key) for key in keys)
    if where in _INVALID:
        context = {}
    return _Part(text, on_table(world, "PartiQLSelect", context, index=index), shows)


def _projection(pick: Pick, index: str | None) -> tuple[str, Context, set[str]]:
    """Return what is selected, `dynamodb:Select` for it, and the attributes that it names."""
    if pick.chance(2):
        whole = "ALL_ATTRIBUTES" if index is None else "ALL_PROJECTED_ATTRIBUTES"
        return "*", {"dynamodb:Select": whole}, set()
    some: Context = {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}
    if pick.chance(2):
        return 'repo, "seq"', some, {"repo", "seq"}
    return 'secret,"remove"', some, {"secret", "remove"}


def _get(pick: Pick, world: World, me: Tenant, enclosing: Context) -> _Part:
    repo, seq = pick_place(pick, world, me, write=False)
    projection, context, named = _projection(pick, None)
    text = _Text(pick, f'SELECT {projection} FROM "{world.names.table}" WHERE ')
    text.write(_key(pick), r={"S": repo}, s={"N": seq})
    context |= {**enclosing, **leading(repo), **attributes(*KEY, *named),
                "dynamodb:FullTableScan": "false"}  # fmt: skip
    return _Part(text, on_table(world, "PartiQLSelect", context), (item_place(repo, seq),))


def _key(pick: Pick) -> str:
    return pick.one(("repo = {r} AND seq = {s}", '("seq"={s}) and repo={r}'))


def _write(pick: Pick, world: World, me: Tenant, enclosing: Context) -> _Part:
    repo, seq = pick_place(pick, world, me, write=True)
    place, table = item_place(repo, seq), world.names.table
    given = {"r": {"S": repo}, "s": {"N": seq}, "t": {"S": world.canary(me)}}
    kind = pick.one(("Insert", "Update", "Delete"))
    text, named, returned = _Text(pick), set(KEY), ""
    if kind == "Insert":
        text.text = f'INSERT INTO "{table}" VALUE '
        text.text += "{"
        text.write("'repo': {r}, 'seq': {s}, 'remove': {t}", **given)
        text.text += "}"
        named |= {"remove"}
    elif kind == "Update":
        text.text = f'UPDATE "{table}" '
        change, names = pick.one(
            (
                ("SET note = {t}", {"note"}),
                ('SET "remove" = {t} REMOVE secret', {"remove", "secret"}),
            )
        )
        text.write(f"{change} WHERE {_key(pick)}", **given)
        named |= names
        returned = "" if enclosing else pick.one(("", *_RETURNING))
    else:
        text.text = f'DELETE FROM "{table}" WHERE '
        text.write(_key(pick), **given)
        returned = "" if enclosing else pick.one(("", "ALL OLD"))
    if kind != "Insert" and pick.chance(3):
        text.text += " AND (secret IS NOT MISSING OR note IS MISSING)"
        named |= {"secret", "note"}
    context = {**enclosing, **leading(repo), **attributes(*named)}
    if returned:
        text.text += f" RETURNING {returned} *"
        context["dynamodb:ReturnValues"] = _RETURNING[returned]
    left = "" if kind == "Delete" else given["t"]["S"]
    put = Put(place, left, views=item_views(repo, holder=None, kind=None))
    return _Part(text, on_table(world, f"PartiQL{kind}", context), (place,), put)
