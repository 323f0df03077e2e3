"""The few terms of the theory of strings that formulas need, as the solver builds them.

Knows cvc5's constructors, not what a formula means (`translation.py`), and imports nothing of it:
`solver.py` gives the module. Any-typed, since cvc5's Python interface has no types.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from valetkey.isolation.formula import Alphabet

Term = Any

LAST = 0x2FFFF  # the last character of SMT-LIB's strings
LAST_UNIT = 0xFFFF
_RANGES = {
    Alphabet.PLAIN: (("0", "9"), ("a", "z")),
    Alphabet.TAG: (
        *(("0", "9"), ("a", "z"), ("A", "Z"), (" ", " "), ("_", "_"), ("-", "-")),
        *((".", "/"), (":", ":"), ("=", "="), ("+", "+"), ("@", "@"), ("\x80", "\uffff")),
    ),
}


def escaped(text: str) -> str:
    """Return the text as an SMT-LIB literal writes it: printable ASCII raw, the rest escaped."""
    return "".join(
        unit if " " <= unit <= "~" and unit not in '\\"' else f"\\u{{{ord(unit):x}}}"
        for unit in text
    )


class Terms:
    """Builds terms, and keeps the constant of each symbol and flag by its name."""

    def __init__(self, cvc5: Any) -> None:
        self.manager = cvc5.TermManager()
        self.kind = cvc5.Kind
        self.symbols: dict[str, Term] = {}
        self.flags: dict[str, Term] = {}
        self._fresh = 0

    def make(self, kind: str, *parts: Term) -> Term:
        """Return the term of that kind (`STRING_PREFIX`) over the parts."""
        return self.manager.mkTerm(getattr(self.kind, kind), *parts)

    def symbol(self, name: str) -> Term:
        """Return the string constant of a symbol."""
        if name not in self.symbols:
            self.symbols[name] = self.manager.mkConst(self.manager.getStringSort(), name)
        return self.symbols[name]

    def fresh(self) -> Term:
        """Return a string constant that nothing else speaks of."""
        self._fresh += 1
        return self.manager.mkConst(self.manager.getStringSort(), f"gap {self._fresh}")

    def flag(self, name: str) -> Term:
        """Return the boolean constant of a flag."""
        if name not in self.flags:
            self.flags[name] = self.manager.mkConst(self.manager.getBooleanSort(), name)
        return self.flags[name]

    def truth(self, value: bool) -> Term:
        """Return true or false."""
        return self.manager.mkBoolean(value)

    def number(self, value: int) -> Term:
        """Return an integer."""
        return self.manager.mkInteger(value)

    def literal(self, text: str) -> Term:
        """Return a string, of any UTF-16 units."""
        return self.manager.mkString(escaped(text), True)

    def both(self, parts: Iterable[Term]) -> Term:
        """Return the conjunction."""
        return self._joined("AND", list(parts), self.truth(value=True))

    def either(self, parts: Iterable[Term]) -> Term:
        """Return the disjunction."""
        return self._joined("OR", list(parts), self.truth(value=False))

    def concat(self, parts: Sequence[Term]) -> Term:
        """Return the strings one after the other."""
        return self._joined("STRING_CONCAT", list(parts), self.literal(""))

    def total(self, parts: Sequence[Term]) -> Term:
        """Return the sum."""
        return self._joined("ADD", list(parts), self.number(0))

    def length(self, text: Term) -> Term:
        """Return the length of a string."""
        return self.make("STRING_LENGTH", text)

    def within(self, text: Term, alphabet: Alphabet) -> Term:
        """Tell whether the string is of the alphabet's characters alone."""
        if alphabet is Alphabet.ANY:
            return self.truth(value=True)
        return self.make("STRING_IN_REGEXP", text, self._many(_RANGES[alphabet]))

    def of_units(self, text: Term) -> Term:
        """Tell whether the string is of UTF-16 units: characters up to U+FFFF."""
        return self.make("STRING_IN_REGEXP", text, self._many((("\0", chr(LAST_UNIT)),)))

    def regex(self, parts: Sequence[Term]) -> Term:
        """Return the regular expressions one after the other."""
        return self._joined("REGEXP_CONCAT", list(parts), self.exactly(""))

    def exactly(self, text: str) -> Term:
        """Return the regular expression of one text."""
        return self.make("STRING_TO_REGEXP", self.literal(text))

    def any_case(self, text: str) -> Term:
        """Return the regular expression of a text whose ASCII letters may be of either case."""
        return self.regex(
            [
                self.make("REGEXP_UNION", self.exactly(unit.lower()), self.exactly(unit.upper()))
                if unit.isascii() and unit.isalpha()
                else self.exactly(unit)
                for unit in text
            ]
        )

    def anything(self) -> Term:
        """Return the regular expression of all texts."""
        return self.manager.mkRegexpAll()

    def one(self) -> Term:
        """Return the regular expression of one character."""
        return self.manager.mkRegexpAllchar()

    def one_but_colon(self) -> Term:
        """Return the regular expression of one character that is no colon."""
        return self._class((("\0", "9"), (";", chr(LAST))))

    def star(self, regex: Term) -> Term:
        """Return the regular expression of any number of these."""
        return self.make("REGEXP_STAR", regex)

    def _many(self, ranges: Sequence[tuple[str, str]]) -> Term:
        return self.star(self._class(ranges))

    def _class(self, ranges: Sequence[tuple[str, str]]) -> Term:
        built = [self.make("REGEXP_RANGE", *map(self.literal, pair)) for pair in ranges]
        return self._joined("REGEXP_UNION", built, self.manager.mkRegexpNone())

    def _joined(self, kind: str, parts: list[Term], empty: Term) -> Term:
        if not parts:
            return empty
        return self.make(kind, *parts) if len(parts) > 1 else parts[0]
