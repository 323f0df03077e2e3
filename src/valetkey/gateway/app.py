"""The gateway as an ASGI application in front of another: what is not at its paths is passed on."""

import asyncio
from collections.abc import Iterable
from typing import Any, Final

from valetkey.broker import Broker
from valetkey.gateway.answers import send_whole
from valetkey.gateway.bodies import Turns
from valetkey.gateway.cors import preflight, shown_to
from valetkey.gateway.doors import make_doors
from valetkey.gateway.endpoint import Endpoint
from valetkey.gateway.faces import Face
from valetkey.gateway.headers import Head, read_head
from valetkey.gateway.limits import CALLS_PER_RUN, MAX_CALLS, MAX_STREAMS, STREAMS_PER_RUN
from valetkey.gateway.loads import Loads
from valetkey.gateway.metadata import ENDPOINT, WELL_KNOWN, metadata
from valetkey.gateway.ports import Servers
from valetkey.gateway.served import Core
from valetkey.gateway.sessions import Sessions
from valetkey.gateway.turning_away import send_problem
from valetkey.version import VERSION

_METHODS: Final = frozenset({"POST", "GET", "DELETE"})
_DOCUMENT: Final = (
    (b"content-type", b"application/json"),
    (b"cache-control", b"public, max-age=300"),
)
_MAX_SERVER: Final = 64


class GatewayApp:
    """Answers at `/mcp`, `/mcp/{server}` and the metadata's paths. `rest` has all others.

    `audience` is the canonical URI that tokens are for; pages of `origins` may call. Streams
    end when `stopping` is set.
    """

    def __init__(
        self,
        broker: Broker,
        upstreams: Servers,
        *,
        public_url: str,
        audience: str,
        origins: Iterable[str],
        rest: Any,
        stopping: asyncio.Event | None = None,
    ) -> None:
        issuer = public_url if broker.own is None else broker.own.url
        self._doors = make_doors(public_url, origins)
        self._metadata = metadata(audience, issuer)
        self._rest = rest
        self.core = Core(
            broker=broker,
            servers=upstreams,
            sessions=Sessions(broker.clock, broker.entropy),
            calls=Loads(CALLS_PER_RUN, MAX_CALLS),
            streams=Loads(STREAMS_PER_RUN, MAX_STREAMS),
            turns=Turns(),
            program={"name": "valetkey", "version": VERSION},
            stopping=stopping or asyncio.Event(),
        )
        self._endpoint = Endpoint(self.core, public_url, audience)

    async def end_calls(self) -> None:
        """Wait until `stopping` is set; what is not answered a while later is told so."""
        await self.core.under_way.end(self.core.stopping)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection's event, per ASGI 3."""
        path = scope.get("path", "") if scope["type"] == "http" else ""
        if not (_is_at(path, ENDPOINT) or _is_at(path, WELL_KNOWN)):
            await self._rest(scope, receive, send)
            return
        head = read_head(scope["headers"])
        objection = self._doors.objection(
            head, scheme=scope.get("scheme", "http"), server=scope.get("server")
        )
        if objection is not None:
            await send_problem(send, 403, objection, "this name or page is not one of ours")
            return
        if (origins := head.fields.get(b"origin")) is not None:
            send = shown_to(send, origins[0])
            if scope["method"] == "OPTIONS":
                await preflight(send)
                return
        if _is_at(path, WELL_KNOWN):
            await self._describe(scope, send, path.removeprefix(WELL_KNOWN))
        else:
            await self._serve(scope, receive, send, head)

    async def _serve(self, scope: Any, receive: Any, send: Any, head: Head) -> None:
        face = _face(scope["path"])
        if face is None:
            await send_problem(send, 404, "not-found", "there is nothing at this path")
        elif scope["method"] not in _METHODS:
            allow = (b"allow", b"POST, GET, DELETE")
            told = "this is not a method of the gateway"
            await send_problem(send, 405, "method-not-allowed", told, headers=(allow,))
        elif scope["query_string"]:  # it would be in the log of every proxy
            told = "nothing goes into the URL, least of all a token"
            await send_problem(send, 400, "request-malformed", told)
        else:
            await self._endpoint(scope["method"], face, head, receive, send)

    async def _describe(self, scope: Any, send: Any, path: str) -> None:
        """Serve RFC 9728 metadata. It is the same for every server, known or not."""
        if path and _face(path) is None:
            await send_problem(send, 404, "not-found", "there is nothing at this path")
        elif scope["method"] not in {"GET", "HEAD"}:
            allow = (b"allow", b"GET, HEAD")
            told = "metadata is fetched"
            await send_problem(send, 405, "method-not-allowed", told, headers=(allow,))
        else:
            body = b"" if scope["method"] == "HEAD" else self._metadata
            await send_whole(send, 200, body, _DOCUMENT)


def _is_at(path: str, place: str) -> bool:
    return path == place or path.startswith(place + "/")


def _face(path: str) -> Face | None:
    """Return the way in that stands at `path`."""
    if path == ENDPOINT:
        return Face(None)
    server = path.removeprefix(ENDPOINT + "/")
    if server == path or not 0 < len(server) <= _MAX_SERVER or "/" in server:
        return None
    return Face(server)
