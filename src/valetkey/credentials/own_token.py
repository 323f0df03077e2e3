"""A token of ours as text: spelled for signing, and read back by another reader than the speller.

What was asked and what was signed are compared before a token leaves. It knows no key.
"""

import json
from binascii import b2a_base64
from collections.abc import Mapping
from functools import lru_cache
from typing import NoReturn

import msgspec

from valetkey.credentials.token_claims import Json
from valetkey.identity import parse_object
from valetkey.identity.base64url import decode_base64url

MAX_OWN_TOKEN = 16_384
"""Characters: what our own reader takes (`identity.parse_unverified`), and STS takes 20,000."""
_MAX_SIGNATURE = 700
"""Characters with their dot: RS256 by a key of 4,096 bits has 684."""

_TO_URL = bytes.maketrans(b"+/", b"-_")
_encode = msgspec.json.Encoder().encode


@lru_cache(maxsize=64)  # a few keys, two types; a header is read back once, when it is spelled
def header_text(alg: str, kid: str, typ: str) -> bytes:
    """Return the JOSE header in base64url (RFC 7515 §4.1); raises ValueError if it reads else."""
    asked = {"alg": alg, "kid": kid, "typ": typ}
    text = _base64url(_encode(asked))
    if dict(parse_object(decode_base64url(text.decode()))) != asked:
        raise ValueError("the header was not spelled as asked")
    return text


def signing_input(header: bytes, claims: Mapping[str, Json]) -> bytes:
    """Return what is signed (RFC 7515 §5.1): `header` as it is, a dot, the claims in base64url."""
    return header + b"." + _base64url(_encode(claims))


def is_too_long(signing_input: bytes) -> bool:
    """Say, before anything is signed, whether the finished token might be above MAX_OWN_TOKEN."""
    return len(signing_input) > MAX_OWN_TOKEN - _MAX_SIGNATURE


def compact(signing_input: bytes, signature: bytes) -> str:
    """Return the token in JWS compact serialization (RFC 7515 §7.1)."""
    return (signing_input + b"." + _base64url(signature)).decode("ascii")


def differences(token: str, header: bytes, claims: Mapping[str, Json]) -> list[str]:
    """Say where a finished token is not what was asked; an empty list: it is exactly that.

    The header is that text, and the payload reads as these claims: no member more, none twice,
    every value of its own type. Python's JSON reader checks what another library wrote. A token of
    which nothing is said here is one that `identity.parse_unverified` takes, with these claims.
    Raises nothing.
    """
    if len(token) > MAX_OWN_TOKEN:
        return [f"the token is longer than {MAX_OWN_TOKEN} characters"]
    parts = token.split(".")
    if len(parts) != 3 or parts[0].encode() != header:
        return ["the header is not the one asked for"]
    try:
        decode_base64url(parts[2])
        found = _read(decode_base64url(parts[1]).decode("utf-8"))
    except (ValueError, RecursionError):
        return ["the payload is not strict JSON in canonical base64url"]
    if found == claims:  # the reader gave no value of which `==` alone is not enough
        return []
    if not isinstance(found, dict):
        return ["the payload is not an object"]
    names = dict.fromkeys((*claims, *found))
    return [f"`{name}` is not as asked" for name in names if claims.get(name) != found.get(name)]


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return an object without a member twice, of texts, integers, arrays and objects alone."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member appears twice")
    kinds = set(map(type, members.values()))
    if not kinds <= _KINDS:  # to `==`, `true` is 1
        raise ValueError("a value that no claim of ours has")
    if list in kinds:
        for value in members.values():
            if type(value) is list:
                _check_items(value)
    return members


def _check_items(items: list[object]) -> None:
    for item in items:
        if type(item) is list:
            _check_items(item)
        elif type(item) not in _KINDS:
            raise ValueError("a value that no claim of ours has")


def _refuse(number: str) -> NoReturn:
    raise ValueError(number)


_KINDS = frozenset({str, int, list, dict})
_read = json.JSONDecoder(
    object_pairs_hook=_members, parse_float=_refuse, parse_constant=_refuse
).decode


def _base64url(data: bytes) -> bytes:
    return b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=")
