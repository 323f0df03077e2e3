"""Walking the syntax trees of policies (Cedar's JSON policy format, `conditions`)."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, TypeAlias

Node: TypeAlias = Mapping[str, Any]
MAX_DEPTH: Final = 300
"""Expressions within expressions. What walks them recursively stays far from Python's own limit."""


def operator(node: Node) -> tuple[str, Any]:
    """Return what a node does and to what: a node is an object of one member."""
    return next(iter(node.items()))


def children(node: Node) -> Iterable[Node]:
    """Return the expressions that a node is made of."""
    kind, body = operator(node)
    if kind in {"Value", "Var", "Slot"}:
        return ()
    if kind == "Record":
        return list(body.values())
    if isinstance(body, list):  # a set, or the arguments of an extension's function
        return body
    return [each for each in body.values() if isinstance(each, dict)]  # not names or patterns


def bodies(est: Node) -> list[Node]:
    """Return the bodies of all `when` and `unless` clauses."""
    return [clause["body"] for clause in est["conditions"]]


def nodes(est: Node) -> Iterator[Node]:
    """Give every expression in the conditions of a policy."""
    waiting = bodies(est)
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(children(node))


def depth(est: Node) -> int:
    """Return how deep the conditions of a policy are nested."""
    level, count = bodies(est), 0
    while level:
        count += 1
        level = [child for node in level for child in children(node)]
    return count


def path(node: Node) -> tuple[str, ...] | None:
    """Return the names of `context.input.a` and the like; None of another expression."""
    names: list[str] = []
    while True:
        kind, body = operator(node)
        if kind == "Var":
            return (body, *reversed(names))
        if kind != ".":
            return None
        names.append(body["attr"])
        node = body["left"]


def literal(node: Node) -> str | None:
    """Return the text of a string literal; None of another expression."""
    kind, body = operator(node)
    return body if kind == "Value" and isinstance(body, str) else None


def entities(est: Node) -> Iterator[tuple[str, str]]:
    """Give type and id of every entity that a policy names, in its head or its conditions."""
    for place in ("principal", "action", "resource"):
        scope = est[place]
        named = [scope.get("entity"), scope.get("in", {}).get("entity"), *scope.get("entities", ())]
        for entity in named:
            if entity is not None:
                yield entity["type"], entity["id"]
    for node in nodes(est):
        kind, body = operator(node)
        if kind == "Value" and isinstance(body, dict) and "__entity" in body:
            yield body["__entity"]["type"], body["__entity"]["id"]


def reads_system(est: Node) -> bool:
    """Say whether a policy could read `context.system`: it names it, or takes `context` whole."""
    waiting = bodies(est)
    while waiting:
        node = waiting.pop()
        kind, body = operator(node)
        if kind in {".", "has"} and body["left"] == {"Var": "context"}:
            if body["attr"] == "system":
                return True
            continue
        if node == {"Var": "context"}:
            return True
        waiting.extend(children(node))
    return False
