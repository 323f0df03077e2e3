"""What the evaluator answers: yes or no, and why."""

from dataclasses import dataclass
from enum import Enum

from valetkey.iam.variables import ContextValue


class Effect(Enum):
    """The three outcomes; an implicit deny is the absence of an allow."""

    ALLOW = "allow"
    IMPLICIT_DENY = "implicit-deny"
    EXPLICIT_DENY = "explicit-deny"


@dataclass(frozen=True, slots=True)
class StatementRef:
    """A statement by its policy's name and its place in it, counted from 0."""

    policy: str
    statement: int
    sid: str | None = None


@dataclass(frozen=True, slots=True)
class NearMiss:
    """One element that kept a statement, which covers the action, from taking effect.

    `wanted` has the policy's values with variables filled in, `got` the request's value (None:
    absent). `operator` and `key` are those of a condition.
    """

    statement: StatementRef
    effect: str  # "Allow" or "Deny"
    element: str  # "Principal", "NotPrincipal", "Resource", "NotResource" or "Condition"
    wanted: tuple[str, ...]
    got: ContextValue | None
    operator: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome. `determining` has every statement it rests on: all matching Denies, or all
    Allows that were needed; none for an implicit deny. `contested` has those among them whose
    meaning is disputed (NotPrincipal; NotResource with a variable that has no value), and for an
    allow the Denies that a NotPrincipal alone kept from firing.
    `near_misses` is filled by `explain` alone.
    """

    effect: Effect
    determining: tuple[StatementRef, ...]
    because: str
    near_misses: tuple[NearMiss, ...] = ()
    contested: tuple[StatementRef, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether the request may go on: nothing but an allow is a yes."""
        return self.effect is Effect.ALLOW
