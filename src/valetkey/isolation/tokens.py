"""Which tokens of our provider take a role: those that the broker makes for it, and no other.

IAM User Guide, "Available keys for AWS web identity federation": `aud` and `sub` of the token are
keys that begin with the provider's URL.
"""

from collections.abc import Iterable
from dataclasses import replace
from itertools import product

from valetkey.iam.condition import Quantifier
from valetkey.iam.glob import units
from valetkey.iam.policy import Policy
from valetkey.isolation.answer import Theorem, Witness
from valetkey.isolation.encoding import Ask, allowed
from valetkey.isolation.formula import (
    Assignment,
    Equal,
    Formula,
    Symbol,
    all_of,
    any_of,
    negated,
    text,
)
from valetkey.isolation.keys import One, single
from valetkey.isolation.posing import posed, symbols_of, values_of, witness_of
from valetkey.isolation.problem import CompiledRole, Problem
from valetkey.isolation.question import Asked
from valetkey.isolation.request_tags import RequestTags, besides

THEOREM = Theorem.ONLY_BY_THE_BROKER


def other_tokens(
    role: CompiledRole, ask: Ask, tags: RequestTags, problem: Problem, *, spelled: Formula
) -> Asked:
    """Ask whether the role can be taken by a token whose `sub` or `aud` is not the role's own.

    `ask` is the provider's request for a session, with tags whose keys are so `spelled`. A claim
    may be missing, as far as we can tell.
    """
    host = ask.principal.name.partition(":oidc-provider/")[2] or ask.principal.name
    subject_key, audience_key = f"{host}:sub".lower(), f"{host}:aud".lower()
    subject, audience = single(subject_key, ask.prefix), single(audience_key, ask.prefix)
    asked = replace(ask, keys={**ask.keys, subject_key: subject, audience_key: audience})
    ours = any_of(
        all_of([_is(subject, its_subject), _is(audience, its_audience)])
        for its_subject, its_audience in _expected(role, problem, (subject_key, audience_key))
    )

    def witness(given: Assignment) -> Witness | None:
        why = f"a token that the broker does not make for it takes {role.policies.arn}"
        runs = (values_of(tags, given) | besides(ask.prefix, given),)
        return witness_of(asked, given, why, runs=runs)

    about = f"another token of {ask.principal.name} takes {role.policies.arn}"
    claims = [part for one in (subject, audience) for part in one.text]
    return posed(
        THEOREM,
        about,
        lambda: all_of([allowed(asked), spelled, negated(ours)]),
        plain=(*symbols_of(tags), *(one for one in claims if isinstance(one, Symbol))),
        witness=witness,
    )


def _is(claim: One, value: str) -> Formula:
    return all_of([claim.present, Equal(claim.text, text(units(value)))])


def _expected(
    role: CompiledRole, problem: Problem, keys: tuple[str, str]
) -> Iterable[tuple[str, str]]:
    """Return `sub` and `aud` of the tokens that the broker makes for the role: those of its
    grants; where the map has no grant of the role, any that the trust policy spells out.
    """
    grants = [one for one in problem.tenancy.roles if one.arn == role.policies.arn]
    subjects: Iterable[str] = dict.fromkeys(one.subject for one in grants)
    audiences: Iterable[str] = dict.fromkeys(one.audience for one in grants)
    if not grants:
        subjects, audiences = (_spelled_out(role.trust, key) for key in keys)
    return product(subjects, audiences)


def _spelled_out(trust: Policy, key: str) -> tuple[str, ...]:
    """Return the constants to which an Allow compares the key."""
    return tuple(
        template.constant
        for statement in trust.statements
        if statement.allow
        for condition in statement.conditions
        if condition.key == key and condition.quantifier is Quantifier.SCALAR
        if condition.operator == "StringEquals"
        for template in condition.comparison.wanted
        if template.constant is not None
    )
