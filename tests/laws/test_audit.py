"""The log's laws: one text form for a record, one tree for a sequence of leaves."""

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from tests.audit.rfc8785 import serialise
from tests.audit.samples import log_of
from valetkey.audit import Head, Tree, Verified, canonical_json, leaf_hash, read_leaf, verify

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
INTEGERS = st.integers(-(2**53) + 1, 2**53 - 1)
JSON = st.recursive(
    st.one_of(TEXT, INTEGERS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=5)),
    max_leaves=12,
).filter(lambda value: _depth(value) <= 5)
MEMBERS = st.dictionaries(TEXT, JSON, max_size=6)
HASHES = st.lists(st.binary(max_size=8).map(leaf_hash), max_size=70)


def _depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max((_depth(member) for member in value.values()), default=0)
    if isinstance(value, list):
        return 1 + max((_depth(member) for member in value), default=0)
    return 0


def _definition(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962 §2.1, as it is written there, over leaf hashes."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + _definition(leaves[:k]) + _definition(leaves[k:])).digest()


@given(JSON)
def test_canonical_bytes_are_those_of_the_standard(value: object) -> None:
    assert canonical_json(value) == serialise(value).encode()  # type: ignore[arg-type]


@given(MEMBERS, st.randoms(use_true_random=False))
def test_the_order_of_members_never_shows(members: dict[str, str], random: object) -> None:
    names = list(members)
    random.shuffle(names)  # type: ignore[attr-defined]
    shuffled = {name: members[name] for name in names}
    assert canonical_json(shuffled) == canonical_json(members)  # type: ignore[arg-type]


@given(JSON, JSON)
def test_two_values_never_share_their_bytes(one: object, other: object) -> None:
    same = canonical_json(one) == canonical_json(other)  # type: ignore[arg-type]
    assert same == (one == other)


@given(MEMBERS)
def test_what_was_written_is_read_back(members: dict[str, str]) -> None:
    whole = {**members, "at": 1, "kind": "k", "v": 1}
    assert read_leaf(canonical_json(whole)).members == whole  # type: ignore[arg-type]


@given(HASHES)
def test_the_root_is_that_of_the_definition(leaves: list[bytes]) -> None:
    assert Tree().extend(leaves).root() == _definition(leaves)


@given(HASHES, st.data())
def test_cutting_a_sequence_into_batches_never_changes_the_tree(
    leaves: list[bytes], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(leaves)))
    assert Tree().extend(leaves[:cut]).extend(leaves[cut:]) == Tree().extend(leaves)


@given(HASHES, st.data())
def test_a_longer_tree_keeps_every_perfect_subtree_of_a_shorter_one(
    leaves: list[bytes], data: st.DataObject
) -> None:
    """Append-only: the shorter root can be computed from subtrees of the longer tree alone."""
    cut = data.draw(st.integers(0, len(leaves)))
    shorter = Tree().extend(leaves[:cut])
    at = 0
    for node in shorter.frontier:
        width = 1 << ((cut - at).bit_length() - 1)
        assert node == _definition(leaves[at : at + width])
        at += width


@given(st.lists(st.integers(1, 5), max_size=6), st.data())
def test_a_log_verifies_exactly_if_no_leaf_was_replaced(
    batches: list[int], data: st.DataObject
) -> None:
    leaves = [canonical_json({"at": i, "kind": "k", "v": 1}) for i in range(sum(batches))]
    rows, heads = log_of(leaves, batches)
    head = heads[-1] if heads else Head(0, Tree().root())
    assert verify(rows, heads, head=head) == Verified(head)
    if leaves:
        index = data.draw(st.integers(0, len(leaves) - 1))
        leaves[index] = canonical_json({"at": -1, "kind": "k", "v": 1})
        forged, _ = log_of(leaves, batches)
        broken = verify(forged, heads, head=head)
        assert not isinstance(broken, Verified)
        assert broken.first <= index <= broken.last
