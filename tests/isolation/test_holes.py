"""Each hole of `examples/holes` is refuted by the theorem that its page names, and seen to be open
on the local AWS; mended, all hold.
"""

import re
from functools import lru_cache
from pathlib import Path

import pytest

from valetkey.cli.policy_sources import read_policy_set
from valetkey.cli.prove_replay import replay
from valetkey.cli.tenancy_file import read_tenancy_map
from valetkey.isolation.answer import Answer, Report
from valetkey.isolation.problem import problem_of
from valetkey.isolation.proving import prove
from valetkey.tenancy import PolicySet, TenancyMap

HOLES = Path(__file__).parents[2] / "examples" / "holes"
ROW = re.compile(r"\| \[`([a-z-]+)`\]\(\1\) \| .* \| ([a-z-]+) \|")
EXPECTED = dict(ROW.findall((HOLES / "README.md").read_text(encoding="utf-8")))
NAMES = sorted(folder.name for folder in HOLES.iterdir() if folder.is_dir())


def _read(name: str, policies: str) -> tuple[TenancyMap, PolicySet]:
    tenancy_map = read_tenancy_map(HOLES / name / "valetkey.toml")
    return tenancy_map, read_policy_set([HOLES / name / policies], [], [])


@lru_cache
def _report(name: str, policies: str) -> Report:
    return prove(problem_of(*_read(name, policies)))


def test_the_page_names_every_hole() -> None:
    assert sorted(EXPECTED) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_hole_is_refuted_by_the_theorem_that_the_page_names(name: str) -> None:
    report = _report(name, "role.json")
    by_name = {each.theorem.value: each for each in report.theorems}

    assert report.answer is Answer.REFUTED
    found = by_name[EXPECTED[name]]
    assert found.answer is Answer.REFUTED
    assert found.witnesses
    assert all(each.expected == "deny" and each.got == "allow" for each in found.witnesses)
    assert by_name["usable"].answer is Answer.PROVED
    first = next(each for each in report.theorems if each.witnesses)
    replayed = replay(*_read(name, "role.json"), first.theorem, witness=first.witnesses[0])
    assert replayed.reproduced, replayed.said


@pytest.mark.parametrize("name", NAMES)
def test_the_mended_role_is_proved(name: str) -> None:
    report = _report(name, "mended.json")

    assert [each.answer for each in report.theorems] == [Answer.PROVED] * 5
