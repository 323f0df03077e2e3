"""A page of text is a session: commands, what they print, how they end.

    # a remark                at the beginning, or after an empty line
    $ valetkey check          the command, as a shell takes it; `$` alone is a shell's own variable
    a line of standard output
    ! a line of standard error
    ? 1                       the exit code, where it is not 0

What differs from one run to the next is written as a word in capitals: RUN, TIME, PORT, DIGEST;
FOLDER is the page's own folder, and BIN where `valetkey` is installed.
`VALETKEY_WRITE_PAGES=1 pytest tests/transcripts` writes the pages anew; read the difference.
"""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

PAGES = Path(__file__).with_name("pages")
SECONDS = 60
BIN = str(Path(sys.executable).parent)
_DIFFERS = (
    (re.compile(r"\br-[a-z2-7]{26}\b"), "RUN"),
    (re.compile(r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "TIME"),
    (re.compile(r"(?<=127\.0\.0\.1:)(?!8700)\d{4,5}"), "PORT"),
    (re.compile(r"\b[0-9a-f]{32,64}\b"), "DIGEST"),
    (re.compile(r"\bASIA[A-Z2-7]{16}\b"), "KEY"),
    (re.compile(r"(?<=\bexpires_at=)\d{10}\b"), "SECONDS"),
    (re.compile(r"^20\d\d-\d\d-\d\d \d\d:\d\d:\d\d(?= +\d+ \S)", re.MULTILINE), "DATE"),
    (re.compile(r"(question|questions), \d+\.\d(?= s\)$)", re.MULTILINE), r"\1, SOME"),
    # who plays the page, where it says no other: a login name may be any word
    (re.compile(r"\b(actor|subject)=\S+(?=  \1_issuer=urn:valetkey:local-acc)"), r"\1=LOGIN"),
)


@dataclass(frozen=True, slots=True)
class Said:
    """What a command printed and how it ended, made comparable."""

    out: str
    err: str
    code: int

    def lines(self) -> list[str]:
        """Return it as it stands on a page."""
        lines = self.out.splitlines()
        lines += [f"! {line}" for line in self.err.splitlines()]
        return lines + ([f"? {self.code}"] if self.code else [])


def play(page: Path, folder: Path, env: Mapping[str, str]) -> Iterator[tuple[str, Said]]:
    """Run each command of a page in `folder`, in order; yield its line and what it said."""
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("$ "):
            done = subprocess.run(
                ["sh", "-c", line.removeprefix("$ ")],
                cwd=folder,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
            )
            out, err = (_comparable(text, folder) for text in (done.stdout, done.stderr))
            yield line, Said(out, err, done.returncode)


def written(page: Path, sessions: list[tuple[str, Said]]) -> str:
    """Return the page's text with what was said now: remarks and commands stay."""
    said = iter(sessions)
    lines: list[str] = []
    before = ""
    for line in page.read_text(encoding="utf-8").splitlines():
        is_remark = line.startswith("#") and before in {"", "#"}  # a command may print a `#`, too
        if is_remark:
            lines += [line] if not lines or before else ["", line]
        elif line.startswith("$ "):
            _, heard = next(said)
            lines += [] if not lines else [""]
            lines += [line, *heard.lines()]
        before = "#" if is_remark else line
    return "\n".join(lines) + "\n"


def _comparable(text: str, folder: Path) -> str:
    text = text.replace(str(folder), "FOLDER").replace(f"{BIN}/valetkey", "BIN/valetkey")
    for pattern, word in _DIFFERS:
        text = pattern.sub(word, text)
    return "\n".join(line.rstrip() for line in text.splitlines())
