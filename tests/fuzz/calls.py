"""One SDK call, what it must be authorised on, and what its answer may show.

Written from the services' documents, not from the local AWS's tables: the two must agree.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from valetkey.iam import ContextValue

_CANARY = re.compile(r"cnry([0-9]+)x[0-9]+z")
Context = dict[str, ContextValue]


def canary(owner: int, number: int) -> str:
    """Return a text that nobody but tenant `owner` may ever read."""
    return f"cnry{owner}x{number}z"


def canaries_in(text: str) -> set[str]:
    """Return the canaries that stand in `text`."""
    return {found.group() for found in _CANARY.finditer(text)}


def owner_of(found: str) -> int:
    """Return whose a canary is."""
    match = _CANARY.fullmatch(found)
    assert match is not None
    return int(match[1])


class Holder(Enum):
    """What may carry a resource-based policy."""

    NONE = "none"
    BUCKET = "bucket"
    TABLE = "table"
    QUEUE = "queue"
    SECRET = "secret"
    FUNCTION = "function"


@dataclass(frozen=True, slots=True)
class Need:
    """One decision that a call needs: an action on an ARN with the keys of the operation."""

    action: str
    resource: str
    context: Mapping[str, ContextValue] = field(default_factory=dict)
    policy_of: Holder = Holder.NONE


@dataclass(frozen=True, slots=True)
class Place:
    """Where data lies. `what` is `object`, `item`, …; `name` is its key in that service."""

    what: str
    name: str


@dataclass(frozen=True, slots=True)
class Put:
    """What a call leaves behind if it is let in: canaries at a place, and copied ones."""

    place: Place
    text: str = ""
    source: Place | None = None
    views: frozenset[Place] = frozenset()  # the listings and indexes that show the place


@dataclass(frozen=True, slots=True)
class Presigned:
    """How a call's URL is signed, and what is done to it before it is fetched.

    `age` and `expires` are seconds; `spoil` names a row of `urls.SPOILERS`, `into` is its text.
    `bare`: the signature is taken off, so that it is nobody's request.
    """

    age: int
    expires: int
    spoil: str = ""
    into: str = ""
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """An SDK call. It must be denied exactly when one of `needs` is not allowed.

    `hidden`: asked when what is read is missing; denied, the answer must not tell it from a
    forbidden thing. `parts`: decisions by key of a call that answers each key by itself, and
    `part_shows` what each key shows. `policy`: the ARN whose resource-based policy the call sets
    and the document that it then has, None for none. `keeps`: the queues that it must not touch.
    """

    service: str
    method: str
    arguments: Mapping[str, Any]
    needs: tuple[Need, ...]
    shows: tuple[Place, ...] = ()
    puts: tuple[Put, ...] = ()
    hidden: Need | None = None
    reads: tuple[Place, str | None] | None = None  # what `hidden` hides, and its version
    parts: Mapping[str, Need] = field(default_factory=dict)
    part_shows: Mapping[str, Place] = field(default_factory=dict)
    refused: bool = False  # denied whatever the policies say
    touches: tuple[Place, ...] = ()  # what it may change or remove
    policy: tuple[str, str | None] | None = None
    keeps: tuple[str, ...] = ()
    presigned: Presigned | None = None

    @property
    def forged(self) -> bool:
        """Whether its signature is not its caller's: denied whatever the policies say."""
        return self.presigned is not None and bool(self.presigned.spoil)

    @property
    def anonymous(self) -> bool:
        """Whether it is nobody's request, which only the bucket's policy can allow."""
        return self.presigned is not None and self.presigned.bare

    @property
    def manner(self) -> str:
        """How it is signed, to be counted: empty for a signature in a header."""
        if self.presigned is None:
            return ""
        return "spoiled " if self.forged else "unsigned " if self.anonymous else "presigned "

    @property
    def said(self) -> str:
        """All that the request says: no news where the answer repeats it."""
        return f"{json.dumps(self.arguments, default=str)} {self.presigned}"
