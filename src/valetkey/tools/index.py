"""The policies that could apply to one tool, compiled once: their number is the tool's own.

A policy whose head names other actions neither applies nor fails: leaving it out changes nothing
(a law of the tests). What is left is evaluated by Cedar whole.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import cedarpy

from valetkey.tools.decision import Mode, Tier
from valetkey.tools.expressions import reads_system
from valetkey.tools.partial import GATEWAY
from valetkey.tools.partial_values import OAUTH_USER
from valetkey.tools.policies import ToolPolicy
from valetkey.tools.principal import ToolPrincipal
from valetkey.tools.schema import NAMESPACE

_SLICES: Final = 4096
_PRINCIPALS: Final = 1024
_FAILED = re.compile(r"(?:error )?while evaluating policy `(policy[0-9]+)`")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What Cedar said: `reasons` and `errors` are ids of our policies, sorted.

    `failed`: it did not decide, or some policy failed. Such an answer allows nothing.
    """

    allowed: bool
    reasons: tuple[str, ...]
    errors: tuple[str, ...]
    failed: bool


class PolicySlice:
    """Policies that are evaluated together."""

    __slots__ = ("_by_id", "_handle", "_ids", "policies")

    def __init__(self, policies: Sequence[ToolPolicy]) -> None:
        self.policies = tuple(policies)
        self._by_id = {each.id: each for each in policies}
        self._ids = {f"policy{number}": each.id for number, each in enumerate(policies)}
        self._handle = cedarpy.PolicySet.from_str("\n".join(each.text for each in policies))
        if len(self._handle) != len(policies):
            raise ValueError("a policy's text is more than one policy")

    def evaluate(
        self, request: dict[str, Any], entities: cedarpy.Entities, schema: cedarpy.Schema
    ) -> Outcome:
        """Return what Cedar says. Its own words stay here: they quote the arguments."""
        try:
            answer = cedarpy.is_authorized(request, self._handle, entities, schema)
            diagnostics = answer.diagnostics
            reasons = tuple(sorted([self._ids[each] for each in diagnostics.reasons]))
            errors = diagnostics.errors
            decision = answer.decision
        except Exception:  # noqa: BLE001 - whatever fails denies
            return Outcome(False, (), (), True)
        if errors or decision is cedarpy.Decision.NoDecision:
            return Outcome(False, reasons, self._failures(errors), True)
        return Outcome(decision is cedarpy.Decision.Allow, reasons, (), False)

    def of(self, ids: Iterable[str]) -> list[ToolPolicy]:
        """Return policies by their ids."""
        return [self._by_id[each] for each in ids]

    def _failures(self, sentences: list[str]) -> tuple[str, ...]:
        """Return the policies that errors are of, as far as they name one."""
        found = (_FAILED.match(sentence) for sentence in sentences)
        names = {match.group(1) for match in found if match is not None}
        return tuple(sorted(self._ids[name] for name in names if name in self._ids))


@dataclass(frozen=True, slots=True)
class Slice:
    """All that decides one action.

    `enforced` without the policies in log-only mode; `firm` is it without its soft rules; `tried`
    has all policies, None where none is in log-only mode. `schema` knows this action alone, and
    `context.system` only where `timed`: reading a time costs Cedar more than most policies do.
    """

    action: dict[str, str]
    enforced: PolicySlice
    firm: PolicySlice
    tried: PolicySlice | None
    tried_firm: PolicySlice | None
    schema: cedarpy.Schema
    timed: bool


