"""An eight-hour task on a broker's real use cases, with a clock that moves and an STS that fails.

Role chaining ends each session after an hour, so whoever works longer lives on renewals.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.platform import Clock, Platform, grant, platform
from tests.web.calling import Api, api
from valetkey.credentials import Grant
from valetkey.errors import ValetkeyError
from valetkey.sandbox.document import parse_document
from valetkey.sandbox.errors import SandboxError
from valetkey.sandbox.run_access import prove
from valetkey.sandbox.run_credentials import RunCredentials
from valetkey.sandbox.run_grant import RunView, parse_run
from valetkey.sandbox.run_token import HeldRunToken
from valetkey.secret import Secret

HOUR = 3600
AWAY = ValetkeyError("aws-unreachable", "STS can't be reached")


class Served:
    """A broker on an event loop in a thread; it is asked as `BrokerClient` asks over the wire."""

    def __init__(self, folder: Path, *, duration: int) -> None:
        self.clock = Clock()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._stack = AsyncExitStack()
        grants: tuple[Grant, ...] = (grant(duration=duration),)
        opened = platform(folder, grants=grants, clock=self.clock)
        self.platform: Platform = self.wait(self._stack.enter_async_context(opened))
        self.api: Api = api(self.platform)

    def wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def describe_run(self, run_token: Secret) -> RunView:
        answer = self.wait(self.api.call("GET", "/v1/runs/self", run_token))
        return parse_run(parse_document(answer.body))

    def draw(self, grant: str, run_token: Secret) -> tuple[int, bytes]:
        answer = self.wait(self.api.call("GET", f"/v1/credentials/{grant}", run_token.reveal()))
        return answer.status, answer.body

    def hand_outs(self) -> int:
        kinds: list[str] = self.wait(self.platform.kinds())
        return kinds.count("credentials-handed-out")

    def close(self) -> None:
        self.wait(self._stack.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[int], Served]]:
    made: list[Served] = []

    def start(duration: int) -> Served:
        made.append(Served(tmp_path, duration=duration))
        return made[-1]

    yield start
    for served in made:
        served.close()


class Task:
    """A long task in a run: it signs at every step, and what it signs with must be valid."""

    def __init__(self, served: Served) -> None:
        self.served = served
        opened = served.wait(served.platform.open())
        self.run_id: str = opened.run.id
        token = HeldRunToken(opened.token)
        access = prove(served, token, shown=opened.token, grant="tenant-data")
        self.credentials = RunCredentials(
            access.draw, clock=served.clock, launch=lambda work: work()
        )
        self.credentials.begin()
        self.keys: set[str] = set()
        self.refusals: list[str] = []

    def sign(self) -> None:
        try:
            held = self.credentials.current()
        except SandboxError as error:
            self.refusals.append(error.code)
        else:
            assert held.expiration > self.served.clock.now
            self.keys.add(held.access_key_id)

    def work(self, seconds: int, *, every: int = 10) -> None:
        for _ in range(0, seconds, every):
            self.served.clock.now += every
            self.sign()


def test_eight_hours_take_a_draw_an_hour_and_a_few(serve: Callable[[int], Served]) -> None:
    task = Task(serve(HOUR))
    task.work(8 * HOUR - 20)
    assert task.refusals == []
    assert task.served.hand_outs() <= 12
    asked = task.served.platform.sts.asked
    assert {request.duration for request in asked} == {HOUR}
    assert {request.session_name for request in asked} == {f"vk-{task.run_id}"}


@pytest.mark.parametrize(
    ("up", "down"), [(50 * 60, 10 * 60), (20 * 60, 10 * 60), (7 * 60, 3 * 60), (60, 60)]
)
def test_an_sts_that_fails_now_and_then_is_not_noticed(
    serve: Callable[[int], Served], up: int, down: int
) -> None:
    task = Task(serve(HOUR))
    for _ in range((8 * HOUR - 20) // (up + down)):
        for failure, seconds in ((None, up), (AWAY, down)):
            task.served.platform.sts.failure = failure
            task.work(seconds)
    assert task.refusals == []
    assert task.served.hand_outs() <= 40
    assert "vend-failed" in task.served.wait(task.served.platform.kinds())


def test_a_short_roles_eight_hours_take_six_draws_an_hour(
    serve: Callable[[int], Served],
) -> None:
    """Lesson 20: it is the number of draws that is tested."""
    task = Task(serve(900))
    task.work(8 * HOUR - 20)
    assert task.refusals == []
    assert task.served.hand_outs() <= 8 * 6 + 2


def test_an_sts_that_is_away_for_long_ends_the_work_and_its_return_resumes_it(
    serve: Callable[[int], Served],
) -> None:
    task = Task(serve(HOUR))
    sts = task.served.platform.sts
    sts.failure = AWAY
    task.work(HOUR - 10)
    assert task.refusals == []
    task.work(HOUR // 2)
    assert set(task.refusals) == {"aws-unreachable"}
    drawn = len(task.refusals)
    sts.failure = None
    task.work(60)
    assert len(task.refusals) <= drawn + 1
    assert len(task.keys) == 2


def test_when_the_run_is_over_so_is_the_work(serve: Callable[[int], Served]) -> None:
    """The run lasts eight hours: what was drawn before may live on for minutes, no longer."""
    task = Task(serve(HOUR))
    task.work(8 * HOUR)
    task.work(HOUR)
    assert set(task.refusals) == {"run-expired"}
    assert task.credentials.is_over()
