"""Which attributes a request names: all that its expressions could touch, never fewer.

`dynamodb:Attributes` allows by listing, so one name too many denies and one too few would open.
"""

import re
from collections.abc import Mapping
from typing import Any

from valetkey.localaws.dynamodb_keys import invalid

EXPRESSIONS = (
    "KeyConditionExpression",
    "FilterExpression",
    "ProjectionExpression",
    "ConditionExpression",
    "UpdateExpression",
)
_TOKEN = re.compile(
    r"(?P<space>\s+)|(?P<value>:[A-Za-z0-9_]+)|(?P<alias>#[A-Za-z0-9_]+)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<index>\[[0-9]{1,6}\])|(?P<dot>\.)"
    r"|(?P<sign><>|<=|>=|[=<>(),+-])"
)
_ALIAS = re.compile(r"#[A-Za-z0-9_]{1,254}")
_KEYWORDS = frozenset({"AND", "OR", "NOT", "BETWEEN", "IN", "SET", "REMOVE", "ADD", "DELETE"})
_FUNCTIONS = frozenset(
    {
        "attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains",
        "size", "if_not_exists", "list_append",
    }
)  # fmt: skip


def named_attributes(part: Mapping[str, Any]) -> set[str]:
    """Return the top-level attributes that a request's expressions and aliases name.

    Raises AwsError ValidationException for an expression with any sign of another language.
    """
    aliases = part.get("ExpressionAttributeNames", {})
    for alias in aliases:
        if not _ALIAS.fullmatch(alias):
            raise invalid(f'ExpressionAttributeNames contains invalid key: "{alias}"')
    found = set(aliases.values())
    for name in EXPRESSIONS:
        if name in part:
            found |= expression_attributes(part[name], aliases)
    return found


def expression_attributes(expression: str, aliases: Mapping[str, str]) -> set[str]:
    """Return the top-level attributes of one expression."""
    found: set[str] = set()
    nested = False
    position = 0
    while position < len(expression):
        match = _TOKEN.match(expression, position)
        if match is None:
            raise invalid("Invalid expression: Syntax error")
        position = match.end()
        kind, text = match.lastgroup, match.group()
        if kind == "alias":
            if text not in aliases:
                raise invalid(f"An expression attribute name is not defined: {text}")
            if not nested:
                found.add(aliases[text])
        elif kind == "name" and not nested and not _is_word(text, expression, position):
            found.add(text)
        nested = kind == "dot"
    return found


def _is_word(text: str, expression: str, position: int) -> bool:
    """True for a keyword, or a function before its parenthesis; both are reserved as names."""
    if text in _FUNCTIONS:
        return expression[position:].lstrip().startswith("(")
    return text.upper() in _KEYWORDS
