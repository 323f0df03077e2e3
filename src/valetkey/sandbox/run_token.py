"""Where the run token is while a command runs: in memory and rotated, or in its owner's file."""

import threading
from collections.abc import Callable
from typing import Protocol

from valetkey.errors import ValetkeyError
from valetkey.sandbox.errors import BrokerUnavailableError
from valetkey.sandbox.token_file import read_run_token
from valetkey.secret import Secret

ROTATION_SECONDS = 900.0  # a token that leaks is worth a quarter of an hour (invariant 14)
_RETRY_SECONDS = 5.0  # well within the minute for which the broker still takes the old token


class RunToken(Protocol):
    """The run token at this moment."""

    def current(self) -> Secret:
        """Return the token to send now. Raises a SandboxError where there is none."""
        ...

    def is_same(self, other: "RunToken") -> bool:
        """Say whether `other` will return what this one returns."""
        ...


class FiledRunToken:
    """A token in a file that somebody else keeps: read anew each time, never rotated by us.

    Rotating it here would take it from the others who read that file.
    """

    def __init__(self, path: str) -> None:
        self._path = path

    def is_same(self, other: RunToken) -> bool:
        """Say whether `other` is the same file by its name."""
        return isinstance(other, FiledRunToken) and other._path == self._path

    def current(self) -> Secret:
        """Return the file's content now."""
        return Secret(read_run_token(self._path))


class HeldRunToken:
    """A token that only this process knows, in memory alone."""

    def __init__(self, token: Secret) -> None:
        self._token = token

    def is_same(self, other: RunToken) -> bool:
        """Say in constant time whether `other` holds the same token now."""
        return isinstance(other, HeldRunToken) and other._token == self._token

    def current(self) -> Secret:
        """Return the newest token."""
        return self._token

    def keep_rotating(
        self,
        rotate: Callable[[Secret], Secret],
        *,
        stopped: threading.Event,
        draw_fraction: Callable[[], float],
        every_seconds: float = ROTATION_SECONDS,
        retry_seconds: float = _RETRY_SECONDS,
    ) -> None:
        """Replace the token every `every_seconds`, 10 % more or less, until `stopped` is set.

        `draw_fraction` returns a random number in [0, 1): many sandboxes of one start must not
        all ask at once. No answer is tried again soon: the answer, with the new token in it, may
        have been lost. It ends when the broker says no, which means that the run is over; the
        next hand-out tells the child why.
        """
        pause = every_seconds * (0.9 + 0.2 * draw_fraction())
        while not stopped.wait(pause):
            try:
                self._token = rotate(self._token)
            except BrokerUnavailableError:
                pause = min(retry_seconds, every_seconds)
            except ValetkeyError:
                return
            else:
                pause = every_seconds * (0.9 + 0.2 * draw_fraction())
