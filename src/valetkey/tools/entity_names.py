"""The name of an entity as requests write it: Cedar's text, or either form of its JSON."""

import re
from dataclasses import dataclass
from typing import Final

from valetkey.tools.definition import Json

_TEXT: Final = re.compile(
    r'(?P<type>[A-Za-z_][A-Za-z0-9_]*(?:::[A-Za-z_][A-Za-z0-9_]*)*)::"(?P<id>(?:\\.|[^"\\])*)"'
)
_ESCAPE: Final = re.compile(r"\\(?:u\{(?P<code>[0-9a-fA-F]{1,6})\}|x(?P<byte>[0-7][0-9a-fA-F])|.)")
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "\\": "\\", '"': '"', "'": "'"}


@dataclass(frozen=True, slots=True)
class EntityName:
    """`type::"id"`, its id as it is meant, without escapes."""

    type: str
    id: str


def read_entity(unverified: Json) -> EntityName:
    """Return the entity that a request names. Raises ValueError."""
    if isinstance(unverified, dict):
        named = unverified.get("__entity", unverified)
        if isinstance(named, dict):
            type_, id_ = named.get("type"), named.get("id")
            if isinstance(type_, str) and isinstance(id_, str):
                return EntityName(type_, id_)
    if isinstance(unverified, str):
        found = _TEXT.fullmatch(unverified)
        if found is not None:
            return EntityName(found["type"], _ESCAPE.sub(_unescaped, found["id"]))
    raise ValueError('an entity is written `Type::"id"`, or {"type": …, "id": …}')


def _unescaped(escape: re.Match[str]) -> str:
    number = escape["code"] or escape["byte"]
    if number is not None:
        return chr(int(number, 16))  # ValueError beyond Unicode
    letter = escape.group()[1]
    if letter not in _ESCAPES:
        raise ValueError(f"`{escape.group()}` is not an escape of Cedar")
    return _ESCAPES[letter]
