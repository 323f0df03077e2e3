"""The tags that a token carries, read back: whole or not at all."""

from typing import Any

import pytest

from valetkey.credentials import CredentialsError
from valetkey.credentials.token_tags import TAGS_CLAIM, transitive_tags_said


def claims(tags: Any, transitive: Any = None, **more: Any) -> dict[str, Any]:
    keys = list(tags) if transitive is None else transitive
    return {
        "iss": "x",
        TAGS_CLAIM: {"principal_tags": tags, "transitive_tag_keys": keys, **more},
    }


def test_each_tag_is_what_its_array_of_one_says() -> None:
    assert transitive_tags_said(claims({"a": ["1"], "b c": ["é/2"]})) == {"a": "1", "b c": "é/2"}


def test_a_token_without_the_claim_has_no_tags() -> None:
    """Lesson 4: STS makes an untagged session of it."""
    assert transitive_tags_said({"iss": "x"}) == {}


@pytest.mark.parametrize(
    "malformed",
    [
        claims({"a": []}),
        claims({"a": ["1", "2"]}),
        claims({"a": "1"}),
        claims({"a": ["1"]}, []),
        claims({"a": ["1"], "b": ["2"]}, ["a"]),
        claims({"a": ["1"]}, ["a", "a"]),
        claims({"a": [1]}),
        claims({"a": ["1"]}, more="x"),
        {TAGS_CLAIM: {"principal_tags": {"a": ["1"]}}},
        {TAGS_CLAIM: "a=1"},
    ],
)
def test_a_claim_that_is_not_ours_is_refused(malformed: dict[str, Any]) -> None:
    with pytest.raises(CredentialsError) as caught:
        transitive_tags_said(malformed)
    assert caught.value.code == "token-tags-claim"
