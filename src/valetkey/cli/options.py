"""Options that several commands take."""

from pathlib import Path
from typing import Annotated

import typer

DEFAULT_BROKER = "http://127.0.0.1:8700"

Config = Annotated[
    Path,
    typer.Option("--config", "-c", envvar="VALETKEY_CONFIG", help="The configuration file."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
BrokerUrl = Annotated[
    str, typer.Option("--broker", envvar="VALETKEY_BROKER", help="The broker's address.")
]
DEFAULT_CONFIG = Path("valetkey.toml")
