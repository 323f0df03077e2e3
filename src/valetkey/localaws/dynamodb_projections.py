"""Projections: paths to attributes with commas between them, and nothing else.

Standard: "Using projection expressions in DynamoDB" (developer guide).
"""

from collections.abc import Sequence

from valetkey.localaws.dynamodb_keys import invalid
from valetkey.localaws.dynamodb_words import Kind, Word

_ATTRIBUTE = frozenset({Kind.NAME, Kind.ALIAS})
_STEP = frozenset({Kind.DOT, Kind.INDEX})
_COMMA = Word(Kind.SIGN, ",", spaced=False)


def check_projection(words: Sequence[Word]) -> None:
    """Return if the words are paths, each of which begins with an attribute.

    Raises AwsError ValidationException: the storage reads some other forms as no attribute,
    some as all of them, and breaks at others.
    """
    before = _COMMA
    for word in (*words, _COMMA):
        begins = before.text == "," or before.kind is Kind.DOT
        fits = word.kind in _ATTRIBUTE if begins else word.kind in _STEP or word.text == ","
        if not fits:
            token = word.text if word is not _COMMA else "<EOF>"
            raise invalid(f'Invalid ProjectionExpression: Syntax error; token: "{token}"')
        before = word
