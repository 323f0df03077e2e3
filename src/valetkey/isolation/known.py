"""Two lemmas whose answers are known: what a solver must get right before it is believed."""

from valetkey.iam.glob import STAR
from valetkey.isolation.formula import (
    Alphabet,
    Drawn,
    Equal,
    Formula,
    Like,
    Symbol,
    all_of,
    negated,
)

_A, _B, _KEY = Symbol("a"), Symbol("b"), Symbol("key")


def _two_owners(*more: Formula) -> Formula:
    """Return that two different tags own one key under `traces/${tag}/`."""
    owned = [Like((_KEY,), ("traces/", tag, "/", STAR)) for tag in (_A, _B)]
    drawn = [Drawn(tag, Alphabet.TAG) for tag in (_A, _B)]
    return all_of([*owned, *drawn, negated(Equal((_A,), (_B,))), *more])


FALSE_LEMMA = _two_owners()
"""Satisfiable: with a `/` in a tag, `a` owns the keys of `a/b`."""

TRUE_LEMMA = _two_owners(*(negated(Like((tag,), (STAR, "/", STAR))) for tag in (_A, _B)))
"""Unsatisfiable: without a `/` in either tag, no key has two owners."""
