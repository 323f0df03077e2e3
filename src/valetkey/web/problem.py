"""Errors over HTTP: RFC 9457 problem details with a stable `code`, without AWS's own text."""

import logging
import traceback
from dataclasses import dataclass
from pathlib import Path

import msgspec

from valetkey.broker import BrokerError, SubjectRejected
from valetkey.credentials import CredentialsError
from valetkey.errors import ValetkeyError
from valetkey.identity import KeySetError, KeySourceError, Refusal, TokenRejected
from valetkey.runs import RunError, TagError

log = logging.getLogger("valetkey.web")

CONTENT_TYPE = b"application/problem+json"
TYPE_PREFIX = "urn:valetkey:problem:"

_BY_CODE = {
    "aws-answer-mismatch": 502,
    "body-too-large": 413,
    "directory-value-empty": 422,
    "directory-value-type": 422,
    "grant-not-of-run": 404,
    "grant-unknown": 422,
    "issuer-none": 404,
    "login-not-configured": 404,
    "method-not-allowed": 405,
    "not-authenticated": 401,
    "not-found": 404,
    "run-token": 401,
    "run-unknown": 404,
    "tools-not-configured": 404,
    "token-replayed": 409,
    "signing-key-last": 409,
    "signing-key-missing": 503,
    "signing-key-in-kms": 503,
    "signing-key-of-kms": 409,
    "signing-key-sealed": 503,
    "signing-key-wiped": 503,
    "signing-secret-differs": 409,
    "signing-slow": 503,
    "signing-key-unknown": 404,
    "signing-keys-busy": 503,
    "signing-keys-too-many": 409,
    "token-not-as-asked": 500,
    "token-tags-differ": 500,
    "wrapping-secret": 503,
}
_OF_OUR_KEYS = {
    "signing-key-in-kms",
    "signing-key-missing",
    "signing-key-sealed",
    "signing-key-wiped",
    "wrapping-secret",
}
"""What an operator must mend: who asks, a sandbox perhaps, is told no more than that it is so."""
_BY_PREFIX = {"aws-": 503, "directory-": 503, "store-": 503, "request-": 400}
_BY_ERROR: tuple[tuple[type[ValetkeyError], int], ...] = (
    (SubjectRejected, 400),
    (TokenRejected, 401),
    (KeySourceError, 503),
    (KeySetError, 503),
    (RunError, 409),
    (TagError, 422),
    (CredentialsError, 422),
    (BrokerError, 422),
)
_TITLES = {
    400: "bad request",
    401: "not authenticated",
    403: "not permitted",
    404: "not found",
    405: "method not allowed",
    409: "conflict",
    413: "too large",
    422: "not acceptable",
    500: "internal error",
    502: "AWS failed",
    503: "not available",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One refusal as it goes over the wire. `detail` is a sentence, `hint` what to do."""

    status: int
    code: str
    detail: str
    hint: str | None = None

    def body(self) -> bytes:
        """Return the problem+json document."""
        document = {
            "type": TYPE_PREFIX + self.code,
            "title": _TITLES[self.status],
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
        }
        return msgspec.json.encode(
            document if self.hint is None else document | {"hint": self.hint}
        )

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Return the headers that go with it."""
        headers = [(b"content-type", CONTENT_TYPE), (b"cache-control", b"no-store")]
        if self.status == 401:
            headers.append((b"www-authenticate", b'Bearer realm="valetkey"'))
        if self.status == 503:
            headers.append((b"retry-after", b"2"))
        return headers


def problem_of_error(error: Exception) -> Problem:
    """Turn whatever a use case raised into what its caller may know; the log gets the rest."""
    if not isinstance(error, ValetkeyError):
        log.error(
            "a request failed for a reason nobody foresaw",
            extra={"type": type(error).__name__, "place": _place(error)},
        )
        log.debug("the unforeseen error", exc_info=error)
        return Problem(500, "internal-error", "valetkey failed; nothing was given")
    status = _status(error)
    if error.code in _OF_OUR_KEYS:
        fields = {"code": error.code, "detail": error.message, "hint": error.hint}
        log.warning("a request needed a key that can't sign", extra=fields)
        return Problem(status, error.code, "valetkey can't sign tokens now")
    if error.detail is not None or status >= 500:
        log.warning("a request was refused", extra={"code": error.code, "detail": error.detail})
    return Problem(status, error.code, error.message, error.hint)


def problem_of_refusal(refusal: Refusal) -> Problem:
    """Turn a denial into its public part; its reasons are for the log alone."""
    log.info("denied", extra={"code": refusal.code, "reasons": "; ".join(refusal.reasons)})
    return Problem(_BY_CODE.get(refusal.code, 403), refusal.code, refusal.public)


def _status(error: ValetkeyError) -> int:
    if error.code in _BY_CODE:
        return _BY_CODE[error.code]
    for prefix, status in _BY_PREFIX.items():
        if error.code.startswith(prefix):
            return status
    return next((status for kind, status in _BY_ERROR if isinstance(error, kind)), 500)


def _place(error: Exception) -> str:
    """Return file and line of the innermost frame of ours: no value of the request is in it."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "valetkey" in f.filename]
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "unknown"
