"""The listening part of `valetkey run`'s sidecar, and what its requests are answered from."""

import socketserver
from collections.abc import Callable
from http.server import ThreadingHTTPServer
from typing import Any

from valetkey.sandbox.gateway_door import GatewayDoor
from valetkey.sandbox.hand_outs import Answer
from valetkey.sandbox.mcp_relay import McpRelay
from valetkey.sandbox.token_relay import Exchange
from valetkey.sandbox.unread import Unread
from valetkey.secret import Secret

_BACKLOG = 128  # a connection more is dropped, and its client tries again after 1, 3 and 7 s


class LoopbackServer(ThreadingHTTPServer):
    """A thread for each connection, and none for long to who sends no request."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = _BACKLOG
    hand_out: Callable[[str], Answer]
    grants: frozenset[str]
    token: Secret
    exchange: Exchange | None
    door: GatewayDoor | None
    relay: McpRelay
    run: dict[str, object]
    expires_at: float
    clock: Callable[[], float]

    def __init__(self, *arguments: Any) -> None:
        self.unread = Unread()
        super().__init__(*arguments)

    def server_bind(self) -> None:
        # Not HTTPServer's: that one looks our own name up, which can take seconds.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection in a thread of its own, for as long as its request takes."""
        self.unread.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection, whatever became of it."""
        self.unread.remove(request)
        super().shutdown_request(request)

    def service_actions(self) -> None:
        """Hang up on the slow: this runs at least each `_NOTICE_SECONDS`."""
        self.unread.sweep()

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay silent: a client that hung up is no event, and the terminal is the child's."""
