"""`valetkey tools export agentcore`: the templates as files, and what is to be known of them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from valetkey.cli.output import printable, tell
from valetkey.cli.output_paths import check_files
from valetkey.errors import ValetkeyError
from valetkey.settings import Settings
from valetkey.settings.values import ToolsSettings
from valetkey.tools.agentcore import export
from valetkey.tools.bundle import ToolBundle

MAX_TEMPLATE = 1024 * 1024
"""Bytes: what CloudFormation takes from a bucket."""


def export_agentcore(
    read: tuple[Settings, ToolsSettings, ToolBundle],
    *,
    engine: str,
    out: Path | None,
    previous: Path | None,
    config: Path,
) -> None:
    """Write the template, or print it; a second one stands beside it as `NAME.afterwards.json`."""
    _, tools, bundle = read
    deployed = None if previous is None else _read(previous)
    made = export(bundle, engine=engine, claims=frozenset(tools.facts), previous=deployed)
    if out is None:
        if made.afterwards is not None:
            raise ValetkeyError(
                "output-missing",
                "there are stale forbids, so that two templates are to be deployed",
                hint="give `--out FILE`",
            )
        print(_text(made.template), end="")
    else:
        later = out.with_suffix(".afterwards.json")
        inputs = [config, tools.lock, *(path for path in (previous,) if path is not None)]
        check_files([out, *([later] if made.afterwards is not None else [])], inputs)
        _write(out, made.template)
        print(f"wrote {printable(str(out))}")
        if made.afterwards is not None:
            _write(later, made.afterwards)
            print(f"wrote {printable(str(later))}: deploy it when the first is deployed")
    for note in made.notes:
        tell(f"valetkey: {printable(note)}")


def _text(template: Mapping[str, Any]) -> str:
    text = json.dumps(template, indent=2) + "\n"
    if len(text.encode()) > MAX_TEMPLATE:
        raise ValetkeyError(
            "agentcore-limit",
            f"the template is longer than the {MAX_TEMPLATE} bytes that CloudFormation takes",
            hint="fewer forbids or fewer permits: each permit names every forbid that it waits for",
        )
    return text


def _write(path: Path, template: Mapping[str, Any]) -> None:
    text = _text(template)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ValetkeyError(
            "file-unwritable", f"`{path}` can't be written: {error.strerror}"
        ) from None


def _read(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise ValetkeyError(
            "file-unreadable", f"`{path}` can't be read: {error.strerror}"
        ) from None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ValetkeyError("agentcore-previous", f"`{path}` is no template in JSON")
    return found
