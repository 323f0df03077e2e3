"""Credentials of a run for the servers that were started for it, on this machine's loopback.

The container provider of the AWS SDKs (AWS SDK reference guide, container credential provider). A
process shows the token of its own file and gets its run's session, each time on record; another
run's or another grant's it can't ask for. The token is no run token and is good nowhere else.
"""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from aiohttp import web

from valetkey.gateway.backing import HOLDER, Backing
from valetkey.gateway.errors import GatewayError
from valetkey.gateway.seat import Seat
from valetkey.gateway.surroundings import AwsAccess
from valetkey.secret import Secret

PATH: Final = "/v1/process-credentials"
_BITS: Final = 32
"""Bytes of a token."""


class ProcessCredentials:
    """The endpoint. It listens once the first process is admitted."""

    def __init__(
        self, backing: Backing, *, entropy: Callable[[int], str] = secrets.token_urlsafe
    ) -> None:
        self._backing = backing
        self._entropy = entropy
        self._seats: dict[bytes, Seat] = {}
        self._runner: web.AppRunner | None = None
        self._port = 0

    async def admit(self, seat: Seat) -> AwsAccess:
        """Return what a process of the seat gets its credentials with."""
        if self._runner is None:
            await self._listen()
        token = Secret(self._entropy(_BITS))
        self._seats[token.digest()] = seat
        return AwsAccess(f"http://127.0.0.1:{self._port}{PATH}", token)

    def withdraw(self, access: AwsAccess) -> None:
        """Serve a process no more."""
        self._seats.pop(access.token.digest(), None)

    async def close(self) -> None:
        """Listen no more."""
        self._seats.clear()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _listen(self) -> None:
        app = web.Application(client_max_size=1024)
        app.router.add_get(PATH, self._hand_out)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        self._runner = runner
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self._port = runner.addresses[0][1]

    async def _hand_out(self, request: web.Request) -> web.Response:
        if request.headers.getall("Host", []) != [f"127.0.0.1:{self._port}"]:
            return _refused(403, "host-unknown", "ask by the address that was given")
        shown = request.headers.getall("Authorization", [])
        seat = self._seats.get(Secret(shown[0]).digest()) if len(shown) == 1 else None
        grant = None if seat is None else seat.server.grant
        if seat is None or grant is None:
            return _refused(401, "not-authenticated", "the token is of no process that is served")
        try:
            session = await self._backing.session(
                seat.caller, grant, holder=f"{HOLDER}:{seat.server.name}"
            )
        except GatewayError as error:
            return _refused(403, error.code, error.message)
        expiration = datetime.fromtimestamp(session.expiration, UTC)
        return web.json_response(
            {
                "AccessKeyId": session.access_key_id,
                "SecretAccessKey": session.secret_access_key.reveal(),
                "Token": session.session_token.reveal(),
                "Expiration": expiration.strftime("%Y-%m-%dT%H:%M:%SZ"),
            },
            headers={"Cache-Control": "no-store"},
        )


def _refused(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"code": code, "message": message}, status=status)
