"""Per resource, which tag reaches which part of it: what a map says, ready to be drawn."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from valetkey.tenancy.tenancy_map import (
    Access,
    Kind,
    Owned,
    OwnedText,
    Tag,
    TenancyMap,
)


class Whose(Enum):
    """Who reaches a resource."""

    OWN = "the run whose tags fill in the text"
    SHARED = "every run"
    PROTECTED = "no run may write it"


@dataclass(frozen=True, slots=True)
class Part:
    """One text that must fit: an ARN, a key. `open`: anything may follow."""

    label: str
    text: OwnedText
    open: bool = False


@dataclass(frozen=True, slots=True)
class Reach:
    """One resource of the map. `access` are words, in the file's order of words."""

    place: str
    kind: str
    whose: Whose
    parts: tuple[Part, ...]
    access: tuple[str, ...] = ()

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags that reach it, in the order in which they stand in its texts."""
        found = [piece.key for part in self.parts for piece in part.text if isinstance(piece, Tag)]
        return tuple(dict.fromkeys(found))


_WORDS = {
    Kind.TABLE: "table",
    Kind.PREFIX: "bucket",
    Kind.QUEUE: "queue",
    Kind.SECRET: "secret",
    Kind.PARAMETER: "parameter",
    Kind.FUNCTION: "function",
    Kind.KEY: "key",
}


def reaches(tenancy: TenancyMap) -> Iterator[Reach]:
    """Give every resource of the map: owned ones, models, shared and protected ones."""
    for entry in tenancy.owned:
        parts = tuple(_parts(entry))
        yield Reach(entry.place, _WORDS[entry.kind], Whose.OWN, parts, _words(entry.access))
    for model in tenancy.models:
        yield Reach("tenancy.models", "model", Whose.SHARED, (_arn(model),), ("invoke",))
    for shared in tenancy.shared:
        access = shared.actions or _words(shared.access)
        yield Reach(shared.place, "shared", Whose.SHARED, (_arn(shared.arn),), access)
    for protected in tenancy.protected:
        yield Reach(protected.place, "protected", Whose.PROTECTED, (_arn(protected.arn),))


def _parts(entry: Owned) -> Iterator[Part]:
    whole_key = entry.kind is not Kind.PREFIX
    yield Part(_WORDS[entry.kind], entry.arn, entry.open and entry.key is None)
    if entry.key is not None:
        label = {
            Kind.TABLE: "partition key",
            Kind.PREFIX: "object key",
            Kind.KEY: f"encryption context {entry.encryption_context}",
        }.get(entry.kind, "key")
        yield Part(label, entry.key, not whole_key)
    for name, text in entry.indexes.items():
        yield Part(f"partition key of index {name}", text)


def _words(access: frozenset[Access]) -> tuple[str, ...]:
    return tuple(one.value for one in Access if one in access)


def _arn(arn: str) -> Part:
    return Part("ARN", (arn.removesuffix("*"),), arn.endswith("*"))


def written(text: OwnedText, *, is_open: bool = False) -> str:
    """Return a text as a map has it, `{user_id}` for a tag, `*` where anything may follow."""
    body = "".join(piece if isinstance(piece, str) else f"{{{piece.key}}}" for piece in text)
    return f"{body}*" if is_open else body
