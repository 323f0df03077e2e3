"""What is wrong with tools, their policies or their definitions."""

from valetkey.errors import ValetkeyError


class ToolsError(ValetkeyError):
    """A policy, a tool definition, a lock file or a call that this room can't take."""
