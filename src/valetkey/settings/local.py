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

from valetkey.credentials import Grant
from valetkey.runs import TagError, check_keys, check_value
from valetkey.settings.checks import check_grants
from valetkey.settings.errors import SettingsError
from valetkey.settings.reading import GRANTS_FOLDER, decode_file, understand_grant
from valetkey.settings.shape import AwsTable, GrantsFile, GrantTable

HOME_VARIABLE = "VALETKEY_HOME"
FOLDER = ".valetkey"
SUFFIX = ".toml"


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
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise SettingsError(
            "config-unreadable", f"`{path}` can't be read: {error.strerror}"
        ) from None
    tables = decode_file(path, raw, GrantsFile).grants
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


def check_closed(path: Path) -> None:
    """Raise `grants-open-to-others` unless we or root alone may write `path` and its folders.

    Looked at are the file, `grants.d` and valetkey's home, behind symbolic links. What is not there
    passes.
    """
    for each in (path, path.parent, path.parent.parent):
        try:
            status = each.stat()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise SettingsError(
                "config-unreadable", f"`{each}` can't be read: {error.strerror}"
            ) from None
        if status.st_uid not in {os.geteuid(), 0} or stat.S_IMODE(status.st_mode) & 0o022:
            raise SettingsError(
                "grants-open-to-others",
                f"`{each}` can be written by others, who could choose your runs' roles",
                hint=f"chmod go-w {each}"
                if status.st_uid == os.geteuid()
                else f"it belongs to uid {status.st_uid}; make one of your own",
            )


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


def _check_endpoint(name: str, text: str) -> None:
    try:
        url = urlsplit(text)
        is_good = url.scheme in {"http", "https"} and bool(url.hostname) and url.port != 0
    except ValueError:
        is_good = False
    if not is_good or not text.isascii() or not text.isprintable() or " " in text:
        raise SettingsError(
            "config-invalid", f"grant `{name}`: `{text[:200]}` is not an http(s) address"
        )
