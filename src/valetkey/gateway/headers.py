"""The head of a request, read so that two readers can't take it differently. It trusts nothing."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from valetkey.gateway.faults import INVALID_REQUEST, Fault
from valetkey.gateway.limits import MAX_AUTHORIZATION
from valetkey.secret import Secret

_SCHEME: Final = b"bearer "
_JSON: Final = "application/json"
_STREAM: Final = "text/event-stream"
_CHARSETS: Final = ("", "charset=utf-8", 'charset="utf-8"')


@dataclass(frozen=True, slots=True)
class Head:
    """Header fields by lower-case name, each with all values it came with."""

    fields: dict[bytes, list[bytes]]

    def one(self, name: bytes) -> str | None:
        """Return the value of a field that may come once, without white space around it.

        Raises Fault `header-repeated` or `header-malformed`.
        """
        values = self.fields.get(name)
        if values is None:
            return None
        shown = name.decode("latin-1")
        if len(values) != 1:
            raise _malformed("header-repeated", f"the header `{shown}` came more than once")
        try:
            return values[0].decode("ascii").strip(" \t")
        except UnicodeDecodeError:
            raise _malformed("header-malformed", f"the header `{shown}` is not ASCII") from None


def read_head(headers: Iterable[tuple[bytes, bytes]]) -> Head:
    """Return the head of an ASGI request."""
    fields: dict[bytes, list[bytes]] = {}
    for name, value in headers:
        fields.setdefault(name, []).append(value)
    return Head(fields)


def bearer(head: Head) -> Secret | None:
    """Return the token of the one `Authorization` header (RFC 6750 §2.1), None where there is none.

    Raises Fault `not-authenticated` for one that can't be a bearer token, or several.
    """
    values = head.fields.get(b"authorization")
    if values is None:
        return None
    value = values[0]
    if len(values) == 1 and len(value) <= MAX_AUTHORIZATION:
        token = value[len(_SCHEME) :].strip(b" ")
        if value[: len(_SCHEME)].lower() == _SCHEME and token and token.isascii():
            return Secret(token.decode("ascii"))
    raise _malformed("not-authenticated", "the request needs one bearer token")


def check_content(head: Head) -> None:
    """Refuse a body that is not plain JSON in UTF-8. Raises Fault `media-type`."""
    if b"content-encoding" in head.fields:
        raise Fault(INVALID_REQUEST, "media-type", "the body is encoded", status=415)
    kind, _, parameter = (head.one(b"content-type") or "").lower().partition(";")
    if kind.strip() != _JSON or parameter.strip() not in _CHARSETS:
        raise Fault(INVALID_REQUEST, "media-type", f"the body is not `{_JSON}`", status=415)


def check_accept(head: Head, *wanted: str) -> None:
    """Refuse a client that would not take one of the `wanted` media types. Raises Fault."""
    listed: set[str] = set()
    for value in head.fields.get(b"accept", ()):
        for each in value.decode("latin-1").lower().split(","):
            listed.add(each.partition(";")[0].strip())
    for kind in wanted:
        if not listed & {kind, kind.partition("/")[0] + "/*", "*/*"}:
            raise Fault(INVALID_REQUEST, "not-acceptable", f"accept `{kind}`, too", status=406)


def check_accepts_answers(head: Head) -> None:
    """Both forms of an answer must be welcome: which it is, is known only when it is there."""
    if head.fields.get(b"accept") != [b"application/json, text/event-stream"]:
        check_accept(head, _JSON, _STREAM)


def check_accepts_streams(head: Head) -> None:
    """Refuse who would not take a stream of events."""
    check_accept(head, _STREAM)


def _malformed(code: str, message: str) -> Fault:
    return Fault(INVALID_REQUEST, code, message, status=400)
