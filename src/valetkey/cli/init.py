"""`valetkey init`: write a configuration that explains itself."""

from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from valetkey.errors import ValetkeyError

TEMPLATE = "valetkey.toml"


def init(
    path: Annotated[Path, typer.Argument(help="Where to write it.")] = Path("valetkey.toml"),
) -> None:
    """Write a commented valetkey.toml to begin with. An existing file is never overwritten."""
    text = files("valetkey.cli").joinpath(TEMPLATE).read_text(encoding="utf-8")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise ValetkeyError(
            "file-exists",
            f"`{path}` exists already",
            hint="give another path, or move the file away",
        ) from None
    except OSError as error:
        raise ValetkeyError(
            "file-unwritable", f"`{path}` can't be written: {error.strerror}"
        ) from None
    print(f"wrote {path}; edit it, then `valetkey check` says what it means")
