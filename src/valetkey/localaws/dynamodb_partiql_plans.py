"""What a PartiQL statement does to a table: requests of the item operations.

Standard: "PartiQL select statements for DynamoDB" (developer guide): equality or IN on the
partition key is a query of each value, anything else a full scan. UPDATE and DELETE name the
whole key of one item. What a cleverer reading could take for the other is refused.
"""

from dataclasses import dataclass
from typing import Any

from valetkey.localaws.dynamodb_keys import (
    TableSchema,
    canonical_attribute,
    invalid,
    leading_value,
)
from valetkey.localaws.dynamodb_partiql_expressions import Expressions
from valetkey.localaws.dynamodb_partiql_pins import key_values, may_pin
from valetkey.localaws.dynamodb_partiql_shapes import (
    All,
    AnyOf,
    AttributeValue,
    Between,
    Called,
    Comparison,
    Condition,
    Delete,
    Insert,
    Missing,
    Path,
    Select,
    Statement,
    Update,
    conjuncts,
    named_paths,
    paths_of,
)

_MAX_KEYS = 50  # values of the partition key in one IN: the guide's limit
_RANGES = frozenset({"=", "<", "<=", ">", ">="})


@dataclass(frozen=True, slots=True)
class Plan:
    """Requests of one item operation, run one after the other.

    `single`: at most one item, named by its whole key. `scan`: it reads a whole table or index.
    """

    operation: str
    parts: tuple[dict[str, Any], ...]
    single: bool = True
    scan: bool = False


def plan_of(statement: Statement, schema: TableSchema, *, source: TableSchema) -> Plan:
    """Return what the statement does; `source` are the keys of its index, or the table's.

    Raises AwsError ValidationException for what cannot be understood with certainty.
    """
    _check_case(statement, schema)
    if isinstance(statement, Insert):
        writes = Expressions()
        condition = f"attribute_not_exists({writes.name(schema.hash_key)})"
        part = {"Item": statement.item, "ConditionExpression": condition}
        return Plan("PutItem", ({"TableName": statement.table, **part, **writes.aliases()},))
    if isinstance(statement, Select):
        return _select(statement, source)
    return _write(statement, schema)


def _write(statement: Update | Delete, schema: TableSchema) -> Plan:
    key, rest = _whole_key(statement.where, schema)
    writes = Expressions()
    part: dict[str, Any] = {"TableName": statement.table, "Key": key}
    if statement.returning is not None:
        part["ReturnValues"] = statement.returning.value
    hashed = Path((schema.hash_key,), bare=False)
    if isinstance(statement, Update):
        changed = [path for path, _ in statement.sets] + list(statement.removes)
        if any(path.attribute in schema.keys for path in changed):
            raise invalid("Cannot update attribute. This attribute is part of the key")
        part["UpdateExpression"] = writes.changes(statement)
        there = Missing(hashed, missing=False)
        part["ConditionExpression"] = writes.condition(All((there, *rest)))
        return Plan("UpdateItem", ({**part, **writes.aliases()},))
    if rest:  # what is not there is deleted without an error, whatever the condition
        fits = rest[0] if len(rest) == 1 else All(tuple(rest))
        condition = writes.condition(AnyOf((Missing(hashed, missing=True), fits)))
        part |= {"ConditionExpression": condition, **writes.aliases()}
    return Plan("DeleteItem", (part,))


def _whole_key(
    where: Condition, schema: TableSchema
) -> tuple[dict[str, AttributeValue], list[Condition]]:
    key: dict[str, AttributeValue] = {}
    rest: list[Condition] = []
    for part in conjuncts(where):
        name = part.path.attribute if isinstance(part, Comparison) else ""
        if (
            isinstance(part, Comparison)
            and part.sign == "="
            and part.path.steps == (name,)
            and name in schema.keys
            and name not in key
        ):
            key[name] = part.value
        else:
            rest.append(part)
    if set(key) != set(schema.keys):
        raise invalid("Where clause does not contain a mandatory equality on all key attributes")
    if any(path.attribute in key for part in rest for path in paths_of(part)):
        raise invalid("Where clause names a key attribute twice: that is not modelled")
    return key, rest


