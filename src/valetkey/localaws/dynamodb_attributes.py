"""Which attributes a request names: all that its expressions could touch, never fewer.

`dynamodb:Attributes` allows by listing, so one name too many denies and one too few would open.
"""

import re
from collections.abc import Mapping
from typing import Any

from valetkey.localaws.dynamodb_key_conditions import canonical_key_condition
from valetkey.localaws.dynamodb_keys import invalid
from valetkey.localaws.dynamodb_projections import check_projection
from valetkey.localaws.dynamodb_words import Grammar, Kind, Word, joined, words_of

KEY_CONDITION = "KeyConditionExpression"
PROJECTION = "ProjectionExpression"
EXPRESSIONS = {
    "FilterExpression": Grammar.CONDITION,
    PROJECTION: Grammar.PROJECTION,
    "ConditionExpression": Grammar.CONDITION,
    "UpdateExpression": Grammar.UPDATE,
}
_ALIAS = re.compile(r"#[A-Za-z0-9_]{1,254}")


def canonical_expressions(part: Mapping[str, Any]) -> dict[str, str]:
    """Return the request's expressions as the storage is to read them.

    Raises AwsError ValidationException for what is no expression.
    """
    words = {name: words_of(part[name], EXPRESSIONS[name]) for name in EXPRESSIONS if name in part}
    if PROJECTION in words:
        check_projection(words[PROJECTION])
    found = {name: joined(one) for name, one in words.items()}
    if KEY_CONDITION in part:
        values = part.get("ExpressionAttributeValues", {})
        found[KEY_CONDITION] = canonical_key_condition(part[KEY_CONDITION], values)
    return found


def named_attributes(part: Mapping[str, Any]) -> set[str]:
    """Return the top-level attributes that a request's expressions and aliases name.

    Raises AwsError ValidationException for an expression with any sign of another language.
    """
    aliases = part.get("ExpressionAttributeNames", {})
    for alias in aliases:
        if not _ALIAS.fullmatch(alias):
            raise invalid(f'ExpressionAttributeNames contains invalid key: "{alias}"')
    found = set(aliases.values())
    for name, grammar in {KEY_CONDITION: Grammar.CONDITION, **EXPRESSIONS}.items():
        if name in part:
            found |= _attributes(words_of(part[name], grammar), aliases)
    return found


def _attributes(words: list[Word], aliases: Mapping[str, str]) -> set[str]:
    found: set[str] = set()
    nested = False
    for word in words:
        if word.kind is Kind.ALIAS and word.text not in aliases:
            raise invalid(f"An expression attribute name is not defined: {word.text}")
        if not nested and word.kind is Kind.ALIAS:
            found.add(aliases[word.text])
        elif not nested and word.kind is Kind.NAME:
            found.add(word.text)
        nested = word.kind is Kind.DOT
    return found
