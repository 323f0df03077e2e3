"""The formula of a decision against the evaluator: one answer, whatever the unknowns are."""

from collections import Counter
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.iam.build import ACCOUNT
from tests.iam.test_reference import OTHER
from tests.isolation.generated import CALLERS, REACHED, TEXTS, policies_of
from tests.isolation.symbols import some_values, unknowns
from valetkey.iam import (
    ContextValue,
    Principal,
    PrincipalKind,
    Request,
    evaluate,
)
from valetkey.isolation.encoding import Ask, allowed, decided, request_of
from valetkey.isolation.formula import (
    Constant,
    Symbol,
    holds,
    text,
)
from valetkey.isolation.keys import Absent, Fixed
from valetkey.isolation.unencodable import Unencodable

UNITS = [*TEXTS, "\ud83d\ude00", "\ud83d"]
SINGLE = ["k", "a", "n", "d", "i", "b", "aws:SourceIp", "aws:SecureTransport", "s3:max-keys"]
SEEN = ["aws:TagKeys", "aws:CurrentTime", "aws:PrincipalTag/id", "aws:ResourceAccount"]
VALUES = [*TEXTS, "1", "2", "true", "10.0.0.1", "2026-11-21", "1795248000", "QQ==", "\U0001f600"]
seeds = st.randoms(use_true_random=True)


def random_ask(random: Random) -> Ask:
    policies = policies_of(random)
    action, head = random.choice(REACHED)
    resource = text(head, Symbol("r")) if head.endswith("/") else text(head)
    account = random.choice([None, ACCOUNT, ACCOUNT, OTHER])
    return Ask(random.choice(CALLERS), action, resource, {}, policies, account)


@settings(max_examples=250, deadline=None)
@given(seeds)
def test_the_formula_says_of_every_solution_what_the_evaluator_decides(random: Random) -> None:
    ask = random_ask(random)
    try:
        formula = allowed(ask)
    except Unencodable:
        return
    for _ in range(4):
        given_ = some_values(formula, random, UNITS)
        assert holds(formula, given_) is decided(ask, given_).allowed, request_of(ask, given_)


def test_the_generator_reaches_every_outcome() -> None:
    """Else the theorem above could not fail: decisions that rest on unknowns, of every kind."""
    seen: Counter[str] = Counter()
    for seed in range(250):
        random = Random(seed)
        ask = random_ask(random)
        try:
            formula = allowed(ask)
        except Unencodable:
            seen["unencodable"] += 1
            continue
        if any(unknowns(formula)):
            decision = decided(ask, some_values(formula, random, TEXTS))
            seen[decision.effect.value] += 1

    assert min(seen[effect] for effect in ("allow", "implicit-deny")) > 25, seen
    assert seen["explicit-deny"] > 4 and seen["unencodable"] < 25, seen


def fixed_context(random: Random) -> dict[str, ContextValue]:
    context: dict[str, ContextValue] = {}
    for name in SINGLE:
        if random.random() < 0.6:
            context[name] = random.choice(VALUES)
    if random.random() < 0.7:
        context["aws:TagKeys"] = tuple(random.choices(VALUES, k=random.randint(0, 3)))
    if random.random() < 0.2:
        context["k"] = tuple(random.choices(VALUES, k=random.randint(0, 3)))
    return context


@settings(max_examples=250, deadline=None)
@given(seeds)
def test_with_every_value_fixed_the_formula_is_the_decision(random: Random) -> None:
    policies = policies_of(random)
    action, head = random.choice(REACHED)
    resource = head + random.choice(["t1/k", "t1", "", "*", "\U0001f600"])
    caller, account = random.choice(CALLERS), random.choice([None, ACCOUNT, OTHER])
    context = fixed_context(random)
    tags = {"id": random.choice(VALUES)} if caller.entity and random.random() < 0.7 else {}
    if caller.kind is PrincipalKind.ARN:
        known = caller.role_arn if caller.role_path_known else None
        caller = Principal(PrincipalKind.ARN, caller.name, tags=tags, role_arn=known)
    request = Request(caller, action, resource, resource_account=account, context=context)
    keys: dict[str, Any] = {name.lower(): Fixed(value) for name, value in context.items()}
    for name in (*SINGLE, "absent", "d", *SEEN):
        keys.setdefault(name.lower(), Absent())

    ask = Ask(caller, action, text(units_of(resource)), keys, policies, account)
    try:
        formula = allowed(ask)
    except Unencodable:
        return

    assert formula == Constant(evaluate(request, policies).allowed), request


def units_of(written: str) -> str:
    """Return the text in UTF-16 units, by another way than the evaluator's."""
    raw = written.encode("utf-16-be")
    return "".join(chr(raw[i] * 256 + raw[i + 1]) for i in range(0, len(raw), 2))
