"""`aws-chunked` bodies: decode, check each chunk's signature, check the trailing checksum.

Standard: "Signature calculations: multiple chunks" and "…with trailing headers" (S3 API
reference). What comes out is the plain body that the caller meant to store.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass

from valetkey.localaws.checksums import CHECKSUMS, checksum_matches
from valetkey.localaws.sigv4 import EMPTY_SHA256, Signed

UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
SIGNED_PAYLOAD = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
KINDS = frozenset({UNSIGNED_TRAILER, SIGNED_PAYLOAD, SIGNED_TRAILER})

_SIZE = re.compile(rb"([0-9a-fA-F]{1,8})(?:;chunk-signature=([0-9a-f]{64}))?")
_TRAILER = re.compile(rb"([a-z0-9-]{1,64}): ?([!-~]{1,256})")


class ChunkError(ValueError):
    """The chunked body is malformed, or not what was signed."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """The plain body and its trailing headers, checked."""

    body: bytes
    trailers: tuple[tuple[str, str], ...]


def decode_chunks(raw: bytes, signed: Signed, *, key: bytes, length: int) -> Decoded:
    """Return the body behind `raw`, exactly `length` bytes long.

    Raises ChunkError if the framing, a signature, the length or a checksum is wrong.
    """
    verify = _Chain(signed, key) if signed.payload != UNSIGNED_TRAILER else None
    body = bytearray()
    rest = memoryview(raw)
    while True:
        line, rest = _line(rest)
        match = _SIZE.fullmatch(line)
        if match is None or (match[2] is None) != (verify is None):
            raise ChunkError("malformed chunk header")
        size = int(match[1], 16)
        chunk = bytes(rest[:size])
        if len(chunk) != size:
            raise ChunkError("a chunk ends early")
        if verify is not None:
            verify.chunk(chunk, match[2].decode())
        rest = rest[size:]
        body += chunk
        if size == 0:
            break
        if bytes(rest[:2]) != b"\r\n":
            raise ChunkError("a chunk has no end")
        rest = rest[2:]
    if len(body) != length:
        raise ChunkError("x-amz-decoded-content-length differs from the body")
    trailers = _trailers(bytes(rest), signed.payload, verify)
    for name, value in trailers:
        _check_trailer(name, value, bytes(body))
    return Decoded(bytes(body), trailers)


def _line(rest: memoryview) -> tuple[bytes, memoryview]:
    head = bytes(rest[:128])
    end = head.find(b"\r\n")
    if end < 0:
        raise ChunkError("malformed chunk header")
    return head[:end], rest[end + 2 :]


class _Chain:
    """Each chunk's signature covers the one before it; the seed is the header's."""

    def __init__(self, signed: Signed, key: bytes) -> None:
        self._signed = signed
        self._key = key
        self._previous = signed.signature

    def chunk(self, data: bytes, claimed: str) -> None:
        self._step("PAYLOAD", f"{EMPTY_SHA256}\n{hashlib.sha256(data).hexdigest()}", claimed)

    def trailer(self, text: bytes, claimed: str) -> None:
        self._step("TRAILER", hashlib.sha256(text).hexdigest(), claimed)

    def _step(self, kind: str, digest: str, claimed: str) -> None:
        head = f"AWS4-HMAC-SHA256-{kind}\n{self._signed.amz_date}\n{self._signed.scope}"
        text = f"{head}\n{self._previous}\n{digest}"
        expected = hmac.new(self._key, text.encode(), "sha256").hexdigest()
        if not hmac.compare_digest(expected, claimed):
            raise ChunkError("a chunk's signature does not match")
        self._previous = expected


def _trailers(rest: bytes, kind: str, verify: _Chain | None) -> tuple[tuple[str, str], ...]:
    if kind == SIGNED_PAYLOAD:
        if rest not in {b"", b"\r\n"}:
            raise ChunkError("bytes after the last chunk")
        return ()
    if not rest.endswith(b"\r\n"):
        raise ChunkError("the trailer has no end")
    found: list[tuple[str, str]] = []
    claimed = None
    for line in rest.removesuffix(b"\r\n").split(b"\r\n"):
        if not line:
            continue
        match = _TRAILER.fullmatch(line)
        if match is None:
            raise ChunkError("malformed trailer")
        if match[1] == b"x-amz-trailer-signature":
            claimed = match[2].decode()
        else:
            found.append((match[1].decode(), match[2].decode()))
    if verify is not None:
        if claimed is None:
            raise ChunkError("the trailer is not signed")
        text = "".join(f"{name}:{value}\n" for name, value in found)
        verify.trailer(text.encode(), claimed)
    return tuple(found)


def _check_trailer(name: str, value: str, body: bytes) -> None:
    if name not in CHECKSUMS:
        raise ChunkError(f"trailer `{name}` is not modelled: use CRC32, SHA1 or SHA256")
    if not checksum_matches(name, value, body):
        raise ChunkError(f"{name} does not match the body")
