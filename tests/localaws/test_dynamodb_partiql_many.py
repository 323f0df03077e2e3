"""Many PartiQL statements in one request: a batch decides each, a transaction all of them."""

from typing import Any

import pytest

from tests.localaws.refusals import DENIED, refused
from tests.localaws.statements import INVALID
from tests.localaws.world import (
    TABLE,
    World,
    allow,
)

SELECT = f"SELECT * FROM {TABLE} WHERE owner = '{{}}' AND \"at\" = 1"
INSERT = f"INSERT INTO {TABLE} VALUE {{{{'owner': '{{}}', 'at': {{}}}}}}"
UPDATE = f"UPDATE {TABLE} SET x = 1 WHERE owner = '{{}}' AND \"at\" = {{}}"
DELETE = f"DELETE FROM {TABLE} WHERE owner = '{{}}' AND \"at\" = {{}}"


def statements(*texts: str) -> list[dict[str, Any]]:
    """Return statements as the SDK takes them."""
    return [{"Statement": text} for text in texts]


def batch(client: Any, *texts: str) -> list[str]:
    """Return what became of each statement: its error's code, its item's owner, or nothing."""
    found = client.batch_execute_statement(Statements=statements(*texts))["Responses"]
    return [
        one["Error"]["Code"]
        if "Error" in one
        else one.get("Item", {}).get("owner", {}).get("S", "")
        for one in found
    ]


def transact(client: Any, *texts: str) -> Any:
    """Return a transaction's answer."""
    return client.execute_transaction(TransactStatements=statements(*texts))


def row(world: World, owner: str, at: int) -> bool:
    """Tell whether the row is there."""
    key = {"owner": {"S": owner}, "at": {"N": str(at)}}
    return "Item" in world.client("dynamodb").get_item(TableName=TABLE, Key=key)


def test_a_batch_answers_each_statement_by_itself(partiql: World) -> None:
    alice = partiql.client("dynamodb", partiql.tenant("alice"))
    found = batch(
        alice, SELECT.format("alice"), SELECT.format("bob"), SELECT.format("carol"), "SELECT",
        f"SELECT * FROM {TABLE} WHERE owner = 'alice'", f"SELECT * FROM {TABLE}",
        "SELECT * FROM Absent WHERE owner = 'alice'",
    )  # fmt: skip
    assert found[:4] == ["alice", "AccessDenied", "AccessDenied", "ValidationError"]
    assert found[4:] == ["AccessDenied"] * 3


def test_a_batch_of_writes_does_what_is_allowed(partiql: World) -> None:
    alice = partiql.client("dynamodb", partiql.tenant("alice"))
    found = batch(
        alice, INSERT.format("alice", 1), INSERT.format("bob", 60), INSERT.format("alice", 60),
        UPDATE.format("bob", 1), DELETE.format("bob", 1), UPDATE.format("alice", 61),
    )  # fmt: skip
    denied = "AccessDenied"
    assert found == ["DuplicateItem", denied, "", denied, denied, "ConditionalCheckFailed"]
    assert row(partiql, "alice", 60) and row(partiql, "bob", 1) and not row(partiql, "bob", 60)


def test_who_may_reach_the_table_learns_why_a_batched_statement_is_invalid(partiql: World) -> None:
    found = batch(
        partiql.client("dynamodb"), f"SELECT * FROM {TABLE} WHERE owner = 'alice'",
        SELECT.format("nobody"), "SELECT * FROM Absent WHERE owner = 'alice'",
    )  # fmt: skip
    assert found == ["ValidationError", "", "ResourceNotFound"]


@pytest.mark.parametrize("texts", [
    [SELECT.format("alice"), INSERT.format("alice", 70)],
    [INSERT.format("alice", 70), SELECT.format("alice")],
])  # fmt: skip
def test_reads_and_writes_do_not_mix(partiql: World, texts: list[str]) -> None:
    root = partiql.client("dynamodb")
    assert refused(lambda: batch(root, *texts)) == INVALID
    assert refused(lambda: transact(root, *texts)) == INVALID
    assert not row(partiql, "alice", 70)


