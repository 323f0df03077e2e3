"""A new policy on recorded calls: what would change, and what can't be known."""

from dataclasses import replace

import pytest

from tests.tools.asking import NOW, bundle, policy, tool
from valetkey.tools import Mode, ToolPrincipal, Verdict
from valetkey.tools.replaying import RecordedCall, Unjudged, replay

PAY = "s___pay"
TOOLS = (tool(PAY, amount="i"),)
BELOW = bundle(policy("permit", PAY, "context.input.amount < 100"), *TOOLS)
CALL = RecordedCall(
    at=NOW,
    run="r-1",
    principal=ToolPrincipal("bob", {"role": "clerk"}),
    server="s",
    tool="pay",
    arguments='{"amount":100}',
    decision="allow",
    code="allowed",
)


def test_a_call_that_would_be_decided_otherwise_is_a_change() -> None:
    small = replace(CALL, arguments='{"amount":99}')
    found = replay(BELOW, [CALL, small, replace(small, decision="deny", code="tool-not-permitted")])
    assert found.judged == 3
    assert [(each.was, each.now.verdict) for each in found.changes] == [
        (Verdict.ALLOW, Verdict.DENY),
        (Verdict.DENY, Verdict.ALLOW),
    ]
    assert found.by_kind == {
        (Verdict.ALLOW, Verdict.DENY): 1,
        (Verdict.DENY, Verdict.ALLOW): 1,
    }


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (replace(CALL, arguments=None), Unjudged.DIGEST_ONLY),
        (replace(CALL, principal=Unjudged.PRINCIPAL_UNKNOWN), Unjudged.PRINCIPAL_UNKNOWN),
        (replace(CALL, principal=Unjudged.TAGS_UNASKED), Unjudged.TAGS_UNASKED),
        (replace(CALL, decision="deny", code="tool-changed"), Unjudged.NOT_BY_POLICIES),
        (replace(CALL, arguments='{"amount":1,"amount":2}'), Unjudged.MALFORMED),
        (replace(CALL, decision="maybe"), Unjudged.MALFORMED),
    ],
)
def test_a_call_that_cannot_be_judged_is_counted_with_its_reason(
    call: RecordedCall, why: Unjudged
) -> None:
    found = replay(BELOW, [call])
    assert (found.judged, found.unjudged, found.changes) == (0, {why: 1}, ())


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (replace(CALL, tool="gone"), "tool-unknown"),
        (replace(CALL, arguments=None, tool="gone"), "tool-unknown"),
        (replace(CALL, arguments='{"amount":"1"}'), "tool-arguments-invalid"),
        (replace(CALL, arguments='{"amount":1,"more":1}'), "tool-arguments-invalid"),
    ],
)
def test_a_call_that_would_not_come_to_policies_is_a_denial(call: RecordedCall, code: str) -> None:
    (change,) = replay(BELOW, [call]).changes
    assert (change.now.verdict, change.now.code) == (Verdict.DENY, code)


def test_log_only_mode_is_left_aside_then_and_now() -> None:
    was_denied = replace(CALL, mode="log-only", would="deny")
    loose = bundle(BELOW.policies[0].text, *TOOLS, mode=Mode.LOG_ONLY)
    assert replay(loose, [was_denied]).changes == ()
    assert len(replay(loose, [CALL]).changes) == 1


def test_a_call_is_judged_at_its_own_time() -> None:
    made = bundle(policy("permit", PAY, 'context.system.now < datetime("2026-01-01")'), *TOOLS)
    assert replay(made, [replace(CALL, at=0)]).changes == ()
    assert len(replay(made, [CALL]).changes) == 1
