"""The issuer's own documents over HTTP: for AWS, for tools, for clients of `/oauth/token`.

Nobody is asked who they are: what is served is public. What is in it is the key ring's.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from valetkey.broker import Broker
from valetkey.broker.own_issuer import OwnIssuer
from valetkey.credentials import SigningKey
from valetkey.credentials.issuer_documents import (
    DISCOVERY,
    KEY_SET,
    MEDIA_TYPE,
    discovery_document,
    key_set_document,
    metadata_path,
    path_of,
)
from valetkey.web.answering import guarded, problem_response
from valetkey.web.problem import Problem

Document: TypeAlias = Callable[[OwnIssuer, Sequence[SigningKey]], bytes]

_NOT_HERE = Problem(
    404,
    "not-found",
    "this broker does not serve the documents of an issuer",
    "with `[issuer]` and its `publish` as `broker` it does",
)


class IssuerDocuments:
    """The documents of `broker.own`, made anew from the keys that are published at each request.

    `token_endpoint` is where this broker exchanges tokens, as others reach it.
    """

    def __init__(self, broker: Broker, token_endpoint: str) -> None:
        self._broker = broker
        self._token_endpoint = token_endpoint

    def routes(self) -> list[Route]:
        """Return the routes below the issuer's path. Where nothing is served they say so."""
        own = self._broker.own
        issuer = "" if own is None else own.url
        return [
            Route(path_of(issuer) + DISCOVERY, guarded(self._discovery)),
            Route(path_of(issuer) + KEY_SET, guarded(self._key_set)),
            Route(metadata_path(issuer), guarded(self._discovery)),
        ]

    async def _discovery(self, request: Request) -> Response:
        def document(own: OwnIssuer, keys: Sequence[SigningKey]) -> bytes:
            return discovery_document(
                own.url,
                algorithms=[own.algorithm, *(key.algorithm for key in keys)],
                token_endpoint=self._token_endpoint,
            )

        return await self._answer(request, document)

    async def _key_set(self, request: Request) -> Response:
        return await self._answer(request, lambda own, keys: key_set_document(keys))

    async def _answer(self, request: Request, document: Document) -> Response:
        own = self._broker.own
        if own is None or own.ring.is_static:
            return problem_response(_NOT_HERE)
        body = document(own, await own.ring.published(now=self._broker.clock()))
        return _cacheable(request, body, seconds=own.ring.schedule.cache_time)


def _cacheable(request: Request, body: bytes, *, seconds: int) -> Response:
    """Answer with `body`, or that it is what the caller has (RFC 9110 §13.1.2)."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"etag": tag, "cache-control": f"public, max-age={seconds}"}
    known = [each.strip().removeprefix("W/") for each in _list(request, "if-none-match")]
    if tag in known or known == ["*"]:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=MEDIA_TYPE, headers=headers)


def _list(request: Request, name: str) -> list[str]:
    return ",".join(request.headers.getlist(name)).split(",")
