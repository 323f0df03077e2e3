"""A server that answers every request with the same bytes, which a test sets between two."""

import socket
import threading
from typing import Self


class AnsweringServer:
    """Listens on a port of `host`; use it as a context manager. `requests` is what it saw."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.answer = b""
        self.requests: list[bytes] = []
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=family)
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    @property
    def url(self) -> str:
        """The address of some credentials on it, where it listens on 127.0.0.1."""
        return f"http://127.0.0.1:{self.port}/v1/credentials/tenant-data"

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self._answer_one(connection)

    def _answer_one(self, connection: socket.socket) -> None:
        seen = b""
        try:
            while not seen.endswith(b"\r\n\r\n") and (piece := connection.recv(65_536)):
                seen += piece
            self.requests.append(seen)
            connection.sendall(self.answer)
        except OSError:
            pass  # the client had enough
