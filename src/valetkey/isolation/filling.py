"""A policy's texts with the unknown values of their variables filled in.

As in `template.py`: a value stands for itself, never for a wildcard; a text with a variable that
has no value (absent without a default, or multivalued) matches nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from math import prod

from valetkey.iam.glob import units
from valetkey.iam.matching import Piece
from valetkey.iam.template import Template
from valetkey.iam.variables import Variable
from valetkey.isolation.comparing import Part, like
from valetkey.isolation.formula import FALSE, Formula, Text, all_of, any_of
from valetkey.isolation.keys import Case, KeyModel, cases
from valetkey.isolation.unencodable import Unencodable

Lookup = Callable[[str], KeyModel]
"""The model of a context key, by its name in lower case."""

MAX_FILLINGS = 256  # of one text: each is a comparison of its own


def fillings(template: Template, lookup: Lookup) -> Iterator[tuple[Formula, tuple[Part, ...]]]:
    """Yield what the template is where each formula is true; nowhere else does it match.

    Raises Unencodable where its variables have too many values.
    """
    named = dict.fromkeys(variable.key for variable in template.variables)
    options = [cases(lookup(key)) for key in named]
    if prod(map(len, options)) > MAX_FILLINGS:
        raise Unencodable(f"`{template.written}` has too many variables of too many values")
    for chosen in product(*options):
        filled = _filled(template.pieces, dict(zip(named, chosen, strict=True)))
        when = all_of(case.when for case in chosen)
        if filled is not None and when != FALSE:
            yield when, filled


def matches(template: Template, subject: Text, lookup: Lookup) -> Formula:
    """Return that the template, filled in, matches the text."""
    return any_of(
        all_of([when, like(subject, filled)]) for when, filled in fillings(template, lookup)
    )


def _filled(pieces: Sequence[Piece], chosen: dict[str, Case]) -> tuple[Part, ...] | None:
    filled: list[Part] = []
    for piece in pieces:
        if isinstance(piece, str):
            filled.append(units(piece))
        elif not isinstance(piece, Variable):
            filled.append(piece)
        elif (value := _value(piece, chosen[piece.key])) is not None:
            filled += value
        else:
            return None
    return tuple(filled)


def _value(variable: Variable, case: Case) -> Text | None:
    if case.is_absent:
        return None if variable.default is None else (units(variable.default),)
    return case.text
