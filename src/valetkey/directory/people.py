"""Whom a directory is about and what it says of them. It reads nothing: `file` and `sql` do."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from valetkey.directory.errors import DirectoryError


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Subjects of the issuer named `issuer`, by column `match`; of each `attributes` are known.

    `unknown` is what holds for who is not in the directory; None: nothing does.
    """

    issuer: str
    match: str
    attributes: tuple[str, ...]
    unknown: Mapping[str, str] | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """`match`, then the attributes."""
        return (self.match, *self.attributes)

    def attributes_in(self, values: Mapping[str, object]) -> Mapping[str, str]:
        """Return a row's attributes as they are.

        Raises DirectoryError `directory-value-empty` or `directory-value-type`: what is not there
        is not defaulted, and a number is not turned into text.
        """
        found: dict[str, str] = {}
        for name in self.attributes:
            value = values.get(name)
            if value is None or (isinstance(value, str) and not value.strip()):
                raise DirectoryError(
                    "directory-value-empty",
                    f"attribute `{name}` of the subject is empty in the directory",
                    hint="fill it in, or take the subject out",
                )
            if not isinstance(value, str):
                raise DirectoryError(
                    "directory-value-type",
                    f"attribute `{name}` of the subject is no text in the directory",
                    hint="store it as text: 7 and 07 would be one",
                )
            found[name] = value
        return found


@contextlib.contextmanager
def told_of(path: Path) -> Iterator[None]:
    """Name the directory's file in the `detail` of what the block raises: for the log alone."""
    try:
        yield
    except DirectoryError as error:
        where = str(path) if error.detail is None else f"{path}: {error.detail}"
        raise DirectoryError(error.code, error.message, hint=error.hint, detail=where) from None


def unreadable(why: str, *, detail: str) -> DirectoryError:
    """Return the error for a directory that can't be read now; `detail` is for the log alone."""
    return DirectoryError(
        "directory-unreadable",
        f"the directory can't be read: {why}",
        hint="nobody who needs it gets a run until it can be; the broker's log says more",
        detail=detail,
    )
