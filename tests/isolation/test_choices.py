"""The few values of a key tell all that its conditions can ask: every other answers like one."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from valetkey.iam.condition import Condition, compile_condition
from valetkey.isolation.choices import Kind, choices, kind_of

NUMBERS = ["0", "1", "1.0", "-1", "2.5", "1e3", "1000.0001", "9007199254740993", "1e300", ".5"]
DATES = [
    "2026-11-21T08:00:00Z", "2026-11-21T09:00:00+01:00", "1795248000", "1795248000.000000001",
    "1795248000.000000002", "1970-01-01", "00001", "-00001", "2027", "999999999999", "9999",
    "1970-01-01T00:00:00.5Z",
]  # fmt: skip
NETWORKS = [
    "10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "0.0.0.0/0", "0.0.0.0/1", "255.255.255.255",
    "2001:db8::/32", "::/0", "::1", "2001:db8:1::/48", "10.128.0.0/9",
]  # fmt: skip
OPERATORS = {
    Kind.NUMBER: ["Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan"],
    Kind.DATE: ["Equals", "LessThan", "GreaterThanEquals", "NotEquals"],
}
OTHER = [
    "", "x", "-", "true", "FALSE", "QQ==", "QR==", "1e999", "-1e999", "10.0.0.1", "9.255.255.255",
    "11.0.0.0", "fe80::1", "::ffff:10.0.0.1", "00000", "-999999999999", "1795248000.0000000015",
    "12345", "2026-11-22", "1.00000001", "-0", "+1", "0.0.0.0", "128.0.0.0", "tRue", "10.1.2.4",
]  # fmt: skip
READ = {Kind.NUMBER: NUMBERS, Kind.DATE: DATES, Kind.ADDRESS: NETWORKS}


def condition(operator: str, *values: str) -> Condition:
    return compile_condition(operator, "k", values, path="$", variables=True)


def some_conditions(random: Random, kind: Kind) -> list[Condition]:
    found = []
    for _ in range(random.randint(1, 3)):
        if kind is Kind.ADDRESS:
            operator = random.choice(["IpAddress", "NotIpAddress", "ForAnyValue:IpAddress"])
        else:
            operator = f"{kind.value}{random.choice(OPERATORS[kind])}"
        found.append(condition(operator, *random.sample(READ[kind], random.choice([1, 2]))))
    return found


@settings(max_examples=300, deadline=None)
@given(st.randoms(use_true_random=True), st.sampled_from(list(READ)))
def test_every_value_answers_like_one_of_the_few(random: Random, kind: Kind) -> None:
    conditions = some_conditions(random, kind)
    few = choices(kind, conditions)
    answers = {tuple(one.comparison.matches(text, {}) for one in conditions) for text in few}

    assert len(answers) == len(few)
    for text in [*NUMBERS, *DATES, *(one.partition("/")[0] for one in NETWORKS), *OTHER]:
        told = tuple(one.comparison.matches(text, {}) for one in conditions)
        assert told in answers, (
            text,
            [(one.operator, one.comparison.wanted) for one in conditions],
        )


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.decimals(-5, 5, places=1), min_size=1, max_size=3, unique=True),
    st.decimals(-6, 6, places=2),
)
def test_every_number_answers_like_one_of_the_few(limits: list[object], number: object) -> None:
    conditions = [condition("NumericLessThan", str(one)) for one in limits]
    conditions.append(condition("NumericEquals", *map(str, limits)))
    few = choices(Kind.NUMBER, conditions)
    answers = {tuple(one.comparison.matches(text, {}) for one in conditions) for text in few}

    assert tuple(one.comparison.matches(str(number), {}) for one in conditions) in answers


def test_numbers_too_close_for_any_sum_are_told_apart() -> None:
    close = condition("NumericLessThan", "1e300"), condition("NumericLessThan", "1.00000001e300")

    assert len(choices(Kind.NUMBER, close)) == 3


def test_addresses_between_two_networks_in_a_third_are_told_apart() -> None:
    networks = ("10.0.0.0/8", "10.0.0.0/10", "10.192.0.0/10")

    assert len(choices(Kind.ADDRESS, [condition("IpAddress", one) for one in networks])) == 4


def test_bytes_are_those_of_a_value_or_others() -> None:
    assert choices(Kind.BYTES, [condition("BinaryEquals", "QQ==")]) == ("QQ==", "-")


@pytest.mark.parametrize(
    ("operator", "value", "kind"),
    [
        ("StringNotLike", "x", Kind.TEXT),
        ("ArnNotEquals", "arn:aws:s3:::b", Kind.TEXT),
        ("ForAllValues:NumericLessThanIfExists", "1", Kind.NUMBER),
        ("NotIpAddress", "::", Kind.ADDRESS),
        ("DateEquals", "2026", Kind.DATE),
        ("BoolIfExists", "true", Kind.BOOLEAN),
        ("BinaryEquals", "QQ==", Kind.BYTES),
        ("Null", "true", None),
    ],
)
def test_an_operator_reads_values_as_its_name_says(
    operator: str, value: str, kind: Kind | None
) -> None:
    assert kind_of(condition(operator, value)) is kind
