"""What is odd: texts, values, spellings, headers and paths that readers may differ over."""

import json
from collections.abc import Callable
from random import Random
from typing import Any

TEXTS = (
    "A-17",
    "TEST-1",
    "",
    " ",
    "refund",
    "__entity",
    "__extn",
    "__proto__",
    "constructor",
    "id",
    "\u0000",
    "\u202e",
    "\u00e9",
    "e\u0301",
    "\U0001f600",
    "a" * 300,
    'a"b',
    "a\\b",
    "a\nb",
    "=?base64?cmVmdW5k?=",
    "*",
    "null",
)
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 1.0, 0.1, 1e300, -0.0, 2**53, -(2**53), 2**64, 10**400),
    *TEXTS,
    *([], {}, [[]], [None], {"a": {"a": {"a": {}}}}, {"__entity": {"type": "T", "id": "i"}}),
    *({"__extn": {"fn": "decimal", "arg": "1"}}, {"fn": "ip", "arg": "::"}, ["A-17"], [1, "1"]),
)


def spell(pick: Random, value: Any) -> bytes:
    """Return JSON text of `value` in one of its many spellings."""
    style = pick.randrange(5)
    if style == 0:
        text = json.dumps(value, ensure_ascii=False, allow_nan=True)
    elif style == 1:
        text = json.dumps(value, indent=1)
    else:
        text = json.dumps(value, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def _truncated(pick: Random, text: bytes) -> bytes:
    return text[: pick.randrange(len(text) + 1)]


def _one_byte(pick: Random, text: bytes) -> bytes:
    at = pick.randrange(len(text) + 1)
    return text[:at] + bytes([pick.randrange(256)]) + text[at + pick.randrange(2) :]


def _member_twice(pick: Random, text: bytes) -> bytes:
    """Name a member again with another value: the first and the last reader see two calls."""
    name = pick.choice((b"name", b"arguments", b"amount", b"order", b"method", b"id", b"params"))
    other = pick.choice((b"1", b'"note"', b"{}", b'"tools/list"', b"null"))
    ends = [at for at, byte in enumerate(text) if byte == ord("}")]
    if not ends:
        return text
    at = pick.choice(ends)
    return text[:at] + b',"' + name + b'":' + other + text[at:]


def _escaped_member(_: Random, text: bytes) -> bytes:
    return text.replace(b'"amount"', b'"\\u0061mount"')


def _number(pick: Random, text: bytes) -> bytes:
    """Spell a number otherwise: some spellings are other values to other readers."""
    digits = [at for at, byte in enumerate(text) if chr(byte).isdigit()]
    if not digits:
        return text
    at = pick.choice(digits)
    odd = pick.choice((b"1e2", b"1.0", b"-0", b"01", b"1e400", b"NaN", b"Infinity", b"0x1", b"+1"))
    return text[:at] + odd + text[at + 1 :]


def _surrogate(pick: Random, text: bytes) -> bytes:
    half = pick.choice((b'"\\ud800"', b'"\\udc00\\ud800"', b'"a\\ud83d"'))
    return text.replace(b'"A-17"', half)


def _deep(pick: Random, text: bytes) -> bytes:
    depth = pick.choice((10, 63, 64, 65, 1000, 100_000))
    return text.replace(b'"A-17"', b"[" * depth + b"]" * depth)


def _encoded(pick: Random, text: bytes) -> bytes:
    shown = text.decode("utf-8", "replace")
    return shown.encode(pick.choice(("utf-16", "utf-16-le", "utf-32", "utf-8-sig", "utf-7")))


def _surrounded(pick: Random, text: bytes) -> bytes:
    return pick.choice(
        (text + b"\x00", text + text, b" \t\r\n" + text, text + b"\n", b")]}'," + text)
    )


def _comment(_: Random, text: bytes) -> bytes:
    return text.replace(b"{", b"{/* */", 1)


BODIES: tuple[Callable[[Random, bytes], bytes], ...] = (
    _truncated,
    _one_byte,
    _one_byte,
    _member_twice,
    _member_twice,
    _escaped_member,
    _number,
    _number,
    _surrogate,
    _deep,
    _encoded,
    _surrounded,
    _comment,
)
HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"mcp-name", b"modern___note"),
    (b"mcp-name", b"=?base64?bW9kZXJuX19fcmVmdW5k?="),
    (b"mcp-name", b"=?BASE64?bW9kZXJuX19fcmVmdW5k?="),
    (b"mcp-name", b"=?base64?!!?="),
    (b"mcp-method", b"tools/list"),
    (b"mcp-method", b"tools/call"),
    (b"mcp-protocol-version", b"2026-07-28"),
    (b"mcp-protocol-version", b"2025-11-25"),
    (b"mcp-param-order", b"A-17"),
    (b"mcp-param-amount", b"1"),
    (b"mcp-session-id", b"\x00\xff"),
    (b"mcp-session-id", b"none-such"),
    (b"last-event-id", b"1"),
    (b"content-type", b"text/plain"),
    (b"content-type", b"application/json; charset=utf-16"),
    (b"content-encoding", b"gzip"),
    (b"transfer-encoding", b"chunked"),
    (b"content-length", b"3"),
    (b"accept", b"text/html"),
    (b"accept", b"*/*"),
    (b"authorization", b"Basic YTpi"),
    (b"authorization", b"Bearer "),
    (b"origin", b"https://evil.example"),
    (b"origin", b"null"),
    (b"host", b"evil.example"),
    (b"forwarded", b"host=evil.example"),
    (b"x-forwarded-host", b"evil.example"),
    (b"expect", b"100-continue"),
    (b"upgrade", b"h2c"),
    (b"\xff\xfe", b"\xff"),
)
PATHS = (
    "/mcp/",
    "/mcp//modern",
    "/mcp/modern/",
    "/mcp/none-such",
    "/mcp/legacy",
    "/mcp/modern",
    "/mcp/../mcp",
    "/mcp/%6dodern",
    "/MCP",
    "/mcp/modern___refund",
    "/mcp/modern\x00",
    "/.well-known/oauth-protected-resource/mcp",
    "/.well-known/oauth-protected-resource/mcp/none-such",
    "/",
)
