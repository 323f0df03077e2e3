"""A tag is exact or refused: never truncated, dropped, defaulted or empty."""

import pytest

from valetkey.runs import RUN_TAG, RunId, TagError, check_keys, check_value, session_tags


@pytest.mark.parametrize(
    "value",
    [
        "alice",
        "Ünïcödé",
        "日本語",
        "with space",
        "no\u00a0break",
        "a_b.c:d=e+f-g@h",
        "x" * 256,
        "٣",  # a digit of another script
        "𝒜" * 128,  # 256 UTF-16 units
    ],
)
def test_what_sts_takes_is_taken_as_it_is(value: str) -> None:
    check_value("k", value, path_segment=True)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("", "tag-value-empty"),
        ("x" * 257, "tag-value-too-long"),
        ("𝒜" * 129, "tag-value-too-long"),
        ("auth0|5f7c", "tag-value-characters"),
        ("a\nb", "tag-value-characters"),
        ("a\x00b", "tag-value-characters"),
        ("a*", "tag-value-characters"),
        ("a?", "tag-value-characters"),
        ("${aws:username}", "tag-value-characters"),
        ("a\u200bb", "tag-value-characters"),
        ("\ud800", "tag-value-characters"),
        ("e\u0301", "tag-value-characters"),  # a combining mark is no letter
        (" alice", "tag-value-space"),
        ("alice ", "tag-value-space"),
        (" ", "tag-value-space"),
        ("\u00a0alice", "tag-value-space"),
        ("a/b", "tag-value-path-segment"),
        (".", "tag-value-path-segment"),
        ("..", "tag-value-path-segment"),
    ],
)
def test_anything_else_is_refused_with_its_own_code(value: str, code: str) -> None:
    with pytest.raises(TagError) as caught:
        check_value("k", value, path_segment=True)
    assert caught.value.code == code


def test_a_slash_is_legal_where_no_policy_uses_the_tag_as_a_segment() -> None:
    """Lesson 6: `repo` always has one."""
    check_value("repo", "org/app", path_segment=False)


@pytest.mark.parametrize(
    "key", ["", "x" * 129, "a|b", "aws:x", "AWS:x", "valetkey_run", "VALETKEY_RUN"]
)
def test_a_key_that_aws_or_we_keep_for_ourselves_is_refused(key: str) -> None:
    with pytest.raises(TagError) as caught:
        check_keys((key,))
    assert caught.value.code == "tag-key"


def test_keys_are_unique_ignoring_case() -> None:
    with pytest.raises(TagError) as caught:
        check_keys(("user_id", "User_ID"))
    assert caught.value.code == "tag-key"


def test_fifty_tags_with_ours_are_the_most() -> None:
    check_keys(tuple(f"k{i}" for i in range(49)))
    with pytest.raises(TagError) as caught:
        check_keys(tuple(f"k{i}" for i in range(50)))
    assert caught.value.code == "tag-count"


def test_every_session_carries_the_run() -> None:
    assert session_tags({"u": "a"}, RunId("r-1")) == {"u": "a", RUN_TAG: "r-1"}
