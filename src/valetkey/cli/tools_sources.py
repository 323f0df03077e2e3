"""Where the commands on tools have their policies and pins from."""

from dataclasses import replace
from pathlib import Path

from valetkey.settings import Settings, SettingsError, read_settings
from valetkey.settings.tool_files import read_policies
from valetkey.settings.values import ToolsSettings
from valetkey.tools import BundleSource


def read_tools(config: Path) -> tuple[Settings, ToolsSettings]:
    """Return the settings, with those of tools. Raises SettingsError `tools-none` without any."""
    settings = read_settings(config)
    if settings.tools is None:
        raise SettingsError(
            "tools-none",
            f"`{config}` has no `[tools]`: there is no tool gateway",
            hint="write `[tools]` and a `[[tools.servers]]` table",
        )
    return settings, settings.tools


def with_policies(source: BundleSource, folder: Path | None) -> BundleSource:
    """Return the source with the policies of another folder, or as it is. Raises SettingsError."""
    return source if folder is None else replace(source, policies=read_policies(folder))
