"""Whatever is done to a stored log that does not redo all of it is found, and named."""

from dataclasses import replace

import pytest

from tests.audit.samples import log_of, sample_leaves
from valetkey.audit import (
    Broken,
    Fault,
    Head,
    StoredLeaf,
    Tree,
    Verified,
    canonical_json,
    leaf_hash,
    verify,
)

LEAVES = sample_leaves()
BATCHES = [1, 3, 1, 4, 2, 5, 1, 3, 1]
ROWS, HEADS = log_of(LEAVES, BATCHES)
HEAD = HEADS[-1]
BATCH_OF = [b for b, count in enumerate(BATCHES) for _ in range(count)]


def _rewritten(row: StoredLeaf, leaf: bytes) -> StoredLeaf:
    return replace(row, leaf=leaf, hash=leaf_hash(leaf))


def _with(index: int, row: StoredLeaf) -> list[StoredLeaf]:
    return [*ROWS[:index], row, *ROWS[index + 1 :]]


def test_an_untouched_log_verifies() -> None:
    assert verify(ROWS, HEADS, head=HEAD) == Verified(HEAD)


def test_an_empty_log_verifies_and_an_absent_head_does_not() -> None:
    empty = Head(0, Tree().root())
    assert verify([], [], head=empty) == Verified(empty)
    assert verify([], [], head=None) == Broken(0, 0, Fault.HEAD_MISSING)
    assert verify([], [], head=Head(0, b"\0" * 32)) == Broken(0, 0, Fault.HEAD_DIFFERS)


@pytest.mark.parametrize("index", range(len(ROWS)))
def test_every_flipped_byte_of_a_leaf_is_found_at_its_leaf(index: int) -> None:
    row = ROWS[index]
    for place in range(len(row.leaf)):
        changed = bytearray(row.leaf)
        changed[place] ^= 0x01
        broken = verify(_with(index, replace(row, leaf=bytes(changed))), HEADS, head=HEAD)
        assert broken == Broken(index, index, Fault.LEAF_CHANGED)


@pytest.mark.parametrize("index", range(len(ROWS)))
def test_every_flipped_byte_of_a_hash_is_found_at_its_leaf(index: int) -> None:
    row = ROWS[index]
    for place in range(32):
        changed = bytearray(row.hash)
        changed[place] ^= 0x80
        broken = verify(_with(index, replace(row, hash=bytes(changed))), HEADS, head=HEAD)
        assert broken == Broken(index, index, Fault.LEAF_CHANGED)


@pytest.mark.parametrize("index", range(len(ROWS)))
def test_a_leaf_rewritten_with_its_hash_is_found_by_the_root_of_its_batch(index: int) -> None:
    forged = canonical_json({"at": 1, "kind": "run-ended", "v": 1})
    broken = verify(_with(index, _rewritten(ROWS[index], forged)), HEADS, head=HEAD)
    batch = BATCH_OF[index]
    first = sum(BATCHES[:batch])
    assert broken == Broken(first, first + BATCHES[batch] - 1, Fault.ROOT_DIFFERS)


def test_a_rewritten_leaf_that_is_no_record_is_named_itself() -> None:
    broken = verify(_with(6, _rewritten(ROWS[6], b'{"at": 1}')), HEADS, head=HEAD)
    assert broken == Broken(6, 6, Fault.LEAF_MALFORMED)


def test_of_two_broken_leaves_the_first_is_named() -> None:
    rows = _with(9, replace(ROWS[9], leaf=b"{}"))
    rows[2] = replace(ROWS[2], leaf=b"{}")
    assert verify(rows, HEADS, head=HEAD) == Broken(2, 2, Fault.LEAF_CHANGED)


@pytest.mark.parametrize("index", range(len(ROWS) - 1))
def test_a_dropped_leaf_is_named(index: int) -> None:
    rows = [*ROWS[:index], *ROWS[index + 1 :]]
    assert verify(rows, HEADS, head=HEAD) == Broken(index, index, Fault.LEAF_MISSING)


