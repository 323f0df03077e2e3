"""What is known of a condition before a call: TRUE and FALSE are promises, UNKNOWN is none."""

import pytest

from tests.fakes.tools import GATEWAY
from valetkey.tools import PolicyFile
from valetkey.tools.partial_values import FAILS, FALSE, TRUE, UNKNOWN, Known, Value
from valetkey.tools.policies import read_policies

YES, NO, MAYBE = 'principal.id == "p"', 'principal.id == "q"', "context.input.n < 3"
FAIL = 'principal.getTag("none") == "x"'
HEAD = "permit(principal, action, resource)"


def known(statement: str, id_: str | None = "p") -> Value:
    (policy,) = read_policies([PolicyFile("f", statement)])
    tags = None if id_ is None else {"role": "clerk"}
    return policy.applies(Known(GATEWAY, id_, tags))


@pytest.mark.parametrize(
    ("condition", "value"),
    [
        (YES, TRUE),
        (NO, FALSE),
        (MAYBE, UNKNOWN),
        (FAIL, FAILS),
        (f"{YES} && {YES}", TRUE),
        (f"{YES} && {NO}", FALSE),
        (f"{NO} && {FAIL}", FALSE),
        (f"{FAIL} && {NO}", FAILS),
        (f"{MAYBE} && {YES}", UNKNOWN),
        (f"{MAYBE} && {NO}", FALSE),
        (f"{MAYBE} && {FAIL}", FALSE),
        (f"{YES} && {MAYBE}", UNKNOWN),
        (f"{YES} || {FAIL}", TRUE),
        (f"{NO} || {NO}", FALSE),
        (f"{FAIL} || {YES}", FAILS),
        (f"{MAYBE} || {NO}", UNKNOWN),
        (f"{MAYBE} || {YES}", TRUE),
        (f"{MAYBE} || {FAIL}", TRUE),
        (f"{NO} || {MAYBE}", UNKNOWN),
        (f"!({MAYBE})", UNKNOWN),
        (f"!({NO})", TRUE),
        (f"!({FAIL})", FAILS),
        (f"if {YES} then {YES} else {FAIL}", TRUE),
        (f"if {NO} then {YES} else {FAIL}", FAILS),
        (f"if {FAIL} then {YES} else {YES}", FAILS),
        (f"if {MAYBE} then {YES} else {YES}", TRUE),
        (f"if {MAYBE} then {YES} else {NO}", UNKNOWN),
        (f"if {MAYBE} then {FAIL} else {NO}", FALSE),
        (f"if {MAYBE} then {MAYBE} else {NO}", UNKNOWN),
        (f"({YES}) == ({NO})", FALSE),
        (f"({MAYBE}) == ({FAIL})", FAILS),
        ('"1" == "1"', TRUE),
        ("1 == 1", TRUE),
        ("true == false", FALSE),
        ('principal.hasTag("role")', TRUE),
        ('principal.hasTag("none")', FALSE),
        ('principal.getTag("role") == "clerk"', TRUE),
        ('principal.getTag("role") == principal.id', FALSE),
        ('AgentCore::OAuthUser::"q".hasTag("role")', UNKNOWN),
        ('["clerk", "x"].contains(principal.getTag("role"))', TRUE),
        ('["clerk", context.input.w].contains(principal.id)', UNKNOWN),
        ('["x"].containsAny([principal.id])', FALSE),
        ('[principal.id, "x"].containsAll(["p"])', TRUE),
        ('["p"].containsAll([principal.id, "x"])', FALSE),
        ("principal is AgentCore::OAuthUser", TRUE),
        ("principal is AgentCore::Gateway", FALSE),
        (f'resource == AgentCore::Gateway::"{GATEWAY}"', TRUE),
        ('action == AgentCore::Action::"x"', UNKNOWN),
        ('principal in AgentCore::OAuthUser::"p"', UNKNOWN),
        ('context.system.now < datetime("2026-01-01")', UNKNOWN),
    ],
)
def test_a_condition_is_as_known_as_its_parts_allow(condition: str, value: Value) -> None:
    assert known(f"{HEAD} when {{ {condition} }};") == value


@pytest.mark.parametrize(
    ("statement", "value"),
    [
        (f"{HEAD};", TRUE),
        (f"{HEAD} unless {{ {YES} }};", FALSE),
        (f"{HEAD} when {{ {YES} }} unless {{ {NO} }};", TRUE),
        (f"{HEAD} when {{ {NO} }} unless {{ {FAIL} }};", FALSE),
        ('permit(principal == AgentCore::OAuthUser::"q", action, resource);', FALSE),
        ('permit(principal in AgentCore::OAuthUser::"p", action, resource);', TRUE),
        ("permit(principal is AgentCore::Gateway, action, resource);", FALSE),
        (
            "permit(principal is AgentCore::OAuthUser in "
            'AgentCore::OAuthUser::"q", action, resource);',
            FALSE,
        ),
        ('permit(principal, action, resource == AgentCore::Gateway::"x");', FALSE),
    ],
)
def test_a_head_counts_before_its_conditions(statement: str, value: Value) -> None:
    assert known(statement) == value


@pytest.mark.parametrize("condition", [YES, NO, FAIL, 'principal.hasTag("role")'])
def test_of_an_unknown_principal_nothing_is_known(condition: str) -> None:
    assert known(f"{HEAD} when {{ {condition} }};", None) == UNKNOWN
