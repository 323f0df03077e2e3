"""What a started server finds: a folder of its own, few variables, and nothing of the broker's."""

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from valetkey.secret import Secret
from valetkey.tools.server import ToolServer

_TOKEN_FILE: Final = "aws-token"  # noqa: S105 - a file's name
_PREFIX: Final = "valetkey-server-"
_NEW_SECONDS: Final = 60.0
"""A folder that is so new may be one that its broker is about to lock."""
_PATH: Final = "/usr/local/bin:/usr/bin:/bin"


@dataclass(frozen=True, slots=True)
class AwsAccess:
    """Where a process gets the credentials of its run, and by which token."""

    url: str
    token: Secret


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`environment` is all of it; `secrets` what must not get into a log.

    `lock` holds the folder's lock while the broker lives: a folder without one is nobody's.
    """

    folder: Path
    environment: Mapping[str, str]
    secrets: tuple[Secret, ...]
    lock: contextlib.ExitStack

    def remove(self) -> None:
        """Remove the folder with all that the server left there."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.lock.close()


def make_surroundings(server: ToolServer, aws: AwsAccess | None) -> Surroundings:
    """Make a folder that only we may enter, and the variables of a process.

    HOME and TMPDIR are the folder. Of our own variables it gets PATH alone.
    """
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    lock = contextlib.ExitStack()
    _lock(folder, lock)
    environment = {
        "PATH": os.environ.get("PATH", _PATH),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LANG": "C.UTF-8",
        "AWS_EC2_METADATA_DISABLED": "true",  # the broker's own role is no server's
    }
    secrets = [*server.environment.values()]
    if server.region is not None:
        environment |= {"AWS_REGION": server.region, "AWS_DEFAULT_REGION": server.region}
    environment |= {name: value.reveal() for name, value in server.environment.items()}
    if aws is not None:
        secrets.append(aws.token)
        environment |= {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": aws.url,
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(_write(folder, aws.token)),
        }
    return Surroundings(folder, environment, tuple(secrets), lock)


def remove_leftovers(*, now: float | None = None) -> None:
    """Remove the folders of brokers that were killed: ours by their owner, and locked by nobody.

    Links are not followed. What can't be removed stays; `now` is in Unix seconds.
    """
    place = Path(tempfile.gettempdir())
    instant = time.time() if now is None else now
    with contextlib.suppress(OSError):
        for folder in place.glob(f"{_PREFIX}*"):
            with contextlib.ExitStack() as lock:
                if _lock(folder, lock, until=instant - _NEW_SECONDS):
                    shutil.rmtree(folder, ignore_errors=True)


def _lock(folder: Path, lock: contextlib.ExitStack, *, until: float | None = None) -> bool:
    """Lock a folder of ours until `lock` is closed, or the process is gone; False: it is not ours,
    somebody else has it, or it was changed after `until`.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        lock.callback(os.close, descriptor)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    found = os.fstat(descriptor)
    is_ours = found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) & 0o077 == 0
    return is_ours and (until is None or found.st_mtime < until)


def _write(folder: Path, token: Secret) -> Path:
    path = folder / _TOKEN_FILE
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(token.reveal())
    return path
