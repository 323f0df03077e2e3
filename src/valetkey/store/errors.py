"""What the store cannot do."""

from valetkey.errors import ValetkeyError


class StoreError(ValetkeyError):
    """The store is not there, not ours, not writable or damaged: nothing was acknowledged."""
