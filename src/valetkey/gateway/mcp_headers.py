"""`Mcp-*` headers of 2026-07-28: what routes a message by its head must be what its body says.

SPEC 2026-07-28, Streamable HTTP, "Standard headers" and "Custom headers from tool parameters".
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from valetkey.gateway.faults import HEADER_MISMATCH, Fault
from valetkey.gateway.headers import Head
from valetkey.tools import Json
from valetkey.tools.exact_json import number_text

VERSION: Final = b"mcp-protocol-version"
SESSION: Final = b"mcp-session-id"
NAMED: Final = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}
"""Methods with `Mcp-Name`, and the member that it repeats."""
_METHOD: Final = b"mcp-method"
_NAME: Final = b"mcp-name"
_PARAM: Final = "mcp-param-"
_ENCODED: Final = re.compile(r"=\?base64\?([A-Za-z0-9+/]*={0,2})\?=", re.ASCII)
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}", re.ASCII)
_INTEGER: Final = re.compile(r"-?[0-9]{1,17}(\.0{1,8})?", re.ASCII)
_VERBATIM: Final = re.compile(r"[!-~]([ -~]*[!-~])?|", re.ASCII)
_DEPTH: Final = 16
_TYPES: Final = ("string", "integer", "boolean")


@dataclass(frozen=True, slots=True)
class HeaderParam:
    """An argument that a tool's schema wants in a header, too: where it is, and its type."""

    header: str
    place: tuple[str, ...]
    type: str


def check_routing(head: Head, method: str, params: Mapping[str, Json], version: str) -> None:
    """Raise Fault -32020 where the standard headers are not what the body says."""
    _expect(head, VERSION, version)
    _expect(head, _METHOD, method)
    if method in NAMED:
        value = params.get(NAMED[method])
        _expect(head, _NAME, value if isinstance(value, str) else None)


def header_params(schema: Json) -> tuple[HeaderParam, ...]:
    """Return the arguments that a schema wants in headers; none where it says so in error.

    A client drops a tool whose schema is in error there, so nothing is lost.
    """
    found = tuple(_annotated(schema, ()))
    names = {param.header for param in found}
    return found if len(names) == len(found) else ()


def check_params(head: Head, params: tuple[HeaderParam, ...], arguments: Json) -> None:
    """Raise Fault -32020 where an argument and its header differ."""
    for param in params:
        value = _at(arguments, param.place)
        text = _one(head, (_PARAM + param.header).encode())
        if not _is_equal(param, value, text):
            raise _mismatch(_PARAM + param.header)


def param_headers(params: tuple[HeaderParam, ...], arguments: Json) -> dict[str, str]:
    """Return the headers that go with decided arguments."""
    headers = {}
    for param in params:
        value = _at(arguments, param.place)
        if value is not None and not isinstance(value, (dict, list)):
            headers["Mcp-Param-" + param.header] = encoded(_text(value))
    return headers


def encoded(text: str) -> str:
    """Return text as a header has it: itself, or base64 where it would not come through."""
    if _VERBATIM.fullmatch(text) and not (text.startswith("=?base64?") and text.endswith("?=")):
        return text
    return f"=?base64?{base64.b64encode(text.encode()).decode('ascii')}?="


def _annotated(schema: Json, place: tuple[str, ...]) -> Iterator[HeaderParam]:
    """Only what is reached by `properties` alone counts."""
    members = schema.get("properties") if isinstance(schema, dict) else None
    if not isinstance(members, dict) or len(place) >= _DEPTH:
        return
    for name, member in members.items():
        if not isinstance(member, dict):
            continue
        header, kind = member.get("x-mcp-header"), member.get("type")
        is_wanted = isinstance(header, str) and _TOKEN.fullmatch(header) is not None
        if is_wanted and isinstance(kind, str) and kind in _TYPES:
            yield HeaderParam(str(header).lower(), (*place, name), kind)
        yield from _annotated(member, (*place, name))


def _at(value: Json, place: tuple[str, ...]) -> Json:
    for name in place:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def _is_equal(param: HeaderParam, value: Json, text: str | None) -> bool:
    if value is None or text is None:
        return value is None and text is None
    if isinstance(value, (dict, list)):
        return True  # not of the schema's type: refused for that where arguments are checked
    if param.type == "integer" and not isinstance(value, (bool, str)):
        return _INTEGER.fullmatch(text) is not None and float(text) == value
    return _text(value) == text


def _text(value: bool | float | str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else number_text(value)


def _expect(head: Head, name: bytes, value: str | None) -> None:
    if value is not None and _is_verbatim(head, name, value):
        return  # as nearly all are: nothing is to be decoded
    found = _one(head, name)
    if found is None or value is None or found != value:
        raise _mismatch(name.decode())


def _is_verbatim(head: Head, name: bytes, value: str) -> bool:
    if value.startswith("=?") or not _VERBATIM.fullmatch(value):
        return False
    return head.fields.get(name) == [value.encode("ascii")]


def _one(head: Head, name: bytes) -> str | None:
    """Return a header's value, decoded. Raises Fault -32020 for one that can't be read."""
    try:
        text = head.one(name)
    except Fault:
        raise _mismatch(name.decode()) from None
    if text is None or not text.startswith("=?base64?") or not text.endswith("?="):
        return text
    match = _ENCODED.fullmatch(text)
    if match is None:
        raise _mismatch(name.decode())
    try:
        raw = base64.b64decode(match[1], validate=True)
        if base64.b64encode(raw).decode("ascii") != match[1]:
            raise _mismatch(name.decode())
        return raw.decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        raise _mismatch(name.decode()) from None


def _mismatch(name: str) -> Fault:
    shown = name if len(name) <= 80 else name[:80]
    return Fault(
        HEADER_MISMATCH,
        "header-mismatch",
        f"the header `{shown}` is not what the body says",
        status=400,
    )
