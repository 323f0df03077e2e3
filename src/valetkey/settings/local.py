"""The grants of one account on one machine: what a run without a broker may draw.

They lie in `grants.d/NAME.toml` of valetkey's home folder, one grant a file, as a broker's do. Who
may write there chooses the roles and tags of every later run, so files that others may write are
refused. This module reads and checks; `grant_file` writes.
"""

import os
import pwd
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from valetkey.credentials import Grant, GrantSource
from valetkey.runs import TagError, check_keys, check_value
from valetkey.settings.checks import check_grants, is_loopback
from valetkey.settings.closed import check_closed
from valetkey.settings.errors import SettingsError
from valetkey.settings.grants import understand_grant
from valetkey.settings.reading import GRANTS_FOLDER, decode_file
from valetkey.settings.shape import AwsTable, GrantsFile, GrantTable

HOME_VARIABLE = "VALETKEY_HOME"
FOLDER = ".valetkey"
SUFFIX = ".toml"
_NOT_IN_URL = frozenset(" @?#\\\"'<>")


@dataclass(frozen=True, slots=True)
class LocalGrant:
    """A grant and the session tags that its owner vouches for, without `valetkey_run`."""

    grant: Grant
    tags: Mapping[str, str]


def valetkey_home(environ: Mapping[str, str]) -> Path:
    """Return the folder of grants and store: `$VALETKEY_HOME`, else `~/.valetkey`. Absolute.

    It need not exist. Raises `home-unusable` where it would depend on the working directory.
    """
    written = environ.get(HOME_VARIABLE)
    if not written and not environ.get("HOME"):
        try:
            return Path(pwd.getpwuid(os.geteuid()).pw_dir) / FOLDER
        except KeyError:
            raise SettingsError(
                "home-unusable",
                "this account has no home folder",
                hint=f"name one in {HOME_VARIABLE}",
            ) from None
    home = Path(written) if written else Path(environ["HOME"]) / FOLDER
    if not home.is_absolute():
        name = HOME_VARIABLE if written else "HOME"
        raise SettingsError(
            "home-unusable", f"`{name}` is not an absolute path: `{home}`", hint="write it in full"
        )
    return home


def grants_folder(home: Path) -> Path:
    """Return where the grants of `home` are; it need not exist."""
    return home / GRANTS_FOLDER


def local_grant_names(home: Path) -> tuple[str, ...]:
    """Return the names of the stored grants, sorted, without a look into their files."""
    return tuple(sorted(path.name.removesuffix(SUFFIX) for path in _files(home)))


def read_local_grants(
    home: Path, environ: Mapping[str, str], *, names: Collection[str] | None = None
) -> dict[str, LocalGrant]:
    """Read the stored grants, or those of `names` alone: a bad file stops no other grant's run.

    What `env:` and `file:` name is read, too. A name that is not stored is not in the answer.
    Raises `grants-open-to-others`, `config-unreadable`, `config-invalid` or what is wrong in a
    grant, naming the file.
    """
    found = {}
    for path in _files(home):
        name = path.name.removesuffix(SUFFIX)
        if names is None or name in names:
            check_closed(path)
            table = read_grant_table(path)
            found[name] = local_grant(table, environ, folder=path.parent)
    return dict(sorted(found.items()))


def read_grant_table(path: Path) -> GrantTable:
    """Return the one table of a grant's file, which is named as the grant is; not understood yet.

    Raises `config-unreadable` or `config-invalid`.
    """
    tables = decode_file(path, _read(path), GrantsFile).grants
    name = path.name.removesuffix(SUFFIX)
    if len(tables) != 1 or tables[0].name != name:
        raise SettingsError(
            "config-invalid",
            f"`{path}` does not hold exactly the grant `{name}`",
            hint=f"one grant a file, named as its file; `valetkey grant remove {name}` takes it"
            " away",
        )
    return tables[0]


def local_grant(table: GrantTable, environ: Mapping[str, str], *, folder: Path) -> LocalGrant:
    """Understand one table and check all that can be without AWS; `file:` is beside `folder`.

    A tag's value is a customer's key and may hold a `/`: whether a policy uses it as a path
    segment is not known here. Raises a ValetkeyError that names what is wrong.
    """
    grant = understand_grant(table, AwsTable(), environ, folder=folder)
    if grant.source is not GrantSource.ASSUME_ROLE:
        raise SettingsError(
            "config-unsupported",
            f"grant `{grant.name}`: without a broker nobody signs tokens for web identity",
            hint='write `source = "assume-role"`, or draw it from a broker',
        )
    check_grants([grant])
    if grant.profile is not None and not (grant.profile and grant.profile.isprintable()):
        raise SettingsError("config-invalid", f"grant `{grant.name}`: the profile has no name")
    if grant.endpoint_url is not None:
        _check_endpoint(grant.name, grant.endpoint_url)
    try:
        check_keys(tuple(table.tags))
        for key, value in table.tags.items():
            check_value(key, value, path_segment=False)
    except TagError as error:
        # Their hints speak of templates, and here the value itself was written.
        raise TagError(error.code, error.message, hint="tags go to AWS as they are") from None
    return LocalGrant(grant, MappingProxyType(dict(table.tags)))


def _files(home: Path) -> list[Path]:
    folder = grants_folder(home)
    try:
        found = [path for path in folder.iterdir() if path.name.endswith(SUFFIX)]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise SettingsError(
            "config-unreadable", f"`{folder}` can't be read: {error.strerror}"
        ) from None
    return [path for path in found if not path.name.startswith(".")]


def _read(path: Path) -> bytes:
    """Return what is in a file; of a pipe nothing is waited for."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                return file.read()
    except OSError as error:
        raise SettingsError(
            "config-unreadable", f"`{path}` can't be read: {error.strerror}"
        ) from None
    raise SettingsError("config-unreadable", f"`{path}` is no regular file")


def _check_endpoint(name: str, text: str) -> None:
    """Refuse what is no address of an AWS: AWS's answers are secrets, and the file holds none.

    What has a password in it is not shown.
    """
    try:
        url = urlsplit(text)
        host = url.hostname or ""
        is_address = url.scheme in {"http", "https"} and bool(host) and url.port != 0
    except ValueError:
        is_address = False
    if not is_address or not (text.isascii() and text.isprintable()) or set(text) & _NOT_IN_URL:
        shown = "" if "@" in text else f" `{text[:200]}`"
        raise SettingsError(
            "config-invalid",
            f"grant `{name}`: the endpoint{shown} is not an http(s) address",
            hint="write http(s)://host[:port], without a name and password, query or fragment",
        )
    if url.scheme == "http" and not is_loopback(host):
        raise SettingsError(
            "config-invalid",
            f"grant `{name}`: plain http to `{host}` would show credentials to the network",
            hint="use https, or an AWS on this machine's loopback address",
        )
