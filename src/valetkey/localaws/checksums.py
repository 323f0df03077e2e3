"""Checksums of bodies, as headers and trailers carry them: in base64, by the header's name.

Standard: "Checking object integrity in Amazon S3" (S3 user guide). CRC32C, CRC64NVME and the
newer ones are not modelled.
"""

import base64
import hashlib
import hmac
import zlib
from collections.abc import Callable

PREFIX = "x-amz-checksum-"
_DIGESTS: dict[str, Callable[[bytes], bytes]] = {
    "x-amz-checksum-crc32": lambda body: zlib.crc32(body).to_bytes(4, "big"),
    "x-amz-checksum-sha1": lambda body: hashlib.sha1(body, usedforsecurity=False).digest(),
    "x-amz-checksum-sha256": lambda body: hashlib.sha256(body).digest(),
}
CHECKSUMS = frozenset(_DIGESTS)


def checksum_matches(name: str, value: str, body: bytes) -> bool:
    """True if the header `name`, which is one of CHECKSUMS, says `value` of this body."""
    return hmac.compare_digest(base64.b64encode(_DIGESTS[name](body)), value.encode("latin-1"))
