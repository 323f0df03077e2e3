"""What is wrong with a configuration."""

from valetkey.errors import ValetkeyError


class SettingsError(ValetkeyError):
    """The configuration can't be used."""
