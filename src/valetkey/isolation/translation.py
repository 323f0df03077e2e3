"""Say a formula in the theory of strings, exactly, and without quantifiers.

A pattern that must match becomes an equation with a fresh text for each wild: some text is there.
One that must not match needs a term that is true iff it matches: a regular expression where no
symbol stands in it, else the places that leftmost matching finds, which is exact for stars.
What can't be said exactly raises: an approximation would be a wrong proof.
"""

from collections.abc import Sequence

from valetkey.iam.glob import Wild
from valetkey.isolation.errors import IsolationError
from valetkey.isolation.formula import (
    And,
    Constant,
    Drawn,
    Equal,
    Flag,
    Formula,
    Like,
    Not,
    Or,
    Pattern,
    Symbol,
    lowered,
)
from valetkey.isolation.terms import Term, Terms

Stretch = tuple[str | Symbol | Wild, ...]


def translated(formula: Formula, terms: Terms, *, wanted: bool = True) -> Term:
    """Return a term that can be made true iff the formula can be made `wanted`.

    Raises IsolationError `not-translatable` for a pattern that has no exact translation.
    """
    match formula:
        case Constant(value):
            return terms.truth(value=value is wanted)
        case Not(part):
            return translated(part, terms, wanted=not wanted)
        case And(parts) | Or(parts):
            said = [translated(part, terms, wanted=wanted) for part in parts]
            return terms.both(said) if isinstance(formula, And) is wanted else terms.either(said)
        case Like() if wanted:
            return _matched(formula, terms)
    return _signed(_exactly(formula, terms), terms, wanted=wanted)


def _exactly(atom: Flag | Equal | Like | Drawn, terms: Terms) -> Term:
    match atom:
        case Flag(name):
            return terms.flag(name)
        case Equal(left, right):
            return terms.make("EQUAL", _text(left, terms), _text(right, terms))
        case Drawn(symbol, alphabet):
            return terms.within(terms.symbol(symbol.name), alphabet)
        case Like():
            return _matches(atom, terms)


def _signed(term: Term, terms: Terms, *, wanted: bool) -> Term:
    return term if wanted else terms.make("NOT", term)


def _text(parts: Stretch, terms: Terms, *, any_case: bool = False) -> Term:
    return terms.concat([_part(part, terms, any_case=any_case) for part in parts])


def _part(part: str | Symbol | Wild, terms: Terms, *, any_case: bool) -> Term:
    if isinstance(part, str):
        return terms.literal(lowered(part) if any_case else part)
    if isinstance(part, Symbol):
        symbol = terms.symbol(part.name)
        return terms.make("STRING_TO_LOWER", symbol) if any_case else symbol
    raise IsolationError("not-translatable", "a `?` between two `*` beside a variable")


def _matched(like: Like, terms: Terms) -> Term:
    """Return a term that can be made true iff the pattern can match: an equation with gaps."""
    if not any(isinstance(part, Symbol) for part in like.pattern):
        return _in_regex(like, terms)
    parts, bounds = [], []
    for part in like.pattern:
        if isinstance(part, Wild):
            gap = terms.fresh()
            parts.append(gap)
            bounds += _bounds(part, gap, terms)
        else:
            parts.append(_part(part, terms, any_case=like.any_case))
    subject = _text(like.subject, terms, any_case=like.any_case)
    return terms.both([terms.make("EQUAL", subject, terms.concat(parts)), *bounds])


def _bounds(wild: Wild, gap: Term, terms: Terms) -> list[Term]:
    match wild:
        case Wild.STAR:
            return []
        case Wild.ONE:
            return [terms.make("EQUAL", terms.length(gap), terms.number(1))]
        case _:
            return [terms.make("STRING_IN_REGEXP", gap, _wild(wild, terms))]


def _matches(like: Like, terms: Terms) -> Term:
    """Return a term that is true iff the pattern matches, whatever the symbols are."""
    if not any(isinstance(part, Symbol) for part in like.pattern):
        return _in_regex(like, terms)
    subject = _text(like.subject, terms, any_case=like.any_case)
    if Wild.STAR_IN_PART in like.pattern:
        return _by_colons(subject, like, terms)
    return _by_places(subject, _stretches(like.pattern), terms, any_case=like.any_case)


def _in_regex(like: Like, terms: Terms) -> Term:
    pattern = [part for part in like.pattern if not isinstance(part, Symbol)]
    regex = _regex(pattern, terms, any_case=like.any_case)
    return terms.make("STRING_IN_REGEXP", _text(like.subject, terms), regex)


def _regex(pattern: Sequence[str | Wild], terms: Terms, *, any_case: bool) -> Term:
    literal = terms.any_case if any_case else terms.exactly
    return terms.regex(
        [literal(part) if isinstance(part, str) else _wild(part, terms) for part in pattern]
    )


