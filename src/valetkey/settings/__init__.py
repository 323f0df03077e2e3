"""The configuration, read once."""

from valetkey.settings.errors import SettingsError
from valetkey.settings.grant_file import remove_grant, write_grant
from valetkey.settings.local import LocalGrant, local_grant, read_local_grants, valetkey_home
from valetkey.settings.reading import read_settings
from valetkey.settings.values import AwsSettings, Settings

__all__ = [
    "AwsSettings",
    "LocalGrant",
    "Settings",
    "SettingsError",
    "local_grant",
    "read_local_grants",
    "read_settings",
    "remove_grant",
    "valetkey_home",
    "write_grant",
]
