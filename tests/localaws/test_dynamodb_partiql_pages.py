"""Tokens of pages: a place in the very statement that they are of."""

import base64
import json
from typing import Any

import pytest

from valetkey.localaws.dynamodb_keys import TableSchema
from valetkey.localaws.dynamodb_partiql_pages import Place, read_token, write_token
from valetkey.localaws.dynamodb_partiql_plans import Plan
from valetkey.localaws.faults import AwsError

SCHEMA = TableSchema("Rows", ("owner", "at"), {"owner": "S", "at": "N", "kind": "S"})
INDEX = TableSchema("Rows", ("kind",), SCHEMA.types)
PLAN = Plan("Query", ({}, {}))
PARAMS = {"Statement": "SELECT * FROM Rows WHERE owner = ?", "Parameters": [{"S": "alice"}]}
KEY = {"owner": {"S": "alice"}, "at": {"N": "1"}}


def read(token: str, *, source: TableSchema = SCHEMA, **more: Any) -> Place:
    """Return the place that a token of the statement says."""
    return read_token({**PARAMS, **more, "NextToken": token}, PLAN, schema=SCHEMA, source=source)


def test_a_token_says_where_the_page_begins() -> None:
    assert read_token(PARAMS, PLAN, schema=SCHEMA, source=SCHEMA) == Place()
    for place in (Place(1), Place(0, KEY), Place(1, KEY)):
        assert read(write_token(place, PARAMS)) == place
    indexed = Place(0, {**KEY, "kind": {"S": "note"}})
    assert read(write_token(indexed, PARAMS), source=INDEX) == indexed


def test_a_token_is_of_one_statement_with_its_parameters() -> None:
    token = write_token(Place(1), PARAMS)
    for other in (
        {"Statement": "SELECT * FROM Rows WHERE owner = ? "},
        {"Parameters": [{"S": "bob"}]},
        {"ConsistentRead": True},
    ):
        with pytest.raises(AwsError) as caught:
            read(token, **other)
        assert caught.value.code == "ValidationException"


@pytest.mark.parametrize("change", [
    {"part": 2}, {"part": -1}, {"part": True}, {"part": "0"}, {"part": None}, {"of": None},
    {"key": {"owner": {"S": "alice"}}}, {"key": {**KEY, "kind": {"S": "x"}}}, {"key": {}},
    {"key": []}, {"key": {**KEY, "at": {"S": "1"}}}, {"key": {**KEY, "at": "1"}},
])  # fmt: skip
def test_a_token_that_was_changed_is_refused(change: dict[str, Any]) -> None:
    value = json.loads(base64.urlsafe_b64decode(write_token(Place(0, KEY), PARAMS)))
    token = base64.urlsafe_b64encode(json.dumps({**value, **change}).encode()).decode()
    with pytest.raises(AwsError) as caught:
        read(token)
    assert caught.value.code == "ValidationException"
