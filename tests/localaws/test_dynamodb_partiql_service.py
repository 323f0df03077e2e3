"""PartiQL behind the gate: each person reaches their own rows, by whatever form."""

import pytest

from tests.localaws.refusals import DENIED
from tests.localaws.statements import INVALID, code_for, execute, items, tenant
from tests.localaws.world import World

OWN_FORMS = {
    "equality": "SELECT * FROM {rows} WHERE owner = '{who}'",
    "quoted": 'SELECT * FROM "{rows}" WHERE "owner" = \'{who}\'',
    "other letters": "select * from {rows} where owner = '{who}'",
    "brackets": "SELECT * FROM {rows} WHERE ((owner = '{who}'))",
    "whole key": "SELECT * FROM {rows} WHERE \"at\" = 1 AND owner = '{who}'",
    "IN": "SELECT * FROM {rows} WHERE owner IN ['{who}']",
    "the key with OR": "SELECT * FROM {rows} WHERE owner = '{who}' OR owner = '{who}'",
    "OR of others": "SELECT * FROM {rows} WHERE owner = '{who}' AND (\"at\" = 1 OR text = 'x')",
    "NOT of others": "SELECT * FROM {rows} WHERE NOT text = 'x' AND owner = '{who}'",
    "insert": "INSERT INTO {rows} VALUE {'owner': '{who}', 'at': 90}",
    "update": "UPDATE {rows} SET x = 1 WHERE owner = '{who}' AND \"at\" = 1 RETURNING ALL OLD *",
    "delete": "DELETE FROM {rows} WHERE owner = '{who}' AND \"at\" = 90 RETURNING ALL OLD *",
}


@pytest.mark.parametrize(("own", "other"), [("alice", "bob"), ("bob", "alice")])
@pytest.mark.parametrize("form", OWN_FORMS)
def test_each_person_reaches_their_own_partition_only(
    partiql: World, form: str, own: str, other: str
) -> None:
    ddb, text = tenant(partiql, own), OWN_FORMS[form]
    execute(ddb, text.replace("{who}", own))
    assert code_for(ddb, text.replace("{who}", other)) == DENIED


