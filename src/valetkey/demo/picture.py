"""The report as people see it: what each agent tried, what AWS answered, and the audit log."""

from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from valetkey.demo.story import NO_CREDENTIALS, OK, Attempt, Report
from valetkey.demo.world import PEOPLE


def draw(report: Report, console: Console) -> None:
    """Print the whole report."""
    console.print()
    console.print(_attempts(report))
    for person in PEOPLE:
        run, count = report.runs.get(person, "?"), report.hand_outs.get(person, 0)
        console.print(f"{person.capitalize()}'s run {run}: {count} hand-outs of credentials")
    console.print()
    console.print(_audit(report))
    answer = report.verified
    console.print(f"audit log: {answer['answer']}, {answer['leaves']} leaves; the Merkle root is")
    console.print(f"  {answer['root']}")
    for failure in report.failures:
        console.print(f"[red]not as expected:[/] {escape(failure)}")
    verdict = "[red]failed[/]" if report.failures else "[green]everything was as expected[/]"
    console.print(f"\n{verdict} ({report.seconds:.1f} s)")


def _attempts(report: Report) -> Table:
    table = Table("the agent tries to", *(f"{p.capitalize()}'s agent" for p in PEOPLE))
    table.box, table.title = box.ROUNDED, "What AWS answered"
    rows: dict[str, dict[str, Attempt]] = {}
    for attempt in report.attempts:
        title = attempt.did
        for person in PEOPLE:
            title = title.replace(f"{person}'s", "the other's")
        rows.setdefault(title, {})[attempt.agent] = attempt
    for title, by_agent in rows.items():
        table.add_row(title, *(_cell(by_agent.get(person)) for person in PEOPLE))
    return table


def _cell(attempt: Attempt | None) -> str:
    if attempt is None:
        return "-"
    if not attempt.as_expected:
        return f"[red]{escape(attempt.answer)}: unexpected[/]"
    if attempt.expected == OK:
        return "[green]allowed[/]"
    words = "refused by valetkey" if attempt.expected == NO_CREDENTIALS else "denied by IAM"
    return f"[yellow]{words}[/]"


def _audit(report: Report) -> Table:
    table = Table("#", "record", "run of", "what", box=box.SIMPLE_HEAD, pad_edge=False)
    table.title = "The audit log"
    people = {run: person for person, run in report.runs.items()}
    for leaf in report.audit:
        person = people.get(leaf.get("run", ""), "")
        table.add_row(str(leaf["index"]), leaf["kind"], person, escape(_summary(leaf)))
    return table


def _summary(leaf: dict[str, Any]) -> str:
    """Say what a record is about in one short line; `valetkey audit show` has all of it."""
    match leaf["kind"]:
        case "broker-started":
            return f"valetkey {leaf['program']}, policy {leaf['policy_version'][:8]}"
        case "run-opened":
            tags = ", ".join(f"{key}={value}" for key, value in leaf["tags"].items())
            return f"{tags}; by {leaf['actor']}"
        case "credentials-vended":
            return f"by STS: {leaf['access_key_id']}"
        case "credentials-handed-out":
            return f"{leaf['access_key_id']} ({'new' if leaf['fresh'] == 'yes' else 'held'})"
        case "run-revoked":
            return f"by {leaf['by']}: {leaf['because']}"
        case "run-ended":
            return f"by {leaf['by']}"
        case _:
            return str(leaf.get("code", ""))
