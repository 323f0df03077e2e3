"""Laws of tool policies: the index is the whole set, lists are sound, a `forbid` only closes."""

import json

import cedarpy
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from tests.fakes.tools import GATEWAY
from tests.tools.asking import NOW
from tests.tools.random_policies import (
    CALLS,
    CONDITIONS,
    GETS,
    NAMES,
    SCHEMA,
    SETS,
    Call,
    ids,
    read,
    statements,
    whole_set,
)
from valetkey.tools import Verdict
from valetkey.tools.deciding import cedar_time, judge
from valetkey.tools.index import PolicyIndex
from valetkey.tools.listing_index import ListingIndex
from valetkey.tools.partial_values import FAILS, FALSE, TRUE, Known

LAW = settings(max_examples=120, deadline=None)
BRIEF = settings(max_examples=60, deadline=None)


def verdict(texts: list[str], call: Call) -> Verdict:
    index = PolicyIndex(read(texts), SCHEMA, gateway=GATEWAY)
    return judge(index, call.principal, call.action, call.input, now=NOW).verdict


@LAW
@given(SETS, CALLS)
def test_the_index_is_the_whole_set(texts: list[str], call: Call) -> None:
    policies = read(texts)
    whole = whole_set(policies, call)
    assert whole.decision is not cedarpy.Decision.NoDecision, whole.diagnostics.errors
    index = PolicyIndex(policies, SCHEMA, gateway=GATEWAY)
    slice_ = index.slice_of(call.action)
    context = f'{{"input":{call.input}}}'
    if slice_.timed:
        arg = cedar_time(NOW)
        now = json.dumps({"now": {"__extn": {"fn": "datetime", "arg": arg}}})
        context = f'{{"input":{call.input},"system":{now}}}'
    request = {
        "principal": {"type": "AgentCore::OAuthUser", "id": call.id},
        "action": slice_.action,
        "resource": index.gateway,
        "context": context,
    }
    found = (slice_.tried or slice_.enforced).evaluate(
        request, index.entities(call.principal), slice_.schema
    )
    failed = [each.split("`")[1] for each in whole.diagnostics.errors]
    event(f"{whole.decision.name}, {'some' if failed else 'none'} failed, timed {slice_.timed}")
    assert found.allowed is (whole.allowed and not failed)
    assert found.reasons == ids(policies, whole.diagnostics.reasons)
    assert found.errors == ids(policies, failed)
    assert found.failed is bool(failed)


@LAW
@given(SETS, CALLS)
@example(
    [f'permit(principal, action, resource) when {{ !(context.input.n < 3 && {GETS} == "v") }};'],
    Call("a___x", 4, None, "v", {}),
)
def test_what_may_be_called_is_listed(texts: list[str], call: Call) -> None:
    policies = read(texts)
    index = PolicyIndex(policies, SCHEMA, gateway=GATEWAY)
    decision = judge(index, call.principal, call.action, call.input, now=NOW)
    listed = ListingIndex(index, GATEWAY).possible(call.principal, NAMES)
    event(f"{decision.verdict.name}, listed {call.action in listed}")
    assert decision.verdict is Verdict.DENY or call.action in listed


@LAW
@given(CONDITIONS, CALLS)
def test_what_is_known_before_a_call_is_so_in_it(condition: str, call: Call) -> None:
    policies = read([f"permit(principal, action, resource) when {{ {condition} }};"])
    known = policies[0].applies(Known(GATEWAY, call.id, call.tags))
    whole = whole_set(policies, call)
    event(f"{known}")
    if known == TRUE:
        assert whole.allowed or whole.diagnostics.errors
    elif known == FALSE:
        assert not whole.allowed
    elif known == FAILS:
        assert whole.diagnostics.errors
    never = policies[0].applies(Known(GATEWAY))
    assert not (never in (FALSE, FAILS) and whole.allowed)
    groups = PolicyIndex(policies, SCHEMA, gateway=GATEWAY).ancestors(call.action)
    called = policies[0].applies(Known(GATEWAY, action=call.action, groups=groups - {call.action}))
    assert not (called in (FALSE, FAILS) and whole.allowed)
    assert not (called == FAILS and not whole.diagnostics.errors)
    assert not (called == TRUE and not (whole.allowed or whole.diagnostics.errors))


@BRIEF
@given(SETS, statements(effects=("forbid",)), CALLS)
def test_a_forbid_more_never_opens(texts: list[str], forbid: str, call: Call) -> None:
    before, after = verdict(texts, call), verdict([*texts, forbid], call)
    event(f"{before.name} to {after.name}")
    assert after is not Verdict.ALLOW or before is Verdict.ALLOW
    assert after is not Verdict.ASK or before is not Verdict.DENY


@BRIEF
@given(SETS, statements(), CALLS)
def test_a_policy_in_log_only_mode_changes_no_verdict(
    texts: list[str], more: str, call: Call
) -> None:
    if "@mode" not in more:
        more = f'@mode("log-only"){more}'
    assert verdict([*texts, more], call) is verdict(texts, call)


@BRIEF
@given(SETS, CALLS)
def test_a_soft_rule_made_hard_never_opens(texts: list[str], call: Call) -> None:
    hard = [text.replace('@tier("soft")', "") for text in texts]
    before, after = verdict(texts, call), verdict(hard, call)
    assert after is before or (before is Verdict.ASK and after is Verdict.DENY)


@LAW
@given(
    st.lists(st.sampled_from(("*", "\\*", "a", "b", "ab", "é")), max_size=6),
    st.text("ab*é", max_size=8),
)
@example(["a", "*", "a"], "a")
@example(["a", "b", "*", "b", "a"], "aba")
def test_a_pattern_matches_what_it_matches_for_cedar(parts: list[str], text: str) -> None:
    policies = read(
        [f'permit(principal, action, resource) when {{ principal.id like "{"".join(parts)}" }};']
    )
    whole = whole_set(policies, Call("a___x", 1, None, text, {}))
    event(str(whole.allowed))
    assert policies[0].applies(Known(GATEWAY, text, {})) == (TRUE if whole.allowed else FALSE)
