"""A record that is written again and again with nothing but its instant changed.

Canonical JSON of a record costs more than the rest of a cached hand-out. It is made once here, and
each copy gets its `at`.
"""

from dataclasses import replace

from valetkey.audit.leaf import leaf_bytes
from valetkey.audit.records import Record

_INSTANT = b'"at":0'


class LeafTemplate:
    """The leaf of `record` at any instant: `at(t)` equals `leaf_bytes(replace(record, at=t))`."""

    __slots__ = ("_head", "_tail")

    def __init__(self, record: Record) -> None:
        # Inside a JSON string a quote is escaped, so this can only be the member itself.
        self._head, found, self._tail = leaf_bytes(replace(record, at=0)).partition(_INSTANT)
        if not found or _INSTANT in self._tail:
            raise ValueError("a record has exactly one instant")

    def at(self, at: int) -> bytes:
        """Return the leaf at `at`, Unix milliseconds from 0 to 2**53 - 1."""
        return b'%b"at":%d%b' % (self._head, at, self._tail)
