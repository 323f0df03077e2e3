"""Where a run's credentials come from while its command runs: a broker, or this process itself."""

import random
import threading
from typing import Protocol

from valetkey.sandbox.broker_client import BrokerClient
from valetkey.sandbox.run_token import HeldRunToken, RunToken
from valetkey.sandbox.token_request import TokenRequest
from valetkey.secret import Secret


class RunSource(Protocol):
    """One open run, for the length of one command."""

    def start(self) -> None:
        """Begin what must go on while the command runs; it may start threads."""
        ...

    def draw(self, grant: str) -> tuple[int, bytes]:
        """Ask for a grant's credentials: the status and body of `GET /v1/credentials/{grant}`.

        Raises a ValetkeyError where there is no answer. Safe to call from several threads.
        """
        ...

    def exchange_token(self, request: TokenRequest) -> tuple[int, bytes]:
        """Ask for a token of one audience: the status and body of `POST /oauth/token`.

        Raises a ValetkeyError where there is no answer. Safe to call from several threads.
        """
        ...

    def secrets(self) -> list[Secret]:
        """Return what must not be in the command's environment."""
        ...

    def close(self) -> None:
        """Stop what `start` began. The run stays as it is."""
        ...

    def end(self) -> None:
        """End the run. Raises a ValetkeyError where that can't be done."""
        ...


class BrokerRun:
    """A run of a broker, by its run token, which rotates where nobody else holds it."""

    def __init__(
        self, client: BrokerClient, token: RunToken, *, known_secrets: tuple[Secret, ...] = ()
    ) -> None:
        self._client = client
        self._token = token
        self._known_secrets = known_secrets
        self._stopped = threading.Event()

    def start(self) -> None:
        """Keep the token rotating, if it is ours to rotate."""
        if isinstance(self._token, HeldRunToken):
            threading.Thread(
                target=self._token.keep_rotating,
                args=(self._client.rotate,),
                kwargs={"stopped": self._stopped, "draw_fraction": random.random},
                daemon=True,
            ).start()

    def draw(self, grant: str) -> tuple[int, bytes]:
        """Ask the broker."""
        return self._client.draw(grant, self._token.current())

    def exchange_token(self, request: TokenRequest) -> tuple[int, bytes]:
        """Ask the broker."""
        return self._client.exchange_token(request, self._token.current())

    def secrets(self) -> list[Secret]:
        """Return the run token, and the tokens that opened the run."""
        return [self._token.current(), *self._known_secrets]

    def close(self) -> None:
        """Rotate no more."""
        self._stopped.set()

    def end(self) -> None:
        """End the run at the broker."""
        self._client.end_run(self._token.current())
