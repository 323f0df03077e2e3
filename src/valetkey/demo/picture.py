"""The report as people see it: what each agent tried, what AWS answered, and the audit log."""

from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from valetkey.demo.agents import NO_CREDENTIALS, OK, Attempt
from valetkey.demo.experiment import TAGGED, UNTAGGED
from valetkey.demo.story import Report
from valetkey.demo.tool_calls import DEPARTMENTS, HIDDEN, SHOWN, UNKNOWN
from valetkey.demo.world import PEOPLE


def draw(report: Report, console: Console) -> None:
    """Print the whole report."""
    console.print()
    console.print(_attempts("What AWS answered", report.attempts))
    for person in PEOPLE:
        run, count = report.runs.get(person, "?"), report.hand_outs.get(person, 0)
        console.print(f"{person.capitalize()}'s run {run}: {count} hand-outs of credentials")
    console.print()
    console.print(_audit(report))
    answer = report.verified
    console.print(f"audit log: {answer['answer']}, {answer['leaves']} leaves; the Merkle root is")
    console.print(f"  {answer['root']}")
    console.print()
    console.print(_attempts("The same agents by web identity", report.by_web_identity))
    for leaf in report.issued:
        tags = ", ".join(f"{key}={value}" for key, value in leaf["tags"].items())
        console.print(f"a token for STS as {leaf['subject']}: {tags}")
    console.print()
    console.print(_tokens(report.tokens))
    console.print()
    console.print(_at_the_gateway(report.at_the_gateway))
    for leaf in report.decided:
        if leaf["decision"] == "allow":
            console.print(f"allowed by {', '.join(leaf['rules'])}", markup=False, highlight=False)
    denied = [leaf for leaf in report.decided if leaf["decision"] != "allow"]
    console.print(f"{len(denied)} calls denied; none of them reached the server")
    for failure in report.failures:
        console.print(f"[red]not as expected:[/] {escape(failure)}")
    verdict = "[red]failed[/]" if report.failures else "[green]everything was as expected[/]"
    console.print(f"\n{verdict} ({report.seconds:.1f} s)")


def _attempts(title: str, attempts: list[Attempt]) -> Table:
    table = Table("the agent tries to", *(f"{p.capitalize()}'s agent" for p in PEOPLE))
    table.box, table.title = box.ROUNDED, title
    rows: dict[str, dict[str, Attempt]] = {}
    for attempt in attempts:
        did = attempt.did
        for person in PEOPLE:
            did = did.replace(f"{person}'s", "the other's")
        rows.setdefault(did, {})[attempt.agent] = attempt
    for did, by_agent in rows.items():
        table.add_row(did, *(_cell(by_agent.get(person)) for person in PEOPLE))
    return table


def _tokens(attempts: list[Attempt]) -> Table:
    table = Table("one tries to", "with it", "without it", box=box.ROUNDED)
    table.title = f"A token for STS about {PEOPLE[0].capitalize()}, and the tags claim"
    rows: dict[str, dict[str, Attempt]] = {}
    for attempt in attempts:
        rows.setdefault(attempt.did, {})[attempt.agent] = attempt
    for did, by_token in rows.items():
        table.add_row(did, _cell(by_token.get(TAGGED)), _cell(by_token.get(UNTAGGED)))
    return table


def _at_the_gateway(attempts: list[Attempt]) -> Table:
    people = [f"{p.capitalize()}, {department}" for p, department in DEPARTMENTS.items()]
    table = Table("the agent tries to", *people, box=box.ROUNDED)
    table.title = "What the gateway answered"
    rows: dict[str, dict[str, Attempt]] = {}
    for attempt in attempts:
        rows.setdefault(attempt.did, {})[attempt.agent] = attempt
    for did, by_agent in rows.items():
        table.add_row(did, *(_call_cell(by_agent.get(person)) for person in DEPARTMENTS))
    return table


def _call_cell(attempt: Attempt | None) -> str:
    if attempt is None or not attempt.as_expected or attempt.expected == OK:
        return _cell(attempt)
    if attempt.expected == SHOWN:
        return "[green]shown[/]"
    words = {HIDDEN: "not shown", UNKNOWN: "no such tool"}.get(attempt.expected)
    return f"[yellow]{words or 'denied by policy'}[/]"


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
