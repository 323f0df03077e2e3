"""The tenancy map of a file: `[tags]`, `[[grants]]` and `[tenancy]`; all else may be missing."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from valetkey.cli.source_bytes import bytes_of
from valetkey.credentials import STS_AUDIENCE, Grant
from valetkey.settings import SettingsError
from valetkey.settings.checks import check_grants
from valetkey.settings.grants import understand_grant
from valetkey.settings.reading import GRANTS_FOLDER, decode_file
from valetkey.settings.shape import AwsTable, ConfigFile, GrantsFile, GrantTable
from valetkey.tenancy import AgentRole, Source, TenancyMap
from valetkey.tenancy.reading import tenancy_map

LEAST_MAX_SESSION = 3600  # IAM takes no shorter `MaxSessionDuration`


def read_tenancy_map(path: Path, environ: Mapping[str, str] = os.environ) -> TenancyMap:
    """Return the map of `path`, with the roles of `grants.d/*.toml` beside it, too.

    A file that starts a broker will do; issuers and trust rules are not needed and not looked
    at. Raises `config-unreadable`, `source-too-large`, `config-invalid`, `tenancy-missing` or
    what is wrong in it.
    """
    return tenancy_map_of(path, _read(path), grants_beside(path), environ=environ)


def grants_beside(path: Path) -> dict[Path, bytes]:
    """Return the files of `grants.d` beside a map. Raises `config-unreadable` and as `bytes_of`."""
    found = {}
    for each in grant_files(path):
        if not each.is_file():  # a pipe without a writer is waited for without end
            raise SettingsError("config-unreadable", f"`{each}` is not a regular file")
        found[each] = _read(each)
    return found


def grant_files(path: Path) -> list[Path]:
    """Return the paths of what `grants.d` beside a map has, in the order of their names."""
    return sorted((path.parent / GRANTS_FOLDER).glob("*.toml"))


def tenancy_map_of(
    path: Path,
    text: bytes,
    grants: Mapping[Path, bytes],
    *,
    environ: Mapping[str, str] = os.environ,
) -> TenancyMap:
    """Return the map that a file at `path` says, with the grants of other files after its own.

    Raises as `read_tenancy_map`.
    """
    file = decode_file(path, text, ConfigFile)
    if file.tenancy is None:
        raise SettingsError(
            "tenancy-missing",
            f"`{path.name}` has no `[tenancy]`",
            hint="it says which data belongs to which tag",
        )
    tables = list(file.grants)
    for each, more in grants.items():
        tables += decode_file(each, more, GrantsFile).grants
    drawn = list(_grants(tables, file.aws, environ, path.parent))
    check_grants(drawn)
    return tenancy_map(
        msgspec.to_builtins(file.tenancy),
        tags=tuple(file.tags) or None,
        roles=[_role(grant) for grant in drawn],
    )


def _read(path: Path) -> bytes:
    try:
        return bytes_of(path)
    except OSError as error:
        raise SettingsError(
            "config-unreadable", f"`{path}` can't be read: {error.strerror}"
        ) from None


def _grants(
    tables: list[GrantTable], aws: AwsTable, environ: Mapping[str, str], folder: Path
) -> Iterator[Grant]:
    """Yield the grants of roles, without what no policy depends on: it may not be here to read."""
    for table in tables:
        if table.role is not None:
            plain = msgspec.structs.replace(table, session_policy=None, tags={})
            yield understand_grant(plain, aws, environ, folder=folder)


def _role(grant: Grant) -> AgentRole:
    return AgentRole(
        grant=grant.name,
        arn=str(grant.role),
        source=Source(grant.source.value),
        external_id=grant.external_id,
        audience=grant.audience or STS_AUDIENCE,
        max_session_seconds=max(LEAST_MAX_SESSION, grant.duration),
    )