HOSTILE = {
    "nothing named": "SELECT * FROM {rows}",
    "another attribute": "SELECT * FROM {rows} WHERE text = 'of bob'",
    "one's own or all": "SELECT * FROM {rows} WHERE owner = 'alice' OR \"at\" = 1",
    "one's own or another": "SELECT * FROM {rows} WHERE owner = 'alice' OR owner = 'bob'",
    "one's own among others": "SELECT * FROM {rows} WHERE owner IN ['alice', 'bob']",
    "one's own last": "SELECT * FROM {rows} WHERE owner IN ['bob', 'alice']",
    "not one's own": "SELECT * FROM {rows} WHERE NOT owner = 'alice'",
    "not not": "SELECT * FROM {rows} WHERE NOT (NOT owner = 'alice')",
    "unequal": "SELECT * FROM {rows} WHERE owner <> 'alice'",
    "a range": "SELECT * FROM {rows} WHERE owner >= 'alice' AND owner <= 'bob'",
    "a range of one": "SELECT * FROM {rows} WHERE owner BETWEEN 'alice' AND 'alice'",
    "a beginning": "SELECT * FROM {rows} WHERE begins_with(owner, 'alice')",
    "twice": "SELECT * FROM {rows} WHERE owner = 'alice' AND owner = 'bob'",
    "twice by IN": "SELECT * FROM {rows} WHERE owner = 'alice' AND owner IN ['bob']",
    "one's own in each branch": (
        "SELECT * FROM {rows} WHERE (owner = 'alice' AND x = 1) OR (owner = 'alice' AND x = 2)"
    ),
    "a nested path": "SELECT * FROM {rows} WHERE owner.x = 'alice'",
    "a name of other letters": "SELECT * FROM {rows} WHERE OWNER = 'alice'",
    "a quoted name of other letters": "SELECT * FROM {rows} WHERE \"Owner\" = 'alice'",
    "a key of another type": "SELECT * FROM {rows} WHERE owner = 1",
    "an index by its own key": "SELECT * FROM {rows}.\"by-kind\" WHERE kind = 'note'",
    "an index by the table's key": "SELECT * FROM {rows}.\"by-kind\" WHERE owner = 'alice'",
    "an index that is not there": "SELECT * FROM {rows}.\"by-none\" WHERE owner = 'alice'",
    "a table that is not there": "SELECT * FROM Absent WHERE owner = 'alice'",
    "an item without a key": "INSERT INTO {rows} VALUE {'at': 1}",
    "an item with a nested key": "INSERT INTO {rows} VALUE {'at': 1, 'x': {'owner': 'alice'}}",
    "an update without a key": "UPDATE {rows} SET x = 1 WHERE owner = 'alice'",
    "an update of a range": "UPDATE {rows} SET x = 1 WHERE owner = 'alice' AND \"at\" > 0",
    "an update of two": "UPDATE {rows} SET x = 1 WHERE owner IN ['alice'] AND \"at\" = 1",
    "an update of either": (
        "UPDATE {rows} SET x = 1 WHERE owner = 'alice' AND \"at\" = 1 OR owner = 'bob'"
    ),
    "an update of the key": "UPDATE {rows} SET owner = 'bob' WHERE owner = 'alice' AND \"at\" = 1",
    "an update within the key": "UPDATE {rows} SET owner.x = 1 WHERE owner='alice' AND \"at\" = 1",
    "a removal of the key": 'UPDATE {rows} REMOVE "at" WHERE owner = \'alice\' AND "at" = 1',
    "an update with the key twice": (
        "UPDATE {rows} SET x = 1 WHERE owner = 'alice' AND \"at\" = 1 AND owner = 'bob'"
    ),
    "a deletion without a sort key": "DELETE FROM {rows} WHERE owner = 'alice'",
    "a deletion by another attribute": "DELETE FROM {rows} WHERE text = 'of bob'",
}


@pytest.mark.parametrize("form", HOSTILE)
def test_what_does_not_name_ones_own_partition_is_denied_and_says_no_more(
    partiql: World, form: str
) -> None:
    assert code_for(tenant(partiql, "alice"), HOSTILE[form]) == DENIED


NOT_MODELLED = [
    "twice", "twice by IN", "not not", "one's own in each branch", "a name of other letters",
    "a key of another type", "an index that is not there", "an item without a key",
    "an update without a key", "an update of a range", "an update of two", "an update of either",
    "an update of the key", "an update within the key", "a removal of the key",
    "an update with the key twice", "a deletion without a sort key",
]  # fmt: skip


@pytest.mark.parametrize("form", NOT_MODELLED)
def test_who_may_reach_the_table_learns_why_a_statement_is_invalid(
    partiql: World, form: str
) -> None:
    assert code_for(partiql.client("dynamodb"), HOSTILE[form]) == INVALID


@pytest.mark.parametrize(
    "text", ["SELECT", "SELECT * FROM {rows} -- x", "SELECT * FROM {rows} WHERE owner = ?"]
)
def test_a_statement_that_is_none_is_invalid_for_everybody(partiql: World, text: str) -> None:
    assert code_for(tenant(partiql, "alice"), text) == INVALID


def test_a_parameter_leads_as_a_literal_does(partiql: World) -> None:
    ddb, text = tenant(partiql, "alice"), "SELECT * FROM {rows} WHERE owner = ?"
    assert items(ddb, text, {"S": "alice"})
    assert code_for(ddb, text, {"S": "bob"}) == DENIED
    assert code_for(ddb, text, {"S": "bob' OR owner = 'alice"}) == DENIED


def test_a_table_that_is_not_there_is_told_to_whom_may_read_it(partiql: World) -> None:
    text = "SELECT * FROM Absent WHERE owner = 'a'"
    assert code_for(partiql.client("dynamodb"), text) == "ResourceNotFoundException"
