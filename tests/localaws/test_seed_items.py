"""Plain values become DynamoDB's, and nothing is guessed."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.localaws.seeds import seed
from valetkey.localaws import LocalAwsError
from valetkey.localaws.seed_items import table_items, table_parameters

NOTES = {"name": "Notes", "key": "tenant:S"}


def items(items: Any, folder: Path = Path()) -> list[Any]:
    found = seed(folder=folder, tables=[{**NOTES, "items": items}])
    return [item for _, item in table_items(found.tables.tables[0], found, place="t")]


def parameters(**table: Any) -> dict[str, Any]:
    found = seed(tables=[{**NOTES, **table}])
    return table_parameters(found.tables.tables[0], found, place="t")


@pytest.mark.parametrize(
    ("value", "attribute"),
    [
        ("x", {"S": "x"}),
        (True, {"BOOL": True}),
        (1, {"N": "1"}),
        (1.5, {"N": "1.5"}),
        (-(10**30), {"N": "-1" + "0" * 30}),
        ([1, "x"], {"L": [{"N": "1"}, {"S": "x"}]}),
        ({"a": {"b": False}}, {"M": {"a": {"M": {"b": {"BOOL": False}}}}}),
        (None, {"NULL": True}),
    ],
)
def test_each_plain_value_has_its_type(value: object, attribute: dict[str, Any]) -> None:
    assert items([{"tenant": "a", "v": value}]) == [{"tenant": {"S": "a"}, "v": attribute}]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), date(2026, 1, 1), [{1, 2}]])
def test_a_value_that_dynamodb_lacks_is_named(value: object) -> None:
    with pytest.raises(LocalAwsError) as caught:
        items([{"tenant": "a"}, {"tenant": "b", "v": value}])
    assert caught.value.code == "bad-seed"
    assert "items[1].v" in caught.value.message


def test_items_come_from_a_file_plain_or_as_a_scan_prints_them(tmp_path: Path) -> None:
    (tmp_path / "plain.json").write_text('[{"tenant": "a", "n": 0.1}]')
    (tmp_path / "scan.json").write_text('{"Items": [{"tenant": {"S": "a"}}], "Count": 1}')
    assert items("file:plain.json", tmp_path) == [{"tenant": {"S": "a"}, "n": {"N": "0.1"}}]
    assert items("file:scan.json", tmp_path) == [{"tenant": {"S": "a"}}]


@pytest.mark.parametrize("text", ["{", "1", "[1]", '{"Items": 1}', '{"Items": [1]}', "[" * 10**5])
def test_a_file_without_items_is_an_error(text: str, tmp_path: Path) -> None:
    (tmp_path / "items.json").write_text(text)
    with pytest.raises(LocalAwsError) as caught:
        items("file:items.json", tmp_path)
    assert caught.value.code == "bad-seed"


def test_keys_are_written_in_a_short_form() -> None:
    found = parameters(sort="at:N")
    assert found["KeySchema"] == [
        {"AttributeName": "tenant", "KeyType": "HASH"},
        {"AttributeName": "at", "KeyType": "RANGE"},
    ]
    assert found["AttributeDefinitions"] == [
        {"AttributeName": "tenant", "AttributeType": "S"},
        {"AttributeName": "at", "AttributeType": "N"},
    ]


def test_an_index_without_a_key_is_a_local_one() -> None:
    found = parameters(
        sort="at:N",
        indexes={
            "by-kind": {"key": "kind:S", "attributes": ["note"]},
            "by-size": {"sort": "size:N", "attributes": "keys"},
        },
    )
    assert [index["IndexName"] for index in found["GlobalSecondaryIndexes"]] == ["by-kind"]
    (local,) = found["LocalSecondaryIndexes"]
    assert [part["AttributeName"] for part in local["KeySchema"]] == ["tenant", "size"]
    assert local["Projection"] == {"ProjectionType": "KEYS_ONLY"}


@pytest.mark.parametrize(
    "table",
    [
        {"key": "tenant"},
        {"key": "tenant:X"},
        {"key": ":S"},
        {"sort": "tenant:N"},
        {"indexes": {"i": {}}},
        {"indexes": {"i": {"key": "kind:S", "attributes": "some"}}},
    ],
)
def test_a_key_or_an_index_that_is_none_is_an_error(table: dict[str, Any]) -> None:
    with pytest.raises(LocalAwsError) as caught:
        parameters(**table)
    assert caught.value.code == "bad-seed"
