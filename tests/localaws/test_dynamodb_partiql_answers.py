"""What PartiQL statements do and answer, and what is refused."""

from typing import Any

import pytest

from tests.localaws.refusals import DENIED
from tests.localaws.statements import INVALID, code_for, execute, items, tenant
from tests.localaws.world import TABLE, World

SELECTS: dict[str, list[str]] = {
    "owner = 'bob'": ["bob 1", "bob 2", "bob 3"],
    "owner = 'bob' ORDER BY \"at\" DESC": ["bob 3", "bob 2", "bob 1"],
    "owner = 'bob' AND \"at\" > 1": ["bob 2", "bob 3"],
    "owner = 'bob' AND \"at\" BETWEEN 2 AND 2.0": ["bob 2"],
    "owner = 'bob' AND \"at\" > 1 AND \"at\" < 3": ["bob 2"],
    "owner = 'bob' AND \"at\" IN [3, 1]": ["bob 1", "bob 3"],
    "owner = 'bob' AND \"at\" = 1 AND \"at\" = 2": [],
    "owner IN ['bob', 'alice', 'bob'] AND \"at\" = 1": ["bob 1", "alice 1"],
    "\"at\" = 2 AND text <> 'of alice'": ["bob 2"],
    "contains(text, 'bob') AND NOT (\"at\" = 1 OR \"at\" = 3)": ["bob 2"],
    "begins_with(text, 'of b') AND z IS MISSING AND \"at\" <= 1": ["bob 1"],
    "attribute_type(text, 'N') OR nothing IS NOT MISSING": [],
}  # fmt: skip


@pytest.mark.parametrize("where", SELECTS)
def test_a_select_returns_what_its_condition_says(partiql: World, where: str) -> None:
    found = items(partiql.client("dynamodb"), f'SELECT owner, "at" FROM {TABLE} WHERE {where}')
    assert found == SELECTS[where]


def test_an_insert_never_replaces_what_is_there(partiql: World) -> None:
    root = partiql.client("dynamodb")
    text = "INSERT INTO {rows} VALUE {'owner': 'new', 'at': 1, 'x': ?}"
    assert execute(root, text, {"SS": ["a"]})["Items"] == []
    assert code_for(root, text, {"S": "c"}) == "DuplicateItemException"
    found = execute(root, "SELECT x FROM {rows} WHERE owner = 'new'")["Items"]
    assert found == [{"x": {"SS": ["a"]}}]


FAILED = "ConditionalCheckFailedException"


def test_an_update_changes_an_item_that_is_there_and_fits(partiql: World) -> None:
    root, key = partiql.client("dynamodb"), "owner = 'up' AND \"at\" = 1"
    update = f"UPDATE {{rows}} SET a = 2, m.x = 'y' REMOVE b WHERE {key}"
    assert code_for(root, update) == FAILED
    execute(root, "INSERT INTO {rows} VALUE {'owner': 'up', 'at': 1, 'a': 1, 'b': 1, 'm': {}}")
    assert code_for(root, f"{update} AND a = 2") == FAILED
    kept = {"owner": {"S": "up"}, "at": {"N": "1"}}
    after = {**kept, "a": {"N": "2"}, "m": {"M": {"x": {"S": "y"}}}}
    assert execute(root, f"{update} AND a = 1 RETURNING ALL NEW *")["Items"] == [after]
    changed = f"UPDATE {{rows}} SET a = 3 WHERE {key} RETURNING MODIFIED OLD *"
    assert execute(root, changed)["Items"] == [{"a": {"N": "2"}}]
    assert execute(root, update)["Items"] == []


def test_a_delete_of_nothing_is_done_and_of_what_does_not_fit_fails(partiql: World) -> None:
    root, key = partiql.client("dynamodb"), "owner = 'gone' AND \"at\" = 1"
    assert execute(root, f"DELETE FROM {{rows}} WHERE {key} AND a = 1")["Items"] == []
    execute(root, "INSERT INTO {rows} VALUE {'owner': 'gone', 'at': 1, 'a': 2}")
    assert code_for(root, f"DELETE FROM {{rows}} WHERE {key} AND a = 1") == FAILED
    old = {"owner": {"S": "gone"}, "at": {"N": "1"}, "a": {"N": "2"}}
    found = execute(root, f"DELETE FROM {{rows}} WHERE {key} AND a = 2 RETURNING ALL OLD *")
    assert found["Items"] == [old]


@pytest.mark.parametrize("where", ["owner = 'bob'", "owner IN ['alice', 'bob']", '"at" > 0'])
def test_pages_go_on_where_the_last_one_ended(partiql: World, where: str) -> None:
    root, text = partiql.client("dynamodb"), f'SELECT owner, "at" FROM {TABLE} WHERE {where}'
    whole, found, more = items(root, text), list[str](), dict[str, Any]()
    while True:
        answer = execute(root, text, Limit=2, **more)
        assert len(answer["Items"]) <= 2
        found += [f"{one['owner']['S']} {one['at']['N']}" for one in answer["Items"]]
        if "NextToken" not in answer:
            break
        more = {"NextToken": answer["NextToken"]}
    assert found == whole


def test_a_token_opens_nothing_and_is_of_its_statement_only(partiql: World) -> None:
    text = "SELECT * FROM {rows} WHERE owner = '{who}'"
    alice, root = tenant(partiql, "alice"), partiql.client("dynamodb")
    bobs = text.replace("{who}", "bob")
    token = execute(root, bobs, Limit=1)["NextToken"]
    assert code_for(alice, bobs, NextToken=token) == DENIED
    own = text.replace("{who}", "alice")
    for bad in (token, "", "x", "e30=", token[:-8]):
        code = code_for(root, own, NextToken=bad) if bad else INVALID
        assert code == INVALID
    assert code_for(alice, own, NextToken=token) == DENIED


REFUSED_PARAMETERS: list[tuple[str, dict[str, Any]]] = [
    ("SELECT * FROM {rows}", {"ReturnConsumedCapacity": "TOTAL"}),
    ("SELECT * FROM {rows}", {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}),
    ("SELECT * FROM {rows}.\"by-kind\" WHERE kind = 'a'", {"ConsistentRead": True}),
    ("DELETE FROM {rows} WHERE owner = 'a' AND \"at\" = 1", {"ConsistentRead": True}),
    ("DELETE FROM {rows} WHERE owner = 'a' AND \"at\" = 1", {"Limit": 1}),
    ('SELECT * FROM {rows} ORDER BY "at"', {}),
    ("SELECT * FROM {rows} WHERE owner IN ['a', 'b'] ORDER BY \"at\"", {}),
    ("SELECT * FROM {rows} WHERE owner = 'a' ORDER BY kind", {}),
    ("SELECT * FROM {rows} WHERE owner = 'a' ORDER BY owner", {}),
    ("SELECT * FROM {rows} WHERE owner = 'a' AND \"at\" = 'x'", {}),
    ("SELECT * FROM {rows} WHERE owner > 1", {}),
    (f"SELECT * FROM {{rows}} WHERE owner IN [{str(list(map(str, range(51))))[1:-1]}]", {}),
]


@pytest.mark.parametrize(("text", "more"), REFUSED_PARAMETERS)
def test_what_is_not_modelled_is_refused(partiql: World, text: str, more: dict[str, Any]) -> None:
    assert code_for(partiql.client("dynamodb"), text, **more) == INVALID


def test_a_consistent_read_of_a_table_is_answered(partiql: World) -> None:
    text = "SELECT * FROM {rows} WHERE owner = 'alice'"
    assert items(partiql.client("dynamodb"), text, ConsistentRead=True)
