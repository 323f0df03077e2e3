"""What a replay is given and what it says: plain values, and its two ways to stop."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RolePlayed:
    """A role with its policies by name. `external_id` is what whoever assumes it says."""

    arn: str
    trust: Document
    permissions: tuple[tuple[str, Document], ...] = ()
    boundary: Document | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """The account: roles, resource policies by ARN, and the ARNs of the roles that may assume."""

    roles: tuple[RolePlayed, ...]
    resource_policies: Mapping[str, Document | None] = field(default_factory=dict)
    brokers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Attempt:
    """A request: a session `principal` (an ARN) with `tags`, of `role` where it has one, asks for
    `action` on `resource`. `context` has the request's keys by name. `theirs` are names at which
    data of another run lies, where the resource is what holds them: keys of a bucket.
    """

    principal: str
    role: str | None
    tags: Mapping[str, str]
    action: str
    resource: str
    context: Mapping[str, Any] = field(default_factory=dict)
    theirs: tuple[str, ...] = ()

    def key(self, name: str) -> str | None:
        """Return the first value of a context key, whatever the case of its name."""
        return next(iter(self.keys(name)), None)

    def keys(self, name: str) -> tuple[str, ...]:
        """Return the values of a context key, whatever the case of its name."""
        for known, value in self.context.items():
            if known.lower() == name.lower():
                listed = (value,) if isinstance(value, str) else tuple(value)
                return tuple(str(one) for one in listed)
        return ()


class Outcome(Enum):
    """What came of a request."""

    ARRIVED = "arrived"  # the other run's bytes came back
    SHOWN = "shown"  # a listing names the other run's key
    LANDED = "landed"  # what lay there is changed or gone
    GIVEN = "given"  # a session of the role
    DONE = "done"  # the call succeeded; there are no bytes to compare
    DENIED = "denied"
    NOT_PLAYED = "not played"


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a request, in one line for a person."""

    outcome: Outcome
    said: str

    @property
    def allowed(self) -> bool:
        """Tell whether AWS did what was asked."""
        return self.outcome not in {Outcome.DENIED, Outcome.NOT_PLAYED}

    def made_by(self, how: str) -> "Played":
        """Return it with who made the call."""
        return replace(self, said=f"{self.said} {how}".rstrip())


class DeniedError(Exception):
    """AWS refused the call. `said` is its code and message."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said


class NotPlayedError(Exception):
    """The request can't be made here. `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
