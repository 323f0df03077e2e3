"""Where a statement stands in the files that people brought: its file, JSON path and line.

A place is for a person to open; it decides nothing. What is not found has none.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from valetkey.cli.prove_proof import Proof, SourceFile
from valetkey.errors import ValetkeyError
from valetkey.iam import StatementRef
from valetkey.iam.document import read_json
from valetkey.tenancy.policy_set import Document, PolicySet, RolePolicies

Steps = tuple[str | int, ...]
MOST_NODES = 200_000  # looked at in one file
MOST_DEEP = 60
PLAIN_STEP = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z", re.ASCII)
SPACE = re.compile(r"[ \t\r\n]*")
TRUST, RESOURCE = "trust of ", "resource policy of "


@dataclass(frozen=True, slots=True)
class Located:
    """A statement as it was read, and the file with its JSON path and line, where found."""

    statement: Mapping[str, Any] | None
    file: Path
    path: str | None = None
    line: int | None = None

    @property
    def text(self) -> str:
        """The place in words: `role.json, $.policies[0].Statement[2]`."""
        return f"{self.file}, {self.path}" if self.path else str(self.file)


def locate(proof: Proof, ref: StatementRef, role: str | None) -> Located:
    """Return where a statement stands. `role` is the ARN of the role of whose session it bears."""
    statement = _statement(proof.policies, ref, role)
    for same in (True, False):  # a template's own text may differ from what was made of it
        for file in proof.sources if statement is not None else ():
            steps = _found(file, statement, ref.sid, same=same)
            if steps is not None:
                return Located(statement, file.path, path_text(steps), line_of(file.text, steps))
    only = proof.sources[0] if len(proof.sources) == 1 else proof.files[0]
    return Located(statement, only.path)


def _statement(policies: PolicySet, ref: StatementRef, role: str | None) -> Document | None:
    """Return the statement as it stands in the set of policies."""
    for document in _documents(policies, ref.policy, role):
        listed = document.get("Statement")
        statements = listed if isinstance(listed, list) else [listed]
        if ref.statement < len(statements):
            found = statements[ref.statement]
            if isinstance(found, dict) and found.get("Sid") == ref.sid:
                return found
    return None


def _documents(policies: PolicySet, name: str, role: str | None) -> Iterator[Document]:
    """Give the documents of that name, those of the role first."""
    for one in sorted(policies.roles, key=lambda each: each.arn != role):
        yield from (document for called, document in _of_role(one) if called == name)
    for arn, document in policies.resource_policies.items():
        if document is not None and name == f"{RESOURCE}{arn}":
            yield document
    for arn, document in policies.brokers.items():
        if name == f"policy of {arn}":
            yield document
    for level in (*policies.service_control, *policies.resource_control):
        yield from (attached.document for attached in level if attached.name == name)


def _of_role(role: RolePolicies) -> Iterator[tuple[str, Document]]:
    yield from ((attached.name, attached.document) for attached in role.permissions)
    yield f"{TRUST}{role.arn}", role.trust
    if role.boundary is not None:
        yield f"boundary of {role.arn}", role.boundary


def _found(
    file: SourceFile, statement: Document | None, sid: str | None, *, same: bool
) -> Steps | None:
    """Return the steps to the first value that is the statement, or has its Sid and effect."""
    effect = None if statement is None else statement.get("Effect")
    for steps, value in walk(_value(file.text)):
        if not isinstance(value, dict):
            continue
        if value == statement:
            return steps
        if not same and sid and (value.get("Sid"), value.get("Effect")) == (sid, effect):
            return steps
    return None


def _value(text: str) -> object:
    try:
        return read_json(text, lambda why: ValetkeyError("not-json", why), limit=len(text))
    except ValetkeyError:
        return None  # a template in YAML


def walk(value: object) -> Iterator[tuple[Steps, object]]:
    """Give every value in `value` with the steps to it, also those of JSON in a string of it,
    which have the steps of the string. Neither depth nor size of it costs more than its bounds.
    """
    waiting: list[tuple[Steps, object]] = [((), value)]
    for _ in range(MOST_NODES):
        if not waiting:
            return
        steps, one = waiting.pop()
        yield steps, one
        if isinstance(one, str) and one.lstrip()[:1] == "{" and '"Statement"' in one:
            yield from ((steps, inner) for inner in _statements(_value(one)))
        elif len(steps) < MOST_DEEP:
            inside = [((*steps, key), below) for key, below in _members(one)]
            waiting += reversed(inside)


def _members(value: object) -> Iterable[tuple[str | int, object]]:
    if isinstance(value, dict):
        return list(value.items())
    return list(enumerate(value)) if isinstance(value, list) else []


def _statements(document: object) -> Iterator[object]:
    listed = document.get("Statement") if isinstance(document, dict) else None
    yield from listed if isinstance(listed, list) else [listed]


def path_text(steps: Steps) -> str:
    """Return the steps as a JSON path: `$.policies[0].Statement`."""
    path = "$"
    for step in steps:
        if isinstance(step, int):
            path += f"[{step}]"
        else:
            path += f".{step}" if PLAIN_STEP.match(step) else f"[{json.dumps(step)}]"
    return path


def line_of(text: str, steps: Steps) -> int:
    """Return the line, from 1, on which the value at `steps` of a JSON text begins.

    The text is JSON that was read already, with these steps in it.
    """
    decoder = json.JSONDecoder()
    at = _next(text, 0)
    for step in steps:
        at = _next(text, at + 1)
        count = 0
        while True:
            name: object = count
            if isinstance(step, str):
                name, at = decoder.raw_decode(text, at)
                at = _next(text, _next(text, at) + 1)  # past the colon
            if name == step:
                break
            _, at = decoder.raw_decode(text, at)
            at = _next(text, _next(text, at) + 1)  # past the comma
            count += 1
    return text.count("\n", 0, at) + 1


def _next(text: str, at: int) -> int:
    """Return where the next character stands that is no space."""
    found = SPACE.match(text, at)
    return at if found is None else found.end()
