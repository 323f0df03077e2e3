"""The file that SDKs start: `python -I -S …/credential_process.py --url URL --token-file FILE`.

Short on purpose: Python compiles the file that it runs anew each time, and keeps the compiled
form only of what that file imports. All the work is in `process`.
"""

import posix
import sys

if not __package__:  # run as a file: `-I` keeps our own root out of the path
    sys.path.append(__file__.rsplit("/", 3)[0])

from valetkey.sandbox.process import main

__all__ = ["main"]

if __name__ == "__main__":
    # All is written and nothing is open: tearing the interpreter down would cost 1.4 ms.
    posix._exit(main(sys.argv[1:]))
