"""The run token rotates where it is ours (invariant 14)."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sandbox.conftest import write_private
from valetkey.errors import ValetkeyError
from valetkey.sandbox.errors import BrokerRefusedError, BrokerUnavailableError
from valetkey.sandbox.run_token import FiledRunToken, HeldRunToken
from valetkey.secret import Secret


class FakeRotation:
    """Rotates `tN` to `tN+1`; `script` says what goes wrong at each call."""

    def __init__(self, stopped: threading.Event, script: list[type[ValetkeyError] | None]) -> None:
        self.stopped = stopped
        self.script = script
        self.seen: list[str] = []

    def __call__(self, token: Secret) -> Secret:
        self.seen.append(token.reveal())
        failure = self.script[len(self.seen) - 1]
        if len(self.seen) == len(self.script):
            self.stopped.set()
        if failure is not None:
            raise failure("x", "x")
        return Secret(f"t{int(token.reveal()[1:]) + 1}")


def rotate(script: list[type[ValetkeyError] | None]) -> tuple[HeldRunToken, FakeRotation]:
    stopped = threading.Event()
    held, rotation = HeldRunToken(Secret("t0")), FakeRotation(stopped, script)
    held.keep_rotating(
        rotation,
        stopped=stopped,
        draw_fraction=lambda: 0.0,
        every_seconds=0.01,
        retry_seconds=0.01,
    )
    return held, rotation


def test_each_rotation_uses_the_token_of_the_one_before() -> None:
    held, rotation = rotate([None, None, None])
    assert rotation.seen == ["t0", "t1", "t2"]
    assert held.current().reveal() == "t3"


def test_a_lost_answer_is_asked_for_again_with_the_old_token() -> None:
    held, rotation = rotate([None, BrokerUnavailableError, None])
    assert rotation.seen == ["t0", "t1", "t1"]
    assert held.current().reveal() == "t2"


def test_a_no_ends_the_rotation() -> None:
    _, rotation = rotate([BrokerRefusedError, None, None])
    assert rotation.seen == ["t0"]


@pytest.mark.parametrize("fraction", [0.0, 0.5, 0.999])
def test_rotations_of_many_sandboxes_are_spread_around_a_quarter_of_an_hour(
    fraction: float,
) -> None:
    waited: list[float] = []

    class Stopped(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            waited.append(timeout or 0.0)
            return True

    draw: Callable[[], float] = lambda: fraction  # noqa: E731
    HeldRunToken(Secret("t")).keep_rotating(
        lambda token: token, stopped=Stopped(), draw_fraction=draw
    )
    assert waited == [pytest.approx(900 * (0.9 + 0.2 * fraction))]


def test_a_filed_token_is_read_anew_each_time(tmp_path: Path) -> None:
    path = write_private(tmp_path / "t", "first")
    token = FiledRunToken(str(path))
    assert token.current() == Secret("first")
    path.write_text("second")
    assert token.current() == Secret("second")
