"""Policy files cut into statements, each with its file and line. Cedar itself gives no positions.

What is not plain Cedar is refused here by its name, so that nobody has to guess at a parser's
`unexpected token`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Final

from valetkey.tools.errors import ToolsError
from valetkey.tools.source import PolicyFile

_TOKEN = re.compile(
    r"""
    (?P<blank>\s+ | //[^\n\r]*)            # a lone carriage return ends a comment, as in Cedar
  | (?P<text>"(?:\\.|[^"\\])*")
  | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<sign>.)
    """,
    re.VERBOSE,
)
_LINE_END = re.compile(r"\r\n|\r|\n")
MAX_STATEMENT: Final = 32_768
"""Characters. With `_MAX_BRACKETS` it keeps what Cedar's parser recurses over within its stack."""
_MAX_BRACKETS: Final = 100
_BRACKETS: Final = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}
_CLAUSES = {
    "temporal": ("policy-temporal", "`when temporal` looks back at earlier calls"),
    "guardrails": ("policy-guardrails", "`guardrails` clauses ask Amazon Bedrock Guardrails"),
}


@dataclass(frozen=True, slots=True)
class Statement:
    """One policy as it is written, from its first annotation to its `;`.

    `line` is where it begins and `ordinal` its place in its file; both count from 1.
    """

    file: str
    line: int
    ordinal: int
    text: str

    def line_of(self, fragment: str) -> int:
        """Return the line of the first place of `fragment`, or of the statement without one."""
        place = self.text.find(fragment)
        return self.line + (lines_in(self.text[:place]) if place > 0 else 0)


def lines_in(text: str) -> int:
    """Return how many lines end in `text`."""
    return sum(1 for _ in _LINE_END.finditer(text))


def mistake(
    code: str, file: str, line: int, sentence: str, *, hint: str | None = None
) -> ToolsError:
    """Return the error of a place in a policy file."""
    return ToolsError(code, f"{file}:{line}: {sentence}", hint=hint)


def split(file: PolicyFile) -> tuple[Statement, ...]:
    """Return the statements of a file of Cedar policies, in its order.

    Raises ToolsError `policy-syntax`, `policy-template`, `policy-temporal`, `policy-guardrails` or
    `policy-suppress-output`. That each statement is Cedar is for the parser to say.
    """
    found: list[Statement] = []
    tokens: list[re.Match[str]] = []
    line, counted = 1, 0
    for token in _TOKEN.finditer(file.text):
        if token.lastgroup == "blank":
            continue
        tokens.append(token)
        if token.group() != ";":
            continue
        line += lines_in(file.text[counted : tokens[0].start()])
        counted = tokens[0].start()
        text = file.text[counted : token.end()]
        _refuse_other_languages(file.name, line, tokens)
        _refuse_too_much(file.name, line, tokens)
        found.append(Statement(file.name, line, len(found) + 1, text))
        tokens = []
    if tokens:
        line += lines_in(file.text[counted : tokens[0].start()])
        _refuse_other_languages(file.name, line, tokens)
        raise mistake("policy-syntax", file.name, line, "the statement has no `;` at its end")
    return tuple(found)


def _refuse_other_languages(file: str, line: int, tokens: list[re.Match[str]]) -> None:
    """Raise ToolsError for what a statement has that Cedar has not, or that has no meaning here."""
    first = tokens[0].start()

    def place(token: re.Match[str]) -> int:
        return line + lines_in(token.string[first : token.start()])

    for token in tokens:
        if token.group() == '"':
            raise mistake("policy-syntax", file, place(token), "a string has no end")
        if token.group() == "?":
            raise mistake(
                "policy-template",
                file,
                place(token),
                "templates (`?principal`, `?resource`) are not taken",
                hint="write the policy with `principal is AgentCore::OAuthUser` and conditions",
            )
    if next(_after_annotations(tokens), "") == "suppressOutput":
        raise mistake(
            "policy-suppress-output",
            file,
            line,
            "`suppressOutput` judges a tool's answer, which this gateway does not",
            hint="only `permit` and `forbid` statements are taken",
        )
    for before, token in pairwise(tokens):
        if before.group() in {"when", "unless"} and token.group() in _CLAUSES:
            code, sentence = _CLAUSES[token.group()]
            raise mistake(
                code,
                file,
                place(token),
                f"{sentence}, which this gateway does not",
                hint="only plain Cedar statements are taken",
            )


def _refuse_too_much(file: str, line: int, tokens: list[re.Match[str]]) -> None:
    """Raise ToolsError for a statement that Cedar's parser is not to be given."""
    if tokens[-1].end() - tokens[0].start() > MAX_STATEMENT:
        sentence = f"the statement is longer than {MAX_STATEMENT} characters"
        raise mistake("policy-syntax", file, line, sentence)
    depths = accumulate(_BRACKETS.get(token.group(), 0) for token in tokens)
    if max(depths) > _MAX_BRACKETS:
        sentence = f"more than {_MAX_BRACKETS} brackets stand within each other"
        raise mistake("policy-syntax", file, line, sentence)


def _after_annotations(tokens: list[re.Match[str]]) -> Iterator[str]:
    """Give the tokens of a statement from its effect on."""
    rest = [token.group() for token in tokens]
    while rest[:1] == ["@"]:
        rest = rest[2:]
        if rest[:1] == ["("]:
            rest = rest[3:]
    yield from rest


def bare(text: str) -> str:
    """Return a statement without its annotations and comments: what every Cedar engine takes."""
    tokens = list(_TOKEN.finditer(text))
    words = [token.group() for token in tokens if token.lastgroup != "blank"]
    rest = list(_after_annotations([t for t in tokens if t.lastgroup != "blank"]))
    skipped = len(words) - len(rest)
    kept: list[str] = []
    for token in tokens:
        if token.lastgroup != "blank":
            skipped -= 1
        if skipped < 0:
            is_comment = token.group().startswith("//")
            kept.append("" if is_comment else token.group())
    return "".join(kept)
