"""What the sandbox's side refuses or cannot do."""

from valetkey.errors import ValetkeyError


class SandboxError(ValetkeyError):
    """Something on the agent's side failed; no credential was handed out."""


class BrokerRefusedError(SandboxError):
    """The broker answered, and its answer is no."""


class BrokerDeniedError(BrokerRefusedError):
    """The broker answered 403: the caller is known and may not."""


class TokenRefusedError(BrokerRefusedError):
    """The broker answered 401: it does not know the token, and says nothing of a run."""


class BrokerUnavailableError(SandboxError):
    """The broker gave no usable answer: unreachable, too slow, broken, or not its own."""


class BodyRefusedError(SandboxError):
    """A request to the run's loopback address has a body that is not read."""


class RunChangedError(SandboxError):
    """The token at hand is another run's than the one that was asked for."""
