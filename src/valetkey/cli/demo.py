"""`valetkey demo`: the main job on this machine, from a token to a denial by IAM."""

import json
import sys
import tempfile
from pathlib import Path

import typer

from valetkey.cli.options import AsJson
from valetkey.cli.output import FAILED
from valetkey.errors import ValetkeyError


def demo(as_json: AsJson = False) -> None:
    """Show the main job on this machine: two people's agents, and an AWS that says no.

    It starts a local AWS, an OIDC issuer and a broker on loopback, and ends them. Exit code 1 when
    anything was not as expected. It needs `pip install 'valetkey[localaws]'`.
    """
    from rich.console import Console

    try:
        from valetkey.demo import Demo
        from valetkey.demo.picture import draw
        from valetkey.demo.processes import DemoError
    except ImportError as error:
        raise ValetkeyError(
            "extra-missing",
            f"the demo needs `{error.name}`, which is not installed",
            hint="pip install 'valetkey[localaws]'",
        ) from None

    console = Console(stderr=as_json, highlight=False)
    step = iter(range(1, 100))
    with tempfile.TemporaryDirectory(prefix="valetkey-demo-") as folder:
        try:
            report = Demo(Path(folder), lambda line: console.print(f"{next(step)}. {line}")).tell()
        except DemoError as error:
            raise ValetkeyError("demo-failed", f"the demo could not be told: {error}") from None
    if as_json:
        json.dump(report.document(), sys.stdout, indent=2)
        print()
    else:
        draw(report, console)
    if report.failures:
        raise typer.Exit(FAILED)
