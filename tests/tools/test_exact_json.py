"""What is read exactly, and the one way it is written."""

import json
import struct

import pytest

from valetkey.tools import exact_json
from valetkey.tools.definition import Json
from valetkey.tools.errors import ToolsError
from valetkey.tools.exact_json import (
    MAX_DEPTH,
    MAX_NUMBER,
    MAX_VALUES,
    canonical,
    digest,
    number_text,
    read_definitions,
    read_exact,
)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b'{"a":1,"a":1}', "json-duplicate-member"),
        (b'{"a":1,"\\u0061":2}', "json-duplicate-member"),
        (b'[{"x":{"a":1,"b":2,"a":3}}]', "json-duplicate-member"),
        (b'"\\ud800"', "json-text"),
        (b'{"\\udc00":1}', "json-text"),
        (b'["\\ude00\\ud83d"]', "json-text"),
        (b"NaN", "json-number"),
        (b"[Infinity]", "json-number"),
        (b'{"a":-Infinity}', "json-number"),
        (b"1e400", "json-number"),
        (b"-1e400", "json-number"),
        (b"9007199254740992", "json-number"),
        (b"-9007199254740992", "json-number"),
        (b"9007199254740992.0", "json-number"),
        (b"1e300", "json-number"),
        (b"1" * 5000, "json-number"),
        (b"[" * 65 + b"]" * 65, "json-too-deep"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "json-too-deep"),
        (b"[" * MAX_VALUES, "json-too-deep"),
        (b"\xef\xbb\xbf1", "json-malformed"),
        (b'"\xff"', "json-malformed"),
        (b'"\xed\xa0\x80"', "json-malformed"),
        (b"1 2", "json-malformed"),
        (b"{} x", "json-malformed"),
        (b"", "json-malformed"),
        (b"{'a':1}", "json-malformed"),
        (b'"a\nb"', "json-malformed"),
        (b"01", "json-malformed"),
        (b"+1", "json-malformed"),
        (b"[1,]", "json-malformed"),
    ],
)
def test_what_two_readers_could_take_differently_is_refused(raw: bytes, code: str) -> None:
    with pytest.raises(ToolsError) as refused:
        read_exact(raw)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b' {"a": [1, -0, 2.5, true, null, "x"]} ', {"a": [1, 0, 2.5, True, None, "x"]}),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b'"\\u0000"', "\0"),
        (b"9007199254740991", MAX_NUMBER),
        (b"1e5", 100000.0),
        (b'{"a":1,"A":2}', {"a": 1, "A": 2}),
    ],
)
def test_whole_values_are_read(raw: bytes, value: Json) -> None:
    assert read_exact(raw) == value


def test_the_depth_that_is_allowed_is_read() -> None:
    assert read_exact(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    assert read_exact(b'"' + b"[{" * 500 + b'"')
    assert read_exact(b"[" + b"[]," * 100 + b"[]]")


def test_a_text_longer_than_asked_for_is_not_parsed() -> None:
    assert read_exact(b"[1]", most=3) == [1]
    with pytest.raises(ToolsError) as refused:
        read_exact(b"[1] ", most=3)
    assert refused.value.code == "json-too-large"


def test_a_message_has_a_bounded_number_of_values() -> None:
    most = MAX_VALUES // 2
    assert read_exact(b"[" + b"[1]," * (most - 1) + b"[1]]")
    assert read_exact(b'["' + b"[,{" * MAX_VALUES + b'"]')
    for raw in (b"[" + b"[1]," * most + b"1]", b'{"a":[' + b"{}," * MAX_VALUES + b"{}]}"):
        with pytest.raises(ToolsError) as refused:
            read_exact(raw)
        assert refused.value.code == "json-too-large"


def test_a_definition_may_name_integers_beyond_doubles() -> None:
    assert read_definitions(b'{"maximum":9223372036854775807}') == {"maximum": 2**63 - 1}
    for raw in (b"1e400", b"NaN", b'{"a":1,"a":1}', b'"\\ud800"', b"[" * 65 + b"]" * 65):
        with pytest.raises(ToolsError):
            read_definitions(raw)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (5.0, "5"),
        (1e15, "1000000000000000"),
        (0.1, "0.1"),
        (0.0001, "0.0001"),
        (0.00001, "0.00001"),
        (1.5e-6, "0.0000015"),
        (-2.5e-6, "-0.0000025"),
        (1e-7, "1e-7"),
        (-1.25e-10, "-1.25e-10"),
        (5e-324, "5e-324"),
    ],
)
def test_numbers_are_spelled_as_ecmascript_does(number: float, text: str) -> None:
    assert number_text(number) == text
    assert canonical([number]) == f"[{text}]".encode()


