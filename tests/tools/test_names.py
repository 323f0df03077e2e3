"""Texts from outside in sentences for people."""

import pytest

from valetkey.tools.names import MAX_PLACE, pointer, shown


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("plain é 漢", "plain é 漢"),
        ("a\x1b[2Jb", "a\\u001b[2Jb"),
        ("a\nb\r", "a\\u000ab\\u000d"),
        ("\u202egnp", "\\u202egnp"),
        ("a\u200bb", "a\\u200bb"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("\\u001b", "\\\\u001b"),
    ],
)
def test_what_a_terminal_would_obey_or_hide_is_shown_by_number(text: str, seen: str) -> None:
    assert shown(text) == seen
    assert seen.isprintable()


def test_a_place_is_a_json_pointer() -> None:
    assert pointer([]) == ""
    assert pointer(["a", 0, "b/c~d", ""]) == "/a/0/b~1c~0d/"


def test_a_place_is_short_and_printable_whatever_members_are_called() -> None:
    assert pointer(["\x1b[2J\u202e"]) == "/\\u001b[2J\\u202e"
    place = pointer(["x" * 10_000, "\x1b" * 10_000])
    assert len(place) == MAX_PLACE + 1
    assert place.isprintable()
