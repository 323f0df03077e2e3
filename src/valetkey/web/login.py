"""How people who operate valetkey sign in, and who they are then."""

from dataclasses import dataclass

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from valetkey.broker import Broker
from valetkey.identity import IssuerUrl, Refusal
from valetkey.web.answering import guarded, json_response, principal_of


@dataclass(frozen=True, slots=True)
class LoginPlace:
    """Where people sign in: an issuer that the broker believes, and a client without a secret.

    `token` is which token of the answer they show then: `id_token` or `access_token`.
    """

    issuer: IssuerUrl
    client_id: str
    scopes: tuple[str, ...]
    token: str


class LoginDocument(msgspec.Struct, frozen=True):
    """What a client needs for the device flow (RFC 8628). Nothing in it is secret."""

    issuer: str
    client_id: str
    scopes: tuple[str, ...]
    token: str


class WhoamiDocument(msgspec.Struct, frozen=True):
    """Who the caller is here, and the powers that trust rules give, sorted."""

    issuer: str
    subject: str
    powers: tuple[str, ...]


class LoginRoutes:
    """The routes over one broker. `place` is None where nobody is meant to sign in."""

    def __init__(self, broker: Broker, place: LoginPlace | None) -> None:
        self._broker = broker
        self._place = place

    def routes(self) -> list[Route]:
        """Return them."""
        return [
            Route("/v1/login", guarded(self._tell), methods=["GET"]),
            Route("/v1/whoami", guarded(self._whoami), methods=["GET"]),
        ]

    async def _tell(self, request: Request) -> Response | Refusal:
        place = self._place
        if place is None:
            return Refusal(
                code="login-not-configured",
                public="this broker names no place to sign in at",
                reasons=("there is no `[login]`",),
            )
        return json_response(
            LoginDocument(place.issuer, place.client_id, place.scopes, place.token)
        )

    async def _whoami(self, request: Request) -> Response | Refusal:
        principal = await principal_of(self._broker, request)
        if isinstance(principal, Refusal):
            return principal
        powers = sorted({rule.may.value for rule in principal.rules})
        return json_response(WhoamiDocument(principal.issuer, principal.subject, tuple(powers)))
