"""What the constructs can't make."""

from valetkey.errors import ValetkeyError


class CdkError(ValetkeyError):
    """A construct that the map does not have the words for, or CDK that is not there."""
