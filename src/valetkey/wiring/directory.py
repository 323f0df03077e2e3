"""Open the directory that the settings name."""

from pathlib import Path

from valetkey.broker.ports import Directory
from valetkey.directory import DirectoryError, FileDirectory, People, SqlDirectory
from valetkey.settings.values import DirectorySettings


async def open_directory(settings: DirectorySettings | None) -> Directory | None:
    """Return the directory, read once; None where there is none.

    Raises `directory-unreadable` now rather than at the first run that needs it. It names the file
    and what is wrong there: who starts a broker is its operator.
    """
    if settings is None:
        return None
    people = People(
        issuer=settings.issuer,
        match=settings.match,
        attributes=settings.attributes,
        unknown=settings.unknown,
    )
    path = Path(settings.source.partition(":")[2])
    made: FileDirectory | SqlDirectory
    try:
        if settings.table is not None:
            made = SqlDirectory(path, people, table=settings.table)
        else:
            made = FileDirectory(path, people)
        await made.read()
    except DirectoryError as error:
        raise DirectoryError(
            error.code,
            f"{error.message} ({error.detail})",
            hint="mend it, or name another `source` in `[directory]`",
            detail=error.detail,
        ) from None
    return made
