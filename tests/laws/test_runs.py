"""Laws of a run's states and of freshness."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.runs.test_run import a_run
from valetkey.credentials import ADVISORY_WINDOW, Freshness, freshness
from valetkey.credentials.freshness import UNDERWAY
from valetkey.runs import RunState, may_become

ORDER = {RunState.OPEN: 0, RunState.ENDED: 1, RunState.REVOKED: 2}


class RunLife(RuleBasedStateMachine):
    """Whatever is asked of a run in whatever order: it never comes back to life."""

    def __init__(self) -> None:
        super().__init__()
        self.run = a_run()
        self.highest = 0

    @rule(to=st.sampled_from(RunState))
    def move(self, to: RunState) -> None:
        before = self.run
        if may_become(before.state, to):
            self.run = replace(before, state=to)
            assert ORDER[to] > ORDER[before.state]
        else:
            assert ORDER[to] <= ORDER[before.state]

    @invariant()
    def never_goes_back(self) -> None:
        assert ORDER[self.run.state] >= self.highest
        self.highest = ORDER[self.run.state]

    @invariant()
    def finished_is_not_live(self) -> None:
        assert self.run.is_live(0) is (self.run.state is RunState.OPEN)


TestRunLife = RunLife.TestCase


@given(
    duration=st.integers(900, 43_200),
    age=st.floats(0, 50_000),
    issued=st.integers(0, 2_000_000_000),
)
def test_what_is_served_as_fresh_is_outside_the_sdks_window_where_it_can_be(
    duration: int, age: float, issued: int
) -> None:
    found = freshness(issued_at=issued, expiration=issued + duration, now=issued + age)
    remaining = issued + duration - (issued + age)
    if found in {Freshness.FRESH, Freshness.AGING} and duration > ADVISORY_WINDOW:
        assert remaining > ADVISORY_WINDOW
        assert remaining > ADVISORY_WINDOW + UNDERWAY or duration < ADVISORY_WINDOW + 2 * UNDERWAY
    if remaining <= 0:
        assert found is Freshness.EXPIRED


@given(duration=st.integers(900, 43_200), issued=st.integers(0, 2_000_000_000))
def test_new_credentials_are_fresh(duration: int, issued: int) -> None:
    found = freshness(issued_at=issued, expiration=issued + duration, now=issued)
    assert found is Freshness.FRESH
