"""Conditions mean in the storage what they say in the statement."""

import operator
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.localaws.world import World

TABLE = "Meanings"
VALUES: list[int | None] = [None, 1, 2, 3]
ITEMS: list[dict[str, int]] = [
    {name: value for name, value in zip("abc", values, strict=True) if value is not None}
    for values in product(VALUES, VALUES, VALUES)
]
Item = dict[str, int]
Meaning = tuple[str, Callable[[Item], bool]]
SIGNS: dict[str, Callable[[int, int], bool]] = {
    "=": operator.eq, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """A client of a table with every item of small numbers, some of them missing."""
    world = World()
    client = world.client("dynamodb")
    client.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"},
                   {"AttributeName": "n", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"},
                              {"AttributeName": "n", "AttributeType": "N"}],
        BillingMode="PAY_PER_REQUEST",
    )  # fmt: skip
    for number, item in enumerate(ITEMS):
        insert(client, number, item)
    yield client
    world.close()


def insert(client: Any, number: int, item: Item) -> None:
    """Put an item there, by its number."""
    fields = "".join(f", '{name}': {value}" for name, value in item.items())
    text = f"INSERT INTO {TABLE} VALUE {{'k': 'all', 'n': {number}{fields}}}"
    client.execute_statement(Statement=text)


def compared(name: str, sign: str, value: int) -> Meaning:
    """Return a comparison: what is missing is not comparable."""
    holds = SIGNS[sign]
    return f"{name} {sign} {value}", lambda item: name in item and holds(item[name], value)


def between(name: str, low: int, high: int) -> Meaning:
    """Return a BETWEEN."""
    text = f"{name} BETWEEN {low} AND {high}"
    return text, lambda item: name in item and low <= item[name] <= high


def within(name: str, values: list[int]) -> Meaning:
    """Return an IN."""
    return f"{name} IN {values}", lambda item: item.get(name) in values


def missing(name: str, *, negated: bool) -> Meaning:
    """Return an IS MISSING, or its contrary."""
    text = f"{name} IS {'NOT ' if negated else ''}MISSING"
    return text, lambda item: (name in item) is negated


def negated(part: Meaning) -> Meaning:
    """Return the contrary."""
    return f"NOT ({part[0]})", lambda item: not part[1](item)


def joined(parts: list[Meaning], *, every: bool) -> Meaning:
    """Return conditions with AND or OR between them, each in brackets."""
    text = (" AND " if every else " OR ").join(f"({part[0]})" for part in parts)
    return text, lambda item: (all if every else any)(part[1](item) for part in parts)


_NAMES, _NUMBERS = st.sampled_from("abc"), st.integers(0, 3)
SIMPLE = st.one_of(
    st.builds(compared, _NAMES, st.sampled_from(sorted(SIGNS)), _NUMBERS),
    st.builds(between, _NAMES, _NUMBERS, _NUMBERS),
    st.builds(within, _NAMES, st.lists(_NUMBERS, min_size=1, max_size=3)),
    st.builds(missing, _NAMES, negated=st.booleans()),
)
CONDITIONS = st.recursive(
    SIMPLE,
    lambda part: st.one_of(
        st.builds(negated, part),
        st.builds(joined, st.lists(part, min_size=2, max_size=3), every=st.booleans()),
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(condition=CONDITIONS)
def test_a_condition_selects_the_items_that_it_describes(client: Any, condition: Meaning) -> None:
    text, holds = condition
    expected = [number for number, item in enumerate(ITEMS) if holds(item)]
    for where in (text, f"k = 'all' AND ({text})"):
        found = client.execute_statement(Statement=f"SELECT n FROM {TABLE} WHERE {where}")
        assert sorted(int(item["n"]["N"]) for item in found["Items"]) == expected


@settings(max_examples=150, deadline=None)
@given(parts=st.lists(CONDITIONS, min_size=1, max_size=2), number=st.integers(0, len(ITEMS) - 1))
def test_a_write_is_done_if_its_condition_describes_the_item(
    client: Any, parts: list[Meaning], number: int
) -> None:
    fits = all(holds(ITEMS[number]) for _, holds in parts)
    where = f"k = 'all' AND n = {number} AND " + " AND ".join(f"({text})" for text, _ in parts)
    assert written(client, f"UPDATE {TABLE} SET z = 1 WHERE {where}") is fits
    assert written(client, f"DELETE FROM {TABLE} WHERE {where}") is fits
    if fits:
        insert(client, number, ITEMS[number])
    absent = where.replace(f"n = {number}", "n = -1", 1)
    assert not written(client, f"UPDATE {TABLE} SET z = 1 WHERE {absent}")
    assert written(client, f"DELETE FROM {TABLE} WHERE {absent}")


def written(client: Any, text: str) -> bool:
    """Tell whether a write was done; its condition alone may keep it from that."""
    try:
        client.execute_statement(Statement=text)
    except client.exceptions.ConditionalCheckFailedException:
        return False
    return True
