"""Judge every mutation of the example platform's policies, and write a table of it.

`python -m tests.isolation.mutations` prints the table (minutes); the test takes a part of it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.isolation.weakening import Mutation, mutations
from valetkey.cli.tenancy_file import read_tenancy_map
from valetkey.iam import PolicyError
from valetkey.isolation.answer import Answer, Report, Theorem
from valetkey.isolation.deciding import decide
from valetkey.isolation.formula import Formula, Symbol
from valetkey.isolation.problem import problem_of
from valetkey.isolation.proving import prove
from valetkey.isolation.solution import Solution
from valetkey.tenancy import PolicySet, TenancyMap, generated

PLATFORM = Path(__file__).parents[2] / "examples" / "platform" / "valetkey.toml"


@dataclass(frozen=True, slots=True)
class Judged:
    """A mutation and what the prover says of it; no report where IAM refuses the text."""

    mutation: Mutation
    report: Report | None

    @property
    def refuted_by(self) -> tuple[Theorem, ...]:
        """The theorems that it refutes, in their order."""
        return () if self.report is None else _with(self.report, Answer.REFUTED)

    @property
    def is_called_proved(self) -> bool:
        """Tell whether the prover calls it harmless."""
        return self.report is not None and self.report.answer is Answer.PROVED

    @property
    def words(self) -> str:
        """Return the verdict, for the table."""
        if self.report is None:
            return "no policy: IAM refuses it"
        if self.refuted_by:
            return "refuted: " + ", ".join(one.value for one in self.refuted_by)
        unknown = _with(self.report, Answer.UNKNOWN)
        if unknown:
            return "unknown: " + ", ".join(one.value for one in unknown)
        return "harmless: all five are proved"


def _with(report: Report, answer: Answer) -> tuple[Theorem, ...]:
    return tuple(one.theorem for one in report.theorems if one.answer is answer)


@cache
def platform() -> tuple[TenancyMap, PolicySet]:
    """Return the example platform's map and what the generator writes of it."""
    tenancy = read_tenancy_map(PLATFORM)
    return tenancy, generated(tenancy)


class Judge:
    """Proves, and remembers what was solved: a mutation leaves most questions as they were."""

    def __init__(self) -> None:
        self._known: dict[Formula, Solution] = {}

    def judge(self, mutation: Mutation) -> Judged:
        """Return the prover's answer."""
        tenancy, _ = platform()
        try:
            problem = problem_of(tenancy, mutation.policies)
        except PolicyError:
            return Judged(mutation, None)
        return Judged(mutation, prove(problem, self._solve))

    def _solve(self, formula: Formula, /, *, plain: tuple[Symbol, ...]) -> Solution:
        if formula not in self._known:
            self._known[formula] = decide(formula, plain=plain)
        return self._known[formula]


def mutation_table(judged: Iterable[Judged] | None = None) -> str:
    """Return all mutations with their verdicts as a Markdown table; unless told, all are judged."""
    if judged is None:
        judge = Judge()
        judged = (judge.judge(one) for one in mutations(platform()[1]))
    rows = ["| policy | statement | weakening | answer |", "|---|---|---|---|"]
    for one in judged:
        mutation = one.mutation
        cells = (mutation.policy, mutation.statement, mutation.edit, one.words)
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    print(mutation_table(), end="")
