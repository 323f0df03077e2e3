"""The configuration, read once."""

from valetkey.settings.errors import SettingsError
from valetkey.settings.reading import read_settings
from valetkey.settings.values import AwsSettings, Settings

__all__ = ["AwsSettings", "Settings", "SettingsError", "read_settings"]
