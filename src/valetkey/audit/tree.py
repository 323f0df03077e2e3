"""The Merkle tree of RFC 6962 §2.1, kept as what is needed to go on: its size and its frontier.

It holds no leaves and proves no inclusion; proofs need the leaf hashes, which a store holds.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from valetkey.audit.errors import AuditError

HASH_BYTES: Final = 32

# RFC 6962 §2.1: distinct prefixes, so that a leaf can never pass for an inner node.
_LEAF: Final = b"\x00"
_NODE: Final = b"\x01"


def leaf_hash(leaf: bytes) -> bytes:
    """Return SHA-256(0x00 ‖ leaf), 32 bytes."""
    return sha256(_LEAF + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 ‖ left ‖ right), 32 bytes."""
    return sha256(_NODE + left + right).digest()


@dataclass(frozen=True, slots=True)
class Tree:
    """A tree of `size` leaves; `frontier` is the hash of each perfect subtree, largest first.

    The subtrees are the binary digits of `size`, so the frontier has as many hashes as `size` has
    ones. Raises AuditError `tree-malformed` where it has not.
    """

    size: int = 0
    frontier: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.frontier) != self.size.bit_count():
            raise AuditError("tree-malformed", "the frontier does not belong to that size")
        if any(len(node) != HASH_BYTES for node in self.frontier):
            raise AuditError("tree-malformed", f"a frontier hash is not {HASH_BYTES} bytes")

    def append(self, hashed_leaf: bytes) -> "Tree":
        """Return the tree with one more leaf, given by its leaf hash."""
        return self.extend((hashed_leaf,))

    def extend(self, hashed_leaves: Iterable[bytes]) -> "Tree":
        """Return the tree with these leaves after its own, in order."""
        size, frontier = self.size, list(self.frontier)
        for node in hashed_leaves:
            size += 1
            # Each trailing zero of the new size is a pair of equal subtrees that becomes one.
            joins = (size & -size).bit_length() - 1
            for _ in range(joins):
                # `node_hash`, spelled out: two calls a leaf are a third of the writer's time.
                node = sha256(_NODE + frontier.pop() + node).digest()  # noqa: PLW2901
            frontier.append(node)
        return Tree(size, tuple(frontier))

    def root(self) -> bytes:
        """Return MTH of the leaves, 32 bytes; SHA-256 of nothing where there are none."""
        if not self.frontier:
            return sha256().digest()
        *rest, root = self.frontier
        for node in reversed(rest):
            root = node_hash(node, root)
        return root
