"""What else is known of a subject: attributes from a file or from a SQL table. Read only."""

from valetkey.directory.errors import DirectoryError
from valetkey.directory.file import FileDirectory
from valetkey.directory.people import People
from valetkey.directory.sql import SqlDirectory

__all__ = ["DirectoryError", "FileDirectory", "People", "SqlDirectory"]
