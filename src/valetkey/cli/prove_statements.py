"""Which statements AWS enforces of what was proved: each by its policy and Sid, in one line."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from valetkey.cli.prove_sentences import cut
from valetkey.tenancy.policy_set import Document, PolicySet

MOST_ACTIONS = 6  # named in a line


@dataclass(frozen=True, slots=True)
class Enforced:
    """A policy and what each of its statements does."""

    policy: str
    statements: tuple[str, ...]


def enforced(policies: PolicySet) -> Iterator[Enforced]:
    """Give every policy that a proof is about, with its statements."""
    for name, document in _documents(policies):
        listed = document.get("Statement")
        statements = listed if isinstance(listed, list) else [listed]
        yield Enforced(name, tuple(_line(number, one) for number, one in enumerate(statements)))


def _documents(policies: PolicySet) -> Iterator[tuple[str, Document]]:
    for role in policies.roles:
        yield f"trust of {role.arn}", role.trust
        yield from ((f"{one.name} of {role.arn}", one.document) for one in role.permissions)
        if role.boundary is not None:
            yield f"boundary of {role.arn}", role.boundary
    for arn, document in policies.resource_policies.items():
        if document is not None:
            yield f"resource policy of {arn}", document
    for what, levels in (("SCP", policies.service_control), ("RCP", policies.resource_control)):
        yield from ((f"{what} {one.name}", one.document) for level in levels for one in level)


def _line(number: int, statement: Any) -> str:
    """Return a statement's number and Sid, its effect and its actions."""
    if not isinstance(statement, dict):
        return f"{number}"
    sid = statement.get("Sid")
    name = f"{number} `{cut(sid)}`" if isinstance(sid, str) and sid else f"{number}"
    negated = "NotAction" in statement
    actions = statement.get("NotAction" if negated else "Action", [])
    listed = [actions] if isinstance(actions, str) else list(actions)
    shown = ", ".join(cut(str(one)) for one in listed[:MOST_ACTIONS])
    more = f" and {len(listed) - MOST_ACTIONS} more" if len(listed) > MOST_ACTIONS else ""
    does = "allows" if statement.get("Effect") == "Allow" else "denies"
    return f"{name} {does} {'all but ' if negated else ''}{shown}{more}"
