"""Servers that are started: one child in a process group of its own, which leaves nothing behind.

It knows lines, not messages. There is no shell; what a child finds is in `surroundings`.
"""

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Callable
from typing import Final

from valetkey.gateway.errors import GatewayError
from valetkey.gateway.pace import LastWords, Pace, printable
from valetkey.gateway.patience import Patience
from valetkey.gateway.sse import too_large
from valetkey.gateway.surroundings import Surroundings
from valetkey.gateway.trouble import slow, stopped, unreachable

log = logging.getLogger("valetkey.gateway")

GRACE_SECONDS: Final = 2.0
"""After stdin is closed, and again after SIGTERM."""
MAX_LINES: Final = 2_000
"""A second that are read of one child; beyond, its pipe fills and it waits."""
MAX_LOGGED: Final = 20
"""A second of its stderr that get into the log; the rest is read and dropped."""
_PIECE: Final = 65_536
_TICK: Final = 0.02
_TICKS: Final = 20
_LAST_WORDS: Final = 0.2


class Child:
    """A started server. `on_line` gets each line of its stdout, `on_end` the reason of its end."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        surroundings: Surroundings,
        *,
        exited: asyncio.Event,
        name: str,
        most: int,
        on_line: Callable[[bytes], None],
        on_end: Callable[[GatewayError], None],
    ) -> None:
        self._process = process
        self._surroundings = surroundings
        self._name = name
        self._most = most
        self._on_line = on_line
        self._on_end = on_end
        self._writes = asyncio.Lock()
        self._stopping: asyncio.Task[None] | None = None
        self._exited = exited
        self._said = LastWords()
        self._words = asyncio.create_task(self._drain())
        self._tasks = [
            self._words,
            asyncio.create_task(self._read()),
            asyncio.create_task(self._watch()),
        ]

    @property
    def pid(self) -> int:
        """The id of the process and of its group."""
        return self._process.pid

    @property
    def exit_status(self) -> int | None:
        """As `subprocess` has it: a signal is negative. None while it lives."""
        return self._process.returncode

    @property
    def has_ended(self) -> bool:
        """Say whether the process itself is gone; others of its group may not be."""
        return self._process.returncode is not None

    @property
    def last_words(self) -> str:
        """The last lines of its stderr, fit for a terminal and without its secrets; may be none."""
        return self._said.printable(self._surroundings.secrets)

    async def write(self, text: bytes, patience: Patience) -> None:
        """Send one line. Raises `server-slow` for a child that reads nothing, `server-stopped`."""
        stdin = self._process.stdin
        if stdin is None or self.has_ended or self._stopping is not None:
            raise stopped()
        try:
            async with patience.limit(), self._writes:
                stdin.write(text + b"\n")
                await stdin.drain()
        except TimeoutError:
            raise slow() from None
        except (OSError, RuntimeError):
            raise stopped() from None

    async def stop(self) -> None:
        """End it and all of its group, by and by; afterwards none of them is left."""
        if self._stopping is None:
            self._stopping = asyncio.create_task(self._stop())
        await asyncio.shield(self._stopping)

    async def _stop(self) -> None:
        try:
            with contextlib.suppress(OSError, RuntimeError):
                if self._process.stdin is not None:
                    self._process.stdin.close()
            if not await self._gone():
                self._signal(signal.SIGTERM)
                await self._gone()
            self._signal(signal.SIGKILL)  # whoever of its group is still there
            await self._gone()
            await self._group_gone()
        finally:
            await asyncio.wait([self._words], timeout=_LAST_WORDS)
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            _close(self._process)
            self._surroundings.remove()
            self._on_end(stopped())

    async def _gone(self) -> bool:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._exited.wait(), GRACE_SECONDS)
        return self.has_ended

    async def _group_gone(self) -> None:
        """Wait until the group is empty, or only its reaper is missing."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            for _ in range(_TICKS):
                os.killpg(self._process.pid, 0)
                await asyncio.sleep(_TICK)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    async def _read(self) -> None:
        stdout = self._process.stdout
        assert stdout is not None  # noqa: S101 - it was started with a pipe
        reason = stopped()
        try:
            reason = await self._lines(stdout) or reason
        except Exception:
            log.exception("a server's line could not be taken", extra={"server": self._name})
        self._end(reason)  # whatever it was: nobody would hear of the next line

    async def _lines(self, stdout: asyncio.StreamReader) -> GatewayError | None:
        """Take lines until there are no more; return why it was not the end that ended them."""
        rest = bytearray()
        pace = Pace(MAX_LINES)
        while piece := await stdout.read(_PIECE):
            rest += piece
            *lines, last = rest.split(b"\n")
            rest = last
            if len(rest) > self._most or any(len(line) > self._most for line in lines):
                return too_large(self._most)
            for line in lines:
                if pace.is_beyond():
                    await asyncio.sleep(pace.pause)
                self._on_line(bytes(line))
        return None

    async def _watch(self) -> None:
        await self._exited.wait()
        await asyncio.sleep(_TICK)  # its last line may be on the way
        self._end(stopped())  # whoever of its group still holds its pipes

    def _end(self, reason: GatewayError) -> None:
        self._on_end(reason)
        if self._stopping is None:
            self._stopping = asyncio.create_task(self._stop())

    async def _drain(self) -> None:
        stderr = self._process.stderr
        assert stderr is not None  # noqa: S101 - it was started with a pipe
        pace = Pace(MAX_LOGGED)
        rest = b""
        while piece := await stderr.read(_PIECE):
            *lines, rest = (rest + piece).split(b"\n")
            rest = rest[-_PIECE:]
            for line in lines:
                self._hear(line, pace)
        if rest:
            self._hear(rest, pace)

    def _hear(self, line: bytes, pace: Pace) -> None:
        self._said.add(line)
        if not pace.is_beyond():
            said = printable(line, self._surroundings.secrets)
            log.info("a server of tools says", extra={"server": self._name, "said": said})


async def start_child(
    command: tuple[str, ...],
    surroundings: Surroundings,
    *,
    name: str,
    most: int,
    on_line: Callable[[bytes], None],
    on_end: Callable[[GatewayError], None],
) -> Child:
    """Start a server. Raises `server-unreachable` if it can't be; its folder is removed then."""
    loop = asyncio.get_running_loop()
    try:
        transport, protocol = await loop.subprocess_exec(
            lambda: _Streams(_PIECE, loop),
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=surroundings.folder,
            env=dict(surroundings.environment),
            start_new_session=True,
        )
    except BaseException as error:
        surroundings.remove()
        if isinstance(error, OSError | ValueError):
            raise unreachable(error) from None
        raise
    return Child(
        asyncio.subprocess.Process(transport, protocol, loop),
        surroundings,
        exited=protocol.exited,
        name=name,
        most=most,
        on_line=on_line,
        on_end=on_end,
    )


class _Streams(asyncio.subprocess.SubprocessStreamProtocol):
    """Knows when the process itself is gone; `Process.wait` waits for its pipes' ends, too."""

    def __init__(self, limit: int, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(limit, loop)
        self.exited = asyncio.Event()

    def process_exited(self) -> None:
        super().process_exited()
        self.exited.set()


def _close(process: asyncio.subprocess.Process) -> None:
    """Close the pipes of a process that is gone: somebody outside its group may hold their ends."""
    process._transport.close()  # type: ignore[attr-defined]
