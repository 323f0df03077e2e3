"""What is known at a place of a formula: which parts hold, what symbols are, how texts begin."""

from collections import Counter
from collections.abc import Iterator

from valetkey.isolation.formula import (
    Constant,
    Drawn,
    Equal,
    Formula,
    Like,
    Not,
    Symbol,
    Text,
    negated,
)


class Facts:
    """Facts of one conjunction, and of those around it (`outer`)."""

    def __init__(self, outer: "Facts | None") -> None:
        self._outer = outer
        self._known: Counter[Formula] = Counter()
        self._values: dict[Symbol, Counter[Text]] = {}
        self._heads: dict[Text, Counter[str]] = {}

    def learn(self, formula: Formula, *, truth: bool) -> None:
        """Take the formula as true, or as false."""
        self._count(formula if truth else negated(formula), 1)

    def forget(self, formula: Formula, *, truth: bool) -> None:
        """Take back what was learned."""
        self._count(formula if truth else negated(formula), -1)

    def about(self, formula: Formula) -> bool | None:
        """Tell whether the formula is known to be true or false."""
        if isinstance(formula, Constant):
            return formula.value
        opposite = negated(formula)
        for facts in self._scopes():
            if facts._known[formula] > 0:
                return True
            if facts._known[opposite] > 0:
                return False
        return None

    def values_for(self, atom: Equal | Like | Drawn) -> dict[Symbol, Text]:
        """Return the literals that symbols of the comparison are known to be."""
        values: dict[Symbol, Text] = {}
        for symbol in symbols_in(atom):
            for facts in self._scopes():
                known = +facts._values.get(symbol, Counter())
                if known:
                    values[symbol] = next(iter(known))
                    break
        return values

    def contradict(self, atom: Equal | Like | Drawn) -> bool:
        """Tell whether a text is known to begin as the comparison says it does not."""
        wanted = _head(atom)
        if wanted is None:
            return False
        subject, head = wanted
        return any(
            not known.startswith(head) and not head.startswith(known)
            for facts in self._scopes()
            for known in +facts._heads.get(subject, Counter())
        )

    def _scopes(self) -> "Iterator[Facts]":
        facts: Facts | None = self
        while facts is not None:
            yield facts
            facts = facts._outer

    def _count(self, formula: Formula, by: int) -> None:
        if isinstance(formula, Constant):
            return
        self._known[formula] += by
        if isinstance(formula, Equal):
            symbol, value = _value(formula) or (None, ())
            if symbol is not None:
                self._values.setdefault(symbol, Counter())[value] += by
        if isinstance(formula, Equal | Like) and (begins := _head(formula)):
            self._heads.setdefault(begins[0], Counter())[begins[1]] += by


def _value(atom: Equal) -> tuple[Symbol, Text] | None:
    """Return the symbol and its literal, where the equation says just that."""
    for side, other in ((atom.left, atom.right), (atom.right, atom.left)):
        literal = all(isinstance(part, str) for part in other)
        if literal and len(side) == 1 and isinstance(side[0], Symbol):
            return side[0], other
    return None


def _head(atom: Equal | Like | Drawn) -> tuple[Text, str] | None:
    """Return a text and the literal with which it begins, where the comparison says so."""
    match atom:
        case Like(subject, (str(head), *_), False):
            return subject, head
        case Equal(left, (str(head), *_)):
            return left, head
        case Equal((str(head), *_), right):
            return right, head
    return None


def symbols_in(atom: Formula) -> Iterator[Symbol]:
    """Yield the symbols of a comparison."""
    match atom:
        case Equal(left, right) | Like(left, right):
            yield from (part for part in (*left, *right) if isinstance(part, Symbol))
        case Drawn(symbol):
            yield symbol
        case Not(part):
            yield from symbols_in(part)
