"""How long a proof takes, and how it grows with the number of resources on the map.

What the generator writes for the example platform and for maps of 1, 5, 10 and 20 resources is
proved as `valetkey prove` does it, with its pool of processes; what is printed for each theorem
are the seconds of its queries together, `wall` is what a person waits for, start-up aside.
Queries are questions put to the solver or settled without it.

    python -m bench.prove [--json] [--quick]
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from valetkey.cli.prove_running import Limits, run
from valetkey.cli.tenancy_file import read_tenancy_map
from valetkey.isolation.answer import Answer, Theorem
from valetkey.isolation.problem import problem_of
from valetkey.tenancy import PolicySet, TenancyMap, generated

PLATFORM = Path(__file__).parents[1] / "examples" / "platform" / "valetkey.toml"
SIZES = (1, 5, 10, 20)
QUERY_MILLISECONDS = 10_000
GOALS = {"platform": 2.0, "20": 10.0}  # seconds, of the issue
REGION = "eu-west-1:111122223333"

HEAD = """\
[tags]
user_id = "{subject.sub}"
task_id = "{request.task_id}"

[[grants]]
name = "tenant-data"
role = "arn:aws:iam::111122223333:role/AgentTenantData"

[tenancy]
assumed_by = ["arn:aws:iam::111122223333:role/ValetkeyBroker"]
"""

ENTRIES: tuple[Callable[[int], str], ...] = (
    lambda n: (
        f'[[tenancy.tables]]\narn = "arn:aws:dynamodb:{REGION}:table/T{n:03}"\n'
        f'partition_key = "{{task_id}}"'
    ),
    lambda n: (
        f'[[tenancy.prefixes]]\nbucket = "bucket-{n:03}"\nprefix = "data/{{user_id}}/"\n'
        'access = ["read", "write", "list", "delete"]'
    ),
    lambda n: (
        f'[[tenancy.queues]]\narn = "arn:aws:sqs:{REGION}:q{n:03}-{{user_id}}"\n'
        'access = ["send", "receive"]'
    ),
    lambda n: (
        f'[[tenancy.secrets]]\narn = "arn:aws:secretsmanager:{REGION}:secret:s{n:03}/{{user_id}}/*"'
        '\naccess = ["read"]'
    ),
    lambda n: (
        f'[[tenancy.parameters]]\narn = "arn:aws:ssm:{REGION}:parameter/p{n:03}/{{user_id}}/*"\n'
        'access = ["read", "write"]'
    ),
)


@dataclass(frozen=True, slots=True)
class Figure:
    """One map: how large it is, what was answered, and the seconds that it took."""

    name: str
    resources: int
    statements: int
    queries: int
    answer: str
    seconds: dict[str, float]
    wall: float


def map_of(resources: int) -> TenancyMap:
    """Return a map of so many resources, of five kinds by turns."""
    entries = [ENTRIES[number % len(ENTRIES)](number) for number in range(resources)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "valetkey.toml"
        path.write_text("\n".join([HEAD, *entries, ""]), encoding="utf-8")
        return read_tenancy_map(path)


def statements_in(policies: PolicySet) -> int:
    """Count the statements of all policies."""
    documents = [one for one in policies.resource_policies.values() if one is not None]
    for role in policies.roles:
        documents += [role.trust, *(one.document for one in role.permissions)]
    return sum(len(document["Statement"]) for document in documents)


def measured(name: str, tenancy: TenancyMap) -> Figure:
    """Prove what the generator writes for the map."""
    policies = generated(tenancy)
    began = time.monotonic()
    report = run(problem_of(tenancy, policies), Limits(QUERY_MILLISECONDS)).report
    wall = time.monotonic() - began
    return Figure(
        name,
        len(tenancy.owned),
        statements_in(policies),
        sum(one.queries for one in report.theorems),
        report.answer.value,
        {one.theorem.value: one.seconds for one in report.theorems},
        wall,
    )


def figures(*, quick: bool) -> list[Figure]:
    """Return a figure for the platform and one for each size; quick: the small ones."""
    sizes = SIZES[:2] if quick else SIZES
    made = [measured("platform", read_tenancy_map(PLATFORM))]
    return [*made, *(measured(str(size), map_of(size)) for size in sizes)]


def table(found: list[Figure]) -> list[str]:
    """Return the lines of the table, and one for each goal."""
    names = [one.value for one in Theorem]
    head = f"{'':10}{'resources':>10}{'statements':>12}{'queries':>9}"
    lines = [head + "".join(f"{name:>20}" for name in names) + f"{'wall':>8}  answer"]
    for one in found:
        took = "".join(f"{one.seconds[name]:20.2f}" for name in names)
        sizes = f"{one.name:10}{one.resources:10}{one.statements:12}{one.queries:9}"
        lines.append(f"{sizes}{took}{one.wall:8.2f}  {one.answer}")
    for one in found:
        if one.name in GOALS:
            goal = GOALS[one.name]
            is_met = one.wall < goal and one.answer == Answer.PROVED.value
            lines.append(f"{one.name}: goal {goal:.0f} s, {'met' if is_met else 'NOT met'}")
    return lines


def main() -> None:
    """Measure and print a table, or JSON with `--json`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--quick", action="store_true", help="the platform and small maps alone")
    options = parser.parse_args()
    found = figures(quick=options.quick)
    if options.json:
        print(json.dumps([asdict(one) for one in found]))
    else:
        print("\n".join(table(found)))


if __name__ == "__main__":
    main()
