"""`python -m tests.mcp.install`: what `npm ci` does, by the npm and the Node of the wheel."""

import os
import subprocess
import sys
from pathlib import Path

from tests.mcp.node import HERE, node


def main() -> int:
    """Install exactly what the lock file says, and run nothing of it. Return npm's exit code."""
    program = Path(node())
    npm = program.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    path = os.pathsep.join([str(program.parent), os.environ.get("PATH", os.defpath)])
    quietly = ("--ignore-scripts", "--no-audit", "--no-fund", "--silent")
    environ = {**os.environ, "PATH": path}
    done = subprocess.run([program, npm, "ci", *quietly], cwd=HERE, env=environ, check=False)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
