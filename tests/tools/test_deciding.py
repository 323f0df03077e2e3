"""One exact call: hard rules are absolute, soft ones ask, what fails denies."""

import pytest

from tests.tools.asking import NOW, bundle, decided, policy, tool
from valetkey.tools import Mode, Severity, ToolDecision, ToolPrincipal, Verdict
from valetkey.tools.arguments import Arguments
from valetkey.tools.bundle import ToolBundle
from valetkey.tools.deciding import cedar_time, decide

ACT = "s___act"
OTHER = "s___other"
TOOLS = (tool(ACT, amount="i", word="s?"), tool(OTHER))
MAX = 2**63 - 1
PERMIT = policy("permit", ACT, notes='@id("permit")')
LATER = 'context.system.now > datetime("2040-01-01")'
FAILING = f"context.input.amount + {MAX} > 0"
"""Valid for every validator; beyond 64 bits, and so an error, for any amount above zero."""


def soft(name: str, when: str = "", **notes: str) -> str:
    said = "".join(f'@{note}("{value}")' for note, value in notes.items())
    return policy("forbid", ACT, when, notes=f'@id("{name}") @tier("soft"){said}')


def hard(name: str, when: str = "", notes: str = "") -> str:
    return policy("forbid", ACT, when, notes=f'@id("{name}"){notes}')


def answer(text: str, amount: int = 1, mode: Mode = Mode.ENFORCE, **tags: str) -> ToolDecision:
    return decided(bundle(text, *TOOLS, mode=mode), ACT, {"amount": amount}, tags=tags)


def ids(*names: str) -> tuple[str, ...]:
    return tuple(f"p.cedar#{name}" for name in names)


@pytest.mark.parametrize(
    ("text", "verdict", "code", "rules"),
    [
        ("", Verdict.DENY, "tool-not-permitted", ()),
        (PERMIT, Verdict.ALLOW, "allowed", ids("permit")),
        (PERMIT + hard("h"), Verdict.DENY, "tool-forbidden", ids("h")),
        (PERMIT + hard("h", "context.input.amount > 9"), Verdict.ALLOW, "allowed", ids("permit")),
        (PERMIT + soft("z"), Verdict.ASK, "approval-needed", ids("z")),
        (PERMIT + soft("z") + soft("a"), Verdict.ASK, "approval-needed", ids("a", "z")),
        (PERMIT + soft("z") + hard("h"), Verdict.DENY, "tool-forbidden", ids("h", "z")),
        (soft("z"), Verdict.DENY, "tool-not-permitted", ids("z")),
        (policy("permit", OTHER) + soft("z"), Verdict.DENY, "tool-not-permitted", ids("z")),
    ],
)
def test_a_person_is_asked_only_if_soft_rules_alone_are_against_it(
    text: str, verdict: Verdict, code: str, rules: tuple[str, ...]
) -> None:
    found = answer(text)
    assert (found.verdict, found.code, found.rules) == (verdict, code, rules)


@pytest.mark.parametrize(
    ("text", "failed"),
    [
        (PERMIT + hard("bad", FAILING), "bad"),
        (PERMIT + soft("bad", FAILING), "bad"),
        (PERMIT + policy("permit", ACT, FAILING, notes='@id("bad")'), "bad"),
        (PERMIT + soft("z") + soft("bad", FAILING), "bad"),
        (PERMIT + hard("h") + soft("bad", FAILING), "bad"),
        (
            PERMIT + policy("forbid", "in s", "1 == 1", notes='@id("x")') + soft("bad", FAILING),
            "bad",
        ),
    ],
)
def test_a_policy_that_fails_denies_whatever_the_others_say(text: str, failed: str) -> None:
    found = answer(text)
    assert (found.verdict, found.code, found.errors) == (Verdict.DENY, "policy-error", ids(failed))


def test_a_policy_that_fails_for_another_tool_changes_nothing() -> None:
    made = bundle(PERMIT + policy("permit", OTHER) + hard("bad", FAILING), *TOOLS)
    assert decided(made, OTHER).verdict is Verdict.ALLOW


def test_every_matched_soft_rule_counts_with_the_shortest_time_and_the_highest_severity() -> None:
    found = answer(
        PERMIT
        + soft("a", approval_timeout_s="600", severity="low", category="money")
        + soft("b", approval_timeout_s="300", severity="high", category="files")
        + soft("c", severity="medium", category="money")
        + soft("not", "context.input.amount > 9", approval_timeout_s="1", severity="critical")
    )
    assert found.rules == ids("a", "b", "c")
    assert (found.approval_seconds, found.severity) == (300, Severity.HIGH)
    assert found.categories == ("files", "money")


def test_a_hard_denial_waits_for_nobody() -> None:
    found = answer(PERMIT + soft("a", approval_timeout_s="600") + hard("h"))
    assert found.approval_seconds is None


