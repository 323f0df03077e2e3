"""The reading of PartiQL statements: one meaning, or a refusal."""

from typing import Any

import pytest

from valetkey.localaws.dynamodb_partiql import parse_statement
from valetkey.localaws.dynamodb_partiql_shapes import (
    All,
    AnyOf,
    AttributeValue,
    Between,
    Called,
    Comparison,
    Condition,
    Delete,
    Insert,
    Missing,
    Not,
    Order,
    Path,
    Returning,
    Select,
    Statement,
    Update,
    Within,
)
from valetkey.localaws.faults import AwsError

ONE: AttributeValue = {"N": "1"}
TEXT: AttributeValue = {"S": "x"}


def a(*steps: str | int, bare: bool = True) -> Path:
    """Return a path, `a` if no steps are given."""
    return Path(steps or ("a",), bare=bare)


def equals(name: str, value: AttributeValue) -> Comparison:
    """Return `name = value` with a bare name."""
    return Comparison(a(name), "=", value)


def code_for(text: str, *parameters: Any) -> str:
    """Return the code with which a statement is refused."""
    with pytest.raises(AwsError) as caught:
        parse_statement(text, parameters)
    return caught.value.code


def condition_of(text: str, *parameters: AttributeValue) -> Condition | None:
    """Return what a WHERE says."""
    found = parse_statement(f"SELECT * FROM Table1 WHERE {text}", parameters)
    assert isinstance(found, Select)
    return found.where


STATEMENTS: dict[str, Statement] = {
    "SELECT * FROM Table1": Select("Table1", None, (), None, None),
    'select a,"b c" From "T-1"."by.x"': Select(
        "T-1", "by.x", (a("a"), a("b c", bare=False)), None, None
    ),
    "SELECT * FROM Table1 WHERE a=1 ORDER BY b": Select(
        "Table1", None, (), equals("a", ONE), Order(a("b"), descending=False)
    ),
    "SELECT * FROM Table1 WHERE a=1 ORDER BY b DESC": Select(
        "Table1", None, (), equals("a", ONE), Order(a("b"), descending=True)
    ),
    "INSERT INTO Table1 VALUE {'a': 1, 'b': {'c': ['x', null, true, FALSE, {}, []]}}": Insert(
        "Table1",
        {
            "a": ONE,
            "b": {
                "M": {
                    "c": {
                        "L": [
                            TEXT,
                            {"NULL": True},
                            {"BOOL": True},
                            {"BOOL": False},
                            {"M": {}},
                            {"L": []},
                        ]
                    }
                }
            },
        },
    ),
    "UPDATE Table1 SET b = 'x', c.d[0] = 1 SET e = 1 REMOVE f, g REMOVE h WHERE a = 1": Update(
        "Table1",
        ((a("b"), TEXT), (a("c", "d", 0), ONE), (a("e"), ONE)),
        (a("f"), a("g"), a("h")),
        equals("a", ONE),
        None,
    ),
    "UPDATE Table1 REMOVE b WHERE a = 1 RETURNING MODIFIED NEW *": Update(
        "Table1", (), (a("b"),), equals("a", ONE), Returning.UPDATED_NEW
    ),
    "DELETE FROM Table1 WHERE a = 1": Delete("Table1", equals("a", ONE), None),
    "DELETE\nFROM Table1 WHERE a = 1 returning all old *": Delete(
        "Table1", equals("a", ONE), Returning.ALL_OLD
    ),
}


@pytest.mark.parametrize("text", STATEMENTS)
def test_a_statement_has_one_reading(text: str) -> None:
    assert parse_statement(text, ()) == STATEMENTS[text]


A, B, C = equals("a", ONE), equals("b", ONE), equals("c", ONE)
CONDITIONS: dict[str, Condition] = {
    "a = 1 OR b = 1 AND c = 1": AnyOf((A, All((B, C)))),
    "(a = 1 OR b = 1) and c = 1": All((AnyOf((A, B)), C)),
    "NOT a = 1 AND b = 1": All((Not(A), B)),
    "NOT (a = 1 AND b = 1)": Not(All((A, B))),
    "NOT NOT a = 1": Not(Not(A)),
    "a BETWEEN 1 AND 1 AND b = 1": All((Between(a(), ONE, ONE), B)),
    "a IN [1, 'x']": Within(a(), (ONE, TEXT)),
    "a in (1)": Within(a(), (ONE,)),
    "a IS MISSING": Missing(a(), missing=True),
    "a is not missing": Missing(a(), missing=False),
    "Begins_With(a, 'x')": Called("begins_with", a(), TEXT),
    'contains(a.b[1]."c d", 1)': Called("contains", a("a", "b", 1, "c d"), ONE),
    "attribute_type(a, 'S')": Called("attribute_type", a(), {"S": "S"}),
    "a != 1": Comparison(a(), "<>", ONE),
    "a <> 1": Comparison(a(), "<>", ONE),
    "a>=-1.5e3": Comparison(a(), ">=", {"N": "-1.5e3"}),
    "a = 'it''s -- no /* comment */; \"q\" ?'": equals(
        "a", {"S": 'it\'s -- no /* comment */; "q" ?'}
    ),
    "a = ''": equals("a", {"S": ""}),
    "a = 'ſé\u2028\n\x00'": equals("a", {"S": "ſé\u2028\n\x00"}),
    "a = '\\'": equals("a", {"S": "\\"}),
}


@pytest.mark.parametrize("text", CONDITIONS)
def test_not_binds_before_and_and_and_before_or(text: str) -> None:
    assert condition_of(text) == CONDITIONS[text]


def test_parameters_take_the_marks_in_their_order() -> None:
    assert condition_of("a = ? AND b IN [?, ?]", ONE, TEXT, ONE) == All(
        (A, Within(a("b"), (TEXT, ONE)))
    )


def test_a_parameter_is_never_read_as_a_part_of_the_statement() -> None:
    hostile: AttributeValue = {"S": "x' OR owner = 'bob"}
    assert condition_of("a = ?", hostile) == equals("a", hostile)


@pytest.mark.parametrize(("text", "parameters"), [
    ("a = ?", ()), ("a = 1", (ONE,)), ("a = ?", (ONE, ONE)), ("a IN [?, ?]", (ONE,)),
    ("a = '?'", (ONE,)),
])  # fmt: skip
def test_each_mark_has_one_parameter_and_each_parameter_one_mark(
    text: str, parameters: tuple[Any, ...]
) -> None:
    assert code_for(f"SELECT * FROM Table1 WHERE {text}", *parameters) == "ValidationException"


@pytest.mark.parametrize("parameter", [
    {}, {"S": "a", "N": "1"}, {"X": "a"}, {"N": "NaN"}, {"N": "1e400"}, "a",
    {"L": [{"N": "x"}]}, {"M": {"a": {}}},
])  # fmt: skip
def test_a_parameter_is_one_value_of_one_type(parameter: Any) -> None:
    assert code_for("SELECT * FROM Table1 WHERE a = ?", parameter) == "ValidationException"
