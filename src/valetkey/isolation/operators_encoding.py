"""One text of a request beside a condition's values, as `operators.py` compares them."""

from collections.abc import Sequence
from itertools import product

from valetkey.iam.arn_pattern import COLONS, IN_PART
from valetkey.iam.condition import IF_EXISTS, Condition
from valetkey.iam.glob import STAR, Wild, matches_tokens
from valetkey.iam.template import Template
from valetkey.isolation.comparing import Part, is_static, like
from valetkey.isolation.filling import Lookup, fillings, matches
from valetkey.isolation.formula import FALSE, TRUE, Constant, Formula, Symbol, Text, all_of, any_of
from valetkey.isolation.keys import joined
from valetkey.isolation.unencodable import Unencodable

KELVIN = "\u212a"  # the one letter beyond ASCII whose lower case is ASCII
MAX_KELVINS = 6  # letters k of one value: each doubles the comparisons
FOR_ANY_ARN: tuple[Part, ...] = ("arn:", *(Wild.STAR_IN_PART, ":") * (COLONS - 1), STAR)


def operator_name(condition: Condition) -> str:
    """Return the operator without set prefix and IfExists, such as `StringEquals`."""
    name = condition.operator.removeprefix(condition.quantifier.value)
    return name.removesuffix(IF_EXISTS) if condition.if_exists else name


def compared(condition: Condition, subject: Text, lookup: Lookup) -> Formula:
    """Return that the text matches one of the condition's values, before any negation.

    Raises Unencodable where a text that is not known is read as a number, a date, an address or
    as bytes, or where letters beyond ASCII are compared ignoring case.
    """
    wanted = condition.comparison.wanted
    if is_static(subject) and not any(template.variables for template in wanted):
        return Constant(condition.comparison.matches(joined("".join(map(str, subject))), {}))
    name = operator_name(condition)
    if name.endswith("IgnoreCase"):
        found = [_ignoring_case(template, subject, lookup) for template in wanted]
    elif name.startswith("String"):
        found = [matches(template, subject, lookup) for template in wanted]
    elif name.startswith("Arn"):
        found = [_arn(template, subject, lookup) for template in wanted]
    elif name == "Bool":  # `true` and `false` have no k: nothing but ASCII is either of them
        found = [like(subject, (one.written.lower(),), any_case=True) for one in wanted]
    else:
        raise Unencodable(f"`{condition.written_key}` is compared as a text and by {name} too")
    return any_of(found)


def _ignoring_case(template: Template, subject: Text, lookup: Lookup) -> Formula:
    return any_of(
        all_of([when, _equal_ignoring_case(subject, _text(filled), template)])
        for when, filled in fillings(template, lookup)
    )


def _text(parts: Sequence[Part]) -> Text:
    return tuple(part for part in parts if not isinstance(part, Wild))


def _equal_ignoring_case(left: Text, right: Text, template: Template) -> Formula:
    """Return that both are the same in lower case, as `str.lower` has it."""
    if is_static(right):
        symbolic, plain = left, right
    else:
        symbolic, plain = right, left
    if not is_static(plain):
        if left == right:
            return TRUE
        raise Unencodable(f"`{template.written}` compares two unknown texts ignoring case")
    letters = joined("".join(map(str, plain))).lower()
    if is_static(symbolic):
        return Constant(joined("".join(map(str, symbolic))).lower() == letters)
    if not letters.isascii() or letters.count("k") > MAX_KELVINS:
        raise Unencodable(f"`{template.written}` ignores the case of letters beyond ASCII")
    spellings = product(*(("k", KELVIN) if letter == "k" else (letter,) for letter in letters))
    return any_of(like(symbolic, ("".join(one),), any_case=True) for one in spellings)


def _arn(template: Template, subject: Text, lookup: Lookup) -> Formula:
    if template.pieces == (STAR,):
        return like(subject, FOR_ANY_ARN)
    return any_of(
        all_of([when, _like_arn(subject, filled, template)])
        for when, filled in fillings(template, lookup)
    )


def _like_arn(subject: Text, pattern: Sequence[Part], template: Template) -> Formula:
    """Return that the text is an ARN of which each of the pattern's six parts matches its own.

    The first five parts of an ARN have no colon and the sixth has all that are left, so the parts
    match one by one exactly where the whole does with wildcards that stay in their part.
    """
    parts = _split_at_colons(pattern, template)
    if len(parts) != COLONS + 1:
        return FALSE
    head = [part for part in parts[0] if not isinstance(part, Symbol)]
    if not matches_tokens(head, "arn"):
        return FALSE
    whole: list[Part] = ["arn"]
    for part in parts[1:-1]:
        whole += [":", *(IN_PART.get(one, one) if isinstance(one, Wild) else one for one in part)]
    return like(subject, (*whole, ":", *parts[-1]))


def _split_at_colons(pattern: Sequence[Part], template: Template) -> list[list[Part]]:
    """Return the parts, divided at the first five colons, those of known values included."""
    parts: list[list[Part]] = [[]]
    for piece in pattern:
        if isinstance(piece, str):
            first, *rest = piece.split(":", COLONS + 1 - len(parts))
            parts[-1].append(first)
            parts += [[text] for text in rest]
        elif isinstance(piece, Symbol) and len(parts) <= COLONS:
            raise Unencodable(f"a variable of `{template.written}` may bring colons of its own")
        else:
            parts[-1].append(piece)
    return parts
