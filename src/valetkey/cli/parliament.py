"""What parliament (https://github.com/duo-labs/parliament) finds besides, if it is installed.

It knows every service's actions, resource types and condition keys, as of its last release, and
identity policies only. What it prints, raises and warns of stays here; none of its findings is
an error of ours, for its pages may be older than AWS.
"""

import contextlib
import importlib.util
import io
import json
import logging
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from valetkey.iam import Layer
from valetkey.iam.lint import Document, Finding, Severity

PREFIX = "parliament-"
MAX_POLICY = 65_536  # characters: it takes its time over each action
LAYERS = (Layer.IDENTITY, Layer.BOUNDARY, Layer.SESSION, Layer.SERVICE_CONTROL)
MOST_LETTERS = 200  # of a detail: of `s3:*` it lists every action
FIRST_LINE = 3  # where the first statement stands in the text that it is given
WARNINGS = frozenset({
    "BAD_PATTERN_FOR_MFA", "INVALID_ARN", "MISMATCHED_TYPE", "MISMATCHED_TYPE_OPERATION_TO_NULL",
    "RESOURCE_MISMATCH", "RESOURCE_POLICY_PRIVILEGE_ESCALATION",
})  # fmt: skip
DROPPED = frozenset({"EXCEPTION", "INVALID_SID", "MALFORMED", "MALFORMED_JSON"})  # ours to judge
SAID_BY_US = {
    "OLD_VERSION": ("variable-in-old-version",),
    "NO_VERSION": ("variable-in-old-version",),
    "RESOURCE_MISMATCH": ("action-never-meets-resource",),
    "RESOURCE_STAR": ("broad-allow-masks-tenant", "may-change-own-permissions"),
    "UNKNOWN_CONDITION_FOR_ACTION": (
        "unknown-condition-key", "prefix-on-object-action", "list-and-get-in-one-statement",
        "action-never-carries-key", "request-tag-separates-tenants",
    ),
}  # fmt: skip


def is_installed() -> bool:
    """Tell whether parliament can be imported."""
    return importlib.util.find_spec("parliament") is not None


def findings_of(documents: Iterable[Document], ours: Sequence[Finding]) -> list[Finding]:
    """Return its findings on identity policies that none of `ours` says already, notes last."""
    found = []
    for document in documents:
        if document.layer in LAYERS:
            for finding in _found_in(document):
                if not _is_said(finding, ours) and finding not in found:
                    found.append(finding)
    return sorted(found, key=lambda one: list(Severity).index(one.severity))


def _found_in(document: Document) -> Iterator[Finding]:
    text = _numbered(document)
    if len(text) > MAX_POLICY:
        return
    try:
        with _silence():
            import parliament

            policy = parliament.analyze_policy_string(text, ignore_private_auditors=True)
            found = [(one.issue, parliament.enhance_finding(one)) for one in policy.findings]
    except (Exception, SystemExit):  # noqa: BLE001 - it is a guest: what fails in it is not ours
        yield Finding(
            code=f"{PREFIX}failed",
            severity=Severity.NOTE,
            title="parliament could not read the policy",
            policy=document.file,
            path=document.path,
            why="It failed on this policy, so its findings are missing.",
            mend="none is needed",
        )
        return
    for issue, one in found:
        if issue not in DROPPED:
            yield _translated(issue, one, document)


def _translated(issue: str, one: Any, document: Document) -> Finding:
    detail = one.detail if isinstance(one.detail, str) else json.dumps(one.detail, default=str)
    if len(detail) > MOST_LETTERS:
        detail = detail[:MOST_LETTERS] + "…"
    why = f"{one.title}: {detail}" if detail else str(one.title)
    return Finding(
        code=PREFIX + issue.lower().replace("_", "-"),
        severity=Severity.WARNING if issue in WARNINGS else Severity.NOTE,
        title=str(one.title).strip().rstrip("."),
        policy=document.file,
        path=_path(one.location, document),
        why=" ".join(f"{why}. {one.description or ''}".split()),
        mend="see AWS's service authorization reference",
    )


def _numbered(document: Document) -> str:
    """Return the policy with each statement on a line of its own, which tells its index."""
    rest = {name: value for name, value in document.raw.items() if name != "Statement"}
    head = json.dumps(rest, default=str)[1:-1]
    lines = [json.dumps(one.raw, default=str) for one in document.statements]
    joined = ",\n".join(lines)
    return f'{{{head}{"," if head else ""}\n"Statement": [\n{joined}\n]}}'


def _path(location: Any, document: Document) -> str:
    """Return the path of the text it names, else the statement's, else the policy's."""
    given = location if isinstance(location, dict) else {}
    line = given.get("line", given.get("lineno"))
    index = line - FIRST_LINE if isinstance(line, int) else -1
    if not 0 <= index < len(document.statements):
        return document.path
    statement = document.statements[index]
    for text in (*statement.actions, *statement.resources):
        if text.value == given.get("string"):
            return text.path
    return statement.path


def _is_said(finding: Finding, ours: Sequence[Finding]) -> bool:
    codes = SAID_BY_US.get(finding.code.removeprefix(PREFIX).upper().replace("-", "_"), ())
    return any(
        one.code in codes
        and one.policy == finding.policy
        and f"{one.path}.".replace("[", ".").startswith(f"{finding.path}.".replace("[", "."))
        for one in ours
    )


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Keep prints, logs and warnings of a guest from reaching the terminal."""
    before = logging.root.manager.disable
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        logging.disable(logging.CRITICAL)
        try:
            yield
        finally:
            logging.disable(before)
