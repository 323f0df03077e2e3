"""Connections whose request is not read yet: none for long, and never many.

Every account of the machine can connect to a loopback port. Who shows no token must not hold a
thread and a file descriptor for longer than reading a request takes, byte by byte or silent.
"""

import socket
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress

MOST_UNREAD = 256
"""A quarter of the file descriptors that a process usually has; the oldest makes room."""
_HEAD_SECONDS = 5.0  # for one whole request line and head from a process next door


class Unread:
    """Hangs up on connections that take too long over their request. Safe in threads.

    A connection must be removed before it is closed.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._since: OrderedDict[socket.socket, float] = OrderedDict()

    def add(self, connection: socket.socket) -> None:
        """Wait for the request of `connection` from now on; the oldest goes where it is many."""
        with self._lock:
            if len(self._since) >= MOST_UNREAD:
                self._hang_up_on_the_oldest()
            self._since[connection] = self._clock()

    def remove(self, connection: socket.socket) -> None:
        """Let `connection` be: its request is read, or it is about to be closed."""
        with self._lock:
            self._since.pop(connection, None)

    def sweep(self) -> None:
        """Hang up on whoever is over time."""
        with self._lock:
            over = self._clock() - _HEAD_SECONDS
            while self._since and next(iter(self._since.values())) <= over:
                self._hang_up_on_the_oldest()

    def _hang_up_on_the_oldest(self) -> None:
        connection, _ = self._since.popitem(last=False)
        with suppress(OSError):  # it went by itself
            connection.shutdown(socket.SHUT_RDWR)  # wakes the thread that reads; that one closes
