"""What the run's room refuses."""

from valetkey.errors import ValetkeyError


class RunError(ValetkeyError):
    """A run token, a run id or a run's life cycle is not as it must be."""


class TagError(ValetkeyError):
    """A tag template or a tag value is not exact, so it is refused."""
