"""What a PartiQL statement is decided on: action, ARN and condition keys."""

import pytest

from tests.localaws.refusals import DENIED, refused
from tests.localaws.statements import ACTIONS, INVALID, caller, code_for, execute, items
from tests.localaws.world import TABLE, TABLE_ARN, Statement, World, allow


def test_an_index_is_read_by_its_own_keys_and_decided_on_its_own_arn(partiql: World) -> None:
    text = "SELECT * FROM {rows}.\"by-kind\" WHERE kind = 'note' AND owner = 'bob'"
    assert len(items(partiql.client("dynamodb"), text)) == 3
    leads = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["note"]}}
    on_index = allow("dynamodb:PartiQLSelect", f"{TABLE_ARN}/index/by-kind", condition=leads)
    ddb = caller(partiql, "on-index", on_index)
    assert len(items(ddb, text)) == 3
    assert code_for(ddb, text.replace("'note'", "'other'")) == DENIED
    on_table = caller(partiql, "on-table", allow("dynamodb:PartiQLSelect", TABLE_ARN))
    assert code_for(on_table, text) == DENIED
    twice = f"{text} AND kind = 'other'"
    assert (code_for(ddb, twice), code_for(on_table, twice)) == (INVALID, DENIED)


def test_the_item_operations_actions_give_no_partiql_and_its_give_no_item_operation(
    partiql: World,
) -> None:
    text = "SELECT * FROM {rows} WHERE owner = 'alice'"
    items_only = caller(
        partiql, "items", allow(["dynamodb:*Item", "dynamodb:Query", "dynamodb:Scan"])
    )
    assert code_for(items_only, text) == DENIED
    partiql_only = caller(partiql, "partiql", allow("dynamodb:PartiQL*"))
    execute(partiql_only, text)
    key = {"owner": {"S": "alice"}, "at": {"N": "1"}}
    assert refused(lambda: partiql_only.get_item(TableName=TABLE, Key=key)) == DENIED


@pytest.mark.parametrize("kind", ["Select", "Insert", "Update", "Delete"])
def test_each_kind_of_statement_needs_its_own_action(partiql: World, kind: str) -> None:
    texts = {
        "Select": "SELECT * FROM {rows}",
        "Insert": "INSERT INTO {rows} VALUE {'owner': 'kinds', 'at': 1}",
        "Update": "UPDATE {rows} SET x = 1 WHERE owner = 'kinds' AND \"at\" = 1",
        "Delete": "DELETE FROM {rows} WHERE owner = 'kinds' AND \"at\" = 1",
    }
    others = [one for one in ACTIONS if not one.endswith(kind)]
    ddb = caller(partiql, f"without-{kind}", allow(others))
    assert code_for(ddb, texts[kind]) == DENIED


def test_a_full_table_scan_can_be_denied_by_its_key(partiql: World) -> None:
    no_scan: Statement = {
        "Effect": "Deny",
        "Action": "dynamodb:PartiQLSelect",
        "Resource": "*",
        "Condition": {"Bool": {"dynamodb:FullTableScan": "true"}},
    }
    ddb = caller(partiql, "no-scan", allow("dynamodb:PartiQLSelect"), no_scan)
    for where in ("owner = 'bob'", "owner IN ['bob']", "owner = 'bob' OR owner = 'alice'"):
        assert items(ddb, f"SELECT * FROM {TABLE} WHERE {where}")
    for where in ("owner > 'b'", "text = 'of bob'", "owner = 'bob' OR text = 'x'"):
        assert code_for(ddb, f"SELECT * FROM {TABLE} WHERE {where}") == DENIED
    assert code_for(ddb, f"SELECT * FROM {TABLE}") == DENIED


def test_for_all_values_without_null_lets_a_scan_through(partiql: World) -> None:
    """The hole of lesson 12: the local AWS shows it, because AWS has it."""
    condition = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["alice"]}}
    ddb = caller(partiql, "holey", allow("dynamodb:PartiQLSelect", condition=condition))
    assert code_for(ddb, "SELECT * FROM {rows} WHERE owner = 'bob'") == DENIED
    assert "bob 1" in items(ddb, "SELECT * FROM {rows}")


def test_attributes_are_all_that_a_statement_names(partiql: World) -> None:
    only = {
        "ForAllValues:StringEquals": {"dynamodb:Attributes": ["owner", "at", "kind"]},
        "StringEqualsIfExists": {
            "dynamodb:Select": "SPECIFIC_ATTRIBUTES", "dynamodb:ReturnValues": "NONE",
        },
    }  # fmt: skip
    ddb = caller(partiql, "columns", allow("dynamodb:PartiQL*", condition=only))
    key = "owner = 'columns' AND \"at\" = 1"
    execute(ddb, "INSERT INTO {rows} VALUE {'owner': 'columns', 'at': 1, 'kind': 'k'}")
    execute(ddb, f"SELECT kind FROM {{rows}} WHERE {key}")
    execute(ddb, f"UPDATE {{rows}} SET kind = 'l' WHERE {key} AND kind = 'k'")
    for text in (
        f"SELECT * FROM {{rows}} WHERE {key}",
        f"SELECT kind, text FROM {{rows}} WHERE {key}",
        f"SELECT kind FROM {{rows}} WHERE {key} AND text IS MISSING",
        f"SELECT kind FROM {{rows}} WHERE {key} AND text.kind[0] = 1",
        "INSERT INTO {rows} VALUE {'owner': 'columns', 'at': 2, 'text': 'k'}",
        f"UPDATE {{rows}} SET text = 'x' WHERE {key}",
        f"UPDATE {{rows}} REMOVE text WHERE {key}",
        f"UPDATE {{rows}} SET kind = 'x' WHERE {key} AND NOT text = 'x'",
        f"UPDATE {{rows}} SET kind = 'x' WHERE {key} RETURNING ALL OLD *",
        f"DELETE FROM {{rows}} WHERE {key} AND text IS MISSING",
        f"DELETE FROM {{rows}} WHERE {key} RETURNING ALL OLD *",
    ):
        assert code_for(ddb, text) == DENIED, text
    execute(ddb, f"DELETE FROM {{rows}} WHERE {key}")


def test_what_a_select_is_ordered_by_is_an_attribute_that_it_names(partiql: World) -> None:
    only = {"ForAllValues:StringEquals": {"dynamodb:Attributes": ["owner", "kind"]}}
    ddb = caller(partiql, "order", allow("dynamodb:PartiQLSelect", condition=only))
    text = "SELECT kind FROM {rows} WHERE owner = 'bob'"
    execute(ddb, text)
    assert code_for(ddb, f'{text} ORDER BY "at"') == DENIED


def test_a_number_key_is_decided_in_its_canonical_form(partiql: World) -> None:
    root = partiql.client("dynamodb")
    root.create_table(
        TableName="PartiqlNumbers",
        KeySchema=[{"AttributeName": "n", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "n", "AttributeType": "N"}],
        BillingMode="PAY_PER_REQUEST",
    )
    leads = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["7"]}}
    ddb = caller(partiql, "seven", allow("dynamodb:PartiQL*", condition=leads))
    execute(ddb, "INSERT INTO PartiqlNumbers VALUE {'n': 07.0, 'a': 1}")
    assert execute(ddb, "SELECT a FROM PartiqlNumbers WHERE n = 7.00")["Items"] == [
        {"a": {"N": "1"}}
    ]
    for text in ("n = 70e1", "n IN [7, 7.1]", "n = ?"):
        given = [{"N": "8"}] if "?" in text else []
        assert code_for(ddb, f"SELECT * FROM PartiqlNumbers WHERE {text}", *given) == DENIED
