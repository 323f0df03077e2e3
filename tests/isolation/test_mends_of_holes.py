"""The holes of `examples/` mended for real: each edit is proved, and the smallest that reads so."""

from pathlib import Path

import pytest

from valetkey.cli.tenancy_file import read_tenancy_map
from valetkey.isolation.answer import Answer
from valetkey.isolation.mending import mend
from valetkey.isolation.problem import problem_of
from valetkey.isolation.proving import prove
from valetkey.tenancy.forms.role_files import read_role_files

HOLES = Path(__file__).parents[2] / "examples" / "holes"


@pytest.mark.parametrize(
    ("hole", "edits"),
    [
        ("absent-tag", ("permissions, `Maintenance`: remove it",)),
        ("no-final-slash", ("permissions, `OwnObjects`: a `/` after the variable",)),
        ("default-value", ("permissions, `OwnObjects`: no default value in the variable",)),
        ("role-tag", ("{role}: without its own tag `User_Id`",)),
        ("scan-beside-for-all-values", ("permissions, `OwnItems`: without `dynamodb:Scan`",)),
        (
            "trust-by-audience-alone",
            ("trust of {role}: `StringEquals` of `id.example.com:sub`",),
        ),
        (
            "tags-changed-by-chaining",
            (
                "trust of {role}: `StringLike` of `aws:RequestTag/valetkey_run`",
                "trust of {role}: without `{role}`",
            ),
        ),
    ],
)
def test_a_hole_is_closed_by_its_smallest_edits(hole: str, edits: tuple[str, ...]) -> None:
    tenancy = read_tenancy_map(HOLES / hole / "valetkey.toml")
    policies = read_role_files({"role.json": (HOLES / hole / "role.json").read_text()})
    problem = problem_of(tenancy, policies)

    found = mend(problem, prove(problem), prove)

    assert found is not None
    assert found.report.answer is Answer.PROVED
    assert found.edits == tuple(one.format(role=policies.roles[0].arn) for one in edits)
