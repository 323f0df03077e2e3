"""Questions about one text and patterns without variables, decided exactly, with the shortest text.

Each pattern is an automaton, all are run side by side, and the states that they reach together
are searched breadth first. There are finitely many: letters that no pattern names are alike.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from valetkey.iam.glob import Wild
from valetkey.isolation.errors import IsolationError
from valetkey.isolation.formula import Alphabet, Symbol, is_drawn, lowered

Glob = tuple[str | Wild, ...]

MOST_STATES = 50_000
"""Product states searched: real policies need hundreds; beyond this the solver is faster."""

_KINDS: tuple[Callable[[str], bool], ...] = (
    lambda unit: is_drawn(unit, Alphabet.PLAIN),
    lambda unit: "A" <= unit <= "Z",
    lambda unit: is_drawn(unit, Alphabet.TAG) and unit.isascii(),
    lambda unit: unit.isascii() and not unit.isprintable(),
    lambda unit: unit.isascii(),
    lambda unit: not unit.isascii(),
)
"""Kinds of letters that alphabets and letter case tell apart; all others look alike to them."""

_FIRST_CHOICE = "xabcdefghijklmnopqrstuvwyz0123456789XABCDEFGHIJKLMNOPQRSTUVWYZ-_.+=@/ "


@dataclass(frozen=True, slots=True)
class Machine:
    """One pattern, for texts read unit by unit: bit i of a state says that the first i places of
    the pattern can have matched what was read. 0 never matches again.
    """

    exact: dict[str, int]
    one: int
    one_in_part: int
    stay: int
    stay_in_part: int
    end: int
    any_case: bool
    alphabet: Alphabet = Alphabet.ANY

    def step(self, live: int, unit: str) -> int:
        """Return the state after one more unit."""
        if not live or (self.alphabet is not Alphabet.ANY and not is_drawn(unit, self.alphabet)):
            return 0
        if self.any_case:
            unit = lowered(unit)
        move, rest = self.one, self.stay
        if unit != ":":
            move |= self.one_in_part
            rest |= self.stay_in_part
        return (live & (move | self.exact.get(unit, 0))) << 1 | live & rest

    def run(self, live: int, text: str) -> int:
        """Return the state after a text."""
        for unit in text:
            live = self.step(live, unit)
        return live

    def accepts(self, live: int) -> bool:
        """Tell whether what was read matches."""
        return bool(live & self.end)


START = 1


def machine(glob: Glob, *, any_case: bool = False) -> Machine:
    """Return the automaton of a pattern without variables."""
    exact: dict[str, int] = {}
    places = dict.fromkeys(Wild, 0)
    bit = START
    for token in glob:
        if isinstance(token, str):
            for unit in lowered(token) if any_case else token:
                exact[unit] = exact.get(unit, 0) | bit
                bit <<= 1
        else:
            places[token] |= bit
            if token in (Wild.ONE, Wild.ONE_IN_PART):
                bit <<= 1
    return Machine(
        exact,
        places[Wild.ONE],
        places[Wild.ONE_IN_PART],
        places[Wild.STAR],
        places[Wild.STAR_IN_PART],
        bit,
        any_case,
    )


def drawn_machine(alphabet: Alphabet) -> Machine:
    """Return the automaton of all texts of an alphabet."""
    return Machine({}, 0, 0, START, 0, START, any_case=False, alphabet=alphabet)


def uncovered(
    patterns: Sequence[Glob], covering: Sequence[Glob], *, any_case: bool = False
) -> str | None:
    """Return the shortest text that matches one of `patterns` and none of `covering`, in UTF-16
    units, or None if there is none: the first are covered by the second.

    Raises IsolationError `patterns-too-large`.
    """
    machines = [machine(glob, any_case=any_case) for glob in (*patterns, *covering)]
    asked = len(patterns)

    def only_asked(states: Sequence[int]) -> bool:
        found = [one.accepts(live) for one, live in zip(machines, states, strict=True)]
        return any(found[:asked]) and not any(found[asked:])

    return shortest(machines, [START] * len(machines), only_asked)


def shortest(
    machines: Sequence[Machine],
    start: Sequence[int],
    accepts: Callable[[Sequence[int]], bool],
) -> str | None:
    """Return the shortest text after which the machines' states are accepted, None if no text is.

    Raises IsolationError `patterns-too-large` where they reach more than MOST_STATES together.
    """
    letters = list(_letters(machines))
    first = tuple(start)
    came_from: dict[tuple[int, ...], tuple[tuple[int, ...], str] | None] = {first: None}
    waiting = deque([first])
    while waiting:
        states = waiting.popleft()
        if accepts(states):
            return _path(came_from, states)
        for unit in letters:
            after = tuple(one.step(live, unit) for one, live in zip(machines, states, strict=True))
            if after not in came_from:
                came_from[after] = states, unit
                waiting.append(after)
        if len(came_from) > MOST_STATES:
            raise IsolationError(
                "patterns-too-large",
                f"{len(machines)} patterns have more than {MOST_STATES} states together",
            )
    return None


def _letters(machines: Sequence[Machine]) -> Iterator[str]:
    """Yield the letters that patterns name, and one of each kind that none does."""
    named = {unit for one in machines for unit in one.exact}
    cased = any(one.any_case for one in machines)
    if cased:
        named |= {each for unit in named if unit.isascii() for each in (unit.upper(), unit.lower())}
    named.add(":")
    others: list[str] = []
    for kind in _KINDS:
        taken = named | set(others)
        unit = next((one for one in _units() if one not in taken and kind(one)), None)
        others += [unit] if unit is not None else []
    yield from others[:1]
    yield from sorted(named)
    yield from others[1:]


def _units() -> Iterator[str]:
    yield from _FIRST_CHOICE
    yield from map(chr, range(0x10000))


def _path(
    came_from: dict[tuple[int, ...], tuple[tuple[int, ...], str] | None], states: tuple[int, ...]
) -> str:
    letters: list[str] = []
    while (step := came_from[states]) is not None:
        states, unit = step
        letters.append(unit)
    return "".join(reversed(letters))


def glob_of(pattern: Sequence[str | Symbol | Wild]) -> Glob | None:
    """Return the pattern if no symbol stands in it."""
    parts = [part for part in pattern if not isinstance(part, Symbol)]
    return tuple(parts) if len(parts) == len(pattern) else None
