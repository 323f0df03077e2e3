"""The published encoding: known answers, so that an application in any language can agree."""

import pytest

from valetkey.runs import escape


@pytest.mark.parametrize(
    ("value", "escaped"),
    [
        ("alice", "alice"),
        ("alice@example.com", "alice@example.com"),
        ("auth0|5f7c", "auth0=7C5f7c"),
        ("a/b", "a=2Fb"),
        ("a=2Fb", "a=3D2Fb"),
        (".", "=2E"),
        ("..", "=2E."),
        ("...", "..."),
        ("=2E", "=3D2E"),
        ("a b", "a=20b"),
        ("é", "=C3=A9"),
        ("e\u0301", "e=CC=81"),
        ("😀", "=F0=9F=98=80"),
        ("a\nb", "a=0Ab"),
        ("${x}*?", "=24=7Bx=7D=2A=3F"),
        ("_.:@+-", "_.:@+-"),
        ("", ""),
    ],
)
def test_the_encoding_is_what_is_published(value: str, escaped: str) -> None:
    assert escape(value) == escaped
