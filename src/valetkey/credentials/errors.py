"""What the credentials room refuses."""

from valetkey.errors import ValetkeyError


class CredentialsError(ValetkeyError):
    """A role, a duration or an answer of AWS is not as it must be."""
