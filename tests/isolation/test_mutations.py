"""What a weakening opens, the prover refutes: two tenants asked one by one have the last word."""

from functools import cache

import pytest

from tests.isolation.mutations import Judge, mutation_table, platform
from tests.isolation.small_world import (
    Asked,
    denied,
    opened,
    requests_of_data,
    requests_of_sessions,
)
from tests.isolation.weakening import Mutation, mutations
from valetkey.iam import PolicyError

STEPS = {"permissions": 31, "trust": 7}
"""One of so many is tried here: `python -m tests.isolation.mutations` tries all, in minutes."""


@cache
def world() -> tuple[Asked, ...]:
    """All requests that the policies as they are written deny."""
    return denied(platform()[1], (*requests_of_sessions(), *requests_of_data()))


@cache
def weaker() -> tuple[Mutation, ...]:
    return tuple(mutations(platform()[1]))


def opens(mutation: Mutation) -> bool:
    try:
        return opened(mutation.policies, world()) is not None
    except PolicyError:
        return False


def test_there_are_weakenings_of_every_policy_and_no_two_are_one() -> None:
    written = [(one.policy, one.statement, one.edit) for one in weaker()]
    assert len(set(written)) == len(written) > 200
    assert {"permissions", "trust", "task-traces", "table/Tasks"} <= {one for one, _, _ in written}


@pytest.mark.slow
@pytest.mark.parametrize("policy", STEPS)
def test_no_weakening_that_opens_something_is_called_proved(policy: str) -> None:
    judge = Judge()
    of_policy = [one for one in weaker() if one.policy == policy]
    chosen = [one for one in of_policy[:: STEPS[policy]] if opens(one)]
    assert len(chosen) >= 2
    for one in chosen[:3]:
        assert not judge.judge(one).is_called_proved, (one.statement, one.edit)


def test_the_policies_as_they_are_written_open_nothing_and_are_proved() -> None:
    _, written = platform()
    same = Mutation("permissions", "none", "none", written)
    assert not opens(same)
    judged = Judge().judge(same)
    assert judged.is_called_proved
    assert "| harmless: all five are proved |" in mutation_table([judged])
