"""One transaction while it is filled: the state it read, the leaves it will append.

It neither begins nor commits; `writer` does. Leaves are written once, at the end, by `flush`.
"""

import hmac
import json
import sqlite3
from collections.abc import Iterable
from itertools import chain
from typing import Final, NamedTuple

from valetkey.audit import AuditError, Tree, leaf_hash
from valetkey.audit.tree import HASH_BYTES
from valetkey.broker.outcomes import UseOutcome
from valetkey.runs import RunState
from valetkey.store import sql
from valetkey.store.schema import damaged

_LARGEST_INSERT: Final = max(sql.ADD_LEAVES)
_WORTH_ASKING_TOGETHER: Final = 4
_OPEN: Final = RunState.OPEN.value
_FINISHED: Final = {
    RunState.ENDED.value: UseOutcome.ENDED,
    RunState.REVOKED.value: UseOutcome.REVOKED,
}


class Standing(NamedTuple):
    """What decides whether a run is served, as the transaction read it. Times are Unix seconds."""

    state: str
    expires_at: int
    token_digest: bytes
    previous_until: int
    previous_digest: bytes | None
    policy_version: str

    def opens_with(self, digest: bytes, now: float) -> bool:
        """Say in constant time whether `digest` is the current token's, or the last one's."""
        current = hmac.compare_digest(digest, self.token_digest)
        previous = bool(self.previous_digest) and hmac.compare_digest(
            digest, self.previous_digest or b""
        )
        return current or (previous and now < self.previous_until)


class Batch:
    """What the changes of one transaction share. Not for use after `flush`."""

    __slots__ = ("_leaves", "_standings", "connection")

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self._leaves: list[bytes] = []
        self._standings: dict[str, Standing | None] = {}

    def expect(self, run_ids: Iterable[str]) -> None:
        """Read the standing of these runs in one go where that is cheaper than one by one."""
        wanted = set(run_ids)
        if len(wanted) < _WORTH_ASKING_TOGETHER:
            return
        found = self.connection.execute(sql.READ_STANDINGS, (json.dumps(list(wanted)),)).fetchone()
        self._standings = dict.fromkeys(wanted)
        for line in (found[0] or "").split("\n"):
            if line:
                state, expires_at, digest, until, previous, version, run_id = line.split(" ")
                self._standings[run_id] = Standing(
                    state,
                    int(expires_at),
                    bytes.fromhex(digest),
                    int(until),
                    bytes.fromhex(previous),
                    version,
                )

    def use(
        self, run_id: str, digest: bytes | None, now: float, *, version: str | None
    ) -> UseOutcome:
        """Say whether the run is open at `now` and the token its own, as this transaction sees it.

        `digest` is the presented token's SHA-256, None where a token that we signed names the run;
        `now` is in Unix seconds. `version` is the policy version that was decided under.
        """
        if run_id not in self._standings:
            row = self.connection.execute(sql.READ_STANDING, (run_id,)).fetchone()
            self._standings[run_id] = None if row is None else Standing(*row)
        standing = self._standings[run_id]
        if standing is None:
            return UseOutcome.UNKNOWN
        if digest is not None and not standing.opens_with(digest, now):
            return UseOutcome.WRONG_TOKEN
        if standing.state != _OPEN:
            # A state that this program does not know is no: KeyError fails the batch.
            return _FINISHED[standing.state]
        if now >= standing.expires_at:
            return UseOutcome.EXPIRED
        if version is not None and version != standing.policy_version:
            return UseOutcome.REBOUND
        return UseOutcome.USED

    def forget(self, run_id: str) -> None:
        """Read this run anew when it is next asked for: a change in this batch wrote it."""
        self._standings.pop(run_id, None)

    def record(self, leaf: bytes) -> None:
        """Append a leaf, after those of the changes before this one."""
        self._leaves.append(leaf)

    def mark(self) -> int:
        """Return a place to `rewind` to."""
        return len(self._leaves)

    def rewind(self, mark: int) -> None:
        """Take back the leaves since `mark`, and read every run anew."""
        del self._leaves[mark:]
        self._standings.clear()

    def flush(self, known: Tree | None) -> Tree | None:
        """Write the leaves and the head; return the tree as it will be when this commits.

        `known` is the tree after our last commit. The head row decides: another process may have
        appended since. Raises StoreError `store-corrupt` if the head row contradicts itself.
        """
        if not self._leaves:
            return known
        tree = self._tree(known)
        hashes = [leaf_hash(leaf) for leaf in self._leaves]
        rows = list(
            zip(range(tree.size, tree.size + len(hashes)), self._leaves, hashes, strict=True)
        )
        start = 0
        while start < len(rows):
            count = min(_LARGEST_INSERT, 1 << ((len(rows) - start).bit_length() - 1))
            self.connection.execute(
                sql.ADD_LEAVES[count],
                tuple(chain.from_iterable(rows[start : start + count])),
            )
            start += count
        grown = tree.extend(hashes)
        root = grown.root()
        self.connection.execute(sql.WRITE_TREE, (grown.size, root, b"".join(grown.frontier)))
        self.connection.execute(sql.ADD_HEAD, (grown.size, root))
        return grown

    def _tree(self, known: Tree | None) -> Tree:
        row = self.connection.execute(sql.READ_TREE).fetchone()
        if row is None:
            raise damaged("the head of the audit log is missing")
        return tree_of(*row, known=known)


def tree_of(size: int, root: bytes, frontier: bytes, *, known: Tree | None = None) -> Tree:
    """Return the tree of a head row. Raises StoreError `store-corrupt` if it is none."""
    nodes = tuple(frontier[i : i + HASH_BYTES] for i in range(0, len(frontier), HASH_BYTES))
    if known is not None and known.size == size and known.frontier == nodes:
        return known
    try:
        tree = Tree(size, nodes)
    except AuditError as error:
        raise damaged("the head of the audit log is damaged") from error
    if tree.root() != root:
        raise damaged("the head of the audit log contradicts itself")
    return tree
