"""base64url without padding (RFC 7515 §2), accepted in its one canonical spelling only."""

from binascii import a2b_base64, b2a_base64

_FROM_URL = bytes.maketrans(b"-_", b"+/")
_TO_URL = bytes.maketrans(b"+/", b"-_")


def decode_base64url(text: str) -> bytes:
    """Return the bytes that `text` spells; raises ValueError for empty, padded or other text.

    The low bits that the last character has to spare must be zero: otherwise one signed token
    would have several spellings.
    """
    if not text:
        raise ValueError("nothing is no base64url")
    spelled = text.encode("ascii")
    data = a2b_base64(spelled.translate(_FROM_URL) + b"=" * (-len(spelled) % 4))
    # the library skips what it does not know; spelling the bytes again finds all of that
    if b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=") != spelled:
        raise ValueError("not canonical base64url")
    return data