@pytest.mark.parametrize("index", range(len(ROWS) - 1))
def test_a_dropped_leaf_is_found_when_the_rest_moves_up(index: int) -> None:
    rest = [replace(row, index=row.index - 1) for row in ROWS[index + 1 :]]
    broken = verify([*ROWS[:index], *rest], HEADS, head=HEAD)
    assert isinstance(broken, Broken)
    assert broken.first <= index <= broken.last or broken.fault is Fault.TAIL_MISSING


@pytest.mark.parametrize("first", range(len(ROWS)))
@pytest.mark.parametrize("second", range(len(ROWS)))
def test_two_swapped_leaves_are_found_at_the_first(first: int, second: int) -> None:
    if first >= second:
        return
    rows = list(ROWS)
    rows[first] = replace(ROWS[second], index=first)
    rows[second] = replace(ROWS[first], index=second)
    broken = verify(rows, HEADS, head=HEAD)
    assert isinstance(broken, Broken)
    assert broken.fault is Fault.ROOT_DIFFERS
    assert broken.first <= first <= broken.last


@pytest.mark.parametrize("kept", range(len(ROWS)))
def test_a_cut_end_is_found_against_the_head(kept: int) -> None:
    broken = verify(ROWS[:kept], HEADS, head=HEAD)
    assert broken == Broken(kept, len(ROWS) - 1, Fault.TAIL_MISSING)


@pytest.mark.parametrize("kept", range(len(HEADS)))
def test_a_cut_history_of_heads_is_found(kept: int) -> None:
    broken = verify(ROWS, HEADS[:kept], head=HEAD)
    size = sum(BATCHES[:kept])
    assert broken == Broken(size, size, Fault.LEAF_UNCOVERED)


@pytest.mark.parametrize("back_to", range(len(HEADS) - 1))
def test_a_head_that_was_set_back_is_found(back_to: int) -> None:
    size = HEADS[back_to].size
    broken = verify(ROWS, HEADS, head=HEADS[back_to])
    assert broken == Broken(size, size, Fault.LEAF_UNCOVERED)
    cut = verify(ROWS[:size], HEADS, head=HEADS[back_to])
    assert cut == Broken(size, HEADS[back_to + 1].size - 1, Fault.TAIL_MISSING)


def test_a_leaf_slipped_in_anywhere_is_found() -> None:
    extra = _rewritten(ROWS[0], canonical_json({"at": 1, "kind": "run-ended", "v": 1}))
    end = len(ROWS)
    appended = [*ROWS, replace(extra, index=end)]
    assert verify(appended, HEADS, head=HEAD) == Broken(end, end, Fault.LEAF_UNCOVERED)
    before = [replace(extra, index=-1), *ROWS]
    assert verify(before, HEADS, head=HEAD) == Broken(-1, -1, Fault.LEAF_UNCOVERED)


@pytest.mark.parametrize("batch", range(len(HEADS)))
def test_a_changed_root_is_found_at_its_batch(batch: int) -> None:
    heads = list(HEADS)
    heads[batch] = replace(heads[batch], root=b"\0" * 32)
    broken = verify(ROWS, heads, head=HEAD)
    first = sum(BATCHES[:batch])
    assert broken == Broken(first, HEADS[batch].size - 1, Fault.ROOT_DIFFERS)


def test_a_changed_current_root_is_found() -> None:
    broken = verify(ROWS, HEADS, head=Head(HEAD.size, b"\0" * 32))
    assert broken == Broken(HEAD.size, HEAD.size, Fault.HEAD_DIFFERS)


def test_a_fork_that_redoes_its_leaves_and_heads_is_found_against_the_head_kept() -> None:
    forged = [*LEAVES[:5], canonical_json({"at": 1, "kind": "run-ended", "v": 1}), *LEAVES[6:]]
    rows, heads = log_of(forged, BATCHES)
    assert isinstance(verify(rows, heads, head=HEAD), Broken)
    # What nobody can see without it, said by WITHOUT_CHECKPOINT:
    assert isinstance(verify(rows, heads, head=heads[-1]), Verified)
