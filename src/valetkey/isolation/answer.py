"""What a proof answers: proved, refuted with a request that shows it, or unknown and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from valetkey.iam import ContextValue, StatementRef


class Theorem(Enum):
    """The five, in the order in which they are told."""

    ISOLATION = "isolation"
    FAIL_CLOSED = "fail-closed"
    ONLY_BY_THE_BROKER = "only-by-the-broker"
    NO_WAY_UP = "no-way-up"
    USABLE = "usable"


class Answer(Enum):
    """The three outcomes. Nothing but PROVED is a yes."""

    PROVED = "proved"
    REFUTED = "refuted"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Witness:
    """A concrete request that breaks a theorem, and that the evaluator answers as said.

    `principal` is the ARN of the session (or of whoever asks; `*` for anybody), `role` that of
    its role. `runs` are tag sets: first the run that asks, then the run that owns what it
    reaches, where one does. `expected` and `got` are `allow` or `deny`. `statements` are those
    that the evaluator's decision rests on. `why` is one line for a person: what it reaches.
    `entries` are the places of the map's entries that give one thing to two, where the policies
    do what the map says and the map itself is at fault.
    """

    principal: str
    runs: tuple[Mapping[str, str], ...]
    action: str
    resource: str
    context: Mapping[str, ContextValue]
    expected: str
    got: str
    why: str
    role: str | None = None
    resource_account: str | None = None
    statements: tuple[StatementRef, ...] = ()
    entries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Assumption:
    """What a proof rests on and does not show, and who keeps it (`AWS`, `the broker`, `you`)."""

    text: str
    kept_by: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to one question of a theorem. `about` says in words what was asked."""

    answer: Answer
    about: str
    witness: Witness | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class TheoremAnswer:
    """A theorem's answer: one refuted question refutes it, else one unknown leaves it unknown.

    `reasons` say why it is unknown. `queries` counts the questions, `seconds` is their time.
    """

    theorem: Theorem
    answer: Answer
    witnesses: tuple[Witness, ...] = ()
    reasons: tuple[str, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    queries: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Report:
    """All theorems' answers about one map and one set of policies."""

    theorems: tuple[TheoremAnswer, ...]
    notes: tuple[str, ...] = field(default=())

    @property
    def answer(self) -> Answer:
        """Refuted if one theorem is, else unknown if one is, else proved."""
        answers = {each.answer for each in self.theorems}
        for worst in (Answer.REFUTED, Answer.UNKNOWN):
            if worst in answers:
                return worst
        return Answer.PROVED if self.theorems else Answer.UNKNOWN
