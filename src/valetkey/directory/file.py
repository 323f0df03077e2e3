"""A directory in a file: CSV with a header row, or TOML with one array of tables.

It is read at the start and again when it has changed. Whoever maintains it writes a new file beside
it and renames that over it: a file that is written in place can be read half.
"""

import asyncio
import csv
import io
import os
import stat
import threading
import time
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from valetkey.directory.people import People, told_of, unreadable

MAX_BYTES: Final = 64 * 1024 * 1024
"""Half a million people; it is held in memory."""
_SETTLED_NS: Final = 2_000_000_000
"""A file that changed less than 2 s before it was read may change again within one tick of the
file system's clock (FAT: 2 s), which no stamp would show: it is read again."""
_ATTEMPTS: Final = 3

_Stamp = tuple[int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class _Content:
    stamp: _Stamp
    is_settled: bool
    rows: Mapping[str, Mapping[str, object]]


class FileDirectory:
    """The people of one file, by their subject."""

    def __init__(
        self, path: Path, people: People, *, clock_ns: Callable[[], int] = time.time_ns
    ) -> None:
        """Name the file; `read` or the first look-up reads it."""
        self._path = path
        self._people = people
        self._clock_ns = clock_ns
        self._reading = threading.Lock()
        self._content: _Content | None = None

    async def read(self) -> None:
        """Read it, so that what is wrong with it is known now. Raises as `look_up` does."""
        with told_of(self._path):
            await asyncio.to_thread(self._current)

    async def look_up(self, issuer_name: str, subject: str) -> Mapping[str, str] | None:
        """Return the attributes of a subject of that issuer as the file is now.

        Those of who is unknown where there are such, else None. Raises DirectoryError
        `directory-unreadable` while the file is missing, broken or has a subject twice, and
        `directory-value-empty` or `directory-value-type` for the subject's own row.
        """
        people = self._people
        with told_of(self._path):
            rows = await asyncio.to_thread(self._current)
            row = rows.get(subject) if issuer_name == people.issuer else None
            return people.unknown if row is None else people.attributes_in(row)

    def _current(self) -> Mapping[str, Mapping[str, object]]:
        with self._reading:
            try:
                known = self._content
                if known is None or not known.is_settled or _stamp(self._path) != known.stamp:
                    known = self._content = self._load()
            except OSError as error:
                raise unreadable("its file is not readable", detail=_reason(error)) from None
            return known.rows

    def _load(self) -> _Content:
        for _ in range(_ATTEMPTS):
            before = _stamp(self._path)
            at = self._clock_ns()
            data = _read(self._path)
            if _stamp(self._path) == before:
                is_settled = at - max(before[0], before[1]) > _SETTLED_NS
                return _Content(before, is_settled, self._rows(data))
        raise unreadable(
            "its file changes while it is read", detail="write a new one and rename it"
        )

    def _rows(self, data: bytes) -> Mapping[str, Mapping[str, object]]:
        try:
            text = data.decode("utf-8-sig")  # a byte order mark, as spreadsheets write it, is none
        except UnicodeDecodeError as error:
            raise unreadable("it is not UTF-8 text", detail=str(error)) from None
        is_toml = self._path.suffix == ".toml"
        found = _toml_rows(text) if is_toml else _csv_rows(text, self._people)
        rows: dict[str, Mapping[str, object]] = {}
        for number, row in found:
            subject = row.get(self._people.match)
            if not isinstance(subject, str) or not subject:
                raise unreadable("a row names no subject", detail=f"row {number}")
            if subject in rows:
                raise unreadable(
                    "a subject stands in it twice", detail=f"row {number}: {subject!r}"
                )
            rows[subject] = row
        return rows


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__


def _stamp(path: Path) -> _Stamp:
    status = path.stat()
    return (
        status.st_mtime_ns,
        status.st_ctime_ns,
        status.st_size,
        status.st_ino,
        status.st_dev,
    )


def _read(path: Path) -> bytes:
    """Return what is in a regular file; a pipe is not waited for."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise unreadable("it is no regular file", detail="a pipe or a folder, say")
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise unreadable(
            f"its file has more than {MAX_BYTES} bytes", detail="a table can be larger"
        )
    return data


def _csv_rows(text: str, people: People) -> Iterable[tuple[int, Mapping[str, object]]]:
    """Yield the rows of RFC 4180 text with a header row, each with its line."""
    if not text.endswith("\n"):
        # A department that was cut off is another department.
        raise unreadable(
            "its last line has no end, so it may be cut off", detail="end it with a newline"
        )
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(lines, [])
        for name in people.columns:
            if header.count(name) != 1:
                raise unreadable(f"it has no one column `{name}`", detail=f"columns {header}")
        for cells in lines:
            if not cells:
                continue
            if len(cells) != len(header):
                raise unreadable(
                    "a line has other columns than the first", detail=f"line {lines.line_num}"
                )
            yield lines.line_num, dict(zip(header, cells, strict=True))
    except csv.Error as error:
        raise unreadable("it is not CSV", detail=f"line {lines.line_num}: {error}") from None


def _toml_rows(text: str) -> Iterable[tuple[int, Mapping[str, object]]]:
    """Yield the tables of the one array that the document is, each with its number."""
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: a number of 5,000 digits, too
        raise unreadable("it is not TOML", detail=str(error)) from None
    arrays = list(document.values())
    if len(arrays) != 1 or not isinstance(arrays[0], list):
        raise unreadable("it is not one array of tables", detail=f"it has {sorted(document)}")
    for number, row in enumerate(arrays[0], start=1):
        if not isinstance(row, dict):
            raise unreadable("it is not one array of tables", detail=f"item {number}")
        yield number, row
