"""Does a stored log hold together? Leaves, their hashes and every head that was ever written.

It reads no database and knows no outside checkpoint: who rewrites leaves, hashes and heads alike,
or cuts all of them at one point, leaves a log that holds together. `WITHOUT_CHECKPOINT` says so.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from valetkey.audit.errors import AuditError
from valetkey.audit.leaf import read_leaf
from valetkey.audit.tree import Tree, leaf_hash

WITHOUT_CHECKPOINT: Final = (
    "The log holds together. Without a checkpoint kept elsewhere nobody can know whether its end "
    "was cut off or whether it was rewritten as a whole: keep the size and the root somewhere else."
)


class Fault(Enum):
    """What is wrong at the first place where something is."""

    LEAF_MISSING = "leaf-missing"  # the index is not there, the log goes on after it
    LEAF_MALFORMED = "leaf-malformed"  # not the canonical bytes of a record
    LEAF_CHANGED = "leaf-changed"  # the stored leaf hash is not that of the leaf
    ROOT_DIFFERS = "root-differs"  # leaf and hash agree, the root written with them does not
    TAIL_MISSING = "tail-missing"  # the head counts leaves that are not there
    LEAF_UNCOVERED = "leaf-uncovered"  # a leaf that no head counts
    HEAD_MISSING = "head-missing"  # there is no current head to verify against
    HEAD_DIFFERS = "head-differs"  # every leaf is fine, the current head says something else


@dataclass(frozen=True, slots=True)
class StoredLeaf:
    """One row: `index` counts from 0; `hash` is what was stored, not what it should be."""

    index: int
    leaf: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """The log at one moment: how many leaves, and the RFC 6962 root over them."""

    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Verified:
    """Every leaf hashes to its hash, and every root ever written is the root of its leaves."""

    head: Head


@dataclass(frozen=True, slots=True)
class Broken:
    """The first broken leaf is one of `first` to `last`, counted from 0, both included.

    They differ where leaf and hash were rewritten together (the root then names the batch) and
    where several are missing. For `HEAD_DIFFERS` no leaf is broken and both are the log's size.
    """

    first: int
    last: int
    fault: Fault


def verify(
    leaves: Iterable[StoredLeaf], heads: Iterable[Head], *, head: Head | None
) -> Verified | Broken:
    """Check a log: `leaves` by rising index, `heads` by rising size, `head` the current one.

    Each head of `heads` was written in the transaction of the leaves before its size; each is
    compared when its last leaf was read, so the first difference is the one that is named.
    """
    if head is None:
        return Broken(0, 0, Fault.HEAD_MISSING)
    tree = Tree()
    pending: list[bytes] = []
    past = iter(heads)
    awaited = next(past, None)
    for row in leaves:
        index = tree.size + len(pending)
        broken = _judge(row, index, awaited=awaited, head=head)
        if broken is not None:
            return broken
        pending.append(row.hash)
        if awaited is not None and index + 1 == awaited.size:
            first, tree = tree.size, tree.extend(pending)
            pending.clear()
            if tree.root() != awaited.root:
                return Broken(first, index, Fault.ROOT_DIFFERS)
            awaited = next(past, None)
    end = tree.size + len(pending)
    due = max(head.size, awaited.size if awaited else 0)
    if end < due:
        return Broken(end, due - 1, Fault.TAIL_MISSING)
    if head != Head(tree.size, tree.root()):
        return Broken(end, end, Fault.HEAD_DIFFERS)
    return Verified(head)


def _judge(row: StoredLeaf, index: int, *, awaited: Head | None, head: Head) -> Broken | None:
    """Judge one row alone, as the one that must stand at `index`."""
    if row.index > index:
        return Broken(index, row.index - 1, Fault.LEAF_MISSING)
    if row.index < index or index >= head.size or awaited is None or index >= awaited.size:
        return Broken(row.index, row.index, Fault.LEAF_UNCOVERED)
    if leaf_hash(row.leaf) != row.hash:
        return Broken(index, index, Fault.LEAF_CHANGED)
    try:
        read_leaf(row.leaf)
    except AuditError:
        return Broken(index, index, Fault.LEAF_MALFORMED)
    return None