def _select(statement: Select, source: TableSchema) -> Plan:
    base: dict[str, Any] = {"TableName": statement.table}
    if statement.index is not None:
        base["IndexName"] = statement.index
    found = [(part, key_values(part, source.hash_key)) for part in conjuncts(statement.where)]
    pins = [values for _, values in found if values is not None]
    rest = [part for part, values in found if values is None]
    if not pins:
        return _scan(statement, source, base)
    if len(pins) > 1 or any(_names(part, source.hash_key) for part in rest):
        raise invalid("Where clause names the partition key twice: that is not modelled")
    order = statement.order
    keys = {
        leading_value(one): one
        for one in (canonical_attribute(source.hash_key, value, source) for value in pins[0])
    }
    if len(keys) > _MAX_KEYS:
        raise invalid(f"Where clause has more than {_MAX_KEYS} values of the partition key")
    if order is not None:
        if len(keys) > 1 or order.path.attribute not in source.keys[1:]:
            raise invalid("ORDER BY is modelled by the sort key of one partition only")
        base["ScanIndexForward"] = not order.descending
    parts = tuple({**base, **_query(statement, source, rest, value=v)} for v in keys.values())
    single = len(keys) == 1 and statement.index is None and _is_whole(rest, source)
    return Plan("Query", parts, single=single)


def _scan(statement: Select, source: TableSchema, base: dict[str, Any]) -> Plan:
    if statement.order is not None:
        raise invalid("Must have at least one non-optional hash key condition in WHERE clause")
    reads = Expressions()
    if statement.where is not None:
        if may_pin(statement.where, source.hash_key):
            raise invalid("Where clause fixes the partition key in a way that is not modelled")
        base["FilterExpression"] = reads.condition(statement.where)
    if statement.attributes:
        base["ProjectionExpression"] = reads.projection(statement.attributes)
    return Plan("Scan", ({**base, **reads.aliases()},), single=False, scan=True)


def _query(
    statement: Select, source: TableSchema, rest: list[Condition], *, value: AttributeValue
) -> dict[str, Any]:
    """Return a query's expressions: the first range of the sort key goes with the partition's."""
    reads = Expressions()
    key: list[Condition] = [Comparison(Path((source.hash_key,), bare=False), "=", value)]
    ranges = [part for part in rest if _is_range(part, source)]
    key += ranges[:1]
    filters = [part for part in rest if part not in ranges[:1]]
    found = {"KeyConditionExpression": " AND ".join(reads.condition(part) for part in key)}
    if filters:
        found["FilterExpression"] = reads.joined(filters)
    if statement.attributes:
        found["ProjectionExpression"] = reads.projection(statement.attributes)
    return {**found, **reads.aliases()}


def _is_range(part: Condition, source: TableSchema) -> bool:
    if len(source.keys) == 1 or not isinstance(part, Comparison | Between | Called):
        return False
    if part.path.steps != (source.keys[1],):
        return False
    if isinstance(part, Comparison):
        return part.sign in _RANGES
    return isinstance(part, Between) or part.function == "begins_with"


def _is_whole(rest: list[Condition], source: TableSchema) -> bool:
    """Tell whether nothing but the sort key's equality is left, where there is a sort key."""
    if len(source.keys) == 1:
        return not rest
    return (
        len(rest) == 1
        and key_values(rest[0], source.keys[1]) is not None
        and _is_range(rest[0], source)
    )


def _names(part: Condition, attribute: str) -> bool:
    return any(path.attribute == attribute for path in paths_of(part))


def _check_case(statement: Statement, schema: TableSchema) -> None:
    """Refuse a bare name that is a key attribute but for the case of its letters."""
    keys = {name.lower() for name in schema.types}
    for path in named_paths(statement):
        if path.bare and path.attribute.lower() in keys and path.attribute not in schema.types:
            raise invalid(f"Quote `{path.attribute}`: a key attribute has other letters")
