"""A record as the bytes of a leaf, and those bytes read back strictly.

It hashes nothing and orders nothing: that is `tree` and the store.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn, cast

from valetkey.audit.canonical import Json, canonical_json
from valetkey.audit.errors import AuditError
from valetkey.audit.records import Record

# C2SP tlog-tiles: an entry's length is a uint16.
MAX_LEAF_BYTES: Final = 65_535

_SCALARS: Final = frozenset((str, int))


def leaf_bytes(record: Record) -> bytes:
    """Return the RFC 8785 JSON of the record with its `kind` and version `v`; None is left out.

    Raises AuditError `record-too-large` above MAX_LEAF_BYTES and `record-value-refused` for a
    member that canonical JSON cannot carry: the record is not shortened to fit.
    """
    members: dict[str, Json] = {
        name: value if type(value) in _SCALARS else _plain(value)
        for name in record.__slots__
        if (value := getattr(record, name)) is not None
    }
    members["kind"] = record.kind.value
    members["v"] = record.version
    leaf = canonical_json(members)
    if len(leaf) > MAX_LEAF_BYTES:
        raise AuditError(
            "record-too-large",
            f"the `{record.kind.value}` record has {len(leaf)} bytes, {MAX_LEAF_BYTES} are allowed",
        )
    return leaf


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf read back: its kind and version as text and number, for a reader of any age."""

    kind: str
    version: int
    at: int  # Unix milliseconds
    members: Mapping[str, Json]  # all of them, the three above too


def read_leaf(leaf: bytes) -> Leaf:
    """Return what the leaf says, having checked that these are the only bytes that say so.

    Raises AuditError `leaf-malformed` for anything but an RFC 8785 object of strings and integers
    with `kind`, `v` and `at`; an unknown kind is fine, a later program may have written it.
    """
    members = _parse(leaf)
    kind, version, at = members.get("kind"), members.get("v"), members.get("at")
    if not (isinstance(kind, str) and isinstance(version, int) and isinstance(at, int)):
        raise AuditError("leaf-malformed", "a leaf needs `kind`, `v` and `at`")
    return Leaf(kind, version, at, members)


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value


def _parse(leaf: bytes) -> dict[str, Json]:
    if len(leaf) > MAX_LEAF_BYTES:
        raise AuditError("leaf-malformed", f"a leaf has at most {MAX_LEAF_BYTES} bytes")
    try:
        value = json.loads(leaf.decode(), parse_float=_refuse, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise AuditError(
            "leaf-malformed", "the leaf is not JSON of strings and integers"
        ) from error
    if not isinstance(value, dict):
        raise AuditError("leaf-malformed", "the leaf is not an object")
    try:
        # A duplicate member, white space, another order or spelling: all differ from this.
        canonical = canonical_json(value)
    except AuditError as error:
        raise AuditError("leaf-malformed", error.message) from error
    if canonical != leaf:
        raise AuditError("leaf-malformed", "the leaf is not in its canonical form")
    return cast("dict[str, Json]", value)


def _refuse(number: str) -> NoReturn:
    raise ValueError(number)
