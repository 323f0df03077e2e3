"""What lint says: rules with a stable code, and findings that name a place in a policy."""

from dataclasses import dataclass
from enum import Enum


class Severity(Enum):
    """ERROR: somebody gets in, or a Deny never fires. WARNING: the policy does not do what it
    reads like, or does it under conditions that it can't see. NOTE: worth a look.
    """

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Rule:
    """One trap. `code` is kebab-case and never changes its meaning; `why` and `mend` are one or
    two sentences each; `theme` is the heading it stands under in the reference.
    """

    code: str
    severity: Severity
    title: str
    why: str
    mend: str
    theme: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that a policy breaks: in `policy` (its file) at `path` (JSON path).

    `why` and `mend` are the rule's, or say it of this very place; `severity` may be weaker or
    stronger than the rule's where the place decides it.
    """

    code: str
    severity: Severity
    title: str
    policy: str
    path: str
    why: str
    mend: str


def found(
    rule: Rule,
    policy: str,
    *,
    path: str,
    why: str = "",
    mend: str = "",
    severity: Severity | None = None,
) -> Finding:
    """Return the finding of `rule` at `path`; `why` stands before the rule's own sentence,
    `mend` in its place.
    """
    return Finding(
        code=rule.code,
        severity=severity or rule.severity,
        title=rule.title,
        policy=policy,
        path=path,
        why=f"{why} {rule.why}".strip(),
        mend=mend or rule.mend,
    )
