"""Starts the real command line as a process."""

import sys

COMMAND = [sys.executable, "-m", "valetkey"]
