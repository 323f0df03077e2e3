"""Patterns, ARNs and variables at the edges where a matcher opens what it should close."""

import pytest

from tests.iam.build import TABLE, decide, decide_condition, statement
from valetkey.iam import PolicyError

BAD_VARIABLES = ["${key 'd'}", "${k, 'd'x}", "}${k, 'd", " ${k, 'd", "${k, 'd}", "${}", "${k"]


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("a*b*b", "ab", False),  # a middle never lies in the end
        ("a*b*b", "abb", True),
        ("*ab*ab*", "ab", False),  # nor does one middle serve twice
        ("x*ab*ab*y", "xaby", False),
        ("*ab*ab*", "xabxabx", True),
        ("?a*", "xxa", False),
        ("*b?", "xxx", False),
        ("*b?c", "cxc", False),
        ("*b?c", "zxc", False),
        ("*b?c", "zbxc", True),
        ("a?c", "a:c", True),
        ("?*b", "b", False),
        ("?", "", False),
        ("??", "\U0001f600", True),
        ("\ud800?*", "\ud800\U0001f600", True),
    ],
)
def test_a_value_matches_as_a_whole(pattern: str, text: str, matches: bool) -> None:
    assert decide_condition({"StringLike": {"k": pattern}}, {"k": text}) is matches
    assert decide_condition({"StringNotLike": {"k": pattern}}, {"k": text}) is not matches


@pytest.mark.parametrize(
    ("pattern", "resource", "matches"),
    [
        ("arn:a?s:s?:::b", "arn:aws:s3:::b", True),
        ("arn:aws:s3?::b/k", "arn:aws:s3:::b/k:x", False),  # `?` stays in its part
        ("arn:aws:s??::b/k", "arn:aws:s3:::b/k:x", False),
        ("arn:aws:s3:::b?k", "arn:aws:s3:::b:k", True),  # but not in the sixth
        ("arn:aws:dynamo*:*:*:table/Events", TABLE, True),
        ("arn:aws:dynamo*", TABLE, True),
        ("arn:aws:d*o:eu-west-1:123456789012:table/Events", TABLE, False),
        ("arn:aws:d*b:eu-west-1:123456789012:table/Events", TABLE, True),
    ],
)
def test_a_resource_pattern_keeps_to_its_parts(pattern: str, resource: str, matches: bool) -> None:
    assert decide(statement(Resource=pattern), resource=resource).allowed is matches


@pytest.mark.parametrize(
    ("pattern", "value", "matches"),
    [
        ("*", "arn:aws:s3:::b", True),
        ("*", "b", False),
        ("*", "x:aws:s3:::b", False),
        ("*:*:*:*:*:*", "x:aws:s3:::b", False),
        ("*", "arn:aws:s3", False),
        ("arn:*:*:*:*:*", "arn:aws:s3:::b:c", True),
        ("arn:aws:*", "arn:aws:s3:::b", False),  # no operator fills in missing parts
        ("${aws:PrincipalTag/a}", "arn:aws:s3:::b", True),
        ("${aws:PrincipalTag/none}", "arn:aws:s3:::b", False),
    ],
)
def test_an_arn_operator_wants_an_arn_of_six_parts(pattern: str, value: str, matches: bool) -> None:
    tags = {"a": "arn:aws:s3:::b"}

    for operator in ("ArnLike", "ArnEquals"):
        assert decide_condition({operator: {"k": pattern}}, {"k": value}, tags=tags) is matches


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("${$}ab", "$ab"),
        ("${*}${?}x", "*?x"),
        ("${k}'s", "v's"),
        ("it's ${k}", "it's v"),
        ("${none, 'd'}'s", "d's"),
        ("${none, ''}x", "x"),
        ("${none, 'd'}}", "d}"),
        ("${none, 'a}'}", "a}"),
        ("${none, 'd' }${k}", "dv"),
        ("${none,'a'}${none, 'b'}", "ab"),
        ("${ K }", "v"),
    ],
)
def test_a_variable_ends_where_it_closes(written: str, text: str) -> None:
    for operator in ("StringEquals", "StringLike", "StringEqualsIgnoreCase"):
        block = {operator: {"seen": written}}
        assert decide_condition(block, {"k": "v", "seen": text})
        assert not decide_condition(block, {"k": "v", "seen": text + "!"})


@pytest.mark.parametrize("written", BAD_VARIABLES)
def test_what_opens_as_a_variable_is_one_or_refused_with_its_path(written: str) -> None:
    for operator in ("StringEquals", "StringLike", "ArnLike", "StringEqualsIgnoreCase"):
        with pytest.raises(PolicyError) as caught:
            decide_condition({operator: {"seen": written}})
        assert caught.value.message.startswith(f"$.Statement[0].Condition.{operator}.seen: `$")
    with pytest.raises(PolicyError) as caught:
        decide(statement(Resource="arn:aws:s3:::b/" + written))
    assert caught.value.message.startswith("$.Statement[0].Resource: `$")


@pytest.mark.parametrize("action", ["\u212ams:Decrypt", "s3:\uff27et*", "s3:Get\u00a0Object"])
def test_an_action_has_no_letter_that_only_looks_like_one(action: str) -> None:
    with pytest.raises(PolicyError, match="is not an action"):
        decide(statement(Action=action))


@pytest.mark.parametrize("zone", ["+24:00", "-99:99", "+05:60"])
def test_a_zone_of_no_place_is_no_date(zone: str) -> None:
    with pytest.raises(PolicyError, match="is not a date"):
        decide_condition({"DateEquals": {"k": f"2026-11-21T08:00:00{zone}"}}, {"k": "2026"})


def test_an_action_has_wildcards_but_no_variables() -> None:
    literal = statement(Action="s3:${aws:x")

    assert decide(literal, action="s3:${aws:x").allowed
    assert not decide(literal).allowed


@pytest.mark.parametrize("member", ["ab", ("ab",), ("a", "ab")])
def test_a_set_operator_takes_a_text_whole(member: str | tuple[str, ...]) -> None:
    assert decide_condition({"ForAnyValue:StringEquals": {"k": "ab"}}, {"k": member})
    assert not decide_condition({"ForAllValues:StringLike": {"k": "?"}}, {"k": member})


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("2026-11-21T13:30:00+05:30", True),
        ("2026-11-21T20:15:00+12:15", True),
        ("2026-11-20T21:30:00-10:30", True),
        ("2026-11-21T08:00:00+00:01", False),
    ],
)
def test_a_zone_has_hours_and_minutes(written: str, same: bool) -> None:
    block = {"DateEquals": {"k": "2026-11-21T08:00:00Z"}}

    assert decide_condition(block, {"k": written}) is same


def test_an_address_with_a_zone_is_in_no_network() -> None:
    assert decide_condition({"IpAddress": {"k": "fe80::/10"}}, {"k": "fe80::1"})
    assert not decide_condition({"IpAddress": {"k": "fe80::/10"}}, {"k": "fe80::1%eth0"})
