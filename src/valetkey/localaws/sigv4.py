"""AWS Signature Version 4: read what a request claims, check that the secret's holder made it.

Standard: "AWS Signature Version 4 for API requests" (IAM user guide) and "Authenticating
requests" (S3 API reference). It does not know keys, callers or policies.
"""

import calendar
import hashlib
import hmac
import re
import time
from dataclasses import dataclass

from valetkey.localaws.http import Incoming, encode_percent

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
STREAMING_PREFIX = "STREAMING-"
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
MAX_SKEW_SECONDS = 900  # S3 and the other services: 15 minutes either way
MAX_PRESIGN_SECONDS = 604_800  # seven days
SIGNATURE_PARAMETERS = frozenset(
    f"X-Amz-{name}"
    for name in (
        "Algorithm", "Content-Sha256", "Credential", "Date", "Expires", "Security-Token",
        "Signature", "SignedHeaders",
    )
)  # fmt: skip
"""What a query string says of its own signature; any other parameter means something else."""

_CREDENTIAL = re.compile(r"([A-Z0-9]{16,128})/(\d{8})/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request")
_AMZ_DATE = re.compile(r"\d{8}T\d{6}Z")
_SIGNATURE = re.compile(r"[0-9a-f]{64}")
_FIELD = re.compile(r"\s*(Credential|SignedHeaders|Signature)=([^,\s]+)\s*")
_SPACES = re.compile(r" +")


class SignatureError(ValueError):
    """The signature is there but cannot be read."""


@dataclass(frozen=True, slots=True)
class Signed:
    """What a request claims about its signature. Nothing in it is verified."""

    access_key_id: str
    date: str
    region: str
    service: str
    amz_date: str
    signed_at: int
    signed_headers: tuple[str, ...]
    signature: str
    payload: str
    token: str | None
    expires_in: int | None  # seconds, on a presigned request only

    @property
    def presigned(self) -> bool:
        """True when the signature stands in the query string."""
        return self.expires_in is not None

    @property
    def scope(self) -> str:
        """The credential scope that the signing key is derived for."""
        return f"{self.date}/{self.region}/{self.service}/aws4_request"


def read_signature(request: Incoming) -> Signed | None:
    """Return the claims of a signed request, None for one that carries no signature at all.

    Raises SignatureError for a signature that is malformed, doubled or of another kind.
    """
    header = request.header("authorization")
    in_query = any(
        name.lower().startswith("x-amz-") or name in {"AWSAccessKeyId", "Signature"}
        for name in request.query
    )
    if header is None and not in_query:
        return None
    if (header or "").startswith("AWS ") or "AWSAccessKeyId" in request.query:
        raise SignatureError(
            "signature version 2 is not modelled; use Config(signature_version='s3v4')"
        )
    if header is not None and in_query:
        raise SignatureError("only one way to sign may be used in a request")
    return _from_header(request, header) if header is not None else _from_query(request)


def _from_header(request: Incoming, header: str) -> Signed:
    algorithm, _, rest = header.partition(" ")
    if algorithm != ALGORITHM:
        raise SignatureError(f"the authorization must be of the kind {ALGORITHM}")
    fields: dict[str, str] = {}
    for part in rest.split(","):
        match = _FIELD.fullmatch(part)
        if match is None or match[1] in fields:
            raise SignatureError("the authorization header is malformed")
        fields[match[1]] = match[2]
    if len(fields) != 3:
        raise SignatureError("authorization needs Credential, SignedHeaders and Signature")
    payload = request.header("x-amz-content-sha256")
    return _signed(
        fields["Credential"],
        fields["SignedHeaders"],
        signature=fields["Signature"],
        amz_date=request.header("x-amz-date") or "",
        payload=hashlib.sha256(request.body).hexdigest() if payload is None else payload,
        token=request.header("x-amz-security-token"),
        expires=None,
    )