@pytest.mark.parametrize(
    ("bits", "text"),
    [
        ("41b3de4355555553", "333333333.3333332"),
        ("41b3de4355555554", "333333333.33333325"),
        ("41b3de4355555555", "333333333.3333333"),
        ("41b3de4355555556", "333333333.3333334"),
        ("41b3de4355555557", "333333333.33333343"),
        ("becbf647612f3696", "-0.0000033333333333333333"),
        ("3eb0c6f7a0b5ed8d", "0.000001"),
        ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
        ("43143ff3c1cb0959", "1424953923781206.2"),
    ],
)
def test_the_samples_of_rfc_8785_appendix_b_within_range(bits: str, text: str) -> None:
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    assert number_text(number) == text


def test_members_stand_in_the_order_of_utf_16() -> None:
    # RFC 8785 §3.2.3: U+1F600 begins with D83D in UTF-16 and stands before U+FB33
    value: Json = {"€": 1, "\r": 2, "\ufb33": 3, "1": 4, "😀": 5, "\x80": 6, "ö": 7}
    assert list(json.loads(canonical(value))) == ["\r", "1", "\x80", "ö", "€", "😀", "\ufb33"]
    nested = canonical({"b": [{"\ufb33": 1.0, "😀": 0.5}], "a": None})
    assert nested == '{"a":null,"b":[{"😀":0.5,"\ufb33":1}]}'.encode()


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (2**53, "json-number"),
        (-(2**53), "json-number"),
        (2.0**53, "json-number"),
        (float("nan"), "json-number"),
        (float("inf"), "json-number"),
        ("\ud800", "json-text"),
        ({"\udfff": 1}, "json-text"),
    ],
)
def test_what_has_no_canonical_form_is_refused(value: Json, code: str) -> None:
    with pytest.raises(ToolsError) as refused:
        canonical({"a": [value]})
    assert refused.value.code == code


def test_a_value_nested_too_deep_has_no_canonical_form() -> None:
    value: Json = 1
    for _ in range(MAX_DEPTH):
        value = [value]
    canonical(value)
    with pytest.raises(ToolsError) as refused:
        canonical([value])
    assert refused.value.code == "json-too-deep"


def test_equal_values_have_one_digest() -> None:
    assert digest({"a": 5, "b": [0.5]}) == digest({"b": [0.5], "a": 5.0})
    assert digest({"a": "5"}) != digest({"a": 5})
    assert digest({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


@pytest.mark.parametrize(
    "raw",
    [
        b"[" + b"1," * MAX_VALUES + b"1]",
        b"[" + b"[" * (MAX_VALUES + 2),
        b"{" + b'"a":1,' * MAX_VALUES + b'"a":1}',
        b'["\\\\\\\\",' + b'"\\\\\\"",' * MAX_VALUES + b"1]",
        b'"' * (4 * MAX_VALUES + 4) + b"," * (MAX_VALUES + 1),
    ],
)
def test_too_many_values_are_refused_before_one_is_built(
    raw: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exact_json, "_decode", lambda _: pytest.fail("it was built"))
    with pytest.raises(ToolsError) as refused:
        read_exact(raw)
    assert refused.value.code == "json-too-large"


@pytest.mark.parametrize("text", [b",[{", b'\\",', b"\\\\,", b'\\\\\\",['])
def test_what_stands_in_text_is_no_value(text: bytes) -> None:
    raw = b'["' + text * MAX_VALUES + b'",1]'
    assert read_exact(raw) == json.loads(raw)
