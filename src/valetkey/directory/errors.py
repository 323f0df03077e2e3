"""What a directory cannot do."""

from valetkey.errors import ValetkeyError


class DirectoryError(ValetkeyError):
    """The directory can't be read, or what it says of a subject is no attribute."""
