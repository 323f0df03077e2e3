"""The words of DynamoDB's expressions: split once, and put together again in one way.

Standard: "Using expressions in DynamoDB" (developer guide). White space between words means
nothing there, but the storage takes only single blanks for it.
"""

import re
from enum import StrEnum
from typing import NamedTuple

from valetkey.localaws.dynamodb_keys import invalid

MAX_EXPRESSION = 4096  # bytes: DynamoDB's limit of one expression
KEYWORDS = frozenset({"AND", "OR", "NOT", "BETWEEN", "IN", "SET", "REMOVE", "ADD", "DELETE"})
FUNCTIONS = frozenset(
    {
        "attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains",
        "size", "if_not_exists", "list_append",
    }
)  # fmt: skip
_WORD = re.compile(
    r"(?P<value>:[A-Za-z0-9_]+)|(?P<alias>#[A-Za-z0-9_]+)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<index>\[[0-9]{1,6}\])|(?P<dot>\.)|(?P<sign><>|<=|>=|[=<>(),+-])"
)
_SPACE = re.compile(r"[ \t\r\n\f]*")


class Kind(StrEnum):
    """What a word is. Keywords and functions are reserved: no attribute is written like them."""

    VALUE = "value"
    ALIAS = "alias"
    NAME = "name"
    KEYWORD = "keyword"
    FUNCTION = "function"
    INDEX = "index"
    DOT = "dot"
    SIGN = "sign"


class Word(NamedTuple):
    """One word, and whether white space stood before it."""

    kind: Kind
    text: str
    spaced: bool


def words_of(expression: str) -> list[Word]:
    """Return the words of an expression.

    Raises AwsError ValidationException for one with any sign of another language, or too long.
    """
    if len(expression) > MAX_EXPRESSION:
        raise invalid("Invalid expression: Expression size has exceeded the maximum allowed size")
    words: list[Word] = []
    start = _after_space(expression, 0)
    before = 0
    while start < len(expression):
        match = _WORD.match(expression, start)
        if match is None:
            raise invalid("Invalid expression: Syntax error")
        kind = Kind(match.lastgroup or "")
        after = _after_space(expression, match.end())
        if kind is Kind.NAME:
            kind = _kind_of_name(match.group(), calls=expression.startswith("(", after))
        words.append(Word(kind, match.group(), start > before))
        before, start = match.end(), after
    return words


def _after_space(expression: str, at: int) -> int:
    found = _SPACE.match(expression, at)
    return at if found is None else found.end()


def _kind_of_name(text: str, *, calls: bool) -> Kind:
    if text in FUNCTIONS and calls:
        return Kind.FUNCTION
    return Kind.KEYWORD if text.upper() in KEYWORDS else Kind.NAME


def joined(words: list[Word]) -> str:
    """Return the expression with single blanks, and none within a path or before a call's `(`."""
    text = ""
    before = None
    for word in words:
        bound = word.kind in {Kind.DOT, Kind.INDEX} or before in {Kind.DOT, Kind.FUNCTION}
        text += f" {word.text}" if word.spaced and text and not bound else word.text
        before = word.kind
    return text