class PolicyIndex:
    """Policies by the actions they could apply to. What it compiles it keeps, bounded."""

    slice_of: Callable[[str], Slice]
    _compiled: Callable[[tuple[str, ...]], PolicySlice]

    def __init__(self, policies: Sequence[ToolPolicy], schema: str, *, gateway: str) -> None:
        self.policies = tuple(policies)
        self.gateway = {"type": GATEWAY, "id": gateway}
        self._document: dict[str, Any] = json.loads(schema)
        self.schema = cedarpy.Schema.from_json_str(schema)
        self._base = cedarpy.Entities.from_json_str("[]", self.schema)
        self._for_all = [n for n, each in enumerate(policies) if each.scope.actions is None]
        self._by_name: dict[str, list[int]] = {}
        for number, policy in enumerate(policies):
            for name in policy.scope.actions or ():
                self._by_name.setdefault(name, []).append(number)
        self._by_id = {each.id: each for each in policies}
        self.slice_of = lru_cache(maxsize=_SLICES)(self._slice)
        self._compiled = lru_cache(maxsize=_SLICES)(self._compile)
        self._entities = lru_cache(maxsize=_PRINCIPALS)(self._entities_of)

    def ancestors(self, action: str) -> frozenset[str]:
        """Return an action and the groups it is in, however far up."""
        actions = self._document[NAMESPACE]["actions"]
        found, waiting = {action}, [action]
        while waiting:
            for group in actions[waiting.pop()].get("memberOf") or ():
                if group["id"] not in found:
                    found.add(group["id"])
                    waiting.append(group["id"])
        return frozenset(found)

    def applicable(self, action: str) -> tuple[ToolPolicy, ...]:
        """Return the policies whose head takes in `action`, in the order of the whole set."""
        numbers = set(self._for_all)
        for name in self.ancestors(action):
            numbers.update(self._by_name.get(name, ()))
        return tuple(self.policies[number] for number in sorted(numbers))

    def entities(self, principal: ToolPrincipal) -> cedarpy.Entities:
        """Return the principal and the gateway beside the hierarchy of actions."""
        return self._entities(principal.id, frozenset(principal.tags.items()))

    def _entities_of(self, id_: str, tags: frozenset[tuple[str, str]]) -> cedarpy.Entities:
        uid = {"type": OAUTH_USER, "id": id_}
        added = [
            {"uid": uid, "attrs": {"id": id_}, "tags": dict(sorted(tags)), "parents": []},
            {"uid": self.gateway, "attrs": {}, "parents": []},
        ]
        return self._base.with_added_json_str(json.dumps(added))

    def _slice(self, action: str) -> Slice:
        """Compile what decides `action`."""
        policies = self.applicable(action)
        enforced = [each for each in policies if each.mode is Mode.ENFORCE]
        timed = any(reads_system(each.est) for each in policies)
        compiled = self._together(enforced)
        tried = self._together(policies) if len(enforced) < len(policies) else None
        return Slice(
            {"type": f"{NAMESPACE}::Action", "id": action},
            compiled,
            self._firm(compiled),
            tried,
            None if tried is None else self._firm(tried),
            cedarpy.Schema.from_json_str(json.dumps(self._narrowed(action, timed=timed))),
            timed,
        )

    def _together(self, policies: Iterable[ToolPolicy]) -> PolicySlice:
        """Compile policies, once for all tools that they are the policies of."""
        return self._compiled(tuple(each.id for each in policies))

    def _compile(self, ids: tuple[str, ...]) -> PolicySlice:
        return PolicySlice([self._by_id[each] for each in ids])

    def _firm(self, slice_: PolicySlice) -> PolicySlice:
        """Return the policies without the soft rules; the same where there is none."""
        return self._together(each for each in slice_.policies if each.tier is Tier.HARD)

    def _narrowed(self, action: str, *, timed: bool) -> Mapping[str, Any]:
        """Return the schema of one action and its groups."""
        namespace = dict(self._document[NAMESPACE])
        names = self.ancestors(action)
        actions = {name: namespace["actions"][name] for name in sorted(names)}
        if not timed:
            actions[action] = _without_system(actions[action])
        return {**self._document, NAMESPACE: {**namespace, "actions": actions}}


def _without_system(action: Mapping[str, Any]) -> dict[str, Any]:
    """Return an action's schema whose context is `input` alone."""
    applies = action["appliesTo"]
    context = applies["context"]
    attributes = {name: each for name, each in context["attributes"].items() if name != "system"}
    narrowed = {**context, "attributes": attributes}
    return {**action, "appliesTo": {**applies, "context": narrowed}}
