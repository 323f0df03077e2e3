"""Who else may write a grant's file: it, the folders above it, and where symbolic links lead."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from valetkey.settings.errors import SettingsError

_MOST_LINKS = 40
"""As many as Linux follows (path_resolution(7))."""


def check_closed(path: Path) -> None:
    """Raise `grants-open-to-others` unless we and root alone decide what is in a grant's file.

    Looked at is everything on the way from the root, the targets of links and their folders too, as
    sshd does with keys. Above valetkey's home a folder may be a sticky one, such as /tmp, where
    others can't touch what is ours. What is not there passes. `path` is absolute.
    """
    ours = {os.path.realpath(each) for each in (path, path.parent, path.parent.parent)}
    for each in _way(path):
        try:
            status = each.lstat()
        except FileNotFoundError:
            return
        except OSError as error:
            raise SettingsError(
                "config-unreadable", f"`{each}` can't be read: {error.strerror}"
            ) from None
        # Who may replace a link is said by its folder, and its own mode means nothing.
        is_safe = stat.S_ISLNK(status.st_mode) or (
            str(each) not in ours and bool(status.st_mode & stat.S_ISVTX)
        )
        is_writable = not is_safe and bool(status.st_mode & 0o022)
        if status.st_uid not in {os.geteuid(), 0} or is_writable:
            raise SettingsError(
                "grants-open-to-others",
                f"`{each}` can be written by others, who could choose your runs' roles",
                hint=f"chmod go-w {each}"
                if status.st_uid == os.geteuid()
                else f"it belongs to uid {status.st_uid}; use a folder of your own",
            )


def _way(path: Path) -> Iterator[Path]:
    """Yield what the system passes on its way to `path`, links themselves included."""
    at, rest, links = Path("/"), list(reversed(path.parts[1:])), 0
    yield at
    while rest:
        step = rest.pop()
        if step == "..":
            at = at.parent
            continue
        at = at / step
        yield at
        if at.is_symlink():
            links += 1
            if links > _MOST_LINKS:
                raise SettingsError("config-unreadable", f"`{path}` leads through too many links")
            target = at.readlink()
            at = Path("/") if target.is_absolute() else at.parent
            rest += reversed(target.parts[1:] if target.is_absolute() else target.parts)
