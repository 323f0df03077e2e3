"""Texts with tags in them, as `traces/{user_id}/`: read strictly, one sentence for each mistake."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise

from valetkey.tenancy.errors import TenancyError
from valetkey.tenancy.tenancy_map import OwnedText, Tag

_PLACE = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Written:
    """A text of the file: `place` is its table's, `key` its name there."""

    place: str
    key: str
    text: str

    def wrong(self, code: str, what: str, *, hint: str | None = None) -> TenancyError:
        """Return the error that names the place and the text."""
        return TenancyError(code, f"`{self.place}`: `{self.key}` `{self.text}` {what}", hint=hint)


def read_text(written: Written, *, tags: Collection[str]) -> OwnedText:
    """Return the literals and tags. Raises `tenancy-text`, `tenancy-unknown-tag`,
    `tenancy-no-tag`, `tenancy-tags-touch` or `tenancy-delimiter`.
    """
    parts = _split(written)
    named = [part.key for part in parts if isinstance(part, Tag)]
    for key in named:
        if key not in tags:
            raise written.wrong(
                "tenancy-unknown-tag",
                f"names the tag `{key}`, which is not in `[tags]`",
                hint=f"the tags are {', '.join(f'`{tag}`' for tag in tags)}" if tags else None,
            )
    if not named:
        raise written.wrong(
            "tenancy-no-tag",
            "has no tag: every run would own the same data",
            hint="what all runs may use belongs into `[[tenancy.shared]]`",
        )
    _check_apart(written, parts)
    return parts


def _split(written: Written) -> OwnedText:
    parts: list[str | Tag] = []
    for i, piece in enumerate(_PLACE.split(written.text)):
        if i % 2:
            parts.append(Tag(piece))
        elif "{" in piece or "}" in piece:
            raise written.wrong("tenancy-text", "has a brace that belongs to no `{tag}`")
        elif not piece.isprintable():
            raise written.wrong("tenancy-text", "has a character that can't be printed")
        elif piece:
            parts.append(piece)
    return tuple(parts)


def _check_apart(written: Written, parts: OwnedText) -> None:
    """Raise unless a delimiter stands after every tag that something follows."""
    for left, right in pairwise(parts):
        if not isinstance(left, Tag):
            continue
        if isinstance(right, Tag):
            raise written.wrong(
                "tenancy-tags-touch",
                f"has `{left.key}` and `{right.key}` side by side: two runs could own one text",
                hint="put a delimiter between them, best one that no tag may hold, such as `#`",
            )
        if right[0].isalnum() or right[0].isspace():
            raise written.wrong(
                "tenancy-delimiter",
                f"has a letter, digit or space right after `{left.key}`",
                hint="after a tag stands a delimiter: `/`, `#`, …",
            )


def check_open_end(written: Written, parts: OwnedText) -> None:
    """Raise `tenancy-open-end` where anything may follow a tag without a delimiter between."""
    if isinstance(parts[-1], Tag):
        raise written.wrong(
            "tenancy-open-end",
            "ends in a tag, and anything may follow: the run of `a` would own what is of `ab`",
            hint="end it with a delimiter, such as `/`",
        )


def tags_of(text: str) -> tuple[str, ...]:
    """Return the keys of a text's tags, in order."""
    return tuple(_PLACE.findall(text))
