"""What goes wrong with the local AWS itself; what AWS would answer is an `AwsError`."""

from valetkey.errors import ValetkeyError


class LocalAwsError(ValetkeyError):
    """The local AWS cannot start or go on."""
