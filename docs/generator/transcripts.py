"""Pieces of the transcripts, which `tests/transcripts` plays, for the guides that tell of them.

A piece stands between `<!-- transcript: PAGE, REMARK -->` and `<!-- /transcript -->`: the commands
below that remark of the page. A guide that shows a page shows all of it.
"""

import re
from pathlib import Path

_PAGES = Path(__file__).resolve().parents[2] / "tests" / "transcripts" / "pages"
_BLOCK = re.compile(
    r"(<!-- transcript: ([a-z-]+), (.+?) -->\n).*?(<!-- /transcript -->)", re.DOTALL
)


def with_transcripts(text: str) -> str:
    """Return a document with what was really printed in each of its blocks.

    Exits where a block names no remark of its page, or a remark of a page is named nowhere.
    """
    shown: dict[str, set[str]] = {}

    def block(found: "re.Match[str]") -> str:
        start, page, remark, end = found.groups()
        pieces = pieces_of(page)
        if remark not in pieces:
            raise SystemExit(f"the transcript `{page}` has no remark `{remark}`")
        shown.setdefault(page, set()).add(remark)
        return f"{start}```text\n{pieces[remark]}\n```\n{end}"

    filled = _BLOCK.sub(block, text)
    for page, remarks in shown.items():
        if left := set(pieces_of(page)) - remarks:
            raise SystemExit(f"the transcript `{page}` is shown without {', '.join(sorted(left))}")
    return filled


def pieces_of(page: str) -> dict[str, str]:
    """Return what stands below each remark of a page, in order."""
    pieces: dict[str, list[str]] = {}
    here: list[str] = []
    before = ""
    for line in (_PAGES / f"{page}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("# ") and not before:  # a command may print a `#`, too
            here = pieces.setdefault(line.removeprefix("# "), [])
        else:
            here.append(line)
        before = line
    return {remark: "\n".join(lines).strip("\n") for remark, lines in pieces.items()}
