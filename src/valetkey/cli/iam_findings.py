"""How findings are shown: under their file on a terminal, a line each in a pipe, or as JSON."""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict

from valetkey.cli.output import StyledLine, print_lines, print_table
from valetkey.iam.lint import Finding, Severity

STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
COLUMNS = ("severity", "code", "file", "path", "why", "mend")


def print_findings(findings: Sequence[Finding], *, as_json: bool) -> None:
    """Print findings. In a pipe a line has severity, code, file, path, why and mend, with tabs
    between them; nothing is printed where nothing was found.
    """
    if as_json:
        print(json.dumps({"findings": [_members(one) for one in findings]}, indent=2))
    elif sys.stdout.isatty():
        print_lines(findings_page(findings))
    else:
        print_table(COLUMNS, (_row(one) for one in findings))


def _members(finding: Finding) -> dict[str, object]:
    return asdict(finding) | {"severity": finding.severity.value}


def _row(finding: Finding) -> tuple[str, ...]:
    return (
        finding.severity.value,
        finding.code,
        finding.policy,
        finding.path,
        finding.why,
        finding.mend,
    )


def findings_page(findings: Sequence[Finding]) -> Iterator[StyledLine]:
    """Give the lines of a terminal: findings under their file, a summary last."""
    for file in dict.fromkeys(one.policy for one in findings):
        yield StyledLine("bold", file)
        for one in findings:
            if one.policy == file:
                yield from _finding_lines(one)
    yield StyledLine("bold", _summary(findings))


def _finding_lines(finding: Finding) -> Iterator[StyledLine]:
    style = STYLES[finding.severity]
    yield StyledLine(style, f"  {finding.severity.value}: {finding.title} [{finding.code}]")
    yield StyledLine("dim", f"    at {finding.path}")
    yield StyledLine("", f"    {finding.why}")
    yield StyledLine("green", f"    mend: {finding.mend}")
    yield StyledLine("", "")


def _summary(findings: Iterable[Finding]) -> str:
    counts = Counter(one.severity for one in findings)
    return ", ".join(
        f"{counts[severity]} {severity.value}{'' if counts[severity] == 1 else 's'}"
        for severity in Severity
    )
