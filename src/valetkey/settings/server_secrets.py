"""What a server of tools gets of the configuration's secrets: header fields, and variables."""

import re
from collections.abc import Mapping
from pathlib import Path

from valetkey.secret import Secret
from valetkey.settings.errors import SettingsError
from valetkey.settings.references import check_private, referred
from valetkey.settings.shape import ServerTable
from valetkey.tools.server import is_header_name

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}", re.ASCII)
_FIELD = re.compile(r"[\x20-\x7e]{1,8192}", re.ASCII)
_OURS = frozenset(
    {
        *("host", "connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer"),
        *("cookie", "expect", "last-event-id", "user-agent"),
    }
)
_OURS_BEGIN = ("accept", "content-", "mcp-", "proxy-", "x-amz-")


def headers_of(
    table: ServerTable, environ: Mapping[str, str], folder: Path
) -> Mapping[str, Secret]:
    """Return the header fields that every request to the server gets. Raises SettingsError."""
    found: dict[str, Secret] = {}
    for name, reference in table.headers.items():
        lower = name.lower()
        if not is_header_name(name) or lower in _OURS or lower.startswith(_OURS_BEGIN):
            raise wrong(table, f"`headers`: `{name}` is no field that one may set")
        if lower in {each.lower() for each in found}:
            raise wrong(table, f"`headers`: `{name}` is there twice")
        if not reference.startswith(("file:", "env:")):
            raise wrong(
                table,
                f"`headers`: the value of `{name}` stands elsewhere",
                hint="`file:PATH` or `env:NAME`: this file holds no secret",
            )
        value = _looked_up(table, f"headers.{name}", reference, environ=environ, folder=folder)
        if not _FIELD.fullmatch(value):
            raise wrong(table, f"`headers`: the value of `{name}` is no text for a header")
        found[name] = Secret(value)
    return found


def environment_of(
    table: ServerTable, environ: Mapping[str, str], folder: Path
) -> Mapping[str, Secret]:
    """Return the variables that a server's process gets. Raises SettingsError."""
    found: dict[str, Secret] = {}
    for name, reference in table.environment.items():
        if not _VARIABLE.fullmatch(name) or name.startswith(("AWS_", "VALETKEY_")):
            raise wrong(
                table,
                f"`environment`: `{name}` is no variable that one may set",
                hint="credentials of AWS come by `grant`, their region by `region`",
            )
        value = _looked_up(table, f"environment.{name}", reference, environ=environ, folder=folder)
        if "\0" in value:
            raise wrong(table, f"`environment`: the value of `{name}` has a NUL")
        found[name] = Secret(value)
    return found


def _looked_up(
    table: ServerTable, key: str, reference: str, *, environ: Mapping[str, str], folder: Path
) -> str:
    check_private(reference, folder, key=f"{key} of {table.name}")
    try:
        return referred(reference, environ, folder)
    except SettingsError as error:
        message = f"server `{table.name}`: `{key}`: {error.message}"
        raise SettingsError(error.code, message, hint=error.hint) from None


def wrong(table: ServerTable, what: str, *, hint: str | None = None) -> SettingsError:
    """Return the error that says what is wrong with a server's table."""
    return SettingsError("config-invalid", f"server `{table.name}`: {what}", hint=hint)
