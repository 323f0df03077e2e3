"""The `valetkey` command: one file a command, each importing only what it runs."""

from valetkey.cli.main import main

__all__ = ["main"]
