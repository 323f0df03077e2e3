"""The words of a PartiQL statement: names, texts, numbers, marks and signs, and nothing else.

Standard: "PartiQL data types for DynamoDB" and "Reserved words in DynamoDB" (developer guide).
Comments, semicolons, Ion literals and doubled quotation marks in a name are no words here.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from valetkey.localaws.dynamodb_keys import invalid
from valetkey.localaws.faults import AwsError

MAX_STATEMENT = 8192  # characters: the API's limit
RESERVED = frozenset(
    {
        "ALL", "AND", "AS", "ASC", "AT", "BETWEEN", "BY", "CASE", "CAST", "CONFLICT", "CREATE",
        "CROSS", "DELETE", "DESC", "DISTINCT", "DROP", "EXCEPT", "EXISTS", "FALSE", "FROM",
        "GROUP", "HAVING", "IN", "INNER", "INSERT", "INTERSECT", "INTO", "IS", "JOIN", "LEFT",
        "LIKE", "LIMIT", "MISSING", "MODIFIED", "NEW", "NOT", "NULL", "OFFSET", "OLD", "ON", "OR",
        "ORDER", "OUTER", "PIVOT", "REMOVE", "RETURNING", "RIGHT", "SELECT", "SET", "TABLE",
        "TRUE", "UNION", "UNPIVOT", "UPDATE", "VALUE", "VALUES", "WHERE", "WITH",
    }
)  # fmt: skip
"""What is no name without quotation marks, in any case of its letters."""

_WORD = re.compile(
    r"""(?P<quoted>"[^"]{1,255}"(?!"))|(?P<text>'(?:[^']|'')*+')"""
    r"|(?P<number>-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![A-Za-z0-9_.]))"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<mark>\?)"
    r"|(?P<sign><>|!=|<=|>=|[=<>(),.\[\]{}:*])"
)
_SPACE = re.compile(r"[ \t\r\n]*")


class Kind(StrEnum):
    """What a word is."""

    QUOTED = "quoted"
    TEXT = "text"
    NUMBER = "number"
    NAME = "name"
    MARK = "mark"
    SIGN = "sign"
    END = "end"


class Word(NamedTuple):
    """One word; names and texts without their quotation marks."""

    kind: Kind
    text: str

    def is_keyword(self, *texts: str) -> bool:
        """Tell whether it is one of these keywords, in any case of its letters."""
        return self.kind is Kind.NAME and self.text.upper() in texts

    def is_sign(self, *texts: str) -> bool:
        """Tell whether it is one of these signs."""
        return self.kind is Kind.SIGN and self.text in texts


END = Word(Kind.END, "<EOF>")


def statement_words(statement: str) -> list[Word]:
    """Return the statement's words. Raises AwsError ValidationException for anything else."""
    if len(statement) > MAX_STATEMENT:
        raise invalid(f"Statement is longer than {MAX_STATEMENT}")
    return list(_words(statement))


def _words(statement: str) -> Iterator[Word]:
    start = _after_space(statement, 0)
    while start < len(statement):
        match = _WORD.match(statement, start)
        if match is None:
            raise invalid(f"Statement wasn't well formed, can't be processed: at {start}")
        kind, text = Kind(match.lastgroup or ""), match.group()
        if kind in {Kind.QUOTED, Kind.TEXT}:
            text = text[1:-1].replace("''", "'") if kind is Kind.TEXT else text[1:-1]
        yield Word(kind, text)
        start = _after_space(statement, match.end())


def _after_space(statement: str, at: int) -> int:
    found = _SPACE.match(statement, at)
    return at if found is None else found.end()


def unreadable(word: Word) -> AwsError:
    """Return the refusal of a word that may not stand where it stands."""
    return invalid(f"Statement wasn't well formed, can't be processed: at `{word.text}`")
