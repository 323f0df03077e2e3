"""Decide with near misses: what kept each statement that covers the action from taking effect."""

from collections.abc import Iterable
from dataclasses import replace

from valetkey.iam.decision import Decision, NearMiss
from valetkey.iam.evaluate import TOO_MUCH, evaluate, every_policy, facts_of
from valetkey.iam.naming import Naming
from valetkey.iam.policy import Facts, Policies, Statement
from valetkey.iam.request import Request


def explain(request: Request, policies: Policies) -> Decision:
    """Return `evaluate`'s decision with every near miss: the failed element of each statement
    that covers the action and took no effect, with the values compared.
    """
    decision = evaluate(request, policies)
    if decision.because == TOO_MUCH:
        return decision
    facts = facts_of(request, policies)
    misses = tuple(
        miss
        for policy in every_policy(facts, policies)
        for statement in policy.statements
        if statement.covers_action(facts.action)
        for miss in _failures(statement, request, facts)
    )
    return replace(decision, near_misses=misses)


def _failures(statement: Statement, request: Request, facts: Facts) -> Iterable[NearMiss]:
    effect = "Allow" if statement.allow else "Deny"
    if statement.principal is not None and statement.naming(facts) is Naming.NONE:
        element = "NotPrincipal" if statement.not_principal else "Principal"
        wanted = statement.principal.written
        yield NearMiss(statement.ref, effect, element, wanted, facts.principal.name)
    if statement.resources is not None and not statement.covers_resource(facts):
        element = "NotResource" if statement.not_resource else "Resource"
        wanted = tuple(template.shown(facts.keys) for template in statement.resources)
        yield NearMiss(statement.ref, effect, element, wanted, request.resource)
    for condition in statement.conditions:
        if not condition.holds(facts.keys):
            yield NearMiss(
                statement.ref,
                effect,
                "Condition",
                condition.wanted(facts.keys),
                facts.keys.get(condition.key),
                operator=condition.operator,
                key=condition.written_key,
            )
