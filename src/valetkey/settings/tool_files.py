"""The files that `[tools]` names: Cedar policies and the lock with the pinned tools."""

from dataclasses import dataclass
from pathlib import Path

from valetkey.settings.errors import SettingsError
from valetkey.settings.shape import ToolsTable
from valetkey.tools import PolicyFile, ToolDefinition, ToolsError
from valetkey.tools.lock import read_lock

MAX_FILES = 200
MAX_POLICY_BYTES = 1024 * 1024
"""Of all policies together. They are compiled by every broker and stored with every version."""
_BESIDE = (".cases.json", ".cedarschema", ".cedarschema.json", ".md", "~")
MAX_LOCK_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ToolFiles:
    """What stands in the files, and their bytes for the digest of the whole configuration.

    `lock` is None where no tools are pinned yet.
    """

    folder: Path
    policies: tuple[PolicyFile, ...]
    lock_path: Path
    lock: tuple[ToolDefinition, ...] | None
    raw: bytes


def read_tool_files(table: ToolsTable, folder: Path) -> ToolFiles:
    """Read the policies and the lock; both stand beside the configuration unless it says where.

    Raises SettingsError.
    """
    policies, lock = folder / table.policies, folder / table.lock
    files = read_policies(policies)
    raw = b"".join(b"\0" + f"{file.name}\0{file.text}".encode() for file in files)
    pinned = _bytes_of(lock, MAX_LOCK_BYTES)
    if pinned is None:
        return ToolFiles(policies, files, lock, None, raw)
    return ToolFiles(policies, files, lock, _lock(lock, pinned), raw + b"\0" + pinned)


def read_policies(folder: Path) -> tuple[PolicyFile, ...]:
    """Return the `*.cedar` files of a folder by their names. Raises SettingsError."""
    if not folder.is_dir():
        raise SettingsError(
            "tool-policies-absent",
            f"`{folder}` is not a folder: there are no policies for tools",
            hint="make it and write `*.cedar` files into it; without a permit no tool may be "
            "called, and `[tools]` with `policies` names another folder",
        )
    paths = [path for path in sorted(folder.iterdir()) if _is_policy(path)]
    if len(paths) > MAX_FILES:
        raise _too_large(folder, f"{len(paths)} files of policies, of {MAX_FILES} at most")
    files, size = [], 0
    for path in paths:
        found = _bytes_of(path, MAX_POLICY_BYTES)
        if found is None:
            raise SettingsError("config-unreadable", f"`{path}` can't be read: it leads nowhere")
        size += len(found)
        if size > MAX_POLICY_BYTES:
            raise _too_large(folder, f"more than {MAX_POLICY_BYTES} bytes of policies")
        files.append(PolicyFile(path.name, _text(path, found)))
    return tuple(files)


def _is_policy(path: Path) -> bool:
    """Say whether a file has policies. Raises SettingsError for what is neither that nor known to
    be something else: a `forbid` in a file that nobody reads would be a silent yes.
    """
    if path.name.endswith(".cedar") and not path.name.startswith("."):
        return True
    if path.name.startswith(".") or (path.name.endswith(_BESIDE) and not path.is_dir()):
        return False
    raise SettingsError(
        "tool-policy-stray",
        f"`{path}` stands among the policies, and would not be read",
        hint="policies are the `*.cedar` files of that folder itself; beside them there may be "
        "`*.cases.json`, `*.cedarschema`, `*.md` and names that begin with a dot",
    )


def _lock(path: Path, raw: bytes) -> tuple[ToolDefinition, ...]:
    try:
        return read_lock(_text(path, raw))
    except ToolsError as error:
        raise SettingsError(
            error.code,
            f"`{path}`: {error.message}",
            hint="restore it, or move it away: `valetkey tools refresh` then shows every tool anew",
        ) from None


def _bytes_of(path: Path, most: int) -> bytes | None:
    """Return what is in a file, None where there is none; more than `most` bytes are refused."""
    try:
        if path.exists() and not path.is_file():
            raise SettingsError("config-unreadable", f"`{path}` can't be read: it is no file")
        with path.open("rb") as file:
            found = file.read(most + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SettingsError(
            "config-unreadable", f"`{path}` can't be read: {error.strerror}"
        ) from None
    if len(found) > most:
        raise _too_large(path, f"more than {most} bytes")
    return found


def _text(path: Path, raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SettingsError("config-unreadable", f"`{path}` is not UTF-8 text") from None


def _too_large(path: Path, what: str) -> SettingsError:
    return SettingsError("tool-files-too-large", f"`{path}`: {what}")
