"""What a server is shown instead of the caller's token, which never goes there."""

from collections.abc import Callable, Mapping
from typing import Protocol

from valetkey.credentials import AssumedRole
from valetkey.gateway.backing import HOLDER, Backing
from valetkey.gateway.errors import GatewayError
from valetkey.gateway.seat import Seat
from valetkey.secret import Secret
from valetkey.tools.server import Proof, ToolServer

SESSION_SECONDS = 60
"""How long requests are signed with a session that was handed out for them: one record each."""


class Proving(Protocol):
    """Puts a proof to a request."""

    async def proven(
        self, method: str, headers: Mapping[str, str], body: bytes
    ) -> Mapping[str, str]: ...

    def renew(self) -> bool: ...


class GivenProof:
    """What an operator gives by hand: a bearer token, or None for the configured headers alone."""

    def __init__(self, server: ToolServer, bearer: Secret | None) -> None:
        self._server = server
        self._bearer = bearer

    async def proven(
        self,
        method: str,
        headers: Mapping[str, str],
        body: bytes,
    ) -> Mapping[str, str]:
        """Return the headers to send."""
        proven = {**_fixed(self._server), **headers}
        if self._bearer is not None:
            proven["Authorization"] = f"Bearer {self._bearer.reveal()}"
        return proven

    def renew(self) -> bool:
        """Say no: there is no other one."""
        return False


class Prover:
    """The proof of one seat. `clock` gives Unix seconds."""

    def __init__(self, backing: Backing, seat: Seat, *, clock: Callable[[], float]) -> None:
        self._backing = backing
        self._seat = seat
        self._clock = clock
        self._session: AssumedRole | None = None
        self._session_version = ""
        self._session_until = 0.0

    async def proven(
        self, method: str, headers: Mapping[str, str], body: bytes
    ) -> Mapping[str, str]:
        """Return the headers to send. Raises `run-not-served` if the run gets no proof any more."""
        server = self._seat.server
        if server.proof is Proof.HEADERS:
            return {**_fixed(server), **headers}
        if server.proof is Proof.TOKEN:
            token = await self._backing.token(self._seat.caller, server)
            return {**headers, "Authorization": f"Bearer {token.reveal()}"}
        if server.proof is Proof.SIGV4:
            session = await self._signing_session()
            return self._backing.sign(session, server, method=method, headers=headers, body=body)
        return headers

    def renew(self) -> bool:
        """Drop a proof that was not taken; say whether another may be."""
        server = self._seat.server
        if server.proof is Proof.TOKEN:
            self._backing.drop_token(self._seat.caller, server)
        elif server.proof is Proof.SIGV4:
            self._session = None
        else:
            return False
        return True

    async def _signing_session(self) -> AssumedRole:
        server, caller = self._seat.server, self._seat.caller
        now, version = self._clock(), caller.run.policy_version  # a rebind may name another role
        is_of_version = self._session_version == version
        if self._session is not None and is_of_version and now < self._session_until:
            return self._session
        if server.grant is None:
            raise GatewayError("run-not-served", "no grant is named whose session signs")
        held = await self._backing.session(caller, server.grant, holder=HOLDER)
        self._session, self._session_version = held, version
        self._session_until = min(now + SESSION_SECONDS, held.expiration - SESSION_SECONDS)
        return held


def _fixed(server: ToolServer) -> dict[str, str]:
    return {name: value.reveal() for name, value in server.headers.items()}
