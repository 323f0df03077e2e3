"""A projection is a list of paths, or it is refused: a blank one does not mean everything."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.localaws.refusals import refused
from tests.localaws.world import REGION, TABLE, TABLE_ARN, World, allow
from valetkey.localaws.dynamodb_attributes import canonical_expressions
from valetkey.localaws.dynamodb_projections import check_projection
from valetkey.localaws.dynamodb_words import Grammar, words_of
from valetkey.localaws.faults import AwsError

KEY = {"owner": {"S": "projected"}, "at": {"N": "1"}}


def words(expression: str) -> None:
    """Check the words of a projection."""
    check_projection(words_of(expression, Grammar.PROJECTION))


@pytest.mark.parametrize("whole", ["a", "a, b", "a.b[0][1].#c , #d", "size,remove"])
def test_paths_with_commas_are_a_projection(whole: str) -> None:
    words(whole)


@pytest.mark.parametrize(
    "broken",
    ["", " ", "\t\n", ",", "a,", ",a", "a,,b", "[0]", "()", ":x", "=", ".", "a.", "a..b", ".a",
     "a b", "a[0]b", "a.[0]", "size(a)", "a=b", "(a)", "a.:x"],
)  # fmt: skip
def test_nothing_else_is(broken: str) -> None:
    with pytest.raises(AwsError) as caught:
        words(broken)
    assert caught.value.code == "ValidationException"


@pytest.mark.parametrize("blank", ["", " ", "\t\n"])
@pytest.mark.parametrize(
    "name",
    ["ProjectionExpression", "FilterExpression", "ConditionExpression", "UpdateExpression",
     "KeyConditionExpression"],
)  # fmt: skip
def test_no_expression_is_blank(name: str, blank: str) -> None:
    with pytest.raises(AwsError, match="can not be empty"):
        canonical_expressions({name: blank})


@pytest.fixture(scope="module")
def narrow(world: World) -> Iterator[Any]:
    """A client that may see two attributes of an item with a third: AWS's own recipe."""
    item = {**KEY, "secret": {"S": "x"}}
    world.client("dynamodb").put_item(TableName=TABLE, Item=item)
    condition = {
        "StringEquals": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"},
        "ForAllValues:StringEquals": {"dynamodb:Attributes": ["owner", "at"]},
    }
    actions = ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan"]
    keys = world.user(f"projecting-{REGION}", allow(actions, TABLE_ARN, condition=condition))
    yield world.client("dynamodb", keys)


@pytest.mark.parametrize("blank", ["", " ", "\t\n", "[0]", "()", ":x"])
def test_a_blank_projection_gives_no_batch_its_whole_items(narrow: Any, blank: str) -> None:
    whole = {TABLE: {"Keys": [KEY]}}
    assert refused(lambda: narrow.batch_get_item(RequestItems=whole)) == "AccessDeniedException"
    asked = {
        TABLE: {
            "Keys": [KEY],
            "ProjectionExpression": "#at",
            "ExpressionAttributeNames": {"#at": "at"},
        }
    }
    found = narrow.batch_get_item(RequestItems=asked)["Responses"][TABLE]
    assert found == [{"at": {"N": "1"}}]
    asked[TABLE]["ProjectionExpression"] = blank
    code = refused(lambda: narrow.batch_get_item(RequestItems=asked))
    assert code in {"AccessDeniedException", "ValidationException"}


def test_a_blank_condition_is_refused_and_not_left_out(world: World) -> None:
    ddb = world.client("dynamodb")
    item = {"owner": {"S": "unconditional"}, "at": {"N": "1"}}
    put = {"TableName": TABLE, "Item": item, "ConditionExpression": " "}
    assert refused(lambda: ddb.put_item(**put)) == "ValidationException"
    writes = [{"Put": put}]
    assert refused(lambda: ddb.transact_write_items(TransactItems=writes)) == "ValidationException"
    assert "Item" not in ddb.get_item(TableName=TABLE, Key=item)
