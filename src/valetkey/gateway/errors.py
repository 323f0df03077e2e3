"""What is wrong at the gateway or at a server behind it."""

from valetkey.errors import ValetkeyError


class GatewayError(ValetkeyError):
    """A message that can't be taken, or a server that does not do its part: `server` and `run` say
    whose it is, for the log.
    """

    server: str | None = None
    run: str | None = None
