"""What a started server says to people: how fast it is read, and what of it may be in the log."""

import time
from collections import deque
from collections.abc import Iterable
from typing import Final

from valetkey.secret import Secret

MAX_LOGGED_CHARACTERS: Final = 500
MAX_LAST_LINES: Final = 20
_LONGEST_LAST: Final = 2_000
"""Bytes; of a longer line nothing is kept: a part of it may be a part of a secret."""


class Pace:
    """Counts to `most` in each second."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._second = 0
        self._count = 0

    @property
    def pause(self) -> float:
        """Seconds until the next second."""
        return 1.0 - time.monotonic() % 1.0

    def is_beyond(self) -> bool:
        """Count one more; say whether it is too many for this second."""
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._count = second, 0
        self._count += 1
        return self._count > self._most


def printable(line: bytes, secrets: Iterable[Secret]) -> str:
    """Return a line of a server for the log: no secret of its own, nothing that steers
    terminals.
    """
    text = line.decode(errors="replace")
    for secret in secrets:
        if secret:
            text = text.replace(secret.reveal(), "***")
    text = text[:MAX_LOGGED_CHARACTERS]
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


class LastWords:
    """The last lines that a server wrote to its stderr."""

    def __init__(self) -> None:
        self._lines: deque[bytes] = deque(maxlen=MAX_LAST_LINES)

    def add(self, line: bytes) -> None:
        """Keep one more line; blank ones say nothing."""
        if line.strip():
            self._lines.append(line if len(line) <= _LONGEST_LAST else b"(a long line)")

    def printable(self, secrets: Iterable[Secret]) -> str:
        """Return them line by line, as `printable` does."""
        known = tuple(secrets)
        return "\n".join(printable(line.rstrip(), known) for line in self._lines)
