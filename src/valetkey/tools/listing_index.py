"""Which tools are ruled out for a principal, worked out over all policies once per principal.

Sound, not exact: it may leave in what no arguments would be allowed for, and takes out nothing that
some arguments would. Policies in log-only mode take out nothing and let in nothing.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from valetkey.tools.decision import Mode, Tier
from valetkey.tools.index import PolicyIndex
from valetkey.tools.partial_values import FAILS, FALSE, TRUE, Known
from valetkey.tools.policies import ToolPolicy
from valetkey.tools.principal import ToolPrincipal

_PRINCIPALS: Final = 1024


@dataclass(frozen=True, slots=True)
class Actions:
    """Actions and groups that policies name; `every`: one of them names none and takes them all."""

    names: frozenset[str]
    every: bool

    def take_in(self, lineage: frozenset[str]) -> bool:
        """Say whether an action is among them; `lineage` is itself and its groups."""
        return self.every or not self.names.isdisjoint(lineage)


@dataclass(frozen=True, slots=True)
class Standing:
    """For one principal: what some permit might allow, and what is denied whatever is asked."""

    permitted: Actions
    denied: Actions


class ListingIndex:
    """Which of all policies apply to a principal, as far as it is known before a call."""

    _standing: Callable[[str, frozenset[tuple[str, str]]], Standing]
    _lineage: Callable[[str], frozenset[str]]

    def __init__(self, index: PolicyIndex, gateway: str) -> None:
        self._policies = [each for each in index.policies if each.mode is Mode.ENFORCE]
        self._gateway = gateway
        self._lineage = lru_cache(maxsize=None)(index.ancestors)  # as many as there are tools
        self._standing = lru_cache(maxsize=_PRINCIPALS)(self._standing_of)

    def possible(self, principal: ToolPrincipal, actions: Iterable[str]) -> list[str]:
        """Return the actions that some arguments might be allowed for, perhaps by a person."""
        standing = self._standing(principal.id, frozenset(principal.tags.items()))
        found = []
        for action in actions:
            lineage = self._lineage(action)
            if standing.permitted.take_in(lineage) and not standing.denied.take_in(lineage):
                found.append(action)
        return found

    def _standing_of(self, id_: str, tags: frozenset[tuple[str, str]]) -> Standing:
        known = Known(self._gateway, id_, dict(tags))
        permits: list[ToolPolicy] = []
        denies: list[ToolPolicy] = []
        for policy in self._policies:
            value = policy.applies(known)
            if value == FAILS:
                denies.append(policy)
            elif policy.effect == "permit" and value != FALSE:
                permits.append(policy)
            elif policy.effect == "forbid" and policy.tier is Tier.HARD and value == TRUE:
                denies.append(policy)
        return Standing(_actions(permits), _actions(denies))


def _actions(policies: list[ToolPolicy]) -> Actions:
    """Return all that the heads of policies name."""
    scopes = [policy.scope.actions for policy in policies]
    return Actions(
        frozenset(name for scope in scopes if scope is not None for name in scope),
        any(scope is None for scope in scopes),
    )
