"""A directory in a table of an SQLite file, opened anew and read-only at each look-up.

So a file that was replaced is the one that is read, and nothing is held between two runs.
"""

import asyncio
import contextlib
import re
import sqlite3
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from valetkey.directory.people import People, told_of, unreadable

BUSY_SECONDS: Final = 2.0
"""How long another program may keep the file locked before nobody knows."""
QUERY_SECONDS: Final = 5.0
"""How long a query may take: a view can go on for ever, and it has a thread of ours."""
_STEPS: Final = 10_000
"""SQLite's steps between two looks at the clock: well below a millisecond."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}", re.ASCII)

_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,17}", re.ASCII)


class SqlDirectory:
    """The people of one table, by their subject."""

    def __init__(self, path: Path, people: People, *, table: str) -> None:
        """Name the table. Raises `directory-unreadable` for a name that is no identifier."""
        self._path = path
        self._people = people
        for name in (table, *people.columns):
            if not _NAME.fullmatch(name):
                raise unreadable(
                    "a table or column of it has a name that is none", detail=f"{path}: {name!r}"
                )
        # In brackets a column that is not there is an error; in double quotes SQLite takes its
        # name for a text (sqlite.org/quirks.html, 8), and everybody would be in `department`.
        # A subject that was stored as bytes or as a number equals no text: whom the directory has
        # would be unknown. So those are found, too, and `look_up` tells that they are no text.
        columns = ", ".join(f"[{name}]" for name in people.columns)
        self._query = (
            f"SELECT {columns} FROM [{table}] "  # noqa: S608 - identifiers, checked above
            f"WHERE [{people.match}] COLLATE BINARY IN (?1, CAST(?1 AS BLOB), ?2) LIMIT 2"
        )

    async def read(self) -> None:
        """See that table and columns are there. Raises as `look_up` does."""
        with told_of(self._path):
            await asyncio.to_thread(self._rows, "")

    async def look_up(self, issuer_name: str, subject: str) -> Mapping[str, str] | None:
        """Return the attributes of a subject of that issuer as the table is now.

        Those of who is unknown where there are such, else None. Raises DirectoryError
        `directory-unreadable` where SQLite can't answer or has two rows for the subject, and
        `directory-value-empty` or `directory-value-type` for its own row.
        """
        with told_of(self._path):
            rows = []
            if issuer_name == self._people.issuer:
                rows = await asyncio.to_thread(self._rows, subject)
            return self._attributes(rows, subject)

    def _attributes(
        self, rows: Sequence[tuple[object, ...]], subject: str
    ) -> Mapping[str, str] | None:
        people = self._people
        if not rows:
            return people.unknown
        if len(rows) > 1:
            raise unreadable("a subject stands in it twice", detail=repr(subject))
        if rows[0][0] != subject:
            # A column of numbers: `7` and `07` are one to SQLite, and two subjects.
            raise unreadable(f"its column `{people.match}` is not text", detail=repr(rows[0][0]))
        return people.attributes_in(dict(zip(people.columns, rows[0], strict=True)))

    def _rows(self, subject: str) -> list[tuple[object, ...]]:
        try:
            with contextlib.closing(
                sqlite3.connect(
                    f"{self._path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS
                )
            ) as connection:
                deadline = time.monotonic() + QUERY_SECONDS
                connection.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
                number = int(subject) if _NUMBER.fullmatch(subject) else None
                return connection.execute(self._query, (subject, number)).fetchall()
        except (sqlite3.Error, UnicodeEncodeError) as error:
            raise unreadable("its table is not readable", detail=str(error)) from None
