"""Decide with near misses: what kept each statement that covers the action from taking effect.

And the layers of policies, each with what it says of the request on its own.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from valetkey.iam.decision import Decision, NearMiss
from valetkey.iam.evaluate import TOO_MUCH, evaluate, every_policy, facts_of
from valetkey.iam.naming import Naming
from valetkey.iam.policies import TRUST_ACTIONS, Policies
from valetkey.iam.policy import Facts, Layer, Policy, Statement
from valetkey.iam.principal import PrincipalKind
from valetkey.iam.request import Request


class Says(Enum):
    """What the policies of one layer say of a request, whatever the others say."""

    ALLOWS = "allows"
    SILENT = "does not allow"
    DENIES = "denies"
    ABSENT = "is not there"


@dataclass(frozen=True, slots=True)
class LayerView:
    """A layer, or one level of a layer of controls: `level` counts from 0, None elsewhere."""

    layer: Layer
    says: Says
    level: int | None = None


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


def layers_of(request: Request, policies: Policies) -> tuple[LayerView, ...]:
    """Return what each layer that can bear on the request says of it; absent ones too, where
    there might be one. Empty for a request that is too large to be decided on.
    """
    if evaluate(request, policies).because == TOO_MUCH:
        return ()
    facts = facts_of(request, policies)
    return tuple(_views(facts, policies))


def _views(facts: Facts, policies: Policies) -> Iterator[LayerView]:
    by_arn = facts.principal.kind is PrincipalKind.ARN
    if by_arn:
        yield LayerView(Layer.IDENTITY, _says(policies.identity or None, facts))
    own = policies.own(facts.action)
    layer = Layer.TRUST if facts.action in TRUST_ACTIONS else Layer.RESOURCE
    yield LayerView(layer, _says(None if own is None else (own,), facts))
    if by_arn:
        yield LayerView(Layer.SESSION, _says(policies.session, facts))
        boundary = None if policies.boundary is None else (policies.boundary,)
        yield LayerView(Layer.BOUNDARY, _says(boundary, facts))
    counts: dict[Layer, int] = {}
    for layer, level in policies.levels(by_arn=by_arn):
        number = counts.get(layer, 0)
        counts[layer] = number + 1
        yield LayerView(layer, _says(level, facts), number)


def _says(policies: Sequence[Policy] | None, facts: Facts) -> Says:
    if policies is None:
        return Says.ABSENT
    effective = [
        statement
        for policy in policies
        for statement in policy.statements
        if statement.covers_action(facts.action) and statement.applies(facts)
    ]
    if any(not statement.allow for statement in effective):
        return Says.DENIES
    return Says.ALLOWS if effective else Says.SILENT


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
