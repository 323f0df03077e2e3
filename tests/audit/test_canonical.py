"""Canonical bytes: what passes has one text form, what has none is refused."""

import pytest

from tests.audit.rfc8785 import serialise
from valetkey.audit import AuditError, canonical_json
from valetkey.audit.canonical import Json


def test_members_are_sorted_by_utf16_code_units_not_by_code_points() -> None:
    # RFC 8785 §3.2.3's own example: the emoji (a surrogate pair) stands before U+FB33.
    order = ["\r", "1", "\x80", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]
    expected = "{" + ",".join(f"{serialise(name)}:0" for name in order) + "}"
    value: Json = dict.fromkeys(sorted(order), 0)
    assert canonical_json(value).decode() == expected


def test_nested_members_are_sorted_too() -> None:
    inner: Json = {"\ufb33": "b", "\U0001f600": "a"}
    value: Json = {"t": [inner]}
    assert canonical_json(value).decode() == serialise(value)


def test_every_character_of_the_basic_plane_is_written_as_the_standard_says() -> None:
    points = [*range(0xD800), *range(0xE000, 0x10000)]
    text = "".join(map(chr, points))
    assert canonical_json(text).decode() == serialise(text)


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        float("nan"),
        True,
        None,
        2**53,
        -(2**53),
        b"bytes",
        {1: "a"},
        {"a": {"b": None}},
        ["a", False],
        {"a": 0.5},
        "\ud800",
        {"\udfff": 1},
        {"a": "\ud83d"},
        [[[[[[["deep"]]]]]]],
    ],
    ids=repr,
)
def test_what_has_no_single_text_form_is_refused(value: object) -> None:
    with pytest.raises(AuditError) as refused:
        canonical_json(value)  # type: ignore[arg-type]
    assert refused.value.code == "record-value-refused"


@pytest.mark.parametrize("number", [0, -1, 2**53 - 1, -(2**53 - 1)])
def test_integers_to_the_edge_are_exact(number: int) -> None:
    assert canonical_json(number) == str(number).encode()
