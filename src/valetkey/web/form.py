"""A form body, read so that no two readers can understand it differently. It knows no parameter."""

import re
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

from starlette.types import Receive

from valetkey.web.documents import RequestError

MAX_FORM = 16_384
"""Bytes: a run token, an audience of 1,024 characters in percent signs, and many scopes fit."""
MAX_PARAMETERS = 32
_TYPE = b"application/x-www-form-urlencoded"
_CHARSETS = (b"", b"charset=utf-8", b'charset="utf-8"')
_BODY = re.compile(rb"(?:[!-$&-~]++|%[0-9A-Fa-f]{2})*+")


class ClientGone(Exception):  # noqa: N818 - nobody is left to be told
    """The caller hung up before its request was complete."""


async def read_form(
    headers: Iterable[tuple[bytes, bytes]], receive: Receive
) -> dict[str, list[str]]:
    """Return every parameter of the body with its values, in order; names and values are UTF-8.

    Raises `RequestError` `request-media-type`, `request-malformed` or `body-too-large`, and
    `ClientGone`.
    """
    _check_type(headers)
    body = await _body(receive)
    if not _BODY.fullmatch(body):
        raise RequestError("request-malformed", "the body is not a form of printable ASCII")
    parts = body.decode("ascii").split("&")
    if len(parts) > MAX_PARAMETERS:
        raise RequestError("request-malformed", f"the form has over {MAX_PARAMETERS} parameters")
    form: dict[str, list[str]] = {}
    for part in parts:
        name, _, value = part.partition("=")
        if "%" in part or "+" in part:
            name, value = _decoded(name), _decoded(value)
        form.setdefault(name, []).append(value)
    return form


def _check_type(headers: Iterable[tuple[bytes, bytes]]) -> None:
    types: list[bytes] = []
    for name, value in headers:
        if name == b"content-type":
            types.append(value)
        elif name == b"content-encoding":
            raise RequestError("request-media-type", "the body is encoded")
    if types != [_TYPE]:
        media_type, _, charset = b",".join(types).partition(b";")
        if media_type.strip().lower() != _TYPE or charset.strip().lower() not in _CHARSETS:
            raise RequestError("request-media-type", f"the body is not `{_TYPE.decode()}`")


async def _body(receive: Receive) -> bytes:
    """Read the body up to the limit, whatever its declared length says."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        body += message.get("body", b"")
        if len(body) > MAX_FORM:
            raise RequestError("body-too-large", f"the body has more than {MAX_FORM} bytes")
        if not message.get("more_body", False):
            return bytes(body)


def _decoded(text: str) -> str:
    text = text.replace("+", " ")
    # Every % begins an escape (_BODY): these, all that most texts have, need no loop.
    text = text.replace("%3A", ":").replace("%2F", "/")
    if "%" not in text:
        return text
    try:
        return unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError:
        raise RequestError("request-malformed", "a parameter is not UTF-8") from None
