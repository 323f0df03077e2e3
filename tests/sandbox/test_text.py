"""Text and names from outside."""

import pytest

from valetkey.sandbox.text import is_code, is_grant_name, is_header_value, plain


def test_control_and_bidirectional_characters_do_not_reach_a_screen() -> None:
    assert plain("a\x1b[2Jb\rc\nd\x9be\u202ef") == "a?[2Jb?c?d?e?f"


def test_a_long_text_is_cut() -> None:
    assert len(plain("x" * 10_000)) < 500


@pytest.mark.parametrize("name", ["tenant-data", "a", "A.b_c-9", "x" * 64])
def test_a_grant_name_is_one_url_segment_and_one_shell_word(name: str) -> None:
    assert is_grant_name(name)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "-a", "a/b", "a b", "a]\n[b", "a%2f", "ä", "x" * 65, "a;b", "$a"]
)
def test_what_could_be_more_than_a_name_is_refused(name: str) -> None:
    assert not is_grant_name(name)


@pytest.mark.parametrize("code", ["", "A", "a b", "-a", "a" * 65, 5, None])
def test_a_code_is_kebab_case(code: object) -> None:
    assert not is_code(code)
    assert is_code("run-revoked")


@pytest.mark.parametrize("token", ["", "a b", "a\r\nX: y", "a\n", "ä", "a\x00"])
def test_a_token_cannot_split_a_header(token: str) -> None:
    assert not is_header_value(token)
