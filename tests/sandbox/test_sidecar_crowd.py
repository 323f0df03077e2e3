"""Many at once, and those who only hold connections: the sidecar answers who asks."""

import selectors
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.sandbox.test_sidecar import CREDENTIALS, RUN, TOKEN
from valetkey.sandbox import unread
from valetkey.sandbox.hand_outs import Answer
from valetkey.sandbox.sidecar import Sidecar
from valetkey.secret import Secret

MANY = 100
"""What `make -j`, `xargs -P` and an agent's threads start at one moment."""


@pytest.fixture
def port() -> Iterator[int]:
    sidecar = Sidecar(lambda _: Answer(200, CREDENTIALS), RUN, token=Secret(TOKEN))
    sidecar.start()
    yield int(sidecar.url.rpartition(":")[2])
    sidecar.close()


def request(port: int) -> bytes:
    return (
        f"GET /v1/credentials/a HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Authorization: {TOKEN}\r\n\r\n"
    ).encode()


def ask(port: int) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(request(port))
        return b"".join(iter(lambda: connection.recv(65_536), b""))


def serve_all(port: int, count: int, *, seconds: float) -> int:
    """Connect `count` times without waiting in between; return how many were answered in time."""
    until = time.monotonic() + seconds
    answered = 0
    with selectors.DefaultSelector() as selector:
        for _ in range(count):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
            selector.register(client, selectors.EVENT_WRITE)
        while selector.get_map() and time.monotonic() < until:
            for key, events in selector.select(0.1):
                assert isinstance(key.fileobj, socket.socket)
                if events & selectors.EVENT_WRITE:
                    key.fileobj.send(request(port))
                    selector.modify(key.fileobj, selectors.EVENT_READ)
                elif not key.fileobj.recv(65_536):
                    answered += 1
                    selector.unregister(key.fileobj)
                    key.fileobj.close()
        for key in list(selector.get_map().values()):
            assert isinstance(key.fileobj, socket.socket)
            key.fileobj.close()
    return answered


def test_all_who_ask_at_once_are_answered_at_once(port: int) -> None:
    """Who finds the queue full is not refused: its system tries again after 1, 3 and 7 s."""
    assert serve_all(port, MANY, seconds=0.95) == MANY


def test_who_sends_a_byte_now_and_then_holds_nothing_for_long(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unread, "_HEAD_SECONDS", 0.3)
    before = threading.active_count()
    drips = [socket.create_connection(("127.0.0.1", port), timeout=5) for _ in range(10)]
    until = time.monotonic() + 5
    for each in drips:
        each.sendall(b"GET / HTTP/1.1\r\nX: ")
    while drips and time.monotonic() < until:
        time.sleep(0.05)
        for each in drips[:]:
            try:
                each.send(b"a")
            except OSError:
                drips.remove(each)
                each.close()
    assert (drips, threading.active_count()) == ([], before)


def test_who_holds_connections_keeps_nobody_from_being_served(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unread, "MOST_UNREAD", 8)
    held = [socket.create_connection(("127.0.0.1", port), timeout=5) for _ in range(40)]
    assert b"ASIA1" in ask(port)
    assert threading.active_count() < 30
    for each in held:
        each.close()


def test_an_answer_takes_what_time_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is on the request: a broker may be slow."""
    monkeypatch.setattr(unread, "_HEAD_SECONDS", 0.1)

    def slowly(_: str) -> Answer:
        time.sleep(0.5)
        return Answer(200, CREDENTIALS)

    sidecar = Sidecar(slowly, RUN, token=Secret(TOKEN))
    sidecar.start()
    assert b"ASIA1" in ask(int(sidecar.url.rpartition(":")[2]))
    sidecar.close()
