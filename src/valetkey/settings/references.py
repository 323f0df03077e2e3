"""Values that may stand elsewhere than in the file, so that no secret is in it, and durations."""

import re
import stat
from collections.abc import Mapping
from pathlib import Path

from valetkey.settings.errors import SettingsError

_DURATION = re.compile(r"(0|[1-9][0-9]{0,6})(s|m|h|d)", re.ASCII)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def referred(text: str, environ: Mapping[str, str], folder: Path) -> str:
    """Read a value that may stand elsewhere: `file:PATH`, `env:NAME`, or the text itself.

    A relative PATH is beside the configuration, whoever starts us where.
    """
    kind, _, where = text.partition(":")
    if kind == "env":
        if where not in environ:
            raise SettingsError("config-reference", f"`{text}`: the variable is not set")
        return environ[where]
    if kind == "file":
        try:
            return (folder / where).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise SettingsError("config-reference", f"`{text}`: {error.strerror}") from None
        except UnicodeDecodeError:
            raise SettingsError("config-reference", f"`{text}`: it is not UTF-8 text") from None
    return text


def check_private(reference: str, folder: Path, *, key: str) -> None:
    """Raise `secret-open-to-others` where a file that `key` names is not for this account alone.

    Its group may read it: that is how a machine hands a secret to an account. A value of the
    environment, and a file that is not there, pass.
    """
    kind, _, where = reference.partition(":")
    if kind != "file":
        return
    try:
        mode = stat.S_IMODE((folder / where).stat().st_mode)
    except OSError:
        return
    if mode & (stat.S_IRWXO | stat.S_IWGRP):
        raise SettingsError(
            "secret-open-to-others",
            f"`{key}`: `{reference}` has mode {mode:04o}: it is a secret, and open to others here",
            hint=f"chmod 600 {folder / where}; if others could read it, it has leaked",
        )


def seconds(key: str, text: str, *, most: int, least: int = 0) -> int:
    """Return the seconds that `text` means; raises `config-invalid` that names `key`."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise SettingsError(
            "config-invalid", f"`{key}`: `{text}` is not a duration such as `90s`, `15m` or `1h`"
        )
    found = int(match[1]) * _UNITS[match[2]]
    if not least <= found <= most:
        raise SettingsError(
            "config-invalid", f"`{key}`: `{text}` is not within {least} to {most} seconds"
        )
    return found
