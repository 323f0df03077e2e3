"""A run of this process's own broker, as `sandbox.supervise` takes it."""

from valetkey.broker import BrokerError
from valetkey.sandbox.token_request import TokenRequest
from valetkey.secret import Secret
from valetkey.wiring.in_process import InProcessBroker


class InProcessRun:
    """A run of this process's own broker (`sandbox.run_source.RunSource`)."""

    def __init__(self, broker: InProcessBroker, token: Secret) -> None:
        self._broker = broker
        self._token = token

    def start(self) -> None:
        """Serve from a thread while the command runs. The token needs no rotation: it is nowhere
        but in this memory.
        """
        self._broker.start()

    def draw(self, grant: str) -> tuple[int, bytes]:
        """Ask the broker of this process."""
        return self._broker.draw(grant, self._token)

    def exchange_token(self, request: TokenRequest) -> tuple[int, bytes]:
        """Raise `tokens-need-broker`: this process is no issuer."""
        raise BrokerError(
            "tokens-need-broker",
            "valetkey signs tokens as a broker alone, and this run has none",
            hint="open the run at a broker whose configuration has `[issuer]`",
        )

    def secrets(self) -> list[Secret]:
        """Return the run token."""
        return [self._token]

    def close(self) -> None:
        """Stop the thread."""
        self._broker.close()

    def end(self) -> None:
        """End the run."""
        self._broker.end_run(self._token)
