"""`valetkey` without its start-up: a process that has read its code once forks for each command.

A command has its own process, arguments, folder, environment, standard streams and exit code, as
from a shell; that it imports all it needs is not seen here, and left to the tests that start
`python -m valetkey`. `warm()` is the server's owner, `program` writes what stands on a PATH.
"""

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from functools import cache
from pathlib import Path
from typing import IO

from botocore.credentials import SSOProvider
from botocore.tokens import SSOTokenProvider

ROOT = Path(__file__).parents[2]
START_SECONDS = 30
AWS_SECONDS = 4  # for an answer, where the program waits ten: a page waits for three of them
LEFT_OUT = {"__init__", "__main__", "prove_replay"}  # that is the local AWS, which is heavy
_MOST = 1 << 20  # bytes of a command's arguments and environment
_CLIENT = """\
#!{python} -IS
import json, os, socket, sys
asked = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    socket.send_fds(server, [len(asked).to_bytes(4, "big")], [0, 1, 2])
    server.sendall(asked)
    sys.exit(int(server.recv(16) or b"70"))
"""


class WarmCommand:
    """The process that forks. To be closed."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="vk-warm-")
        self.address = str(Path(self._folder.name) / "socket")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.cli.warm", self.address],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"

    def program(self, path: Path) -> None:
        """Write the program that runs a command there, under a name such as `valetkey`."""
        path.write_text(_CLIENT.format(python=sys.executable, address=self.address))
        path.chmod(0o755)

    def run(
        self,
        *arguments: str,
        folder: Path,
        environ: Mapping[str, str],
        stdin: str = "",
        seconds: float = 60,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in `folder` to its end."""
        asked = json.dumps([arguments, str(folder), dict(environ)]).encode()
        with ExitStack() as opened:
            streams = [opened.enter_context(tempfile.TemporaryFile()) for _ in range(3)]
            streams[0].write(stdin.encode())
            streams[0].seek(0)
            server = opened.enter_context(socket.socket(socket.AF_UNIX))
            server.settimeout(seconds)
            server.connect(self.address)
            numbers = [stream.fileno() for stream in streams]
            socket.send_fds(server, [len(asked).to_bytes(4, "big")], numbers)
            server.sendall(asked)
            code = int(server.recv(16))
            out, err = (_text(stream) for stream in streams[1:])
        return subprocess.CompletedProcess(["valetkey", *arguments], code, out, err)

    def close(self) -> None:
        """End the process; commands that still run are not its own."""
        self._process.terminate()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._folder.cleanup()


@cache
def warm() -> WarmCommand:
    """Return the one of this process, which ends with it."""
    started = WarmCommand()
    atexit.register(started.close)
    return started


def _text(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read().decode()


def serve(address: str) -> None:
    """Fork for each command, until the process that started this one is gone."""
    _read_code()
    owner = os.getppid()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen(16)
        listening.settimeout(2)
        print("ready", flush=True)
        while os.getppid() == owner:
            with suppress(TimeoutError):
                asked, _ = listening.accept()
                if os.fork() == 0:
                    listening.close()
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    os._exit(_watch(asked))
                asked.close()


def _read_code() -> None:
    """Import what commands import, and no more: what is imported has started no thread."""
    import gc
    import importlib

    from valetkey.aws import probe, sts

    rooms = ("cli", "settings", "identity", "credentials", "runs", "audit", "store", "sandbox")
    for room in (*rooms, "broker", "aws", "iam", "web", "wiring"):
        for path in sorted((ROOT / "src" / "valetkey" / room).glob("*.py")):
            if path.stem not in LEFT_OUT:
                with suppress(ImportError):  # an extra that is not installed
                    importlib.import_module(f"valetkey.{room}.{path.stem}")
    sts.CALL_SECONDS = probe.CALL_SECONDS = AWS_SECONDS
    gc.freeze()


def _watch(asked: socket.socket) -> int:
    """Run the command in a process of its own, and say how it ended."""
    with asked:
        asked.settimeout(None)
        size, streams, _, _ = socket.recv_fds(asked, 4, 3)
        arguments, folder, environ = json.loads(_exactly(asked, int.from_bytes(size, "big")))
        child = os.fork()
        if child == 0:
            asked.close()
            _become(streams, folder, environ)
            _run(arguments)
        for stream in streams:
            os.close(stream)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        with suppress(OSError):
            asked.sendall(b"%d" % (code if code >= 0 else 128 - code))
    return 0


def _exactly(asked: socket.socket, size: int) -> bytes:
    assert size <= _MOST
    found = b""
    while len(found) < size:
        found += asked.recv(size - len(found))
    return found


def _become(streams: list[int], folder: str, environ: dict[str, str]) -> None:
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    for provider in (SSOProvider, SSOTokenProvider):  # botocore fills in the home as it is imported
        provider._SSO_TOKEN_CACHE_DIR = str(Path("~/.aws/sso/cache").expanduser())
    sys.stdin, sys.stdout, sys.stderr = (
        open(0, encoding="utf-8"),  # noqa: SIM115 - they live as long as the process
        open(1, "w", encoding="utf-8"),  # noqa: SIM115
        open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1),  # noqa: SIM115
    )


def _run(arguments: list[str]) -> None:
    """Never return: the process ends as `python -m valetkey` would."""
    from valetkey.cli import main

    sys.argv = [str(ROOT / "src" / "valetkey" / "__main__.py"), *arguments]
    code = 70
    try:
        main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
        os._exit(code)


if __name__ == "__main__":
    serve(sys.argv[1])
