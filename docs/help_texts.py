"""Keep the help texts in the documents equal to what `valetkey --help` prints.

    python docs/help_texts.py            # write them anew
    python docs/help_texts.py --check    # show the difference and exit with 1 if there is any

A block stands between `<!-- help: valetkey run -->` and `<!-- /help -->`.
"""

import difflib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import typer
from typer.testing import CliRunner

from valetkey.cli.commands import app

ROOT = Path(__file__).resolve().parent.parent
WIDTH = 80
_BLOCK = re.compile(r"(<!-- help: (valetkey[a-z -]*?) -->\n).*?(<!-- /help -->)", re.DOTALL)


def documents() -> list[Path]:
    """Return every document of the project, in a fixed order."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def command_names() -> list[str]:
    """Return `valetkey` and every command under it, as they are typed."""
    return list(_names("valetkey", typer.main.get_command(app)))


def _names(name: str, command: object) -> Iterator[str]:
    yield name
    for under, found in getattr(command, "commands", {}).items():
        yield from _names(f"{name} {under}", found)


def help_text(command: str) -> str:
    """Return what `COMMAND --help` prints on a terminal of 80 columns."""
    result = CliRunner().invoke(
        app,
        [*command.split()[1:], "--help"],
        prog_name="valetkey",
        terminal_width=WIDTH,
        env={"TERMINAL_WIDTH": str(WIDTH), "COLUMNS": str(WIDTH), "NO_COLOR": "1"},
    )
    if result.exit_code != 0:
        raise SystemExit(f"`{command} --help` ended with {result.exit_code}")
    return "\n".join(line.rstrip() for line in result.output.strip("\n").splitlines())


def fenced(command: str) -> str:
    """Return the help of a command as a fenced block, under the line that was typed."""
    return f"```text\n$ {command} --help\n{help_text(command)}\n```\n"


def filled(text: str) -> str:
    """Return a document with the real help in each of its blocks."""
    return _BLOCK.sub(lambda found: found[1] + fenced(found[2]) + found[3], text)


def difference(path: Path, wanted: str) -> str:
    """Return what differs between the file at `path` and `wanted`; empty when nothing does."""
    have = path.read_text(encoding="utf-8") if path.exists() else ""
    name = str(path.relative_to(ROOT))
    lines = difflib.unified_diff(
        have.splitlines(), wanted.splitlines(), f"{name} as it is", f"{name} as the code says"
    )
    return "\n".join(line.rstrip("\n") for line in lines)


def settle(wanted: dict[Path, str], *, check: bool) -> int:
    """Write the documents, or with `check` say what differs; return the exit code."""
    stale = {path: found for path, text in wanted.items() if (found := difference(path, text))}
    for path, found in stale.items():
        if check:
            print(found)
        else:
            path.write_text(wanted[path], encoding="utf-8")
            print(f"wrote {path.relative_to(ROOT)}")
    return 1 if check and stale else 0


def main(arguments: list[str]) -> int:
    """Settle every document's help texts."""
    if arguments not in ([], ["--check"]):
        print(__doc__)
        return 2
    wanted = {path: filled(path.read_text(encoding="utf-8")) for path in documents()}
    return settle(wanted, check=bool(arguments))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
