"""How many values may be explained by a schema: telling *where* it refuses costs more than whether.

The library gathers the faults of every branch of every `anyOf` before it tells one. Where branches
are within branches it gathers a power of their depth, so a schema that holds itself explains none.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from valetkey.tools.references import REFERENCES, target_of

_MOST_VALUES: Final = 500
"""At up to 0.1 ms each."""
_MOST_LOOKS: Final = 20_000
"""Values times the schemas that may be asked about each of them."""
_FORKS: Final = frozenset(
    {
        "allOf",
        "anyOf",
        "oneOf",
        "not",
        "if",
        "contains",
        "dependentSchemas",
        "dependencies",
        "patternProperties",
        "unevaluatedProperties",
        "unevaluatedItems",
    }
)
"""Keywords that ask more than one schema about one value."""


def explained_values(schema: Mapping[str, Any]) -> int:
    """Return of how many values at most the place of a fault is told. 0: it never is."""
    reading = _Reading(schema)
    try:
        size = reading.size(schema)
    except RecursionError:
        return 0
    return _MOST_VALUES if not reading.has_forks else int(min(_MOST_VALUES, _MOST_LOOKS // size))


@dataclass(slots=True)
class _Reading:
    """`size`s by reference; one that is being measured is infinite: it holds itself."""

    root: Mapping[str, Any]
    has_forks: bool = False
    _sizes: dict[str, float] = field(default_factory=dict)

    def size(self, node: Any) -> float:
        """Return how many objects a schema has with each reference in its place. Never too few."""
        if isinstance(node, list):
            return self._sum(node)
        if not isinstance(node, Mapping):
            return 0
        self.has_forks = self.has_forks or not _FORKS.isdisjoint(node)
        references = [self._behind(node[keyword]) for keyword in REFERENCES & node.keys()]
        return 1 + sum(references) + self._sum(node.values())

    def _sum(self, nodes: Iterable[Any]) -> float:
        return sum([self.size(node) for node in nodes])

    def _behind(self, reference: Any) -> float:
        if not isinstance(reference, str):
            return math.inf
        if reference not in self._sizes:
            self._sizes[reference] = math.inf
            target = target_of(self.root, reference)
            self._sizes[reference] = math.inf if target is None else self.size(target)
        return self._sizes[reference]
