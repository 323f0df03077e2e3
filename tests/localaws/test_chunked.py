"""aws-chunked bodies come out plain, or not at all."""

import base64
import hashlib
import hmac
import zlib

import pytest

from valetkey.localaws.chunked import (
    SIGNED_PAYLOAD,
    SIGNED_TRAILER,
    UNSIGNED_TRAILER,
    ChunkError,
    decode_chunks,
)
from valetkey.localaws.sigv4 import EMPTY_SHA256, Signed

KEY = b"k" * 32
BODY = b"hello, " * 20


def claims(payload: str) -> Signed:
    """Return the claims of a streaming request."""
    return Signed(
        "AKIAIOSFODNN7EXAMPLE", "20261121", "eu-west-1", "s3", "20261121T080000Z", 0, ("host",),
        "a" * 64, payload, None, None,
    )  # fmt: skip


def step(previous: str, kind: str, digest: str) -> str:
    """Return the next signature of the chain."""
    head = f"AWS4-HMAC-SHA256-{kind}\n20261121T080000Z\n20261121/eu-west-1/s3/aws4_request"
    text = f"{head}\n{previous}\n{digest}"
    return hmac.new(KEY, text.encode(), "sha256").hexdigest()


def signed_chunks(*parts: bytes, trailer: bytes = b"") -> bytes:
    """Return a signed chunked body."""
    previous = "a" * 64
    out = b""
    for part in (*parts, b""):
        digest = f"{EMPTY_SHA256}\n{hashlib.sha256(part).hexdigest()}"
        previous = step(previous, "PAYLOAD", digest)
        out += f"{len(part):x};chunk-signature={previous}\r\n".encode() + part
        out += b"\r\n" if part else b""
    if trailer:
        last = step(previous, "TRAILER", hashlib.sha256(trailer + b"\n").hexdigest())
        out += trailer + b"\r\nx-amz-trailer-signature:" + last.encode() + b"\r\n"
    return out + b"\r\n"


def crc(body: bytes) -> bytes:
    """Return the trailing checksum of a body."""
    return b"x-amz-checksum-crc32:" + base64.b64encode(zlib.crc32(body).to_bytes(4, "big"))


def test_a_signed_chunked_body_is_decoded() -> None:
    raw = signed_chunks(BODY[:64], BODY[64:])
    found = decode_chunks(raw, claims(SIGNED_PAYLOAD), key=KEY, length=len(BODY))
    assert found.body == BODY


def test_a_signed_trailer_is_checked() -> None:
    raw = signed_chunks(BODY, trailer=crc(BODY))
    found = decode_chunks(raw, claims(SIGNED_TRAILER), key=KEY, length=len(BODY))
    assert found.body == BODY
    assert found.trailers[0][0] == "x-amz-checksum-crc32"
    with pytest.raises(ChunkError):
        decode_chunks(
            raw.replace(b"crc32:", b"sha1:"), claims(SIGNED_TRAILER), key=KEY, length=len(BODY)
        )


def unsigned(body: bytes, trailer: bytes) -> bytes:
    """Return an unsigned chunked body with a trailer."""
    return f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n" + trailer + b"\r\n\r\n"


def test_an_unsigned_body_with_its_checksum_is_decoded() -> None:
    raw = unsigned(BODY, crc(BODY))
    found = decode_chunks(raw, claims(UNSIGNED_TRAILER), key=KEY, length=len(BODY))
    assert found.body == BODY


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        (SIGNED_PAYLOAD, signed_chunks(BODY).replace(b"hello", b"jello", 1)),
        (SIGNED_PAYLOAD, signed_chunks(BODY)[:-90]),
        (SIGNED_PAYLOAD, signed_chunks(BODY) + b"more"),
        (SIGNED_PAYLOAD, unsigned(BODY, crc(BODY))),
        (SIGNED_PAYLOAD, signed_chunks(BODY[:64], BODY[64:]).replace(b"40;", b"3f;", 1)),
        (UNSIGNED_TRAILER, unsigned(BODY, crc(b"other"))),
        (UNSIGNED_TRAILER, unsigned(BODY, b"x-amz-checksum-unknown:AAAA")),
        (UNSIGNED_TRAILER, b"ffffffff\r\nshort\r\n0\r\n\r\n"),
        (UNSIGNED_TRAILER, b"-1\r\n\r\n"),
        (UNSIGNED_TRAILER, b""),
        (SIGNED_TRAILER, signed_chunks(BODY) + b""),
    ],
)
def test_a_tampered_or_malformed_body_is_refused(kind: str, raw: bytes) -> None:
    with pytest.raises(ChunkError):
        decode_chunks(raw, claims(kind), key=KEY, length=len(BODY))


def test_a_body_of_another_length_than_announced_is_refused() -> None:
    with pytest.raises(ChunkError):
        decode_chunks(signed_chunks(BODY), claims(SIGNED_PAYLOAD), key=KEY, length=len(BODY) + 1)
