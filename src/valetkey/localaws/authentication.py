"""From a signed request to a verified caller, or to the error that AWS gives.

1. read the signature's claims   2. find the key   3. check signature and signed headers
4. check the session token       5. check the times 6. check and decode the body
"""

import hashlib
import hmac
from dataclasses import dataclass, replace

from valetkey.localaws.callers import (
    Caller,
    RoleSession,
    Sessions,
    anonymous_caller,
    root_caller,
    user_caller,
)
from valetkey.localaws.chunked import KINDS, ChunkError, decode_chunks
from valetkey.localaws.faults import AwsError, Service, Trouble, fault
from valetkey.localaws.http import Incoming
from valetkey.localaws.identities import Identities
from valetkey.localaws.query_protocol import read_form
from valetkey.localaws.sigv4 import (
    MAX_SKEW_SECONDS,
    STREAMING_PREFIX,
    UNSIGNED_PAYLOAD,
    Signed,
    signature_matches,
    signing_key,
    unsigned_amz_headers,
)
from valetkey.localaws.sts import UNSIGNED
from valetkey.secret import Secret

GLOBAL_REGION = "us-east-1"  # where IAM and the global STS endpoint are signed for


@dataclass(frozen=True, slots=True)
class Keyring:
    """Every key that may sign: root's, users' and sessions'."""

    account: str
    region: str
    root_access_key_id: str
    root_secret: Secret
    identities: Identities
    sessions: Sessions


@dataclass(frozen=True, slots=True)
class Authenticated:
    """The verified caller and the request with its body decoded and checked."""

    caller: Caller
    request: Incoming
    signed: Signed | None


@dataclass(frozen=True, slots=True)
class _Key:
    secret: str
    session: RoleSession | None
    user_name: str | None


def needs_no_signature(request: Incoming) -> bool:
    """Tell whether a request to STS asks for what a token, not a signature, opens.

    Raises AwsError for a form that cannot be read.
    """
    return read_form(request, Service.STS).get("Action") in UNSIGNED


def authenticate(
    request: Incoming, signed: Signed | None, *, service: Service, keyring: Keyring, now: float
) -> Authenticated:
    """Return who made this request. Raises the AwsError that `service` gives otherwise."""
    if signed is None:
        if service is Service.S3 or (service is Service.STS and needs_no_signature(request)):
            return Authenticated(anonymous_caller(), request, None)
        raise fault(service, Trouble.MISSING_TOKEN, "Request is missing Authentication Token")
    _check_scope(signed, service, keyring)
    key = _find_key(signed.access_key_id, keyring)
    if key is None:
        raise fault(service, Trouble.UNKNOWN_KEY, "The security token included is invalid.")
    secret = signing_key(key.secret, signed)
    if not signature_matches(request, signed, key=secret):
        raise fault(
            service,
            Trouble.BAD_SIGNATURE,
            "The request signature we calculated does not match the signature you provided.",
        )
    if unsigned_amz_headers(request, signed):
        raise fault(
            service, Trouble.BAD_SIGNATURE, "There were headers present which were not signed"
        )
    _check_token(signed, key, service)
    _check_times(signed, key, service=service, now=now)
    body = _checked_body(request, signed, service=service, key=secret)
    return Authenticated(_caller(key, keyring, service), body, signed)


def _check_scope(signed: Signed, service: Service, keyring: Keyring) -> None:
    regions = {keyring.region}
    if service in {Service.STS, Service.IAM}:
        regions.add(GLOBAL_REGION)
    if signed.region not in regions:
        error = fault(
            service,
            Trouble.BAD_SCOPE,
            f"Credential should be scoped to a valid region: this local AWS is `{keyring.region}`.",
        )
        raise AwsError(
            error.code, error.message, status=error.status, fields={"Region": keyring.region}
        )


