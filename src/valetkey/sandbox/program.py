"""Which program SDKs start for a grant's credentials: the static one of `native/`, or Python's.

Both do the same. The static one comes with the platform's wheel and starts in a tenth of the
time; the Python one is there wherever valetkey is.
"""

import hashlib
import subprocess
import sys
from pathlib import Path

from valetkey.sandbox import credential_process
from valetkey.version import VERSION

_PYTHON_FILE = Path(credential_process.__file__).resolve()
STATIC_PROGRAM = _PYTHON_FILE.with_name("credential-process")
SOURCES = _PYTHON_FILE.parents[3] / "native"  # in a checkout; a wheel has none
_PATIENT_SECONDS = 5.0


def program_words(static: Path = STATIC_PROGRAM, sources: Path = SOURCES) -> tuple[str, ...]:
    """Return the words that start the program, before its own arguments.

    `static` is taken if it starts on this machine and was built from this very version: a folder
    that two machines share may hold the other one's, a checkout one that was built before a pull.
    `-I -S` leave out the site packages and the agent's PYTHON* variables.
    """
    if static.is_file() and _version_of(static).startswith(built_from(sources)):
        return (str(static),)
    return (sys.executable, "-I", "-S", str(_PYTHON_FILE))


def built_from(sources: Path) -> str:
    """Return the first words that a program says of its version: a digest of `sources`, too.

    Without sources, as in a wheel, which holds the program of its own build, the version alone.
    """
    files = sorted(sources.glob("*.[ch]"))
    if not files:
        return f"{VERSION} "
    digest = hashlib.sha256()
    for file in files:
        content = file.read_bytes()
        digest.update(f"{file.name} {len(content)}\n".encode() + content)
    return f"{VERSION} {digest.hexdigest()[:32]}\n"


def _version_of(program: Path) -> str:
    """Return what the program says of its version; nothing where it does not start."""
    try:
        done = subprocess.run(  # noqa: S603 - our own file
            [program, "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env={},
            timeout=_PATIENT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return "" if done.returncode else done.stdout.decode("ascii", "replace")
