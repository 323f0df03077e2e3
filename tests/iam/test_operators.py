"""What the operators read of a value, and what they refuse."""

from decimal import Decimal

import pytest

from tests.iam.build import decide_condition, policy, statement
from valetkey.iam import PolicyError
from valetkey.iam.instants import parse_instant
from valetkey.iam.operators import parse_binary, parse_boolean, parse_network, parse_number


@pytest.mark.parametrize("text", ["1", "-1", "+1", "1.", ".5", "1e3", "0" * 300])
def test_a_decimal_is_a_number(text: str) -> None:
    assert parse_number(text) == Decimal(text)


@pytest.mark.parametrize(
    "text", ["", "NaN", "Infinity", "1_0", "١", " 1", "1\n", "0x1", "1e9999", "1" * 500, "1,0"]
)
def test_nothing_else_is_a_number(text: str) -> None:
    assert parse_number(text) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970", 0),
        ("1970-01-02", 86_400),
        ("1970-01-01T00:00Z", 0),
        ("1970-01-01T00:00:01Z", 1),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1969-12-31T23:00:00-01:00", 0),
        ("86400", 86_400),
        ("-86400", -86_400),
    ],
)
def test_a_date_is_seconds(text: str, seconds: int) -> None:
    assert parse_instant(text) == seconds


def test_a_fraction_is_exact() -> None:
    assert parse_instant("2026-01-01T00:00:00.1Z") == Decimal("1767225600.1")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12",
        "1970-13",
        "1970-02-30",
        "1970-01-01T00:00:00",
        "1970-01-01T24:00:00Z",
        "now",
        "0000",
    ],
)
def test_nothing_else_is_a_date(text: str) -> None:
    assert parse_instant(text) is None


def test_other_types_are_read_strictly() -> None:
    assert parse_boolean("True") is True
    assert parse_boolean("yes") is None
    assert parse_binary("QUI=") == b"AB"
    assert parse_binary("QUI") is None
    assert parse_binary("Q U I=") is None
    assert parse_network("10.0.0.1/8") == parse_network("10.0.0.0/8")
    assert parse_network("10.0.0.0/255.0.0.0") is None
    assert parse_network("fe80::1%eth0") is None


@pytest.mark.parametrize(
    ("operator", "value"),
    [
        ("NumericLessThan", "ten"),
        ("DateLessThan", "tomorrow"),
        ("Bool", "yes"),
        ("Null", "maybe"),
        ("BinaryEquals", "!"),
        ("IpAddress", "10.0.0.0/33"),
        ("NotIpAddress", "localhost"),
        ("NumericEquals", "${aws:EpochTime}"),  # these types know no variables
        ("StringLikes", "a"),
        ("string like", "a"),
        ("ForAllValues:Null", "true"),
        ("NullIfExists", "true"),
        ("ForSomeValues:StringLike", "a"),
        ("IfExists", "a"),
    ],
)
def test_a_condition_that_could_never_fire_is_refused(operator: str, value: str) -> None:
    with pytest.raises(PolicyError) as caught:
        policy(statement(Effect="Deny", Condition={operator: {"k": value}}))

    assert caught.value.code == "malformed-policy"


@pytest.mark.parametrize(
    ("operator", "value", "garbage"),
    [
        ("NumericLessThan", "10", "1e999999999"),
        ("DateGreaterThan", "2000", "x"),
        ("Bool", "true", "1"),
        ("BinaryEquals", "QUI=", "é"),
        ("IpAddress", "0.0.0.0/0", "0.0.0.0.0"),
        ("ArnLike", "*", "not-an-arn"),
    ],
)
def test_a_request_value_of_another_type_matches_nothing(
    operator: str, value: str, garbage: str
) -> None:
    assert not decide_condition({operator: {"k": value}}, {"k": garbage})


def test_lower_case_is_javas() -> None:
    assert decide_condition({"StringEqualsIgnoreCase": {"k": "\u212a"}}, {"k": "K"})
    assert not decide_condition({"StringEqualsIgnoreCase": {"k": "ſ"}}, {"k": "S"})
    assert not decide_condition({"StringEqualsIgnoreCase": {"k": "ß"}}, {"k": "SS"})


def test_characters_beyond_the_basic_plane_are_compared_whole() -> None:
    for operator in ("StringEquals", "StringEqualsIgnoreCase", "StringLike"):
        for value in ("\U0001f600", "${aws:PrincipalTag/t}", "\U0001f600${aws:PrincipalTag/e}"):
            tags = {"t": "\U0001f600", "e": ""}
            assert decide_condition({operator: {"k": value}}, {"k": "\U0001f600"}, tags)
            assert not decide_condition({operator: {"k": value}}, {"k": "\U0001f601"}, tags)
