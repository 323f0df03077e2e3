"""Lesson 12: set operators and multivalued keys."""

import pytest

from tests.iam.lint.cases import (
    MINE,
    TABLE,
    Ask,
    Case,
    allow,
    check,
    codes,
    deny,
    one,
    trust,
)

KEYS, FIRST = "dynamodb:LeadingKeys", "dynamodb:FirstPartitionKeyValues"
OWN_ROWS = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [MINE]}}
GUARD = {"Null": {"dynamodb:LeadingKeys": "false"}}
ROWS = ["dynamodb:Query", "dynamodb:Scan"]
BATCH = Ask("dynamodb:BatchGetItem", TABLE, {"dynamodb:LeadingKeys": ("tenant-a", "tenant-b")})

CASES = [
    Case(
        "for-all-values-without-guard",
        "a scan reads the table",
        one(allow(ROWS, TABLE, OWN_ROWS)),
        one(allow(ROWS, TABLE, {**OWN_ROWS, **GUARD})),
        opens=Ask("dynamodb:Scan", TABLE),
        path='$.Statement[0].Condition["ForAllValues:StringEquals"]["dynamodb:LeadingKeys"]',
    ),
    Case(
        "for-all-values-without-guard",
        "tag keys in a trust policy may be absent",
        one(trust("sts:TagSession", None, {"ForAllValues:StringEquals": {"aws:TagKeys": "x"}})),
        one(
            trust(
                "sts:TagSession",
                None,
                {
                    "ForAllValues:StringEquals": {"aws:TagKeys": "x"},
                    "StringLike": {"aws:RequestTag/x": "?*"},
                },
            )
        ),
        severity="warning",
    ),
    Case(
        "for-any-value-opens-batch",
        "one own key opens a batch",
        one(
            allow(
                "dynamodb:BatchGetItem",
                TABLE,
                {"ForAnyValue:StringEquals": {"dynamodb:LeadingKeys": [MINE]}},
            )
        ),
        one(allow("dynamodb:BatchGetItem", TABLE, {**OWN_ROWS, **GUARD})),
        opens=BATCH,
    ),
    Case(
        "scalar-operator-on-multivalued-key",
        "a deny that never fires",
        one(
            allow("dynamodb:*", TABLE),
            deny("dynamodb:*", TABLE, {"StringNotEquals": {"dynamodb:LeadingKeys": MINE}}),
        ),
        one(
            allow("dynamodb:*", TABLE),
            deny(
                "dynamodb:*",
                TABLE,
                {"ForAnyValue:StringNotEquals": {"dynamodb:LeadingKeys": MINE}},
            ),
        ),
        opens=BATCH,
        path='$.Statement[1].Condition.StringNotEquals["dynamodb:LeadingKeys"]',
    ),
    Case(
        "scalar-operator-on-multivalued-key",
        "a dead allow",
        one(allow("dynamodb:Query", TABLE, {"StringEquals": {"dynamodb:LeadingKeys": MINE}})),
        one(allow("dynamodb:Query", TABLE, {**OWN_ROWS, **GUARD})),
        severity="warning",
    ),
    Case(
        "action-never-carries-key",
        "a scan beside the guard is dead",
        one(allow(ROWS, TABLE, {**OWN_ROWS, **GUARD})),
        one(allow("dynamodb:Query", TABLE, {**OWN_ROWS, **GUARD})),
        severity="note",
        path="$.Statement[0].Action[1]",
    ),
    Case(
        "for-all-values-in-deny",
        "one own key turns the deny off",
        one(
            allow("dynamodb:*", TABLE),
            deny("dynamodb:*", TABLE, {"ForAllValues:StringNotEquals": {KEYS: [MINE]}}),
        ),
        one(
            allow("dynamodb:*", TABLE),
            deny("dynamodb:*", TABLE, {"ForAnyValue:StringNotEquals": {KEYS: [MINE]}}),
            deny("dynamodb:*", TABLE, {"Null": {KEYS: "true"}}),
        ),
        opens=BATCH,
        path='$.Statement[1].Condition["ForAllValues:StringNotEquals"]["dynamodb:LeadingKeys"]',
    ),
    Case(
        "for-all-values-in-deny",
        "where the allows keep to the tenant the deny is of no use",
        one(
            allow("dynamodb:Query", TABLE, {**OWN_ROWS, **GUARD}),
            deny("dynamodb:*", TABLE, {"ForAllValues:StringNotEquals": {KEYS: [MINE]}}),
        ),
        one(allow("dynamodb:Query", TABLE, {**OWN_ROWS, **GUARD})),
        severity="warning",
    ),
    Case(
        "for-any-value-opens-batch",
        "the partition key of an index",
        one(allow("dynamodb:Query", TABLE, {"ForAnyValue:StringEquals": {FIRST: [MINE]}})),
        one(
            allow(
                "dynamodb:Query",
                TABLE,
                {"ForAllValues:StringEquals": {FIRST: [MINE]}, "Null": {FIRST: "false"}},
            )
        ),
        opens=Ask("dynamodb:Query", TABLE, {FIRST: ("tenant-a", "tenant-b")}),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_trap_is_found_and_the_mend_is_quiet(case: Case) -> None:
    check(case)


def test_any_value_that_needs_the_key_is_a_guard_too() -> None:
    both = {**OWN_ROWS, "ForAnyValue:StringEquals": {"dynamodb:LeadingKeys": [MINE]}}
    found = codes(*one(allow("dynamodb:Query", TABLE, both)))

    assert not {"for-all-values-without-guard", "for-any-value-opens-batch"} & found


def test_for_all_values_in_a_deny_is_no_finding() -> None:
    found = codes(*one(deny("dynamodb:Query", TABLE, OWN_ROWS)))

    assert "for-all-values-without-guard" not in found


def test_the_null_test_of_a_multivalued_key_is_no_scalar_operator() -> None:
    assert "scalar-operator-on-multivalued-key" not in codes(
        *one(allow("dynamodb:Query", TABLE, {**OWN_ROWS, **GUARD}))
    )


def test_a_null_guard_that_is_true_guards_nothing() -> None:
    wrong = {**OWN_ROWS, "Null": {"dynamodb:LeadingKeys": "true"}}

    assert "for-all-values-without-guard" in codes(*one(allow(ROWS, TABLE, wrong)))
