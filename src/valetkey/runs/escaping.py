"""The one opt-in encoding of a tag value, published so that applications can call it.

A customer whose subjects lie outside AWS's tag alphabet (`auth0|5f7c…`) or may hold a `/` writes
`{subject.sub:escaped}` and stores its data under `escape(subject)`.
"""

_RAW = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:@+-")


def escape(value: str) -> str:
    """Return `value` in ASCII letters, digits and `_ . : @ + - =`: injective, and a path segment.

    Every other character becomes `=XX` for each byte of its UTF-8, as in quoted-printable
    (RFC 2045 section 6.7) without line breaks. The values `.` and `..` have their first dot
    escaped, so that no escaped value is a relative path.
    """
    if value in {".", ".."}:
        return "=2E" + value[1:]
    return "".join(c if c in _RAW else _escaped(c) for c in value)


def _escaped(character: str) -> str:
    return "".join(f"={byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))
