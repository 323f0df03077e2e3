"""No input makes anything but an answer, or an error of ours, in bounded time.

Real documents with bytes flipped, cut, doubled and swapped; nesting around and beyond the
interpreter's own limit; sizes at ours.
"""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cpu import SOON, within
from tests.iam.build import OBJECT, SESSION, document, statement
from tests.iam.test_vectors import rows
from valetkey.errors import ValetkeyError
from valetkey.iam import Layer, Policy, parse_policy
from valetkey.iam.record import answer_line

Json = dict[str, Any]
RECORDS = [json.dumps(row.values[0]["record"]).encode() for row in rows()]
DOCUMENTS = [
    json.dumps(one).encode()
    for row in rows()
    for one in row.values[0]["record"]["policies"]["identity"] or []
]
ODD = [
    b"NaN", b"1e999999999", b"-0", b"9" * 5_000, b'"\\ud800"', b'"\\u0000"', b"\x00", b"\xff",
    b"${", b"${*}", b"null", b"[[]]", b"{}", b'"a":"b","a":"c"', b"\xef\xbb\xbf", b"true", b"*?",
]  # fmt: skip


@st.composite
def broken(draw: st.DrawFn, originals: list[bytes]) -> bytes:
    """A document of ours with a few of its bytes changed."""
    text = bytearray(draw(st.sampled_from(originals)))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 30)))
        how = draw(st.sampled_from(["flip", "cut", "double", "odd", "swap"]))
        if how == "flip" and start < len(text):
            text[start] ^= 1 << draw(st.integers(0, 7))
        elif how == "cut":
            del text[start:end]
        elif how == "double":
            text[start:start] = text[start:end]
        elif how == "odd":
            text[start:end] = draw(st.sampled_from(ODD))
        else:
            text[start:end] = bytes(reversed(text[start:end]))
    return bytes(text)


def answered(line: str | bytes, *, seconds: float = SOON) -> Json:
    """The answer, which is one; and it did not take long."""
    with within(seconds):
        answer: Json = answer_line(line)
    assert ("error" in answer) != ("decision" in answer)
    json.dumps(answer).encode()
    return answer


def parsed(text: str | bytes, layer: Layer = Layer.IDENTITY) -> Policy | ValetkeyError:
    try:
        return parse_policy(text, name="p", layer=layer)
    except ValetkeyError as error:
        assert "\n" not in error.message
        return error


@settings(max_examples=400, deadline=None)
@given(broken(RECORDS))
def test_a_broken_record_is_answered(line: bytes) -> None:
    answered(line)


@settings(max_examples=400, deadline=None)
@given(broken(DOCUMENTS), st.sampled_from(Layer))
def test_a_broken_document_is_a_policy_or_an_error(text: bytes, layer: Layer) -> None:
    parsed(text, layer)


def line(**changes: str) -> str:
    """A record whose members are JSON texts."""
    members = {
        "id": '"x"',
        "principal": json.dumps({"arn": SESSION}),
        "action": '"s3:GetObject"',
        "resource": json.dumps(OBJECT),
        "context": "{}",
        "policies": json.dumps({"identity": [document(statement())]}),
        **changes,
    }
    return "{" + ",".join(f'"{name}":{text}' for name, text in members.items()) + "}"


def nested(depth: int) -> dict[str, str]:
    """Where a record may hold a value, too deep a one."""
    deep = "[" * depth + "]" * depth
    keyed = '{"a":' * depth + "1" + "}" * depth
    inside = '{"identity":[{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":%s}]}]}'
    principal = (
        '{"resource":{"Statement":{"Effect":"Allow","Action":"*","Resource":"*",'
        '"Principal":{"AWS":%s}}}}'
    )
    return {
        "id": deep,
        "principal": keyed,
        "context": f'{{"k":{deep}}}',
        "policies": f'{{"identity":{deep}}}',
        "action": deep,
        "now": keyed,
    } | {"policies ": inside % deep, "policies  ": principal % deep}


@pytest.mark.parametrize("place", nested(1))
def test_nesting_around_the_interpreters_limit_is_answered(place: str) -> None:
    for depth in (*range(600, 1_010, 2), 100_000):
        found = answered(line(**{place.strip(): nested(depth)[place]}))
        assert "error" in found


def test_what_is_parsed_deep_in_the_stack_is_parsed_or_refused() -> None:
    """A caller has frames of its own: those left may be too few at any step."""
    text = json.dumps(document(statement(Condition={"StringLike": {"k": ["a*"]}})))

    def deep(left: int) -> None:
        if left:
            deep(left - 1)
        else:
            parsed("[" * 400 + "]" * 400)
            answered(line(policies='{"identity":' + "[" * 400 + "]" * 400 + "}"))

    assert isinstance(parsed(text), Policy)
    deep(400)


@pytest.mark.parametrize(
    "change",
    [
        {"resource": json.dumps("arn:aws:s3:::" + "a" * 4_000)},
        {"context": json.dumps({"k": "a" * 65_000})},
        {"context": json.dumps({f"k{index}": "a" * 60_000 for index in range(25)})},
        {"context": json.dumps({"k": ["a" * 60] * 1_000})},
        {"action": json.dumps("s3:" + "a" * 4_000)},
    ],
)
@pytest.mark.parametrize(
    "pattern", ["?*" * 30 + "b", "*a" * 30 + "b", "${k}*?", "*${k}" * 20, "?" * 60, "a*?" * 20]
)
def test_no_pattern_makes_a_large_request_slow(change: dict[str, str], pattern: str) -> None:
    """As many patterns as a document has room for, in each place that has any."""
    many = [f"{pattern}{index}" for index in range(400)]
    statements = (
        statement(Resource=[f"arn:aws:s3:::{one}" for one in many]),
        statement(Action=[f"s3:{one}" for one in many]) if "$" not in pattern else statement(),
        statement(Condition={"StringLike": {"k": many[:200]}}),
        statement(Condition={"ForAllValues:ArnNotLike": {"k": [f"arn:{one}" for one in many]}}),
    )
    for one in statements:
        policies = json.dumps({"identity": [document(one)]})
        answered(line(**{**change, "policies": policies}), seconds=2 * SOON)


@pytest.mark.parametrize(
    "source",
    [
        b'{"Version":"2012-10-17","Statement":[' + b'{"Effect":"Allow"},' * 50_000 + b"{}]}",
        b'{"Statement":"' + b"\\u0000" * 170_000 + b'"}',
        b'{"' + b"a" * 1_000_000 + b'":1}',
        b"[" * 1_000_000,
        b'{"Statement":' * 100_000,
        b"9" * 1_000_000,
        b"1e" + b"9" * 60_000,
        b'{"Statement":' + b"9" * 60_000 + b"}",
    ],
)
def test_a_document_of_a_megabyte_is_an_error_at_once(source: bytes) -> None:
    with within(SOON):
        assert isinstance(parsed(source), ValetkeyError)
        assert "error" in answered(source)


@pytest.mark.parametrize("number", ["1e400", "1e999999999", "-1e-999999999", "9" * 4_000])
def test_a_number_beyond_all_bounds_is_a_text_or_an_error(number: str) -> None:
    block = json.dumps(document(statement(Condition={"NumericLessThan": {"k": 777}})))

    answered(line(context=f'{{"k":{number}}}'))
    answered(line(now=number))
    answered(line(id=number))
    answered(line(policies='{"identity":[' + block.replace("777", number) + "]}"))
