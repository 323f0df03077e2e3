"""How commands speak to a terminal and to a pipe."""

import io
import sys
import threading
import time

import pytest

from valetkey.cli.output import print_error, print_table, printable, said_when_slow, tell
from valetkey.errors import ValetkeyError


@pytest.mark.parametrize(
    "character", ["\x1b", "\r", "\n", "\x00", "\x9b", "\u202e", "\u2066", "\u200b"]
)
def test_a_control_character_does_not_reach_the_terminal(character: str) -> None:
    """Lesson 38: it would rewrite the screen of whoever reads it."""
    shown = printable(f"before{character}after")
    assert character not in shown
    assert shown.startswith("before\\x") and shown.endswith("after")


def test_letters_of_any_script_stay_what_they_are() -> None:
    assert printable("Søren Ж 日本 — ok") == "Søren Ж 日本 — ok"


def test_an_error_is_a_line_with_its_code_and_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    print_error(ValetkeyError("some-code", "it is \x1b[2J so", hint="do \x07 that"))
    assert capsys.readouterr().err == (
        "valetkey: it is \\x1b[2J so [some-code]\n  hint: do \\x07 that\n"
    )


def test_a_table_in_a_pipe_is_plain_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = io.StringIO()
    monkeypatch.setattr(sys, "stdout", pipe)
    print_table(("a", "b"), [("1", "two\x1b[31m"), ("3", "four")])
    assert pipe.getvalue() == "1\ttwo\\x1b[31m\n3\tfour\n"


def test_a_table_on_a_narrow_terminal_cuts_nothing_short(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half an ARN is no ARN."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "40")
    words = "arn:aws:iam::111122223333:role/agents/AgentTenantData"
    print_table(("a", "b"), [(words, words)])
    shown = capsys.readouterr().out
    assert "…" not in shown
    assert sum(character in words for character in shown) >= 2 * len(words)


def test_who_cannot_be_told_does_not_stop_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.StringIO):
        def write(self, _: str) -> int:
            raise OSError(28, "No space left on device")

    for stream in (None, Full()):
        monkeypatch.setattr(sys, "stderr", stream)
        tell("valetkey: note")


def test_a_long_wait_is_said_once_and_leaves_no_thread(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("valetkey.cli.output._PATIENCE", 0.05)
    before = set(threading.enumerate())
    with said_when_slow("waiting"):
        time.sleep(0.2)
    with said_when_slow("not this one"):
        pass
    assert capsys.readouterr().err == "valetkey: waiting\n"
    assert set(threading.enumerate()) == before
