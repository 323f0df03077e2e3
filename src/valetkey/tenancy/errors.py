"""What a tenancy map can be wrong about."""

from valetkey.errors import ValetkeyError


class TenancyError(ValetkeyError):
    """A tenancy map from which no policy can be written, or a policy source that can't be read."""
