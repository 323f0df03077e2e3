"""The unknowns of a formula, and values for them."""

from random import Random

from valetkey.isolation.formula import (
    And,
    Assignment,
    Drawn,
    Equal,
    Flag,
    Formula,
    Like,
    Not,
    Or,
    Symbol,
)


def unknowns(formula: Formula) -> tuple[set[str], set[str]]:
    """Return the names of the formula's symbols and of its flags."""
    texts: set[str] = set()
    flags: set[str] = set()
    rest = [formula]
    while rest:
        match rest.pop():
            case Flag(name):
                flags.add(name)
            case Equal(one, other) | Like(one, other):
                texts |= {part.name for part in (*one, *other) if isinstance(part, Symbol)}
            case Drawn(symbol):
                texts.add(symbol.name)
            case Not(part):
                rest.append(part)
            case And(parts) | Or(parts):
                rest += parts
            case _:
                pass
    return texts, flags


def some_values(formula: Formula, random: Random, texts: list[str]) -> Assignment:
    """Return values of the formula's unknowns; most flags are true."""
    names, flags = unknowns(formula)
    return Assignment(
        {name: random.choice(texts) for name in sorted(names)},
        {name: random.random() < 0.7 for name in sorted(flags)},
    )
