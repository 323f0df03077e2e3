"""Key conditions of queries: our own strict reading, written again in one plain form.

Standard: "Key condition expressions" (DynamoDB developer guide): one equality of the partition
key, at most one condition of the sort key, each against a value of the request.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from valetkey.localaws.dynamodb_keys import invalid
from valetkey.localaws.dynamodb_words import Grammar, Kind, Word, words_of
from valetkey.localaws.faults import AwsError

_SIGNS = frozenset({"=", "<", "<=", ">", ">="})
_END = Word(Kind.SIGN, "", spaced=False)


def canonical_key_condition(expression: str, values: Mapping[str, Any]) -> str:
    """Return the same condition, equalities first, single-spaced, without parentheses.

    Raises AwsError ValidationException for any other form, more than two terms, and a value
    that `values` does not have.
    """
    words = iter(words_of(expression, Grammar.CONDITION))
    terms: list[str] = []
    depth = 0
    word = _next(words)
    while True:
        while word.text == "(":
            depth, word = depth + 1, _next(words)
        terms.append(_term(word, words, values))
        word = _next(words)
        while word.text == ")" and depth:
            depth, word = depth - 1, _next(words)
        if len(terms) > 2:
            raise invalid("Conditions can be of length 1 or 2 only")
        if word is _END and not depth:
            # the storage cannot read a BETWEEN that stands before the partition key
            return " AND ".join(sorted(terms, key=lambda term: " = " not in term))
        if not _is_keyword(word, "AND"):
            raise _unreadable(word)
        word = _next(words)


def check_key_types(condition: str, part: Mapping[str, Any], types: Mapping[str, str]) -> None:
    """Return if a canonical condition names each key once, and compares it with its own type.

    `types` are those of all key attributes of table and indexes. Raises AwsError
    ValidationException: the storage compares a number with a text only to break.
    """
    aliases, values = part.get("ExpressionAttributeNames", {}), part["ExpressionAttributeValues"]
    named: list[str] = []
    for word in words_of(condition, Grammar.CONDITION):
        if word.kind in {Kind.NAME, Kind.ALIAS}:
            named.append(str(aliases.get(word.text, word.text)))
        elif word.kind is Kind.VALUE and set(values[word.text]) != {types.get(named[-1])}:
            raise invalid(
                "One or more parameter values were invalid: Condition parameter type does not "
                "match schema type"
            )
    if len(set(named)) != len(named):
        raise invalid("KeyConditionExpressions must only contain one condition per key")


def _term(word: Word, words: Iterator[Word], values: Mapping[str, Any]) -> str:
    if word.kind is Kind.FUNCTION and word.text == "begins_with":
        _expect("(", words)
        name = _name(_next(words))
        _expect(",", words)
        value = _value(words, values)
        _expect(")", words)
        return f"begins_with({name}, {value})"
    name = _name(word)
    sign = _next(words)
    if _is_keyword(sign, "BETWEEN"):
        low = _value(words, values)
        link = _next(words)
        if not _is_keyword(link, "AND"):
            raise _unreadable(link)
        return f"{name} BETWEEN {low} AND {_value(words, values)}"
    if sign.kind is not Kind.SIGN or sign.text not in _SIGNS:
        raise _unreadable(sign)
    return f"{name} {sign.text} {_value(words, values)}"


def _name(word: Word) -> str:
    if word.kind not in {Kind.NAME, Kind.ALIAS}:
        raise _unreadable(word)
    return word.text


def _value(words: Iterator[Word], values: Mapping[str, Any]) -> str:
    word = _next(words)
    if word.kind is not Kind.VALUE:
        raise _unreadable(word)
    if word.text not in values:
        raise invalid(f"An expression attribute value is not defined: {word.text}")
    return word.text


def _expect(text: str, words: Iterator[Word]) -> None:
    word = _next(words)
    if word.text != text:
        raise _unreadable(word)


def _next(words: Iterator[Word]) -> Word:
    return next(words, _END)


def _is_keyword(word: Word, text: str) -> bool:
    return word.kind is Kind.KEYWORD and word.text.upper() == text


def _unreadable(word: Word) -> AwsError:
    return invalid(f'Invalid KeyConditionExpression: Syntax error; token: "{word.text or "<EOF>"}"')
