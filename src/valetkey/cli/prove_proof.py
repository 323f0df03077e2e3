"""What one call of `valetkey prove` found, of what and from which files: all forms of output
are made of it.
"""

import hashlib
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from valetkey.isolation.answer import Answer, Report, Theorem, Witness
from valetkey.isolation.mending import Mend
from valetkey.tenancy.policy_set import PolicySet
from valetkey.tenancy.tenancy_map import TenancyMap


class Form(Enum):
    """What a file of policies is."""

    MAP = "tenancy map"
    ROLE = "role"
    TEMPLATE = "CloudFormation template"
    PLAN = "Terraform plan"


MEND_SECONDS = 60.0


class Unmended(Enum):
    """Why a refuted proof has no mend."""

    UNSOUGHT = "No mend was looked for: --no-mend"
    UNFOUND = "No mend was found: no edit that was tried proves it, so a person must look"
    TOO_LONG = f"No mend was found in {MEND_SECONDS:.0f} s, in which not every edit was tried"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that was read, as it was named on the command line. `text` is its contents."""

    form: Form
    path: Path
    text: str

    @property
    def digest(self) -> str:
        """SHA-256 of its bytes, in hexadecimal."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogateescape")).hexdigest()


@dataclass(frozen=True, slots=True)
class Change:
    """What came between a revision and now, each in a sentence; `before` is what held then."""

    revision: str
    before: Answer
    opened: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Replayed:
    """What the local AWS did when it was asked for a witness with real calls."""

    theorem: Theorem
    witness: Witness
    said: str
    reproduced: bool


@dataclass(frozen=True, slots=True)
class Proof:
    """A report with its inputs, and what was asked for besides. `files` has the map first."""

    tenancy: TenancyMap
    policies: PolicySet
    report: Report
    files: tuple[SourceFile, ...]
    mend: Mend | None = None
    unmended: Unmended = Unmended.UNSOUGHT
    change: Change | None = None
    replayed: tuple[Replayed, ...] = field(default=())

    @property
    def sources(self) -> tuple[SourceFile, ...]:
        """The files of policies; none where the generator's were proved."""
        return self.files[1:]

    def replay_of(self, witness: Witness) -> Replayed | None:
        """Return what came of a witness on the local AWS, None where it was not replayed."""
        return next((one for one in self.replayed if one.witness == witness), None)
