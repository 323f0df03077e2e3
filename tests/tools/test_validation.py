"""JSON Schema offline: what can be built, and what its faults say."""

from pathlib import Path
from typing import Any

import pytest

from valetkey.tools.definition import Json
from valetkey.tools.validation import MAX_BACKTRACKED, MAX_LISTED, Unmappable, check_of


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"$ref": "https://example.com/x"}, "its input schema refers to what is not in it"),
        ({"$ref": "file:///etc/passwd"}, "its input schema refers to what is not in it"),
        ({"$ref": "urn:x:y"}, "its input schema refers to what is not in it"),
        ({"$ref": "#/$defs/no"}, "its input schema refers to what is not in it"),
        ({"type": "no"}, "its input schema is not valid JSON Schema at `/type`"),
        ({"pattern": "("}, "its input schema is not valid JSON Schema at `/pattern`"),
    ],
)
def test_a_schema_that_cannot_check_says_why_in_one_sentence(
    schema: dict[str, Any], reason: str
) -> None:
    with pytest.raises(Unmappable) as why:
        check_of(schema)
    assert str(why.value) == reason


def test_a_file_that_is_there_is_not_read(tmp_path: Path) -> None:
    document = tmp_path / "there.json"
    document.write_text('{"type": "integer"}')
    with pytest.raises(Unmappable):
        check_of({"properties": {"v": {"$ref": document.as_uri()}}})


def test_patterns_with_lookaround_are_checked() -> None:
    check = check_of({"pattern": "^(?=.*[0-9])[a-z0-9]+$"})
    assert check.fault("abc1", size=9) is None
    assert check.fault("abc", size=9) is not None


def test_integers_compare_exactly_beyond_doubles() -> None:
    check = check_of({"maximum": 2**63 - 1})
    assert check.fault(2**53 - 1, size=9) is None
    assert check.fault(2**63, size=9) is not None


@pytest.mark.parametrize(
    ("schema", "value", "what"),
    [
        ({"type": ["integer", "null"]}, "x", "this is not of type integer or null"),
        ({"required": ["a"]}, {}, "this argument is required"),
        ({"additionalProperties": False}, {"a": 1}, "the tool declares no such argument"),
        ({"minimum": 3}, 2, "the tool's input schema does not take this: `minimum`"),
        (False, 2, "the tool's input schema does not take this"),
    ],
)
def test_a_fault_is_a_sentence_of_ours(schema: Any, value: Any, what: str) -> None:
    fault = check_of({"properties": {"v": schema}}).fault({"v": value}, size=9)
    assert fault is not None
    assert fault.what.removesuffix(": `v`") == what


def test_faults_of_many_values_are_told_without_gathering_them() -> None:
    branches: list[Json] = [{"items": {"type": kind}} for kind in ("string", "array", "object")]
    check = check_of({"properties": {"v": {"type": "array", "anyOf": branches}}})
    few = check.fault({"v": [1] * 400}, size=9)
    many = check.fault({"v": [1] * 40_000}, size=9)  # gathering would take many seconds
    assert few is not None
    assert few.place == "/v"
    assert many is not None
    assert many.place == ""


def test_arguments_are_short_where_a_pattern_backtracks() -> None:
    looking, linear = check_of({"pattern": "^(?!b)a*$"}), check_of({"pattern": "^a*$"})
    assert looking.fault("a", size=MAX_BACKTRACKED) is None
    assert looking.fault("a", size=MAX_BACKTRACKED + 1) is not None
    assert linear.fault("a", size=MAX_BACKTRACKED + 1) is None


def filters(fork: str) -> dict[str, Any]:
    """A filter that holds filters, as servers of search and notes have it."""
    again: dict[str, Json] = {"$ref": "#/$defs/filter"}
    joined: list[Json] = [
        {
            "type": "object",
            "properties": {"op": {"const": op}, "args": {"type": "array", "items": again}},
            "required": ["op", "args"],
        }
        for op in ("and", "or", "not")
    ]
    leaf: Json = {"properties": {"value": {"type": "string"}}, "required": ["value"]}
    return {"properties": {"v": again}, "$defs": {"filter": {fork: [*joined, leaf]}}}


@pytest.mark.parametrize("fork", ["anyOf", "oneOf"])
def test_a_schema_that_holds_itself_in_branches_gathers_no_faults(fork: str) -> None:
    value: Json = {"value": 5}
    for _ in range(40):  # gathering would take more memory than there is at a depth of eleven
        value = {"op": "and", "args": [value]}
    fault = check_of(filters(fork)).fault({"v": value}, size=9)
    assert fault is not None
    assert fault.place == ""


def test_branches_that_double_at_each_reference_gather_no_faults() -> None:
    defs: dict[str, Any] = {
        f"d{i}": {"allOf": [{"$ref": f"#/$defs/d{i + 1}"}] * 2} for i in range(16)
    }
    defs["d16"] = {"type": "string"}
    check = check_of({"$ref": "#/$defs/d0", "$defs": defs})
    fault = check.fault({}, size=2)
    assert fault is not None
    assert "type" not in fault.what  # to tell it every fault would have been gathered


def test_an_enum_of_many_objects_is_not_compared_with_every_value() -> None:
    listed: list[Json] = [{"a": number} for number in range(MAX_LISTED)]
    check_of({"items": {"enum": listed}})
    check_of({"items": {"enum": list(range(5_000))}})
    with pytest.raises(Unmappable) as why:
        check_of({"items": {"anyOf": [{"enum": listed}, {"enum": [[]]}]}})
    assert "enum" in str(why.value)
