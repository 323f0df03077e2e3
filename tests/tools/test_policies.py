"""Policies read: their names, and annotations that mean what they say or are refused."""

import pytest

from valetkey.tools import Mode, PolicyFile, Severity, Tier, ToolsError
from valetkey.tools.policies import ToolPolicy, read_policies

PERMIT = "permit(principal, action, resource);"
FORBID = "forbid(principal, action, resource);"


def read(*texts: str) -> tuple[ToolPolicy, ...]:
    return read_policies(PolicyFile(f"{n}.cedar", text) for n, text in enumerate(texts, 1))


def refusal(*texts: str) -> tuple[str, str]:
    with pytest.raises(ToolsError) as caught:
        read(*texts)
    place = caught.value.message.split(": ")[0]
    return caught.value.code, place


def test_an_id_is_the_rule_id_else_the_id_else_the_place_in_the_file() -> None:
    found = read(f'@id("a") @rule_id("b") {PERMIT} @id("c") {PERMIT} {PERMIT}', PERMIT)
    assert [each.id for each in found] == ["1.cedar#b", "1.cedar#c", "1.cedar#3", "2.cedar#1"]
    assert [each.rule_id for each in found] == ["b", "c", None, None]


@pytest.mark.parametrize(
    "texts",
    [
        (f'@id("a") {PERMIT}\n@rule_id("a") {FORBID}',),
        (f'@id("a") {PERMIT}', f'\n@id("a") {PERMIT}'),
        (f'@id("2") {PERMIT}\n{PERMIT}',),
    ],
)
def test_two_policies_of_one_name_are_refused(texts: tuple[str, ...]) -> None:
    code, place = refusal(*texts)
    assert (code, place.partition(":")[2]) == ("policy-duplicate", "2")


def test_a_forbid_is_hard_and_enforced_unless_it_says_otherwise() -> None:
    hard, soft = read(
        FORBID
        + '@tier("soft") @mode("log-only") @approval_timeout_s("300") @severity("medium")'
        + f'@category("destructive") {FORBID}'
    )
    assert (hard.tier, hard.mode, hard.approval_timeout_s) == (Tier.HARD, Mode.ENFORCE, None)
    assert (soft.tier, soft.mode, soft.approval_timeout_s) == (Tier.SOFT, Mode.LOG_ONLY, 300)
    assert (soft.severity, soft.category) == (Severity.MEDIUM, "destructive")


@pytest.mark.parametrize(
    "statement",
    [
        f'@tier("softt") {FORBID}',
        f"@tier {FORBID}",
        f'@tier("Soft") {FORBID}',
        f'@mode("logonly") {PERMIT}',
        f'@severity("grave") {FORBID}',
        f'@tier("soft") @approval_timeout_s("0") {FORBID}',
        f'@tier("soft") @approval_timeout_s("86401") {FORBID}',
        f'@tier("soft") @approval_timeout_s("5m") {FORBID}',
        f'@tier("soft") @approval_timeout_s("٣") {FORBID}',
        f'@approval_timeout_s("300") {FORBID}',
        f'@id("") {PERMIT}',
        f'@id("a\\nb") {PERMIT}',
        f'@id("\\u{{202e}}x") {PERMIT}',
        f'@rule_id("{"x" * 129}") {PERMIT}',
        f'@tier("hard") {PERMIT}',
        f'@tier("soft") {PERMIT}',
        f'@approval_timeout_s("300") {PERMIT}',
        f'@severity("high") {PERMIT}',
        f'@category("x") {PERMIT}',
        f'@teir("soft") {FORBID}',
        f'@ruleid("x") {FORBID}',
        f'@modes("log-only") {FORBID}',
        f"@soft {FORBID}",
        f"@log_only {PERMIT}",
        f'@enforce("false") {PERMIT}',
        f'@timeout_s("30") {FORBID}',
    ],
)
def test_an_annotation_that_means_nothing_is_refused_at_its_line(statement: str) -> None:
    assert refusal(f"{PERMIT}\n{statement}") == ("policy-annotation", "1.cedar:2")


@pytest.mark.parametrize("name", ["code", "node", "model", "more", "time", "timer", "role_id"])
def test_a_word_of_its_own_is_no_slip(name: str) -> None:
    (policy,) = read(f'@{name}("x") {PERMIT}')
    assert policy.unknown_annotations == (name,)


def test_an_annotation_of_others_is_kept_as_unknown() -> None:
    (policy,) = read(f'@advice("x") @ticket("OPS-1") {PERMIT}')
    assert policy.unknown_annotations == ("ticket",)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"{PERMIT}\npermit(principal action, resource);", 2),
        (f"{PERMIT}\n\npermit(principal, action, resource) when {{ foo }};", 3),
        (f"{PERMIT}\n;", 2),
        (f"{PERMIT}\nallow(principal, action, resource);", 2),
        ('@a("x") @a("y") permit(principal, action, resource);', 1),
        (f"{PERMIT[:-1]} when {{ {'!' * 9} true }};", 1),
        (f"{PERMIT[:-1]} when {{ {'true || ' * 5000} true }};", 1),
        (f"{PERMIT[:-1]} when {{ {'[' * 200} 1 {']' * 200} == 1 }};", 1),
        (f"{PERMIT[:-1]} when {{ {'if true then true else ' * 1000} true }};", 1),
        (f"{PERMIT[:-1]} when {{ {'true && ' * 400} true }};", 1),
        (f"{PERMIT[:-1]} when {{ {'(' * 3000} true {')' * 3000} }};", 1),
    ],
)
def test_what_is_not_cedar_is_refused_with_its_line(text: str, line: int) -> None:
    assert refusal(text) == ("policy-syntax", f"1.cedar:{line}")


def test_text_that_hides_a_second_policy_is_not_read_as_one() -> None:
    """Two statements of ours are two of Cedar's, whatever a carriage return does."""
    found = read(f"// x\r{FORBID}\n{PERMIT}")
    assert [each.effect for each in found] == ["forbid", "permit"]


def test_a_scope_names_its_actions_and_groups() -> None:
    one, some, every = read(
        'permit(principal, action == AgentCore::Action::"a___b", resource);'
        "permit(principal, action in "
        '[AgentCore::Action::"a", AgentCore::Action::"b___c"], resource);'
        "permit(principal, action, resource is AgentCore::Gateway);"
    )
    assert one.scope.actions == frozenset({"a___b"})
    assert some.scope.actions == frozenset({"a", "b___c"})
    assert every.scope.actions is None and every.scope.resource == "is"
