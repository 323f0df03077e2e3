"""The documents of the project, and what is in them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_SPAN = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True, slots=True)
class Page:
    """One Markdown document. `name` is its path from the repository's root."""

    name: str
    text: str

    def blocks(self, *languages: str) -> list[str]:
        """Return the fenced blocks of these languages, in order."""
        return [body for language, body in _FENCE.findall(self.text) if language in languages]

    def spans(self) -> list[str]:
        """Return what stands in backticks outside of fenced blocks."""
        return _SPAN.findall(self.prose)

    @property
    def prose(self) -> str:
        """The text without its fenced blocks."""
        return _FENCE.sub("", self.text)


def pages() -> list[Page]:
    """Return every document, in a fixed order."""
    return [
        Page(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"))
        for path in [
            *sorted(ROOT.glob("*.md")),
            *(
                one
                for folder in ("docs", "examples")
                for one in sorted((ROOT / folder).rglob("*.md"))
            ),
        ]
    ]


def page(name: str) -> Page:
    """Return the document at `name`."""
    return next(each for each in pages() if each.name == name)


def command_lines() -> Iterator[tuple[str, str]]:
    """Give every `valetkey …` that a reader may type, with the page it stands on."""
    for each in pages():
        # The page of help texts has its own check, and breaks words at its lines' ends.
        blocks = [] if each.name.endswith("/cli.md") else each.blocks("text", "sh", "ini", "")
        for block in blocks:
            for line in block.replace("\\\n", " ").splitlines():
                for found in _TYPED.finditer(line):
                    yield each.name, found[1]
        for span in each.spans():
            if span.startswith("valetkey "):
                yield each.name, span


# A command stands at the beginning of a line, after `$`, `(`, `=` or an environment assignment.
_TYPED = re.compile(r"(?:^\s*|^\$ |\$\(|= |[A-Z]=\S+ )(valetkey (?!listens)[^()|]*)")
