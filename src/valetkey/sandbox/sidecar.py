"""The loopback server of `valetkey run`: the container-credentials contract for one child.

It serves `GET /v1/credentials/{grant}` and, as a broker does, `GET /v1/runs/self`,
`POST /oauth/token`, `POST /v1/decisions` and the tool gateway's `/mcp`, and nothing else, to
whoever shows its token in `Authorization` (the token is in a 0600 file; for all but credentials
`Bearer` stands before it; a form has it as its subject token) and means this address in `Host` (a
web page whose name was bound to 127.0.0.1 does not). The run token stays behind it.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime

from valetkey.sandbox.gateway_door import MCP_PATH, GatewayDoor
from valetkey.sandbox.hand_outs import Answer
from valetkey.sandbox.loopback_server import LoopbackServer
from valetkey.sandbox.mcp_relay import McpRelay
from valetkey.sandbox.run_grant import RunView
from valetkey.sandbox.sidecar_request import PREFIX, SidecarRequest
from valetkey.sandbox.token_relay import Exchange
from valetkey.sandbox.token_request import TOKEN_PATH
from valetkey.secret import Secret

_NOTICE_SECONDS = 0.05  # how late `close` is noticed; a command should not end half a second late
_PATIENT_SECONDS = 2.0


class Sidecar:
    """A server on 127.0.0.1, on a port that the system chose; it answers after `start`."""

    def __init__(
        self,
        hand_out: Callable[[str], Answer],
        run: RunView,
        *,
        token: Secret,
        exchange: Exchange | None = None,
        door: GatewayDoor | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not token:
            raise ValueError("an empty token would open the sidecar to everybody")
        self._server = LoopbackServer(("127.0.0.1", 0), SidecarRequest)
        self._server.hand_out = hand_out
        self._server.grants = frozenset(grant.name for grant in run.grants)
        self._server.token = token
        self._server.exchange = exchange
        self._server.door = door
        self._server.relay = McpRelay(door if run.mcp_url is not None else None)
        self._server.run = self._document(run)
        self._server.expires_at = _seconds(run.expires_at)
        self._server.clock = clock
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_NOTICE_SECONDS,), daemon=True
        )

    @property
    def url(self) -> str:
        """The address that stands for the broker in the child."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def url_of(self, grant: str) -> str:
        """Return the address of the grant's credentials."""
        return f"{self.url}{PREFIX}{grant}"

    @property
    def mcp_url(self) -> str:
        """The address that stands for the run's gateway in the child."""
        return self.url + MCP_PATH

    def _document(self, run: RunView) -> dict[str, object]:
        """Return the run as a broker describes it, with this server's addresses."""
        grants = [
            asdict(grant) | {"credentials_url": self.url_of(grant.name)} for grant in run.grants
        ]
        document: dict[str, object] = {
            "id": run.id,
            "grants": grants,
            "tokens": [asdict(tool) for tool in run.tools],
            "token_url": self.url + TOKEN_PATH,
            "expires_at": run.expires_at,
        }
        if run.mcp_url is not None:  # here the sidecar's token opens it, there one for the resource
            document["servers"] = run.servers
            document |= {"mcp_url": self.mcp_url, "mcp_resource": run.mcp_audience}
        return document

    def start(self) -> None:
        """Serve from now on; what connected since construction is served, too."""
        self._thread.start()

    def close(self) -> None:
        """Stop listening. Raises nothing, started or not."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join(_PATIENT_SECONDS)
        self._server.relay.close()
        self._server.server_close()


def _seconds(instant: str) -> float:
    """Return the Unix seconds of an instant; 0.0, long past, where it can't be read."""
    try:
        return datetime.fromisoformat(instant).timestamp()
    except ValueError:
        return 0.0
