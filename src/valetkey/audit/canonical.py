"""RFC 8785 canonical JSON for what a record may hold: strings, integers, lists and objects of them.

It does not know records, and has no numbers but integers: a float has more than one text form in
the wild, so none is accepted and the hard half of RFC 8785 (§3.2.2.3) never runs.
"""

from typing import Final, TypeAlias

import msgspec

from valetkey.audit.errors import AuditError

Json: TypeAlias = "str | int | list[Json] | tuple[Json, ...] | dict[str, Json]"

# RFC 7493 §2.2: beyond it, JSON readers that use doubles no longer agree on the value.
MAX_INTEGER: Final = 2**53 - 1
# A record is at most a map of lists of maps; deeper is an accident or an attack on a reader.
MAX_DEPTH: Final = 6

# Bytes of U+10000 and above begin with 0xF0 to 0xF4 in UTF-8, and those bytes stand nowhere else.
_BEYOND_BASIC_PLANE: Final = bytes(range(0xF0, 0xF5))

# Sorted by code points. It writes text as RFC 8785 §3.2.2.2 does: proved in tests against a slow
# implementation of the standard's own words. Eight times faster than sorted `json.dumps`.
_encode = msgspec.json.Encoder(order="deterministic").encode


def canonical_json(value: Json) -> bytes:
    """Return the RFC 8785 bytes of `value`: members sorted by UTF-16 code units, no white space.

    Raises AuditError `record-value-refused` for a float, bool, None, an integer beyond ±(2⁵³-1),
    a member name that is not a string, nesting beyond MAX_DEPTH, and a lone surrogate (§3.2.2.2).
    """
    _check(value, MAX_DEPTH)
    try:
        encoded = _encode(value)
    except UnicodeEncodeError as error:
        raise AuditError("record-value-refused", "a string holds a lone surrogate") from error
    if not encoded.isascii() and any(byte in encoded for byte in _BEYOND_BASIC_PLANE):
        # Only beyond the basic plane does the order of code points differ from that of UTF-16.
        return _encode_by_utf16(value)
    return encoded


def _check(value: object, depth: int) -> None:
    """Let pass what canonical JSON can carry, exact types only: a bool is not an integer here."""
    kind = type(value)
    if kind is str:
        return
    if kind is int:
        if not -MAX_INTEGER <= value <= MAX_INTEGER:  # type: ignore[operator]
            raise AuditError("record-value-refused", "an integer is beyond 2**53 - 1")
        return
    if depth == 0:
        raise AuditError("record-value-refused", f"nested deeper than {MAX_DEPTH}")
    if isinstance(value, dict):
        for name, member in value.items():
            if type(name) is not str:
                raise AuditError("record-value-refused", "a member name is not a string")
            if type(member) is not str:
                _check(member, depth - 1)
    elif isinstance(value, (list, tuple)):
        for member in value:
            _check(member, depth - 1)
    else:
        raise AuditError("record-value-refused", f"a `{kind.__name__}` has no place in a record")


def _encode_by_utf16(value: Json) -> bytes:
    """Encode with member names in the order of UTF-16 code units (RFC 8785 §3.2.3)."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        members = (_encode(name) + b":" + _encode_by_utf16(value[name]) for name in names)
        return b"{" + b",".join(members) + b"}"
    if isinstance(value, (list, tuple)):
        return b"[" + b",".join(map(_encode_by_utf16, value)) + b"]"
    return _encode(value)
