"""Session tags are exact or refused."""

import pytest

from valetkey.localaws.faults import AwsError
from valetkey.localaws.session_tags import session_tags


def made(**tags: str) -> list[tuple[str, str]]:
    """Return tags as STS gets them."""
    return list(tags.items())


def test_values_of_any_script_and_the_allowed_signs_are_kept() -> None:
    pairs = [("a", "Zoë Ωmega 例え _.:/=+-@"), ("b" * 128, "v" * 256), ("empty", "")]
    assert session_tags(pairs, (), inherited={}).all == dict(pairs)


@pytest.mark.parametrize(
    "pairs",
    [
        [("", "x")],
        [("k" * 129, "x")],
        [("k", "v" * 257)],
        [("aws:k", "x")],
        [("AWS:k", "x")],
        [("k", "a*b")],
        [("k", "a\nb")],
        [("k", "a#b")],
        [("k{", "x")],
        [("k", "\u200b")],
        [("Key", "1"), ("kEY", "2")],
        [(f"k{n}", "x") for n in range(51)],
    ],
)
def test_a_tag_outside_the_rules_is_refused(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(AwsError) as caught:
        session_tags(pairs, (), inherited={})
    assert caught.value.code == "ValidationError"


def test_a_transitive_key_must_be_among_the_tags() -> None:
    with pytest.raises(AwsError):
        session_tags(made(a="1"), ("b",), inherited={})


def test_inherited_tags_stay_transitive_and_are_not_overridden() -> None:
    tags = session_tags(made(b="2"), (), inherited={"a": "1"})
    assert tags.all == {"a": "1", "b": "2"}
    assert tags.transitive == {"a"}
    for key in ("a", "A"):
        with pytest.raises(AwsError):
            session_tags([(key, "2")], (), inherited={"a": "1"})


def test_inherited_tags_count_among_the_fifty() -> None:
    inherited = {f"i{n}": "x" for n in range(20)}
    thirty = [(f"k{n}", "x") for n in range(30)]
    assert len(session_tags(thirty, (), inherited=inherited).all) == 50
    with pytest.raises(AwsError) as caught:
        session_tags([*thirty, ("more", "x")], (), inherited=inherited)
    assert caught.value.code == "ValidationError"
