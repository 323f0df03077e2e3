"""Which program SDKs start for a grant's credentials: the static one of `native/`, or Python's.

Both do the same. The static one comes with the platform's wheel and starts in a tenth of the
time; the Python one is there wherever valetkey is.
"""

import subprocess
import sys
from pathlib import Path

from valetkey.sandbox import credential_process

_PYTHON_FILE = Path(credential_process.__file__).resolve()
STATIC_PROGRAM = _PYTHON_FILE.with_name("credential-process")
_PATIENT_SECONDS = 5.0


def program_words(static: Path = STATIC_PROGRAM) -> tuple[str, ...]:
    """Return the words that start the program, before its own arguments.

    `static` is taken if it starts on this machine: a folder that two machines share may hold the
    other one's. `-I -S` leave out the site packages and the agent's PYTHON* variables.
    """
    if static.is_file() and _starts(static):
        return (str(static),)
    return (sys.executable, "-I", "-S", str(_PYTHON_FILE))


def _starts(program: Path) -> bool:
    try:
        done = subprocess.run(  # noqa: S603 - our own file
            [program, "--help"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env={},
            timeout=_PATIENT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0