@pytest.mark.parametrize(
    ("text", "verdict", "would"),
    [
        (PERMIT + hard("h", notes='@mode("log-only")'), Verdict.ALLOW, Verdict.DENY),
        (PERMIT + soft("z", mode="log-only"), Verdict.ALLOW, Verdict.ASK),
        (PERMIT + hard("h", FAILING, notes='@mode("log-only")'), Verdict.ALLOW, Verdict.DENY),
        (policy("permit", ACT, notes='@mode("log-only")'), Verdict.DENY, Verdict.ALLOW),
        (hard("h") + policy("permit", ACT, notes='@mode("log-only")'), Verdict.DENY, None),
        (PERMIT + soft("z") + hard("h", notes='@mode("log-only")'), Verdict.ASK, Verdict.DENY),
        (PERMIT + hard("h", LATER, notes='@mode("log-only")'), Verdict.ALLOW, None),
    ],
)
def test_a_policy_in_log_only_mode_changes_what_is_said_and_not_what_is_done(
    text: str, verdict: Verdict, would: Verdict | None
) -> None:
    found = answer(text)
    assert (found.verdict, found.would) == (verdict, would)
    assert bool(found.would_rules) == (would is not None)


@pytest.mark.parametrize(
    ("text", "would", "rules"),
    [
        (PERMIT, None, ()),
        (PERMIT + hard("h"), Verdict.DENY, ids("h")),
        (PERMIT + soft("z"), Verdict.ASK, ids("z")),
        ("", Verdict.DENY, ()),
    ],
)
def test_a_gateway_in_log_only_mode_lets_pass_and_says_what_it_was(
    text: str, would: Verdict | None, rules: tuple[str, ...]
) -> None:
    found = answer(text, mode=Mode.LOG_ONLY)
    assert (found.verdict, found.would, found.would_rules) == (Verdict.ALLOW, would, rules)


def test_the_tags_of_one_principal_are_not_those_of_another() -> None:
    made = bundle(
        policy("permit", ACT, 'principal.hasTag("role") && principal.getTag("role") == "a"'), *TOOLS
    )
    for role, verdict in (("a", Verdict.ALLOW), ("b", Verdict.DENY), ("a", Verdict.ALLOW)):
        assert decided(made, ACT, {"amount": 1}, tags={"role": role}).verdict is verdict
    assert decided(made, ACT, {"amount": 1}).verdict is Verdict.DENY


@pytest.mark.parametrize(
    ("id_", "tags"), [("x", {"role": "\ud800"}), ("x", {"\ud800": "x"}), ("\ud800", {})]
)
def test_what_cannot_be_asked_is_denied(id_: str, tags: dict[str, str]) -> None:
    made = bundle(PERMIT, *TOOLS)
    asked = made.tools[ACT].check({"amount": 1}, undeclared=False)
    assert isinstance(asked, Arguments)
    found = decide(made, ToolPrincipal(id_, tags), made.tools[ACT], asked, now=NOW)
    assert (found.verdict, found.code) == (Verdict.DENY, "policy-error")


@pytest.mark.parametrize(
    "context",
    ['{"amount":"1"}', "{}", '{"amount":1,"other":2}', '{"amount":1.0}', "", "null", '{"amount":1'],
)
def test_arguments_of_other_types_than_the_tool_declares_are_denied(context: str) -> None:
    made = bundle(policy("permit", "*"), *TOOLS)
    found = decide(
        made,
        ToolPrincipal("x"),
        made.tools[ACT],
        Arguments({}, b"{}", "", context),
        now=NOW,
    )
    assert (found.verdict, found.code) == (Verdict.DENY, "policy-error")


def test_a_decision_has_no_word_of_the_arguments() -> None:
    made = bundle(PERMIT + hard("bad", FAILING), *TOOLS)
    found = decided(made, ACT, {"amount": 1, "word": "s3cret"})
    assert found.code == "policy-error" and "s3cret" not in repr(found)


def test_a_tool_that_the_bundle_does_not_have_is_denied() -> None:
    made, elsewhere = bundle(policy("permit", "*"), *TOOLS), bundle("", tool("x___y"))
    asked = elsewhere.tools["x___y"].check({}, undeclared=False)
    assert isinstance(asked, Arguments)
    found = decide(made, ToolPrincipal("x"), elsewhere.tools["x___y"], asked, now=NOW)
    assert (found.verdict, found.code) == (Verdict.DENY, "tool-not-permitted")


def timed(when: str, now: float) -> Verdict:
    made: ToolBundle = bundle(policy("permit", OTHER, when), *TOOLS)
    return decided(made, OTHER, now=now).verdict


def test_the_time_of_a_call_is_what_policies_see() -> None:
    before = 'context.system.now < datetime("2026-11-22T10:00:00Z")'
    ten = 1_795_341_600.0
    assert timed(before, ten - 0.001) is Verdict.ALLOW
    assert timed(before, ten) is Verdict.DENY
    assert timed("context has system && context.system has now", ten) is Verdict.ALLOW


@pytest.mark.parametrize(
    ("now", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_795_341_600.9996, "2026-11-22T10:00:00.999Z"),
        (-0.001, "1969-12-31T23:59:59.999Z"),
    ],
)
def test_an_instant_is_cut_to_the_millisecond_that_has_passed(now: float, text: str) -> None:
    assert cedar_time(now) == text


def test_tools_of_the_same_policies_are_decided_by_one_compiled_set() -> None:
    soft = policy("forbid", "*", 'principal.id == "x"', notes='@tier("soft")')
    text = policy("permit", "*") + soft
    index = bundle(text + policy("permit", ACT), *TOOLS).index
    first, second = index.slice_of(OTHER), index.slice_of(ACT)
    assert first.enforced is not second.enforced
    index = bundle(text, *TOOLS).index
    first, second = index.slice_of(OTHER), index.slice_of(ACT)
    assert first.enforced is second.enforced
    assert first.firm is second.firm
    assert first.firm is not first.enforced
