"""A token in a file that is always good: written whole, renewed at half its life, then gone.

SDKs read such a file anew at every call of `AssumeRoleWithWebIdentity`, at any moment: the file
is replaced by a rename, so that no reader meets half a token or none.

Where the broker gives no answer the file stays, expired or not: STS takes a token until five
minutes after its `exp`, and after that says `ExpiredTokenException`, which tells more than the
missing file that SDKs don't expect (some go on to the next credentials they know of). Where the
broker says no, the file goes at once: what is left of its life is not the run's any more.
"""

import os
import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from valetkey.errors import ValetkeyError
from valetkey.sandbox.errors import BrokerRefusedError, SandboxError
from valetkey.sandbox.text import plain
from valetkey.sandbox.token_request import IssuedToken

RETRY_SECONDS = 5.0
_LOOK_SECONDS = 15.0  # a machine that slept has waited by the wrong clock: look at the right one
_LEAST_SECONDS = 1.0  # between two renewals, however short a life is


class Stopped(Protocol):
    """What tells that the file is not wanted any more; `threading.Event` is one."""

    def wait(self, timeout: float | None = None) -> bool:
        """Wait so many seconds, or less; say whether it is over."""
        ...


class KeptToken:
    """One token in the file `path`, readable by its owner alone.

    `write` and `keep` are for one thread at a time, `remove` for any.

    `fetch` returns a new token or raises a ValetkeyError; `clock` is in Unix seconds.
    """

    def __init__(
        self, path: Path, fetch: Callable[[], IssuedToken], *, clock: Callable[[], float]
    ) -> None:
        self.path = path
        self._fetch = fetch
        self._clock = clock
        self._due_at = 0.0
        self._lock = threading.Lock()
        self._is_over = False

    def write(self) -> None:
        """Fetch a token and put it in the place of the last one, or nowhere after `remove`.

        Raises what `fetch` raises, and `token-file-unwritable`.
        """
        issued = self._fetch()
        with self._lock:
            if not self._is_over:
                replace_file(self.path, issued.token.reveal())
        half = (issued.expires_at - issued.asked_at) / 2
        self._due_at = issued.asked_at + max(half, _LEAST_SECONDS)

    def keep(self, stopped: Stopped) -> ValetkeyError | None:
        """Renew the file until `stopped`, or until the broker says no, which is returned.

        No answer, or a full disk, is tried again every few seconds.
        """
        while not stopped.wait(min(max(self._due_at - self._clock(), 0.0), _LOOK_SECONDS)):
            if self._clock() < self._due_at:
                continue
            try:
                self.write()
            except BrokerRefusedError as error:
                self.remove()
                return error
            except Exception:  # noqa: BLE001 - whatever it is, the next try may do
                self._due_at = self._clock() + RETRY_SECONDS
        return None

    def remove(self) -> None:
        """Take the file away for good: what is fetched just now is not written any more."""
        with self._lock, suppress(OSError):
            self._is_over = True
            self.path.unlink()


def replace_file(path: Path, content: str) -> None:
    """Put a file with exactly `content`, mode 0600, in the place of `path` in one step.

    Raises `token-file-unwritable`; then `path` is as it was.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(content)
            beside.replace(path)
        except BaseException:
            with suppress(OSError):
                beside.unlink()
            raise
    except OSError as error:
        raise SandboxError(
            "token-file-unwritable",
            f"cannot write `{plain(str(path))}`: {plain(error.strerror or type(error).__name__)}",
            hint="name a file in a folder that this account may write to",
        ) from None
