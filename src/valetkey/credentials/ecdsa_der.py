"""An ECDSA signature of P-256 as AWS KMS answers it, and as a token has it."""

from typing import Final

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from valetkey.credentials.errors import CredentialsError

P256_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""NIST SP 800-186 §3.2.1.3: how many multiples the base point has."""
_BYTES: Final = 32


def raw_signature(der: bytes) -> bytes:
    """Return r‖s, 64 bytes (RFC 7518 §3.4), of an `ECDSA-Sig-Value` (RFC 3279 §2.2.3).

    Only its one DER spelling is taken, with r and s from 1 to the order less 1.
    Raises CredentialsError `signature-malformed`.
    """
    try:
        r, s = decode_dss_signature(der)  # it takes DER alone, no other BER
    except ValueError:
        raise _malformed() from None
    if not (0 < r < P256_ORDER and 0 < s < P256_ORDER):
        raise _malformed()
    return r.to_bytes(_BYTES, "big") + s.to_bytes(_BYTES, "big")


def _malformed() -> CredentialsError:
    return CredentialsError(
        "signature-malformed", "what came in place of a signature is none of the curve P-256"
    )
