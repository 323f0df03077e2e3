"""What is known of a policy's conditions before a call is: from principal, tool and gateway alone.

It decides no call: it says what can't be, or must be, whatever the arguments. An expression that
it does not know is `UNKNOWN`.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from valetkey.tools.expressions import Node, operator
from valetkey.tools.partial_values import (
    ACTION,
    FALSE,
    OAUTH_USER,
    TRUE,
    UNKNOWN,
    Known,
    Reader,
    Value,
    both,
    choice,
    constant,
    either,
    like,
    negated,
    of_type,
    over_sets,
    same,
    set_of,
    tag,
    within,
)

GATEWAY: Final = "AgentCore::Gateway"


def satisfied(est: Node) -> Reader:
    """Return what tells whether a policy applies: TRUE, FALSE (never), FAILS or UNKNOWN.

    The action of its head is not asked about: that is the caller's.
    """
    parts = [_scope(est["principal"], "principal"), _scope(est["resource"], "resource")]
    for clause in est["conditions"]:
        body = _compile(clause["body"])
        parts.append(body if clause["kind"] == "when" else negated(body))
    whole = parts[0]
    for part in parts[1:]:
        whole = both(whole, part)
    return whole


def _scope(scope: Mapping[str, Any], variable: str) -> Reader:
    """Return the reader of a head's part."""
    kind = scope["op"]
    subject = _VARIABLES[variable]
    if kind in {"==", "in"}:
        return same(subject, constant(_entity(scope["entity"])))
    if kind == "is":
        reader = of_type(subject, scope["entity_type"])
        within = scope.get("in", {}).get("entity")
        return reader if within is None else both(reader, same(subject, constant(_entity(within))))
    return constant(TRUE) if kind == "All" else constant(UNKNOWN)


def _compile(node: Node) -> Reader:
    """Return the reader of an expression."""
    kind, body = operator(node)
    if kind == "Value":
        return constant(_value(body))
    if kind == "Var":
        return _VARIABLES.get(body, constant(UNKNOWN))
    if kind == "Set":
        return set_of([_compile(each) for each in body])
    if kind == "!":
        return negated(_compile(body["arg"]))
    if kind == "if-then-else":
        return choice(*(_compile(body[part]) for part in ("if", "then", "else")))
    if kind == "like":
        return like(_compile(body["left"]), body["pattern"])
    if kind == "is" and "in" not in body:
        return of_type(_compile(body["left"]), body["entity_type"])
    if kind in {".", "has"}:
        return _attribute(kind, node)
    if kind in _PAIRS:
        return _PAIRS[kind](_compile(body["left"]), _compile(body["right"]))
    return constant(UNKNOWN)


def _value(body: Any) -> Value:
    """Return a literal."""
    if isinstance(body, bool):
        return TRUE if body else FALSE
    if isinstance(body, int):
        return ("long", body)
    if isinstance(body, str):
        return ("text", body)
    if isinstance(body, dict) and "__entity" in body:
        return _entity(body["__entity"])
    return UNKNOWN


def _entity(entity: Mapping[str, str]) -> Value:
    return ("entity", entity["type"], entity["id"])


def _principal(known: Known) -> Value:
    return UNKNOWN if known.id is None else ("entity", OAUTH_USER, known.id)


def _action(known: Known) -> Value:
    return UNKNOWN if known.action is None else ("entity", ACTION, known.action)


def _resource(known: Known) -> Value:
    return ("entity", GATEWAY, known.gateway)


_VARIABLES: Final[Mapping[str, Reader]] = {
    "principal": _principal,
    "action": _action,
    "resource": _resource,
}


def _attribute(kind: str, node: Node) -> Reader:
    """Return the reader of `principal.id`; no other attribute is known before the call."""
    body = node[kind]
    if body["left"] != {"Var": "principal"} or body["attr"] != "id":
        return constant(UNKNOWN)
    if kind == "has":
        return constant(TRUE)
    return lambda known: UNKNOWN if known.id is None else ("text", known.id)


_PAIRS: Final[Mapping[str, Callable[[Reader, Reader], Reader]]] = {
    "==": same,
    "!=": lambda first, second: negated(same(first, second)),
    "in": within,
    "&&": both,
    "||": either,
    "hasTag": lambda first, second: tag(first, second, has=True),
    "getTag": lambda first, second: tag(first, second, has=False),
    "contains": over_sets(lambda left, right: right in left),
    "containsAny": over_sets(lambda left, right: bool(left & right[1])),
    "containsAll": over_sets(lambda left, right: left >= right[1]),
}
