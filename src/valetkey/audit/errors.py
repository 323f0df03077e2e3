"""What the audit room refuses."""

from valetkey.errors import ValetkeyError


class AuditError(ValetkeyError):
    """A record that cannot become a leaf, or a leaf that is not one."""
