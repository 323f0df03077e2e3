"""A hole of the examples is replayed on the local AWS, and B's byte arrives; mended, it does not.

That each of them is seen there is in tests/isolation/test_holes.py, which has its witness already.
"""

from pathlib import Path

import pytest

from valetkey.cli.policy_sources import read_policy_set
from valetkey.cli.prove_replay import replay
from valetkey.cli.tenancy_file import read_tenancy_map
from valetkey.isolation.answer import Theorem, Witness
from valetkey.isolation.deciding import decide
from valetkey.isolation.problem import Problem, problem_of
from valetkey.isolation.proving import questions, verdict
from valetkey.isolation.question import Question
from valetkey.tenancy import PolicySet, TenancyMap

HOLES = Path(__file__).parents[2] / "examples" / "holes"
IN_THE_TRUST = {"trust-without-tags"}  # mended, the session that asks is no longer let in
NAMES = IN_THE_TRUST | {"absent-tag", "scan-beside-for-all-values"}
"""A way in that is shut, an object and a table that are denied."""


def first_witness(problem: Problem) -> tuple[Theorem, Witness]:
    for asked in questions(problem):
        found = (
            verdict(asked, decide(asked.formula, plain=asked.plain))
            if isinstance(asked, Question)
            else asked.verdict
        )
        if found.witness is not None:
            return asked.theorem, found.witness
    raise AssertionError("nothing is refuted")


def read(name: str) -> tuple[TenancyMap, PolicySet]:
    tenancy = read_tenancy_map(HOLES / name / "valetkey.toml")
    return tenancy, read_policy_set((HOLES / name / "role.json",), (), ())


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_hole_is_seen_in_the_local_aws_and_closed_by_its_mend(name: str) -> None:
    tenancy, policies = read(name)
    theorem, witness = first_witness(problem_of(tenancy, policies))
    replayed = replay(tenancy, policies, theorem, witness=witness)
    assert replayed.reproduced, replayed.said
    mended = read_policy_set((HOLES / name / "mended.json",), (), ())
    after = replay(tenancy, mended, theorem, witness=witness)
    assert ("past the trust policy" in after.said) == (name in IN_THE_TRUST or not witness.runs[0])
    assert after.reproduced == (name in IN_THE_TRUST), after.said
