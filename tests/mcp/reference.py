"""The official reference servers of npm, as tables of a configuration and as processes."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.world import free_port
from tests.mcp.node import node, package
from tests.mcp.rig import is_up, table

_END_SECONDS = 10


def everything(name: str = "everything") -> str:
    """The server of everything, started by the gateway."""
    program = str(package("server-everything", "dist", "index.js"))
    return table(name, command=[node(), program, "stdio"])


def filesystem(folder: Path, name: str = "files") -> str:
    """The server of a folder's files, started by the gateway."""
    program = str(package("server-filesystem", "dist", "index.js"))
    return table(name, command=[node(), program, str(folder)])


@contextmanager
def everything_over_http() -> Iterator[str]:
    """Start the server of everything over Streamable HTTP; yield its URL."""
    port = free_port()
    process = subprocess.Popen(
        [node(), str(package("server-everything", "dist", "index.js")), "streamableHttp"],
        env={"PORT": str(port), "PATH": os.environ.get("PATH", "")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}/mcp"
    try:
        assert is_up(url), f"server-everything did not start on {sys.platform}"
        yield url
    finally:
        process.terminate()
        process.wait(_END_SECONDS)
