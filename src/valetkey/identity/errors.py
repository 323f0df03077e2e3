"""What this room refuses with. A denial of a well-formed request is a `Refusal`, not an error."""

from valetkey.errors import ValetkeyError


class IdentityError(ValetkeyError):
    """An issuer or a trust rule is configured in a way that valetkey does not accept."""


class TokenRejected(ValetkeyError):  # noqa: N818 - the verdict on a token, named as one
    """A token is not what it must be. The message never quotes the token; `detail` may name ids."""


class KeySetError(ValetkeyError):
    """A published key set is not one that signatures may be checked against."""


class KeySourceError(ValetkeyError):
    """An issuer's keys could not be had. Raised by whoever fetches them, never by this room."""