def _from_query(request: Incoming) -> Signed:
    query = request.query
    if query.get("X-Amz-Algorithm") != ALGORITHM:
        raise SignatureError(f"X-Amz-Algorithm must be {ALGORITHM}")
    needed = ("Credential", "SignedHeaders", "Signature", "Date", "Expires")
    missing = [name for name in needed if f"X-Amz-{name}" not in query]
    if missing:
        raise SignatureError(f"query parameter X-Amz-{missing[0]} is missing")
    if request.header("x-amz-security-token") is not None:
        raise SignatureError("a presigned request carries its token in the query string")
    is_s3 = "/s3/" in query["X-Amz-Credential"]
    default = UNSIGNED_PAYLOAD if is_s3 else hashlib.sha256(request.body).hexdigest()
    return _signed(
        query["X-Amz-Credential"],
        query["X-Amz-SignedHeaders"],
        signature=query["X-Amz-Signature"],
        amz_date=query["X-Amz-Date"],
        payload=query.get("X-Amz-Content-Sha256")
        or request.header("x-amz-content-sha256")
        or default,
        token=query.get("X-Amz-Security-Token"),
        expires=query["X-Amz-Expires"],
    )


def _signed(
    credential: str,
    headers: str,
    *,
    signature: str,
    amz_date: str,
    payload: str,
    token: str | None,
    expires: str | None,
) -> Signed:
    scope = _CREDENTIAL.fullmatch(credential)
    if scope is None:
        raise SignatureError("the credential is not KEY/DATE/REGION/SERVICE/aws4_request")
    if not _AMZ_DATE.fullmatch(amz_date) or amz_date[:8] != scope[2]:
        raise SignatureError("x-amz-date is missing, malformed or not the scope's date")
    if not _SIGNATURE.fullmatch(signature):
        raise SignatureError("the signature is not 64 hexadecimal digits")
    names = tuple(headers.split(";"))
    if list(names) != sorted(set(names)) or "host" not in names:
        raise SignatureError("SignedHeaders must be sorted, unique and name the host")
    seconds = None
    if expires is not None:
        if not re.fullmatch(r"\d{1,6}", expires) or not 1 <= int(expires) <= MAX_PRESIGN_SECONDS:
            raise SignatureError("X-Amz-Expires must be 1 to 604800 seconds")
        seconds = int(expires)
    try:
        signed_at = calendar.timegm(time.strptime(amz_date, "%Y%m%dT%H%M%SZ"))
    except ValueError as error:
        raise SignatureError("x-amz-date is not a date") from error
    return Signed(
        scope[1], scope[2], scope[3], scope[4], amz_date, signed_at, names, signature, payload,
        token, seconds,
    )  # fmt: skip


def unsigned_amz_headers(request: Incoming, signed: Signed) -> tuple[str, ...]:
    """Return the `x-amz-*` headers that the signature does not cover: there must be none."""
    return tuple(
        name
        for name in request.headers
        if name.startswith("x-amz-") and name not in signed.signed_headers
    )


def signing_key(secret: str, signed: Signed) -> bytes:
    """Return the 32-byte key derived from the secret for the claimed scope."""
    key = f"AWS4{secret}".encode()
    for part in (signed.date, signed.region, signed.service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def signature_matches(request: Incoming, signed: Signed, *, key: bytes) -> bool:
    """True if `key` made the claimed signature over this request. Constant time."""
    canonical = canonical_request(request, signed)
    text = "\n".join(
        (ALGORITHM, signed.amz_date, signed.scope, hashlib.sha256(canonical).hexdigest())
    )
    expected = hmac.new(key, text.encode(), "sha256").hexdigest()
    return hmac.compare_digest(expected, signed.signature)


def canonical_request(request: Incoming, signed: Signed) -> bytes:
    """Return the bytes whose hash is signed ("Create a canonical request")."""
    path = encode_percent(request.path, keep="/")
    if signed.service != "s3":
        path = encode_percent(path, keep="/")
    query = sorted(
        (encode_percent(name), encode_percent(value))
        for name, value in request.query.items()
        if not (signed.presigned and name == "X-Amz-Signature")
    )
    headers = "".join(
        f"{name}:{_SPACES.sub(' ', request.headers.get(name, '').strip())}\n"
        for name in signed.signed_headers
    )
    return "\n".join(
        (
            request.method,
            path,
            "&".join(f"{name}={value}" for name, value in query),
            headers,
            ";".join(signed.signed_headers),
            signed.payload,
        )
    ).encode("latin-1")
