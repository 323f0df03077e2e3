"""Write a file of this account: whole or not at all, and closed to others unless told."""

import os
import secrets
from pathlib import Path


def put_whole(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Put `text` at `path`: a reader sees the old file or the new one, after a power cut, too.

    Its mode is `mode` whatever the umask. Raises OSError, and leaves nothing then.
    """
    # The name does not end as the file's does: what a crash leaves is nobody's grant or session.
    draft = path.parent / f".{path.name}.{secrets.token_hex(8)}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            os.fchmod(file.fileno(), mode)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Let what changed in `folder` outlive a power cut. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_whole(path: Path) -> bool:
    """Take a file away for good; say whether there was one. Raises OSError."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    sync_folder(path.parent)
    return True
