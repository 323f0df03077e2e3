"""The routes of the signing keys, for who administers. No private part has a place here."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from valetkey.broker import Broker
from valetkey.broker.operate_keys import administered, retire_key, rotate_keys
from valetkey.broker.own_issuer import OwnIssuer
from valetkey.credentials import KeyPhase, SigningKey
from valetkey.credentials.key_phases import signs_until
from valetkey.identity import Refusal
from valetkey.web.answering import body_of, guarded, json_response, principal_of
from valetkey.web.documents import instant, read_body


class KeyDocument(msgspec.Struct, frozen=True):
    """A signing key and what it is for now. Instants are null where there is none."""

    kid: str
    algorithm: str
    phase: str
    kms_key: str | None
    created_at: str | None
    signs_from: str | None
    signs_until: str | None
    published_until: str | None
    retired_at: str | None


class KeysDocument(msgspec.Struct, frozen=True):
    """Every key of the issuer, the oldest first."""

    keys: tuple[KeyDocument, ...]


class RotatedKeyDocument(msgspec.Struct, frozen=True):
    """The key that takes over, from when on; null while it waits for `valetkey keys publish`."""

    kid: str
    signs_from: str | None


class RetireKeyBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `POST /v1/keys/{kid}/retire` takes."""

    because: str


class KeyRoutes:
    """The routes over one broker."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def routes(self) -> list[Route]:
        """Return them."""
        return [
            Route("/v1/keys", guarded(self._list), methods=["GET"]),
            Route("/v1/keys/rotate", guarded(self._rotate), methods=["POST"]),
            Route("/v1/keys/{kid}/retire", guarded(self._retire), methods=["POST"]),
        ]

    async def _list(self, request: Request) -> Response | Refusal:
        principal = await principal_of(self._broker, request)
        if isinstance(principal, Refusal):
            return principal
        now = self._broker.clock()
        own = await administered(self._broker, principal, route="GET /v1/keys", now=now)
        if isinstance(own, Refusal):
            return own
        return json_response(KeysDocument(await key_documents(own, now)))

    async def _rotate(self, request: Request) -> Response | Refusal:
        principal = await principal_of(self._broker, request)
        if isinstance(principal, Refusal):
            return principal
        key = await rotate_keys(self._broker, principal)
        if isinstance(key, Refusal):
            return key
        return json_response(RotatedKeyDocument(key.kid, _instant(key.signs_from)))

    async def _retire(self, request: Request) -> Response | Refusal:
        principal = await principal_of(self._broker, request)
        if isinstance(principal, Refusal):
            return principal
        body = read_body(await body_of(request), RetireKeyBody)
        kid = request.path_params["kid"]
        outcome = await retire_key(self._broker, principal, kid, because=body.because)
        return outcome if isinstance(outcome, Refusal) else Response(status_code=204)


async def key_documents(own: OwnIssuer, now: float) -> tuple[KeyDocument, ...]:
    """Return every key of the issuer, the oldest first."""
    found = await own.ring.keys(now=now)
    keys = [key for key, _ in found]
    afterlife = own.ring.schedule.afterlife
    return tuple(
        _document(key, phase, until=signs_until(key, keys), afterlife=afterlife)
        for key, phase in found
    )


def _document(
    key: SigningKey, phase: KeyPhase, *, until: int | None, afterlife: int
) -> KeyDocument:
    is_withdrawn = key.retired_at is not None
    return KeyDocument(
        kid=key.kid,
        algorithm=key.algorithm.value,
        phase=phase.value,
        kms_key=key.kms_key,
        created_at=_instant(key.created_at),
        signs_from=_instant(key.signs_from),
        signs_until=_instant(key.retired_at if is_withdrawn else until),
        published_until=None if until is None or is_withdrawn else instant(until + afterlife),
        retired_at=_instant(key.retired_at),
    )


def _instant(at: int | None) -> str | None:
    return None if at is None else instant(at)
