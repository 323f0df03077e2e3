"""The claims of a verified token, and how a dotted path finds one. It verifies nothing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from valetkey.identity.errors import TokenRejected
from valetkey.identity.issuer import IssuerUrl
from valetkey.identity.strictjson import JsonValue

MAX_SUBJECT = 255  # ASCII characters, OpenID Connect Core §2: `sub`
MAX_INSTANT = 253_402_300_799  # the last second of the year 9999; later ones are units gone wrong

_SUBJECT = re.compile(r"[\x20-\x7e]+")


@dataclass(frozen=True, slots=True)
class Claims:
    """What an issuer said of a subject; every field has been checked. Times are Unix seconds.

    `all` is the whole payload, deeply immutable: arrays are tuples. RFC 7519 §4.1. Its `sub` is
    `subject`, also where the issuer's provider says in another claim who the subject is.
    """

    issuer: IssuerUrl
    subject: str
    audience: tuple[str, ...]
    expires_at: int
    issued_at: int | None
    not_before: int | None
    token_id: str | None
    all: Mapping[str, JsonValue] = field(repr=False)


def read_claims(
    members: Mapping[str, JsonValue],
    *,
    subject: str = "sub",
    audience: str = "aud",
    identifier: str = "jti",
) -> Claims:
    """Return the registered claims of a payload, each present and of its type, or raise.

    `exp` is required, times are integers (RFC 7519 allows fractions; nobody signs them and they
    hide `1e400`), the claim named `subject` is 1 to 255 printable ASCII characters (OpenID Connect
    Core §2; it becomes a log line and a tag) and takes the place of `sub`, the claim named
    `audience` is text or a list of texts, the one named `identifier` text. None is null.
    Raises TokenRejected `token-claims`, `token-subject` or `token-audience`.
    """
    expires_at = _instant(members, "exp")
    if expires_at is None:
        raise _refused("lacks `exp`")
    issued_at = _instant(members, "iat")
    not_before = _instant(members, "nbf")
    if issued_at is not None and issued_at >= expires_at:
        raise _refused("expires before it was issued")
    _text(members, "azp")
    return Claims(
        issuer=IssuerUrl(_text(members, "iss") or ""),
        subject=_subject(members, subject),
        audience=_audience(members, audience),
        expires_at=expires_at,
        issued_at=issued_at,
        not_before=not_before,
        token_id=_text(members, identifier),
        all=members if subject == "sub" else MappingProxyType({**members, "sub": members[subject]}),
    )


def values_at(members: Mapping[str, JsonValue], path: str) -> tuple[JsonValue, ...]:
    """Return every value that the dotted `path` can mean: none is absent, two are ambiguous.

    A dot may also be part of a name (`kubernetes.io.namespace` is `namespace` in `kubernetes.io`),
    so each way to split is tried; a caller accepts exactly one value.
    """
    found = [members[path]] if path in members else []
    for at, character in enumerate(path):
        inner = members.get(path[:at]) if character == "." else None
        if isinstance(inner, Mapping):
            found.extend(values_at(inner, path[at + 1 :]))
    return tuple(found)


def _instant(members: Mapping[str, JsonValue], name: str) -> int | None:
    if name not in members:
        return None
    value = members[name]
    if type(value) is not int or not 0 < value <= MAX_INSTANT:  # bool is an int to isinstance
        raise _refused(f"has a `{name}` that is not a time in whole seconds")
    return value


def _text(members: Mapping[str, JsonValue], name: str) -> str | None:
    if name not in members:
        return None
    value = members[name]
    if not isinstance(value, str) or not value:
        raise _refused(f"has a `{name}` that is not text")
    return value


def _subject(members: Mapping[str, JsonValue], name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str) or len(value) > MAX_SUBJECT or not _SUBJECT.fullmatch(value):
        raise TokenRejected(
            "token-subject", f"the token's `{name}` is not 1 to {MAX_SUBJECT} ASCII characters"
        )
    return value


def _audience(members: Mapping[str, JsonValue], name: str) -> tuple[str, ...]:
    value = members.get(name)
    listed = value if isinstance(value, tuple) else (value,)
    names = tuple(item for item in listed if isinstance(item, str) and item)
    if not names or len(names) != len(listed):
        raise TokenRejected(
            "token-audience", f"the token's `{name}` is not text or a list of texts"
        )
    return names


def _refused(what: str) -> TokenRejected:
    return TokenRejected("token-claims", f"the token {what}")