def _find_key(access_key_id: str, keyring: Keyring) -> _Key | None:
    if hmac.compare_digest(access_key_id, keyring.root_access_key_id):
        return _Key(keyring.root_secret.reveal(), None, None)
    session = keyring.sessions.live.get(access_key_id)
    if session is not None:
        return _Key(session.secret.reveal(), session, None)
    found = keyring.identities.user_key(access_key_id)
    return None if found is None else _Key(found[1], None, found[0])


def _check_token(signed: Signed, key: _Key, service: Service) -> None:
    if key.session is None:
        right = not signed.token
    else:
        digest = hashlib.sha256((signed.token or "").encode()).digest()
        right = hmac.compare_digest(digest, key.session.token_digest)
    if not right:
        raise fault(service, Trouble.BAD_TOKEN, "The security token included is invalid.")


def _check_times(signed: Signed, key: _Key, *, service: Service, now: float) -> None:
    if key.session is not None and now >= key.session.expires_at:
        raise fault(
            service, Trouble.EXPIRED_TOKEN, "The security token included in the request is expired"
        )
    if signed.expires_in is not None:
        if now >= signed.signed_at + signed.expires_in:
            raise fault(service, Trouble.EXPIRED_REQUEST, "Request has expired")
        if signed.signed_at - now > MAX_SKEW_SECONDS:
            raise fault(service, Trouble.EXPIRED_REQUEST, "Request is not yet valid")
    elif abs(now - signed.signed_at) > MAX_SKEW_SECONDS:
        raise fault(
            service,
            Trouble.SKEWED,
            f"Signature expired: {signed.amz_date} differs from now by more than 15 min."
            if service is not Service.S3
            else "The difference between the request time and the current time is too large.",
        )


def _checked_body(request: Incoming, signed: Signed, *, service: Service, key: bytes) -> Incoming:
    if signed.payload == UNSIGNED_PAYLOAD and service is Service.S3:
        return request
    if signed.payload.startswith(STREAMING_PREFIX) and service is Service.S3:
        return _unchunked(request, signed, key)
    digest = hashlib.sha256(request.body).hexdigest()
    if not hmac.compare_digest(digest, signed.payload):
        raise fault(
            service, Trouble.BAD_BODY, "The body does not match the hash that was signed for it."
        )
    return request


def _unchunked(request: Incoming, signed: Signed, key: bytes) -> Incoming:
    length = request.header("x-amz-decoded-content-length") or ""
    if signed.payload not in KINDS or not length.isdecimal() or not length.isascii():
        raise fault(Service.S3, Trouble.UNSUPPORTED, f"{signed.payload} is not modelled.")
    try:
        decoded = decode_chunks(request.body, signed, key=key, length=int(length))
    except ChunkError as error:
        raise fault(Service.S3, Trouble.BAD_SIGNATURE, str(error)) from error
    headers = dict(request.headers)
    announced = {name.strip() for name in headers.pop("x-amz-trailer", "").split(",")} - {""}
    if announced != {name for name, _ in decoded.trailers}:
        raise fault(Service.S3, Trouble.INVALID, "x-amz-trailer differs from the trailer")
    encodings = [e.strip() for e in headers.pop("content-encoding", "").split(",")]
    kept = ",".join(e for e in encodings if e and e != "aws-chunked")
    if kept:
        headers["content-encoding"] = kept
    headers.pop("x-amz-decoded-content-length", None)
    headers.update(decoded.trailers)
    return replace(request, headers=headers, body=decoded.body)


def _caller(key: _Key, keyring: Keyring, service: Service) -> Caller:
    """Return the key's principal. Raises the AwsError of a bad token where it is gone."""
    if key.session is not None:
        found = keyring.sessions.caller(key.session)
    elif key.user_name is None:
        found = root_caller(keyring.account)
    else:
        user = keyring.identities.user(key.user_name)
        found = None if user is None else user_caller(user, keyring.account)
    if found is None:
        raise fault(service, Trouble.BAD_TOKEN, "The security token included is invalid.")
    return found