def _wild(wild: Wild, terms: Terms) -> Term:
    match wild:
        case Wild.STAR:
            return terms.anything()
        case Wild.STAR_IN_PART:
            return terms.star(terms.one_but_colon())
        case Wild.ONE:
            return terms.one()
        case Wild.ONE_IN_PART:
            return terms.one_but_colon()


def _by_colons(subject: Term, like: Like, terms: Terms) -> Term:
    """Match what stands before the colon after the last star of a part by that colon's place.

    It has a certain number of colons wherever it matches, since its wilds match none.
    """
    head, rest = _split_after_parts(like.pattern)
    end = terms.number(0)
    found = []
    for _ in range(sum(part.count(":") for part in head if isinstance(part, str))):
        place = terms.make("STRING_INDEXOF", subject, terms.literal(":"), end)
        found.append(terms.make("GEQ", place, terms.number(0)))
        end = terms.total([place, terms.number(1)])
    beginning = terms.make("STRING_SUBSTR", subject, terms.number(0), end)
    remaining = terms.make("STRING_SUBSTR", subject, end, terms.length(subject))
    regex = _regex(head, terms, any_case=like.any_case)
    return terms.both(
        [
            *found,
            terms.make("STRING_IN_REGEXP", beginning, regex),
            _by_places(remaining, _stretches(rest), terms, any_case=like.any_case),
        ]
    )


def _split_after_parts(pattern: Pattern) -> tuple[tuple[str | Wild, ...], Pattern]:
    """Return the pattern up to the colon after its last star of a part, and what follows."""
    last = len(pattern) - 1 - pattern[::-1].index(Wild.STAR_IN_PART)
    head = [part for part in pattern[: last + 1] if not isinstance(part, Symbol)]
    if len(head) <= last or Wild.STAR in head or Wild.ONE in head:
        raise IsolationError(
            "not-translatable", "a variable or a wildcard of all parts before a `*` of one part"
        )
    rest = pattern[last + 1 :]
    if not rest or not isinstance(rest[0], str) or ":" not in rest[0]:
        raise IsolationError("not-translatable", "a `*` of one part with no colon after it")
    before, after = rest[0].split(":", 1)
    return (*head, before + ":"), (after, *rest[1:])


def _stretches(pattern: Pattern) -> list[Stretch]:
    """Return what stands between the stars."""
    stretches: list[list[str | Symbol | Wild]] = [[]]
    for part in pattern:
        if part is Wild.STAR:
            stretches.append([])
        elif part != "":
            stretches[-1].append(part)
    return [tuple(stretch) for stretch in stretches]


def _by_places(
    subject: Term, stretches: Sequence[Stretch], terms: Terms, *, any_case: bool
) -> Term:
    first, *middles, last = stretches if len(stretches) > 1 else (stretches[0], ())
    if len(stretches) == 1:
        sizes = terms.make("EQUAL", terms.length(subject), _size(first, terms))
        return terms.both([sizes, _at(subject, terms.number(0), first, terms, any_case=any_case)])
    end = terms.make("SUB", terms.length(subject), _size(last, terms))
    at = _size(first, terms)
    said = [_at(subject, terms.number(0), first, terms, any_case=any_case)]
    for middle in middles:
        wanted = _text(middle, terms, any_case=any_case)
        place = terms.make("STRING_INDEXOF", subject, wanted, at)
        said.append(terms.make("GEQ", place, terms.number(0)))
        at = terms.total([place, terms.length(wanted)])
    if last:
        said.append(_at(subject, end, last, terms, any_case=any_case))
    return terms.both([*said, terms.make("LEQ", at, end)])


def _size(stretch: Stretch, terms: Terms) -> Term:
    return terms.total(
        [
            terms.number(1)
            if isinstance(part, Wild)
            else terms.length(_part(part, terms, any_case=False))
            for part in stretch
        ]
    )


def _at(subject: Term, at: Term, stretch: Stretch, terms: Terms, *, any_case: bool) -> Term:
    """Tell whether the stretch stands at that place of the subject."""
    said = []
    for part in stretch:
        size = terms.number(1)
        if isinstance(part, Wild):
            found = terms.make("STRING_SUBSTR", subject, at, size)
            if part is Wild.ONE_IN_PART:
                colon = terms.make("EQUAL", found, terms.literal(":"))
                said.append(terms.make("NOT", colon))
        else:
            wanted = _part(part, terms, any_case=any_case)
            size = terms.length(wanted)
            found = terms.make("STRING_SUBSTR", subject, at, size)
            said.append(terms.make("EQUAL", found, wanted))
        at = terms.total([at, size])
    return terms.both(said)