@pytest.mark.parametrize("texts", [
    [SELECT.format("alice"), SELECT.format("bob")],
    [INSERT.format("alice", 80), INSERT.format("bob", 80)],
    [INSERT.format("alice", 80), UPDATE.format("bob", 1)],
    [DELETE.format("bob", 1), INSERT.format("alice", 80)],
    [INSERT.format("alice", 80), f"DELETE FROM {TABLE} WHERE owner = 'bob'"],
    [INSERT.format("alice", 80), INSERT.format("alice", 81).replace("81", "'x'")],
    [SELECT.format("alice"), f"SELECT * FROM {TABLE} WHERE owner = 'alice'"],
])  # fmt: skip
def test_a_transaction_with_one_foreign_part_is_denied_whole(
    partiql: World, texts: list[str]
) -> None:
    alice = partiql.client("dynamodb", partiql.tenant("alice"))
    assert refused(lambda: transact(alice, *texts)) == DENIED
    assert not row(partiql, "alice", 80) and not row(partiql, "bob", 80) and row(partiql, "bob", 1)


def test_a_transaction_reads_items_in_their_order(partiql: World) -> None:
    root = partiql.client("dynamodb")
    texts = [SELECT.format(name) for name in ("bob", "nobody", "alice")]
    found = transact(root, *texts)["Responses"]
    assert [one.get("Item", {}).get("owner", {}).get("S") for one in found] == [
        "bob", None, "alice",
    ]  # fmt: skip


def test_a_transaction_writes_all_or_nothing(partiql: World) -> None:
    alice = partiql.client("dynamodb", partiql.tenant("alice"))
    with pytest.raises(alice.exceptions.TransactionCanceledException) as caught:
        transact(alice, INSERT.format("alice", 85), INSERT.format("alice", 1))
    reasons = caught.value.response["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == ["None", "DuplicateItem"]
    assert not row(partiql, "alice", 85)
    transact(alice, INSERT.format("alice", 85), UPDATE.format("alice", 1))
    assert row(partiql, "alice", 85)
    transact(alice, DELETE.format("alice", 85), DELETE.format("alice", 86))
    assert not row(partiql, "alice", 85)


def test_a_failed_update_cancels_its_transaction(partiql: World) -> None:
    root = partiql.client("dynamodb")
    with pytest.raises(root.exceptions.TransactionCanceledException) as caught:
        transact(root, INSERT.format("carol", 1), UPDATE.format("carol", 2))
    reasons = caught.value.response["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == ["None", "ConditionalCheckFailed"]
    assert not row(partiql, "carol", 1)


@pytest.mark.parametrize("texts", [
    [f"SELECT * FROM {TABLE} WHERE owner = 'alice'"],
    [f"SELECT * FROM {TABLE}.\"by-kind\" WHERE kind = 'note'"],
    [f"SELECT * FROM {TABLE} WHERE owner IN ['alice', 'bob'] AND \"at\" = 1"],
    [f"{SELECT.format('alice')} AND kind = 'note'"],
    [f"{UPDATE.format('alice', 1)} RETURNING ALL OLD *"],
    [UPDATE.format("alice", 1), DELETE.format("alice", 1)],
    ["EXISTS(SELECT * FROM T WHERE a = 1)"],
])  # fmt: skip
def test_what_a_transaction_does_not_take_is_refused(partiql: World, texts: list[str]) -> None:
    assert refused(lambda: transact(partiql.client("dynamodb"), *texts)) == INVALID


def test_the_enclosing_operation_is_told_in_a_transaction_only(partiql: World) -> None:
    inside = {"StringEquals": {"dynamodb:EnclosingOperation": "ExecuteTransaction"}}
    outside = {"Null": {"dynamodb:EnclosingOperation": "true"}}
    only = partiql.client("dynamodb", partiql.user("inside", allow("dynamodb:*", condition=inside)))
    transact(only, SELECT.format("alice"))
    assert batch(only, SELECT.format("alice")) == ["AccessDenied"]
    text = SELECT.format("alice")
    assert refused(lambda: only.execute_statement(Statement=text)) == DENIED
    never = partiql.client(
        "dynamodb", partiql.user("outside", allow("dynamodb:*", condition=outside))
    )
    assert refused(lambda: transact(never, SELECT.format("alice"))) == DENIED
    assert batch(never, SELECT.format("alice")) == ["alice"]


@pytest.mark.parametrize(("method", "member", "most"), [
    ("batch_execute_statement", "Statements", 25),
    ("execute_transaction", "TransactStatements", 100),
])  # fmt: skip
def test_a_request_has_no_more_statements_than_the_api_takes(
    partiql: World, method: str, member: str, most: int
) -> None:
    given = {member: statements(*[SELECT.format("alice")] * (most + 1))}
    assert refused(lambda: getattr(partiql.client("dynamodb"), method)(**given)) == INVALID
