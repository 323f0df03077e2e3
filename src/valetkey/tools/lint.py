"""Slips in policies that Cedar's strict validation passes, or says too little about.

What a policy asks for must exist: a tool, a tag, an argument, a choice of an enumeration, this
gateway. A policy that can never apply is a slip too. Each is an error with file and line.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from valetkey.tools.choices import check_choices, comparisons, nearest
from valetkey.tools.errors import ToolsError
from valetkey.tools.expressions import Node, entities, literal, nodes, operator, path
from valetkey.tools.partial import GATEWAY
from valetkey.tools.partial_values import ACTION, FAILS, FALSE, OAUTH_USER, Known
from valetkey.tools.policies import ToolPolicy
from valetkey.tools.server import SEPARATOR
from valetkey.tools.source import PrincipalForm

_BUILT_IN: Final = {"principal": {"id"}, "resource": set[str](), "action": set[str]()}
"""The attributes of entities: `principal.id` alone."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What policies may name.

    `contexts` has each action's context type in Cedar's JSON schema format, `inputs` each tool's
    JSON Schema, both by public name; `groups` each group and its members, `hidden` why a tool is.
    `form` is how principals are named.
    """

    gateway: str
    servers: frozenset[str]
    tags: frozenset[str]
    contexts: Mapping[str, Mapping[str, Any]]
    groups: Mapping[str, frozenset[str]]
    inputs: Mapping[str, Any]
    hidden: Mapping[str, str]
    form: PrincipalForm = PrincipalForm.SUB

    def actions(self, policy: ToolPolicy) -> list[str]:
        """Return the tools that the head of a policy takes in."""
        if policy.scope.actions is None:
            return list(self.contexts)
        return [
            action
            for name in sorted(policy.scope.actions)
            for action in ([name] if name in self.contexts else self.groups.get(name, ()))
        ]

    def calls(self, actions: list[str]) -> Iterator[Known]:
        """Yield what is known of a call of each of some tools; of any, where there are none."""
        if not actions:
            yield Known(self.gateway)
        for action in actions:
            groups = frozenset(name for name, each in self.groups.items() if action in each)
            yield Known(self.gateway, action=action, groups=groups)


def check_names(policy: ToolPolicy, words: Vocabulary) -> None:
    """Raise ToolsError for a tool, server, gateway or tag that there is not.

    Codes: `policy-tool-hidden`, `policy-tool-unknown`, `policy-gateway`, `policy-tag`, and
    `policy-principal` for an id without its issuer where ids have one. To be asked before Cedar
    validates: this says why a name is unknown.
    """
    for kind, name in entities(policy.est):
        if kind == ACTION:
            _check_action(policy, name, words)
        elif kind == GATEWAY and name != words.gateway:
            raise policy.mistake(
                "policy-gateway",
                f"`{name}` is not this gateway: the policy could never apply",
                about=name,
                hint=f"the configuration names it `{words.gateway}`",
            )
        elif kind == OAUTH_USER:
            _check_principal(policy, name, words)
    for node in nodes(policy.est):
        kind, body = operator(node)
        for subject, value, _ in comparisons(node):
            if path(subject) == ("principal", "id") and (id_ := literal(value)) is not None:
                _check_principal(policy, id_, words)
        name_ = literal(body["right"]) if kind in {"hasTag", "getTag"} else None
        if name_ is not None and name_ not in words.tags:
            raise policy.mistake(
                "policy-tag",
                f"no principal has a tag `{name_}`",
                about=f'"{name_}"',
                hint=nearest(name_, words.tags) or "see `claims` and `directory` of `[tools]`",
            )


def _check_principal(policy: ToolPolicy, name: str, words: Vocabulary) -> None:
    """Raise ToolsError for an id that no principal can have."""
    issuer, colon, _ = name.partition(":")
    if words.form is PrincipalForm.ISSUER_SUB and not (issuer and colon):
        raise policy.mistake(
            "policy-principal",
            f"no principal is `{name}`: `principal` of `[tools]` says that ids are `issuer:sub`",
            about=f'"{name}"',
            hint=f"write the configured name of the issuer before it: `people:{name}`",
        )


def _check_action(policy: ToolPolicy, name: str, words: Vocabulary) -> None:
    """Raise ToolsError for an action that is no tool that may be called, nor a group with one."""
    if name in words.contexts or words.groups.get(name):
        return
    if name in words.hidden:
        raise policy.mistake(
            "policy-tool-hidden",
            f"the tool `{name}` is hidden: {words.hidden[name]}",
            about=name,
        )
    server = name.partition(SEPARATOR)[0]
    hint = nearest(name, {*words.contexts, *words.groups})
    if name in words.servers:
        sentence = f"the server `{name}` has no tool that could be called"
    elif server in words.servers:
        sentence = f"the server `{server}` has no tool `{name}` in the lock file"
        hint = hint or "`valetkey tools refresh` takes up new tools"
    else:
        sentence = f"there is no tool and no server `{name}`"
    raise policy.mistake("policy-tool-unknown", sentence, about=name, hint=hint)


def check_meaning(policy: ToolPolicy, words: Vocabulary) -> None:
    """Raise ToolsError for what is well typed and means nothing. For a policy that validated.

    Codes: `policy-attribute` (a `has` of what no tool in its head has), `policy-choice` (a value
    that an enumeration has not), `policy-never` (it can't apply to any call).
    """
    actions = words.actions(policy)
    for node in nodes(policy.est):
        if "has" in node:
            _check_has(policy, node, [words.contexts[each] for each in actions])
        check_choices(policy, node, words.inputs, actions)
        _check_group(policy, node, words)
    if all(policy.applies(known) in (FALSE, FAILS) for known in words.calls(actions)):
        raise policy.mistake(
            "policy-never",
            "the policy can never apply: its conditions are always false",
            hint="delete the policy, or correct its conditions",
        )


def _check_group(policy: ToolPolicy, node: Node, words: Vocabulary) -> None:
    """Raise ToolsError `policy-never` where the action is compared with what no action is."""
    for subject, value, _ in comparisons(node):
        entity = _entity(value)
        if subject == {"Var": "action"} and entity[0] == ACTION and entity[1] in words.groups:
            raise policy.mistake(
                "policy-never",
                f"`action` is never `{entity[1]}`: that is a group of tools",
                about=f'"{entity[1]}"',
                hint=f'write `action in {ACTION}::"{entity[1]}"`',
            )


def _entity(node: Node) -> tuple[str, str]:
    """Return type and id of an entity that is named; empty texts for another expression."""
    kind, body = operator(node)
    if kind != "Value" or not isinstance(body, dict) or "__entity" not in body:
        return "", ""
    return body["__entity"]["type"], body["__entity"]["id"]


def _check_has(policy: ToolPolicy, node: Node, contexts: list[Mapping[str, Any]]) -> None:
    """Raise ToolsError `policy-attribute`."""
    body = node["has"]
    place = path(body["left"])
    if place is None:
        return
    name = body["attr"]
    if place[0] != "context":
        known = set(_BUILT_IN.get(place[0], set())) if len(place) == 1 else {name}
    else:
        known = {each for context in contexts for each in _attributes(context, place[1:])}
    if name not in known:
        raise policy.mistake(
            "policy-attribute",
            f"`{'.'.join(place)}` never has `{name}`",
            about=f"has {name}" if f"has {name}" in policy.text else name,
            hint=nearest(name, known),
        )


def _attributes(context: Mapping[str, Any], place: tuple[str, ...]) -> Iterable[str]:
    """Return the names in a record of a context, in Cedar's JSON schema format."""
    record: Mapping[str, Any] = context
    for name in place:
        record = record.get("attributes", {}).get(name, {})
    names: Mapping[str, Any] = record.get("attributes", {})
    return names


def first_of(errors: list[ToolsError]) -> ToolsError:
    """Return the first of some errors, which says how many more there are."""
    first, *others = errors
    if not others:
        return first
    more = "; ".join(other.message for other in others)
    return ToolsError(
        first.code, f"{first.message} (and {len(others)} more)", hint=first.hint, detail=more
    )
