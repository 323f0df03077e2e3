"""Write and remove a grant's file: whole or not at all, closed to others, never a secret in it."""

from collections.abc import Iterator
from pathlib import Path

from valetkey.settings.closed import check_closed
from valetkey.settings.errors import SettingsError
from valetkey.settings.local import SUFFIX, grants_folder
from valetkey.settings.shape import GrantTable
from valetkey.settings.whole_file import put_whole, remove_whole

_SHORT = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
_HEAD = """\
# The grant `{name}` of this account, written by `valetkey grant aws`.
# `valetkey run --grant {name} -- COMMAND` draws it without a broker; `valetkey grant try {name}`
# asks AWS again. Nothing here is a secret: the role is assumed by your own AWS credentials, which
# stay where they are.

[[grants]]
"""
_COMMENTS = {
    "role": "the role that a run assumes",
    "duration": "how long one session lives; a run renews it",
    "profile": "the AWS profile whose identity assumes the role",
    "region": "where the command's calls go",
    "endpoint_url": "where AWS is, for the command and for STS",
    "external_id": "what the role's trust policy asks for",
    "session_policy": "narrows every session; a copy of the file that was given",
    "tags": "session tags that you vouch for yourself",
}


def grant_text(table: GrantTable) -> str:
    """Return the TOML of a grant's file, which reads back as exactly `table`.

    Raises `config-invalid` for text that is not Unicode, which TOML can't hold.
    """
    text = _HEAD.format(name=table.name) + "".join(_lines(table))
    try:
        text.encode()
    except UnicodeEncodeError:
        raise SettingsError(
            "config-invalid", f"grant `{table.name}`: a value is not Unicode text"
        ) from None
    return text


def make_home(home: Path) -> Path:
    """Make valetkey's home folder and its `grants.d`, 0700, where they are not; return the latter.

    The store may be opened in `home` then. Raises `file-unwritable`, `grants-open-to-others`.
    """
    folder = grants_folder(home)
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        check_closed(folder / "-")
        folder.mkdir(mode=0o700, exist_ok=True)
    except FileExistsError as error:
        raise SettingsError(
            "file-unwritable",
            f"`{error.filename}` is in the way: it is no folder, and no link to one",
        ) from None
    except OSError as error:
        raise SettingsError(
            "file-unwritable", f"`{folder}` can't be made: {error.strerror}"
        ) from None
    return folder


def write_grant(home: Path, table: GrantTable, *, replace: bool) -> Path:
    """Store a grant under its name, 0600 in folders of 0700; return its file.

    A reader sees the old file or the new one, after a power cut, too. The caller has checked the
    table (`local_grant`), its name above all: it becomes a file's. Raises `grant-exists` unless
    `replace`, `grants-open-to-others`, or `file-unwritable`.
    """
    text = grant_text(table)
    path = make_home(home) / f"{table.name}{SUFFIX}"
    check_closed(path)
    try:
        # Two of them at once: the last one stays. Both are this account's.
        if path.exists() and not replace:
            raise grant_exists(table.name)
        put_whole(path, text)
    except OSError as error:
        raise SettingsError(
            "file-unwritable", f"`{path}` can't be written: {error.strerror}"
        ) from None
    return path


def remove_grant(home: Path, name: str) -> bool:
    """Take the grant's file away, whatever is in it; say whether there was one.

    `name` must be one of `local_grant_names`. Raises `file-unwritable`.
    """
    path = grants_folder(home) / f"{name}{SUFFIX}"
    try:
        return remove_whole(path)
    except OSError as error:
        raise SettingsError(
            "file-unwritable", f"`{path}` can't be removed: {error.strerror}"
        ) from None


def grant_exists(name: str) -> SettingsError:
    """Return the error for a name that is taken."""
    return SettingsError(
        "grant-exists",
        f"there is a grant `{name}` already",
        hint="--replace overwrites it, or choose another name",
    )


def _lines(table: GrantTable) -> Iterator[str]:
    yield f"name = {_quoted(table.name)}\n"
    for key in ("role", "source", "duration", "profile", "region", "endpoint_url", "external_id"):
        value = getattr(table, key)
        if value is not None:
            yield _commented(key, _quoted(value))
    if table.session_policy is not None:
        yield _commented("session_policy", _long(table.session_policy))
    if table.tags:
        pairs = ", ".join(f"{_quoted(k)} = {_quoted(v)}" for k, v in table.tags.items())
        yield _commented("tags", f"{{ {pairs} }}")


def _commented(key: str, value: str) -> str:
    comment = _COMMENTS.get(key)
    return (f"# {comment}\n" if comment else "") + f"{key} = {value}\n"


def _quoted(text: str) -> str:
    """Return a TOML basic string (TOML 1.0, "String"): all but printable text is escaped."""
    return '"' + "".join(_escaped(c) for c in text) + '"'


def _escaped(c: str) -> str:
    if c in {'"', "\\"}:
        return "\\" + c
    if c in _SHORT:
        return _SHORT[c]
    if c.isprintable() or "\ud800" <= c <= "\udfff":  # TOML has no way to write a surrogate
        return c
    return f"\\u{ord(c):04x}" if ord(c) < 0x10000 else f"\\U{ord(c):08x}"


def _long(text: str) -> str:
    """Return a literal string of several lines where TOML takes `text` in one, to be readable."""
    is_plain = all(c == "\n" or c.isprintable() for c in text) and "'''" not in text
    if not is_plain or "\n" not in text or text.endswith("'"):
        return _quoted(text)
    return f"'''\n{text}'''"
