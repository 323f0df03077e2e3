"""What keeps a proof from being tried. A refutation is an answer, never an error."""

from valetkey.errors import ValetkeyError


class IsolationError(ValetkeyError):
    """A question that can't be put: no solver, a map or policies that do not fit together."""
