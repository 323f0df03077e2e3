"""A server that answers any connection with given bytes: what no HTTP library would send."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def raw_server(answer: bytes, *, drip_seconds: float = 0.0) -> Iterator[tuple[str, list[bytes]]]:
    """Give the URL of a server that sends `answer`, and the requests that it saw."""
    seen: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))
    stopped = threading.Event()

    def serve() -> None:
        while not stopped.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                seen.append(connection.recv(65_536))
                _answer(connection, answer, drip_seconds, stopped)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", seen
    finally:
        stopped.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def _answer(
    connection: socket.socket, answer: bytes, drip_seconds: float, stopped: threading.Event
) -> None:
    try:
        if not drip_seconds:
            connection.sendall(answer)
            return
        for byte in answer:
            connection.sendall(bytes([byte]))
            time.sleep(drip_seconds)
            if stopped.is_set():
                return
    except OSError:
        pass  # the client had enough


@contextmanager
def late_server(pieces: list[bytes], *, pause_seconds: float) -> Iterator[str]:
    """Give the URL of a server that sends these pieces once, and keeps the connection open."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                for piece in pieces:
                    connection.sendall(piece)
                    time.sleep(pause_seconds)
                over.wait(20)

        server = threading.Thread(target=serve)
        server.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            over.set()
            server.join()
