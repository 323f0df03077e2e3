"""Choices that a tool's JSON Schema plainly lists: a policy that asks for another has a slip."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from valetkey.tools.expressions import Node, literal, operator, path
from valetkey.tools.policies import ToolPolicy

_PLAIN: Final = {"type", "enum", "const", "title", "description", "default", "examples"}
"""The keywords beside which a list of choices surely is one of Strings, and is all of them."""
_OF_SETS: Final = {"containsAny", "containsAll"}


def comparisons(node: Node) -> Iterator[tuple[Node, Node, bool]]:
    """Yield what an expression compares: one side, the other, and whether the other is an element
    of the one. A set that is written out is taken apart.
    """
    kind, body = operator(node)
    if kind not in {"==", "!=", "contains", *_OF_SETS}:
        return
    left, right = body["left"], body["right"]
    if kind == "contains":
        if "Set" not in left:
            yield left, right, True
        for each in left.get("Set", ()):
            yield right, each, False
        return
    for one, other in ((left, right), (right, left)):
        if "Set" in other:
            for each in other["Set"]:
                yield one, each, True
        elif kind not in _OF_SETS:
            yield one, other, False


def check_choices(
    policy: ToolPolicy, node: Node, inputs: Mapping[str, Any], actions: list[str]
) -> None:
    """Raise ToolsError `policy-choice` for a value that what it is compared with never is.

    `inputs` has the JSON Schemas of tools, `actions` the tools of the policy's head.
    """
    for subject, value, is_element in comparisons(node):
        place, text = path(subject), literal(value)
        if text is None or place is None or place[:2] != ("context", "input"):
            continue
        listed = [_choices(inputs.get(each), place[2:], of_elements=is_element) for each in actions]
        choices = {each for some in listed for each in some or ()}
        if actions and None not in listed and text not in choices:
            verb = "never has" if is_element else "is never"
            raise policy.mistake(
                "policy-choice",
                f'`{".".join(place)}` {verb} "{text}"',
                about=f'"{text}"',
                hint=nearest(text, choices) or "the tool's schema lists " + _quoted(choices),
            )


def _choices(schema: Any, place: tuple[str, ...], *, of_elements: bool) -> list[str] | None:
    """Return the texts that a property, or its elements, may be, as far as that is plainly said."""
    for name in place:
        properties = schema.get("properties") if isinstance(schema, Mapping) else None
        schema = properties.get(name) if isinstance(properties, Mapping) else None
    if of_elements:
        if not isinstance(schema, Mapping) or "prefixItems" in schema:
            return None
        schema = schema.get("items")
    if not isinstance(schema, Mapping) or not _PLAIN.issuperset(schema):
        return None
    if schema.get("type", "string") not in ("string", ["string", "null"], ["null", "string"]):
        return None
    listed = [schema["const"]] if "const" in schema else schema.get("enum")
    if not isinstance(listed, list) or not all(isinstance(each, str | None) for each in listed):
        return None
    return [each for each in listed if each is not None]


def _quoted(choices: Iterable[str]) -> str:
    return ", ".join(f"`{each}`" for each in sorted(choices)[:8])


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return a hint with the name that was probably meant."""
    found = difflib.get_close_matches(name, sorted(known), n=1)
    return f"is `{found[0]}` meant?" if found else None
