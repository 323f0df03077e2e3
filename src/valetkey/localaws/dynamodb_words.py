"""The words of DynamoDB's expressions: split once, and put together again in one way.

Standard: "Using expressions in DynamoDB" and "Reserved words in DynamoDB" (developer guide).
White space between words means nothing there, but the storage takes only single blanks for it.
"""

import re
from enum import Enum, StrEnum
from typing import NamedTuple

from valetkey.localaws.dynamodb_keys import invalid

MAX_EXPRESSION = 4096  # bytes: DynamoDB's limit of one expression
RESERVED = frozenset({"AND", "OR", "NOT", "BETWEEN", "IN", "SET", "ADD", "DELETE"})  # not REMOVE
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
_LINKS = frozenset({"AND", "OR", "NOT"})
_SPACE = re.compile(r"[ \t\r\n\f]*")


class Grammar(Enum):
    """What kind of expression it is, and so which words are its keywords."""

    PROJECTION = frozenset[str]()
    CONDITION = frozenset({"AND", "OR", "NOT", "BETWEEN", "IN"})
    UPDATE = frozenset({"SET", "REMOVE", "ADD", "DELETE"})


class Kind(StrEnum):
    """What a word is."""

    VALUE = "value"
    ALIAS = "alias"
    NAME = "name"
    KEYWORD = "keyword"
    FUNCTION = "function"
    INDEX = "index"
    DOT = "dot"
    SIGN = "sign"


_OPERANDS = frozenset({Kind.VALUE, Kind.ALIAS, Kind.NAME, Kind.INDEX})


class Word(NamedTuple):
    """One word, and whether white space stood before it."""

    kind: Kind
    text: str
    spaced: bool


def words_of(expression: str, grammar: Grammar) -> list[Word]:
    """Return the words of an expression.

    Raises AwsError ValidationException for one with any sign of another language, for a reserved
    word that stands for an attribute, and for one that is too long or has no word: the storage
    takes a blank one for none at all.
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
            calls = expression.startswith("(", after)
            kind = _kind_of_name(match.group(), words, grammar=grammar, calls=calls)
        words.append(Word(kind, match.group(), start > before))
        before, start = match.end(), after
    if not words:
        raise invalid("Invalid expression: The expression can not be empty;")
    return words


def _after_space(expression: str, at: int) -> int:
    found = _SPACE.match(expression, at)
    return at if found is None else found.end()


def _kind_of_name(text: str, before: list[Word], *, grammar: Grammar, calls: bool) -> Kind:
    """Return what a word of letters is, after those before it. Where no keyword may stand it is
    an attribute, whatever it is called.
    """
    if text in FUNCTIONS and calls:
        return Kind.FUNCTION
    word = text.upper()
    if word in grammar.value and _may_be_keyword(word, before, grammar):
        return Kind.KEYWORD
    if word in RESERVED:
        raise invalid(f"Attribute name is a reserved keyword; reserved keyword: {text}")
    return Kind.NAME


def _may_be_keyword(word: str, before: list[Word], grammar: Grammar) -> bool:
    """Tell whether the keyword may stand there: after an operand, or where a term begins."""
    if before and (before[-1].kind in _OPERANDS or before[-1].text == ")"):
        return word != "NOT"
    if grammar is Grammar.UPDATE:
        return not before
    opening = next((one for one in reversed(before) if one.text != "("), None)
    begins = opening is None or opening.text.upper() in _LINKS
    return word == "NOT" and begins


def joined(words: list[Word]) -> str:
    """Return the expression with single blanks, and none within a path or before a call's `(`."""
    text = ""
    before = None
    for word in words:
        bound = word.kind in {Kind.DOT, Kind.INDEX} or before in {Kind.DOT, Kind.FUNCTION}
        text += f" {word.text}" if word.spaced and text and not bound else word.text
        before = word.kind
    return text
