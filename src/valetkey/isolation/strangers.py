"""Whom a trust policy names and the map does not: each principal of each of its statements."""

from collections.abc import Iterator
from dataclasses import replace

from valetkey.iam.policy import Statement
from valetkey.isolation.admission import asking, needed_by
from valetkey.isolation.answer import Theorem, Witness
from valetkey.isolation.callers import (
    Caller,
    Named,
    actions_for,
    callers_of,
    takes,
    trust_actions,
)
from valetkey.isolation.encoding import Ask, allowed
from valetkey.isolation.formula import Assignment, Formula, all_of
from valetkey.isolation.posing import posed, symbols_of, unknown, values_of, witness_of
from valetkey.isolation.problem import CompiledRole, Problem
from valetkey.isolation.question import Asked
from valetkey.isolation.request_tags import RequestTags, besides, request_tags, requested
from valetkey.isolation.session import TagState
from valetkey.isolation.sessions import tag_keys
from valetkey.isolation.tokens import other_tokens

THEOREM = Theorem.ONLY_BY_THE_BROKER
PREFIX = "a."


def strangers(role: CompiledRole, problem: Problem) -> Iterator[Asked]:
    """Yield a question for every principal whom the trust policy names and the map does not, and
    for the tokens of our provider that are not made for this role.
    """
    met: set[str] = set()
    for statement in role.trust.statements:
        if not statement.allow or statement.principal is None or not trust_actions(statement):
            continue
        for caller in callers_of(statement.principal):
            if caller.named is Named.EVERYONE:
                yield from _everyone(role, statement, caller, problem)
            elif caller.text not in met:
                met.add(caller.text)
                yield from _named(role, caller, problem)


def _named(role: CompiledRole, caller: Caller, problem: Problem) -> Iterator[Asked]:
    """Yield whether a principal that the map does not name is let in."""
    about = f"the trust of {role.policies.arn} names {caller.text}"
    ours = problem.tenancy.assumed_by
    if caller.named is Named.ACCOUNT:
        reason = f"{about}: whom that account's own policies let in is not known"
        yield unknown(THEOREM, about, f"{reason}; name the broker's role instead")
    elif caller.named is Named.SESSION and caller.principal.role_arn in ours:
        reason = f"{about}, a session, which passes by boundary and session policy"
        yield unknown(THEOREM, about, reason)
    elif caller.named is Named.PROVIDER and caller.text == problem.tenancy.oidc_provider:
        ask, tags, spelled = _request(role, caller, takes(caller)[0], problem)
        yield other_tokens(role, ask, tags, problem, spelled=spelled)
    elif caller.named is not Named.ROLE or caller.text not in ours:
        yield _let_in(role, caller, problem)


def _everyone(
    role: CompiledRole, statement: Statement, caller: Caller, problem: Problem
) -> Iterator[Asked]:
    """Yield whether anybody is let in: who meets a condition, or what a Deny asks, we can't see."""
    about = f"the trust of {role.policies.arn} names `*`"
    if statement.conditions:
        yield unknown(THEOREM, about, f"{about} with a condition, and who meets it is not known")
        return
    yield _let_in(role, caller, problem)
    if any(not one.allow for one in role.trust.statements):
        yield unknown(THEOREM, about, f"{about}, and whom its Deny statements leave is not known")


def _let_in(role: CompiledRole, caller: Caller, problem: Problem) -> Asked:
    named = actions_for(caller, role.trust)
    action = next((one for one in takes(caller) if one in named), named[0])
    ask, tags, spelled = _request(role, caller, action, problem)
    about = f"{caller.text} asks for {action} on {role.policies.arn}"

    def witness(given: Assignment) -> Witness | None:
        why = f"{caller.text}, which `assumed_by` does not name, gets {action}"
        runs = (values_of(tags, given) | besides(ask.prefix, given),)
        return witness_of(ask, given, why, runs=runs)

    plain = symbols_of(tags)
    return posed(
        THEOREM, about, lambda: all_of([allowed(ask), spelled]), plain=plain, witness=witness
    )


def _request(
    role: CompiledRole, caller: Caller, action: str, problem: Problem
) -> tuple[Ask, RequestTags, Formula]:
    """Return the caller's request on the role with any tags, those that it passes by name, and
    what is so of how their keys are spelled.
    """
    tags = request_tags(dict.fromkeys(tag_keys(problem, role), TagState.FREE), PREFIX)
    prefix = f"{PREFIX}by."
    unkeyed = asking(
        role, caller, action, keys={}, trust=role.trust, prefix=prefix, problem=problem
    )
    others = needed_by(role, caller, problem)
    keys, spelled = requested(tags, unkeyed.policies, prefix=prefix, others=others)
    return replace(unkeyed, keys=keys), tags, spelled
