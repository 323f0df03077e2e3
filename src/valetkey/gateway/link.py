"""A way to one server of tools for one caller, whatever revision and wire is behind it."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from valetkey.gateway.revisions import Revision
from valetkey.tools.definition import Json

MessageId = str | int
"""The id of a JSON-RPC request."""


class Kind(Enum):
    """What a message is to JSON-RPC 2.0."""

    RESPONSE = "response"
    REQUEST = "request"
    NOTIFICATION = "notification"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One message of a server that was checked for its form.

    `params`, `result` and `error` are the server's JSON texts, unchanged but for what names the
    caller's own request (progress tokens, subscription ids), on one line each: no line break is in
    them. `id` is the caller's id in a RESPONSE, the server's own in a REQUEST.
    """

    kind: Kind
    method: str | None = None
    id: MessageId | None = None
    params: bytes | None = None
    result: bytes | None = None
    error: bytes | None = None
    event_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSide:
    """What a server is told of the client: raw JSON objects.

    `capabilities` is `{}` where they must not be declared. `log_level` is what a client of
    2025-11-25 asked for by `logging/setLevel`; a server of 2026-07-28 is told it with each request.
    """

    revision: Revision
    info: bytes
    capabilities: bytes = b"{}"
    log_level: str | None = None


class Link(Protocol):
    """What the gateway says to a server for a caller, and hears of it.

    Everything raises GatewayError for a server that does not do its part: `server-unreachable`,
    `server-slow`, `server-busy`, `server-failed`, `server-stopped`, `server-refused`,
    `server-redirects`, `server-wants-login`, `server-session-lost`, `server-answer-malformed`,
    `server-answer-too-large`, `server-broke-off`, `server-floods`; `run-not-served` and
    `proof-unavailable` where the run gets nothing to show it. Messages never have a word of the
    server's.
    """

    @property
    def revision(self) -> Revision: ...

    @property
    def server_info(self) -> bytes:
        """`serverInfo`, a raw JSON object."""
        ...

    @property
    def capabilities(self) -> Mapping[str, Json]: ...

    @property
    def instructions(self) -> str | None: ...

    def call(
        self,
        method: str,
        params: bytes | None,
        *,
        id: MessageId | None = None,
        name: str | None = None,
        extra_headers: Mapping[str, str] | None = None,
    ) -> AsyncGenerator[Incoming, None]:
        """Ask the server; yield what belongs to the request, its RESPONSE last.

        `id` is the caller's, which the RESPONSE and subscriptions bear; towards the server it is
        another. `params._meta` may still have the caller's `progressToken`, which is mapped; the
        members that name a version, a client and its capabilities are written anew. `name` is what
        `Mcp-Name` says. Closing the generator cancels the request.
        """
        ...

    async def notify(self, method: str, params: bytes | None) -> None: ...

    async def answer(
        self,
        id: MessageId,
        *,
        result: bytes | None = None,
        error: bytes | None = None,
    ) -> None:
        """Answer a REQUEST of the server, with a raw result or a raw error."""
        ...

    def listen(self, *, after: str | None = None) -> AsyncGenerator[Incoming, None]:
        """Yield what the server says unasked; ends at once where it offers no such stream."""
        ...

    async def close(self) -> None: ...
