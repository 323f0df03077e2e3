"""What links need of the broker: standing, tokens and sessions of the run that a call is for."""

from collections.abc import Awaitable, Mapping
from dataclasses import replace
from typing import Final, Protocol, TypeVar

from valetkey.broker.broker import Broker
from valetkey.broker.ports import RequestSigner
from valetkey.broker.tool_access import ToolCaller, look_again
from valetkey.broker.tool_credentials import session_for, token_for
from valetkey.credentials import AssumedRole
from valetkey.errors import ValetkeyError
from valetkey.gateway.errors import GatewayError
from valetkey.identity import Refusal
from valetkey.secret import Secret
from valetkey.tools.server import ToolServer

T = TypeVar("T")

_NEVER: Final = 2**62
HOLDER: Final = "gateway"
"""Who holds credentials that a sandbox never sees, as records name it."""


class Backing(Protocol):
    """Everything that is a run's own.

    Raises GatewayError `run-not-served` for a run that is over or may not, `proof-unavailable`
    where AWS or the signing key fails.
    """

    async def look(self, caller: ToolCaller) -> ToolCaller:
        """Return the caller as its run is now; nothing is recorded."""
        ...

    async def session(self, caller: ToolCaller, grant: str, *, holder: str) -> AssumedRole:
        """Return the run's session for a grant; on record before."""
        ...

    async def token(self, caller: ToolCaller, server: ToolServer) -> Secret:
        """Return a token of ours for the server's audience; on record before."""
        ...

    def drop_token(self, caller: ToolCaller, server: ToolServer) -> None:
        """Forget the token that the server did not take."""
        ...

    def sign(
        self,
        session: AssumedRole,
        server: ToolServer,
        *,
        method: str,
        headers: Mapping[str, str],
        body: bytes,
    ) -> Mapping[str, str]:
        """Return the headers of a request to the server, signed by the run's session."""
        ...


class BrokerBacking:
    """The broker's use cases, with a refusal as an error that ends the call."""

    def __init__(self, broker: Broker, signer: RequestSigner) -> None:
        self._broker = broker
        self._signer = signer

    async def look(self, caller: ToolCaller) -> ToolCaller:
        # The run's standing is asked; that a token of it has expired is another thing.
        found = _served(await look_again(self._broker, replace(caller, until=_NEVER)))
        return replace(found, until=caller.until)

    async def session(self, caller: ToolCaller, grant: str, *, holder: str) -> AssumedRole:
        return await _had(session_for(self._broker, caller, grant, holder=holder))

    async def token(self, caller: ToolCaller, server: ToolServer) -> Secret:
        return await _had(token_for(self._broker, caller, server))

    def drop_token(self, caller: ToolCaller, server: ToolServer) -> None:
        self._broker.tool_memory.drop(caller.run.id, server.name)

    def sign(
        self,
        session: AssumedRole,
        server: ToolServer,
        *,
        method: str,
        headers: Mapping[str, str],
        body: bytes,
    ) -> Mapping[str, str]:
        return self._signer.sign(
            session,
            method=method,
            url=server.url or "",
            headers=headers,
            body=body,
            service=server.service or "",
            region=server.region or "",
        )


async def _had(proof: Awaitable[T | Refusal]) -> T:
    try:
        return _served(await proof)
    except GatewayError:
        raise
    except ValetkeyError as error:  # AWS or the signing key: not for the sandbox's ears
        raise GatewayError(
            "proof-unavailable",
            "what the server of this tool must be shown for the run can't be had now",
            hint="the gateway's log says more",
            detail=str(error),
        ) from None


def _served(outcome: T | Refusal) -> T:
    if isinstance(outcome, Refusal):
        raise GatewayError(
            "run-not-served",
            outcome.public,
            detail=f"{outcome.code}: {'; '.join(outcome.reasons)}",
        )
    return outcome
