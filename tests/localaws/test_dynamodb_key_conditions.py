"""A key condition has one reading, written in one form."""

import pytest

from valetkey.localaws.dynamodb_key_conditions import canonical_key_condition, check_key_types
from valetkey.localaws.faults import AwsError

VALUES = {":a": {"S": "1"}, ":b": {"S": "2"}}


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("pk=:a", "pk = :a"),
        ("\n pk = :a\tAND\r\n sk>=:b ", "pk = :a AND sk >= :b"),
        ("((pk = :a) and (#s < :b))", "pk = :a AND #s < :b"),
        ("begins_with ( sk , :b )AND pk=:a", "pk = :a AND begins_with(sk, :b)"),
        ("sk BETWEEN :a AND :b and pk = :a", "pk = :a AND sk BETWEEN :a AND :b"),
        ("pk = :a AND sk between :a AND :b", "pk = :a AND sk BETWEEN :a AND :b"),
    ],
)
def test_a_condition_is_written_in_one_form(written: str, plain: str) -> None:
    assert canonical_key_condition(written, VALUES) == plain


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "pk",
        "pk = alice",
        "pk = :unknown",
        "pk = :a :b",
        "pk = #b",
        "pk <> :a",
        "pk = :a OR sk = :b",
        "pk = :a AND",
        "(pk = :a",
        "pk = :a)",
        "pk = :a AND sk BETWEEN :a",
        "pk = :a AND contains(sk, :b)",
        "pk = :a AND sk = :b AND sk = :a",
        "pk = :a\u00a0AND sk = :b",
        "(" * 5000,
    ],
)
def test_anything_else_is_refused(broken: str) -> None:
    with pytest.raises(AwsError) as caught:
        canonical_key_condition(broken, VALUES)
    assert caught.value.code == "ValidationException"


TYPES = {"pk": "S", "sk": "N"}
PART = {
    "ExpressionAttributeNames": {"#k": "pk"},
    "ExpressionAttributeValues": {":a": {"S": "1"}, ":n": {"N": "2"}, ":l": {"L": []}},
}


@pytest.mark.parametrize("condition", ["pk = :a", "#k = :a AND sk BETWEEN :n AND :n"])
def test_a_key_is_compared_with_its_own_type(condition: str) -> None:
    check_key_types(condition, PART, TYPES)


@pytest.mark.parametrize(
    "broken",
    ["pk = :n", "pk = :a AND sk > :a", "pk = :a AND sk BETWEEN :n AND :a", "pk = :l",
     "pk = :a AND begins_with(sk, :a)", "other = :a", "pk = :a AND pk = :a", "pk = :a AND #k = :a"],
)  # fmt: skip
def test_a_key_is_compared_with_no_other_type_and_once(broken: str) -> None:
    with pytest.raises(AwsError) as caught:
        check_key_types(broken, PART, TYPES)
    assert caught.value.code == "ValidationException"
