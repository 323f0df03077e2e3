"""Where files are to be written, looked at before anything is made: no input is written over."""

import os
import stat
from collections.abc import Callable, Iterable
from pathlib import Path

from valetkey.errors import ValetkeyError


def check_files(outputs: Iterable[Path], inputs: Iterable[Path]) -> None:
    """Pass if each output can be a file of its own that is none of the inputs.

    A device or a pipe may be named as often as one likes. Raises ValetkeyError
    `output-is-an-input`, `output-twice` or `file-unwritable`.
    """
    read = {_identity(path) for path in inputs} - {None}
    written: set[object] = set()
    for path in outputs:
        if path.is_dir() or not path.parent.is_dir():
            why = "it is a folder" if path.is_dir() else "its folder is not there"
            raise ValetkeyError("file-unwritable", f"cannot write `{path}`: {why}")
        same = _identity(path)
        if same in read:
            raise _is_an_input(path)
        if same is not None and same in written:
            raise ValetkeyError("output-twice", f"`{path}` is to be written twice")
        written.add(same)


def check_folder(folder: Path, others: Iterable[Path], is_ours: Callable[[str], bool]) -> None:
    """Pass if files of names that are `ours` can be written in a folder, over none of the others.

    The folder need not be there yet. Raises ValetkeyError `output-is-an-input` or
    `file-unwritable`.
    """
    if folder.exists() and not folder.is_dir():
        raise ValetkeyError("file-unwritable", f"cannot write `{folder}`: it is no folder")
    known = {_identity(path): path for path in others}
    known.pop(None, None)
    inside = Path(os.path.realpath(folder))
    for path in known.values():
        real = Path(os.path.realpath(path))
        if real.parent == inside and is_ours(real.name):
            raise _is_an_input(path)
    for path in folder.iterdir() if folder.exists() else ():
        if is_ours(path.name) and _identity(path) in known:
            raise _is_an_input(path)


def _identity(path: Path) -> object:
    """Return what tells a file from every other, whatever leads to it; None for a device."""
    try:
        found = path.stat()
    except OSError:
        return os.path.realpath(path)
    return (found.st_dev, found.st_ino) if stat.S_ISREG(found.st_mode) else None


def _is_an_input(path: Path) -> ValetkeyError:
    return ValetkeyError(
        "output-is-an-input",
        f"`{path}` is named for something else, and would be written over",
        hint="write it to a file of its own",
    )
