"""A grant is tried by the calls that a run makes, and no more calls than it takes."""

from dataclasses import dataclass, field

import pytest

from valetkey.cli.grant_trial import HOUR, Failed, Tried, try_grant
from valetkey.credentials import Grant, GrantSource, parse_role_arn
from valetkey.errors import ValetkeyError
from valetkey.sandbox.run_grant import OpenedRun, RunGrant, RunView
from valetkey.secret import Secret
from valetkey.settings.local import LocalGrant

ALICE = "arn:aws:iam::111122223333:user/alice"
SESSION = "arn:aws:sts::111122223333:assumed-role/Developer/alice"
ROLE = parse_role_arn("arn:aws:iam::111122223333:role/AgentTenantData")


def wanted(hours: float) -> LocalGrant:
    seconds = int(hours * HOUR)
    return LocalGrant(Grant("g", ROLE, source=GrantSource.ASSUME_ROLE, duration=seconds), {})


@dataclass
class World:
    """An AWS with one role, and every own broker that was made for it."""

    most_hours: int = 1
    caller: str | ValetkeyError = ALICE
    failures: dict[int, ValetkeyError] = field(default_factory=dict)
    fetched: list[int] = field(default_factory=list)
    open_runs: set[str] = field(default_factory=set)
    ending_fails: bool = False

    def open_broker(self, grant: LocalGrant) -> "FakeBroker":
        return FakeBroker(self, grant.grant)


@dataclass
class FakeBroker:
    world: World
    grant: Grant

    def caller_arn(self) -> str:
        if isinstance(self.world.caller, ValetkeyError):
            raise self.world.caller
        return self.world.caller

    def open_run(self, *, expires_in: int | None = None) -> OpenedRun:
        assert expires_in is not None
        name = f"r-{len(self.world.fetched)}"
        self.world.open_runs.add(name)
        view = RunGrant(self.grant.name, None, endpoint_url=None, credentials_url="")
        return OpenedRun(RunView(name, (view,), expires_at="-"), Secret(name))

    def fetch(self, grant: str, token: Secret) -> dict[str, str]:
        assert grant == self.grant.name
        assert token.reveal() in self.world.open_runs
        self.world.fetched.append(self.grant.duration)
        if failure := self.world.failures.get(len(self.world.fetched)):
            raise failure
        if self.grant.duration > self.world.most_hours * HOUR:
            raise ValetkeyError("aws-duration-above-role-maximum", "too long")
        return {"AccessKeyId": "ASIA", "Expiration": "2026-01-01T00:00:00Z"}

    def end_run(self, token: Secret) -> None:
        self.world.open_runs.discard(token.reveal())
        if self.world.ending_fails:
            raise ValetkeyError("store-unwritable", "the disk is full")


def test_a_role_that_is_assumed_is_tried_once_and_its_run_ended() -> None:
    world, heard = World(), list[str]()
    outcome = try_grant(wanted(1), world.open_broker, heard.append)

    assert outcome == Tried(ALICE, "2026-01-01T00:00:00Z")
    assert heard == [ALICE]
    assert (world.fetched, world.open_runs) == ([3600], set())


@pytest.mark.parametrize("most", range(1, 12))
@pytest.mark.parametrize("asked", [1.5, 2, 3, 7, 11, 12])
def test_the_longest_session_is_found_in_four_more_calls(most: int, asked: float) -> None:
    world = World(most_hours=most)
    outcome = try_grant(wanted(asked), world.open_broker)

    if asked <= most:
        assert isinstance(outcome, Tried)
        return
    assert isinstance(outcome, Failed)
    assert (outcome.error.code, outcome.most_hours) == ("aws-duration-above-role-maximum", most)
    assert len(world.fetched) <= 5
    assert world.open_runs == set()


def test_another_failure_on_the_way_leaves_the_longest_session_unsaid() -> None:
    failures = {2: ValetkeyError("aws-throttled", "busy")}
    world = World(most_hours=4, failures=failures)
    outcome = try_grant(wanted(12), world.open_broker)

    assert isinstance(outcome, Failed)
    assert (outcome.error.code, outcome.most_hours) == ("aws-duration-above-role-maximum", None)
    assert len(world.fetched) == 2


@pytest.mark.parametrize(
    "code", ["aws-access-denied", "aws-timeout", "aws-duration-chained", "grant-unknown"]
)
def test_what_aws_refuses_for_another_reason_is_asked_once(code: str) -> None:
    error = ValetkeyError(code, "no", detail="AccessDenied: no")
    world = World(failures={1: error})
    outcome = try_grant(wanted(1), world.open_broker)

    assert outcome == Failed(error, ALICE)
    assert (world.fetched, world.open_runs) == ([3600], set())


def test_who_is_nobody_to_aws_tries_no_role() -> None:
    error = ValetkeyError("aws-no-credentials", "none")
    world = World(caller=error)

    assert try_grant(wanted(1), world.open_broker) == Failed(error, None)
    assert world.fetched == []


def test_a_role_session_is_told_of_the_hour_without_a_call() -> None:
    world = World(most_hours=12, caller=SESSION)
    outcome = try_grant(wanted(2), world.open_broker)

    assert isinstance(outcome, Failed)
    assert (outcome.error.code, outcome.caller) == ("aws-duration-chained", SESSION)
    assert world.fetched == []
    assert isinstance(try_grant(wanted(1), world.open_broker), Tried)


def test_a_run_that_can_not_be_ended_hides_no_answer_of_awss() -> None:
    error = ValetkeyError("aws-access-denied", "no")
    world = World(failures={1: error}, ending_fails=True)

    assert try_grant(wanted(1), world.open_broker) == Failed(error, ALICE)


def test_a_broker_that_can_not_be_made_is_a_failure_like_others() -> None:
    error = ValetkeyError("aws-profile-unknown", "no such profile")

    def refuse(_: LocalGrant) -> FakeBroker:
        raise error

    assert try_grant(wanted(1), refuse) == Failed(error, None)
