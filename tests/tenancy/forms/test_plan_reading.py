"""What is a plan or a state at all."""

from typing import Any

import pytest

from tests.tenancy.forms.plans import code, plan, read


@pytest.mark.parametrize(
    "change",
    [
        {"format_version": "2.0"},
        {"format_version": None},
        {"errored": True},
        {"planned_values": None},
    ],
)
def test_what_is_no_good_plan_is_refused(change: dict[str, Any]) -> None:
    assert code({**plan(), **change}) == "policy-source-malformed"


def test_a_plan_that_puts_changes_off_is_not_the_whole() -> None:
    assert read({**plan(), "complete": False}).unread


def test_data_sources_are_passed_by() -> None:
    made = plan()
    made["planned_values"]["root_module"]["resources"].append({"mode": "data", "type": "x"})
    assert len(read(made).roles) == 1
