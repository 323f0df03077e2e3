"""A run's place at a server: what all its links there share. It speaks no protocol."""

import contextlib
from collections.abc import Callable, Iterator

from valetkey.broker.tool_access import ToolCaller
from valetkey.gateway.errors import GatewayError
from valetkey.tools.definition import ToolDefinition
from valetkey.tools.server import ToolServer, public_name


class Seat:
    """One (run, server). `clock` counts seconds."""

    def __init__(
        self, caller: ToolCaller | None, server: ToolServer, *, clock: Callable[[], float]
    ) -> None:
        self._caller = caller
        self.server = server
        self._clock = clock
        self._calls = 0
        self._held = 0
        self._used_at = clock()
        self.changes = 0
        """How often the server said that its tools are others now."""
        self.troubles = 0
        """How often it did not do its part; afterwards it may be another one."""

    @property
    def caller(self) -> ToolCaller:
        """The run. Raises `run-not-served` where there is none, as when an operator looks."""
        if self._caller is None:
            raise GatewayError(
                "run-not-served",
                "this server wants a proof of a run, and there is none",
                hint="give a token for it by hand",
            )
        return self._caller

    def admit(self, caller: ToolCaller) -> None:
        """Take the run as it was admitted last: under another policy version, perhaps."""
        self._caller = caller

    @property
    def news(self) -> int:
        """A number that is another one as soon as what was read of its tools is old."""
        return self.changes + self.troubles

    @property
    def idle(self) -> float:
        """Seconds since anything was asked here; 0 while something is under way."""
        return 0.0 if self._calls or self._held else self._clock() - self._used_at

    def touch(self) -> None:
        """Count from now on how long nobody uses it."""
        self._used_at = self._clock()

    def note_changed_tools(self) -> None:
        """Hear `notifications/tools/list_changed`: what was read of its tools is old."""
        self.changes += 1

    @contextlib.contextmanager
    def in_trouble(self) -> Iterator[None]:
        """Take note of a GatewayError, and say in it whose it is."""
        try:
            yield
        except GatewayError as error:
            self.troubles += 1
            error.server = error.server or self.server.name
            error.run = error.run or (None if self._caller is None else self._caller.run.id)
            raise

    def definition(self, tool: str) -> ToolDefinition | None:
        """Return the pinned definition of a tool under the caller's policy version."""
        mapped = self.caller.bundle.tools.get(public_name(self.server.name, tool))
        if mapped is None or mapped.definition.name != tool:
            return None
        return mapped.definition

    @contextlib.contextmanager
    def call(self) -> Iterator[None]:
        """Count a call while it is under way. Raises `server-busy` beyond the server's `calls`."""
        if self._calls >= self.server.calls:
            raise GatewayError(
                "server-busy",
                f"the run has {self.server.calls} calls under way at the server of this tool",
                hint="wait for some of them to end",
            )
        self._calls += 1
        try:
            with self.in_trouble():
                yield
        finally:
            self._calls -= 1
            self.touch()

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Count a stream while it is open; it is no call."""
        self._held += 1
        try:
            with self.in_trouble():
                yield
        finally:
            self._held -= 1
            self.touch()
