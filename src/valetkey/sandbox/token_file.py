"""Bearer tokens in files: read anew each time, refused rather than mended.

A token never comes from a command line's argument, which every process of the machine can read.
"""

import _stat
import posix
import sys

from valetkey.sandbox.errors import SandboxError
from valetkey.sandbox.text import is_header_value, plain

_MAX_TOKEN_BYTES = 16_384  # an ID token with many groups is 8 kB
_NAME_IT = "name the file that holds the token"
_RUN_IS_OVER = "the run that wrote it may be over; else name the right file"


def read_run_token(path: str) -> str:
    """Return the run token in the file `path`, byte for byte.

    The file must be regular, owned by us or by root, closed to group and others, and hold the
    token alone: the SDKs send its exact content, so a newline at the end would break them.
    Raises `token-file-unreadable`, `token-file-irregular`, `token-file-of-another`,
    `token-file-open-to-others`, `token-file-newline` or `token-file-malformed`.
    """
    content, status = _read(path, if_gone=_RUN_IS_OVER)
    if status.st_uid not in (posix.geteuid(), 0):
        raise SandboxError(
            "token-file-of-another",
            f"`{plain(path)}` belongs to another account",
            hint="chown it to the account that reads it, or to root",
        )
    if status.st_mode & 0o077:
        raise SandboxError(
            "token-file-open-to-others",
            f"`{plain(path)}` can be read by others than its owner",
            hint=f"chmod 600 {plain(path)}",
        )
    if "\n" in content or "\r" in content:
        raise SandboxError(
            "token-file-newline",
            f"`{plain(path)}` holds a newline, which SDKs would send along",
            hint="write it with printf %s instead of echo",
        )
    return _token_in(content, path)


def read_identity_token(path: str) -> str:
    """Return the subject or actor token in the file `path`, or on standard input for `-`.

    One newline at its end is taken off. Its mode is not looked at: platforms project such tokens
    with modes of their own. Raises `token-file-unreadable`, `-irregular` or `-malformed`.
    """
    if path == "-":
        content = sys.stdin.read(_MAX_TOKEN_BYTES + 1)
    else:
        content, _ = _read(path)
    return _token_in(content.removesuffix("\n").removesuffix("\r"), path)


def _read(path: str, if_gone: str = _NAME_IT) -> tuple[str, posix.stat_result]:
    try:
        # O_NONBLOCK: opening a named pipe must not wait for its writer.
        descriptor = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC | posix.O_NONBLOCK)
        try:
            status = posix.fstat(descriptor)
            if not _stat.S_ISREG(status.st_mode):
                raise SandboxError(
                    "token-file-irregular",
                    f"`{plain(path)}` is not a regular file",
                    hint=_NAME_IT,
                )
            return posix.read(descriptor, _MAX_TOKEN_BYTES + 1).decode("latin-1"), status
        finally:
            posix.close(descriptor)
    except (OSError, ValueError) as error:  # ValueError: a path that no system has
        reason = (isinstance(error, OSError) and error.strerror) or type(error).__name__
        raise SandboxError(
            "token-file-unreadable",
            f"cannot read `{plain(path)}`: {plain(reason)}",
            hint=if_gone if isinstance(error, FileNotFoundError) else _NAME_IT,
        ) from None


def _token_in(content: str, path: str) -> str:
    if len(content) > _MAX_TOKEN_BYTES or not is_header_value(content):
        raise SandboxError(
            "token-file-malformed",
            f"`{plain(path)}` is empty or holds something else than one token",
            hint="the file holds the token and nothing else",
        )
    return content
