"""Plain values of a seed as DynamoDB's: attribute values, and key schemas in their short form."""

import json
import math
import re
from collections.abc import Iterable, Mapping
from datetime import date, time
from decimal import Decimal
from typing import Any

from valetkey.localaws.seed_reading import Seed
from valetkey.localaws.seed_shape import DynamoTable, IndexTable
from valetkey.localaws.service_tags import tag_list

_KEY = re.compile(r"(.{1,255}):([SNB])", re.DOTALL)
_PROJECTIONS = {"all": "ALL", "keys": "KEYS_ONLY"}
Attribute = dict[str, Any]


def table_parameters(table: DynamoTable, seed: Seed, *, place: str) -> dict[str, Any]:
    """Return the parameters of CreateTable. Raises LocalAwsError `bad-seed`."""
    types: dict[str, str] = {}
    found: dict[str, Any] = {
        "TableName": table.name,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": _schema(table.key, table.sort, types, seed=seed, place=place),
    }
    for name, index in table.indexes.items():
        here = f"{place}: indexes.{name}"
        kind = "LocalSecondaryIndexes" if index.key is None else "GlobalSecondaryIndexes"
        if index.key is None and index.sort is None:
            raise seed.refuse(here, "an index has a `key`, or a `sort` if it is a local one")
        schema = _schema(index.key or table.key, index.sort, types, seed=seed, place=here)
        entry = {
            "IndexName": name,
            "KeySchema": schema,
            "Projection": _projection(index, seed, place=here),
        }
        found.setdefault(kind, []).append(entry)
    found["AttributeDefinitions"] = [
        {"AttributeName": name, "AttributeType": kind} for name, kind in types.items()
    ]
    if table.tags:
        found["Tags"] = tag_list(table.tags)
    return found


def table_items(table: DynamoTable, seed: Seed, *, place: str) -> list[tuple[str, Attribute]]:
    """Return each item with its place.

    Items are plain values, or come from a JSON file: a list of plain items, or what
    `aws dynamodb scan` prints, whose `Items` are in DynamoDB's own form.
    """
    if not isinstance(table.items, str):
        return _plain(table.items, seed, place=place)
    try:
        read = json.loads(seed.text(table.items, place=f"{place}: items"), parse_float=Decimal)
    except (ValueError, RecursionError):
        raise seed.refuse(f"{place}: items", "it is not JSON") from None
    native = isinstance(read, dict) and "Items" in read
    items = read["Items"] if native else read
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise seed.refuse(f"{place}: items", "it is not a list of items")
    if native:
        return [(f"{place}: items[{index}]", item) for index, item in enumerate(items)]
    return _plain(items, seed, place=place)


def _plain(
    items: Iterable[Mapping[str, object]], seed: Seed, *, place: str
) -> list[tuple[str, Attribute]]:
    places = ((f"{place}: items[{index}]", item) for index, item in enumerate(items))
    return [(here, _attributes(item, seed, here)) for here, item in places]


def _schema(
    key: str, sort: str | None, types: dict[str, str], *, seed: Seed, place: str
) -> list[dict[str, str]]:
    found = []
    for text, kind in ((key, "HASH"), (sort, "RANGE")):
        if text is None:
            continue
        match = _KEY.fullmatch(text)
        if match is None:
            raise seed.refuse(place, f"`{text}` is not a key such as `tenant:S`, `at:N` or `id:B`")
        if types.setdefault(match[1], match[2]) != match[2]:
            raise seed.refuse(place, f"`{match[1]}` has two types")
        found.append({"AttributeName": match[1], "KeyType": kind})
    return found


def _projection(index: IndexTable, seed: Seed, *, place: str) -> dict[str, Any]:
    if not isinstance(index.attributes, str):
        return {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(index.attributes)}
    if index.attributes not in _PROJECTIONS:
        raise seed.refuse(place, "`attributes` is `all`, `keys` or a list of names")
    return {"ProjectionType": _PROJECTIONS[index.attributes]}


def _attributes(item: Mapping[str, object], seed: Seed, place: str) -> Attribute:
    return {name: _value(one, seed, place=f"{place}.{name}") for name, one in item.items()}


def _value(value: object, seed: Seed, *, place: str) -> Attribute:
    if isinstance(value, bool):  # before int, which it is too
        return {"BOOL": value}
    if value is None:
        return {"NULL": True}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, bytes):
        return {"B": value}
    if isinstance(value, int | float | Decimal):
        if not math.isfinite(value):
            raise seed.refuse(place, "DynamoDB has no such number")
        return {"N": str(value)}
    if isinstance(value, list | tuple):
        return {"L": [_value(one, seed, place=f"{place}[{i}]") for i, one in enumerate(value)]}
    if isinstance(value, Mapping):
        return {"M": _attributes(value, seed, place)}
    if isinstance(value, date | time):
        raise seed.refuse(place, "DynamoDB has no dates: write a text or a number")
    raise seed.refuse(place, f"a {type(value).__name__} is no attribute value")
