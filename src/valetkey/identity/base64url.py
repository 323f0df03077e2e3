"""base64url without padding (RFC 7515 §2), accepted in its one canonical spelling only."""

import base64


def decode_base64url(text: str) -> bytes:
    """Return the bytes that `text` spells; raises ValueError for empty, padded or other text.

    The low bits that the last character has to spare must be zero: otherwise one signed token
    would have several spellings.
    """
    if not text:
        raise ValueError("nothing is no base64url")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    # the library skips what it does not know; spelling the bytes again finds all of that
    if base64.urlsafe_b64encode(data).rstrip(b"=") != text.encode("ascii"):
        raise ValueError("not canonical base64url")
    return data
