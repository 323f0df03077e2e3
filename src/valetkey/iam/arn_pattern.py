"""Patterns of ARNs: the Resource element and the Arn operators read the same text differently.

Resource (IAM User Guide, "Resource"): in the first five parts a wildcard stays in its part, but a
`*` that ends a part, or the whole pattern, runs on past the colon; missing parts are `*`
("Identify AWS resources with ARNs"). ArnEquals and ArnLike ("Condition operators") check each of
six parts on its own. In the sixth part both take colons like any other character.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from valetkey.iam.arn import split_arn
from valetkey.iam.glob import Token, Wild
from valetkey.iam.matching import Piece
from valetkey.iam.template import Template, pieces_of, template_of
from valetkey.iam.variables import Keys

COLONS = 5
IN_PART: dict[Token, Token] = {Wild.STAR: Wild.STAR_IN_PART, Wild.ONE: Wild.ONE_IN_PART}


def compile_resource(text: str, path: str, *, variables: bool) -> Template:
    """Return the template of one value of a Resource or NotResource element."""
    pieces = pieces_of(text, path, wildcards=True, variables=variables)
    if not text.startswith("arn:"):
        return template_of(text, pieces)
    parts = _split_at_colons(pieces)
    while len(parts) <= COLONS:
        parts.append([Wild.STAR])
    joined: list[Piece] = []
    for index, part in enumerate(parts):
        if index < COLONS:
            joined += [*_stay_in_part(part[:-1]), *_run_on(part[-1:]), ":"]
        else:
            joined += part
    return template_of(text, _merged(joined))


@dataclass(frozen=True, slots=True)
class ArnPattern:
    """A value of an Arn operator. `parts` is None where variables must be filled in to tell
    them: a value may be a whole ARN, or have colons of its own.
    """

    whole: Template
    parts: tuple[Template, ...] | None

    def matches(self, text: str, keys: Keys) -> bool:
        """Tell whether `text` is an ARN of which every part matches.

        A pattern that has fewer than six parts when its variables are filled in matches none.
        """
        arn = split_arn(text)
        parts = self._resolved(keys, len(text)) if self.parts is None else self.parts
        if arn is None or len(parts) != COLONS + 1:
            return False
        return all(part.matches(value, keys) for part, value in zip(parts, arn, strict=True))

    def _resolved(self, keys: Keys, room: int) -> tuple[Template, ...]:
        tokens = self.whole.resolve(keys, room)
        return () if tokens is None else _parts(self.whole.written, tokens)


def compile_arn_pattern(text: str, path: str, *, variables: bool) -> ArnPattern:
    """Return the pattern of ArnLike or ArnEquals; `*` alone stands for any ARN."""
    pieces = pieces_of(text, path, wildcards=True, variables=variables)
    whole = template_of(text, pieces)
    return ArnPattern(whole, None if whole.variables else _parts(text, pieces))


def _parts(text: str, pieces: Sequence[Piece]) -> tuple[Template, ...]:
    """Return a template of each part of the pattern, six where it can match an ARN."""
    if list(pieces) == [Wild.STAR]:
        return (template_of(text, pieces),) * (COLONS + 1)
    return tuple(template_of(text, part) for part in _split_at_colons(pieces))


def _split_at_colons(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Return at most six runs of pieces, divided at the first five colons of literal text."""
    parts: list[list[Piece]] = [[]]
    for piece in pieces:
        if not isinstance(piece, str):
            parts[-1].append(piece)
            continue
        first, *rest = piece.split(":", COLONS + 1 - len(parts))
        if first:
            parts[-1].append(first)
        for text in rest:
            parts.append([text] if text else [])
    return parts


def _stay_in_part(pieces: list[Piece]) -> list[Piece]:
    return [IN_PART.get(piece, piece) if isinstance(piece, Wild) else piece for piece in pieces]


def _run_on(last: list[Piece]) -> list[Piece]:
    return last if last == [Wild.STAR] else _stay_in_part(last)


def _merged(pieces: list[Piece]) -> list[Piece]:
    """Return the same pieces with neighbouring literal texts as one."""
    merged: list[Piece] = []
    for piece in pieces:
        if merged and isinstance(piece, str) and isinstance(merged[-1], str):
            merged[-1] += piece
        else:
            merged.append(piece)
    return merged
