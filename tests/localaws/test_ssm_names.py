"""How parameters are named, and what is below a path."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from valetkey.localaws.faults import AwsError
from valetkey.localaws.ssm_names import Names, below

PREFIX = "arn:aws:ssm:eu-west-1:111122223333:parameter/"
SEGMENT = st.text("aA1._-", min_size=1, max_size=4)
PATHS = st.lists(SEGMENT, min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts))


def names(*stored: str) -> Names:
    """Return a reader that knows these parameters."""
    return Names(stored, region="eu-west-1", account="111122223333")


@pytest.mark.parametrize(
    ("given", "name", "selector"),
    [
        ("a", "a", None),
        ("/a", "/a", None),
        ("/a/b:3", "/a/b", "3"),
        ("a:good", "a", "good"),
        (f"{PREFIX}a/b", "/a/b", None),
        (f"{PREFIX}a/b:3", "/a/b", "3"),
        (f"{PREFIX}bare", "bare", None),
        (f"{PREFIX}slashed", "/slashed", None),
        (f"{PREFIX}absent", "/absent", None),
    ],
)
def test_a_name_means_one_parameter(given: str, name: str, selector: str | None) -> None:
    wanted = names("bare", "/slashed").wanted(given)
    assert (wanted.given, wanted.name, wanted.selector) == (given, name, selector)


@pytest.mark.parametrize(
    "name", ["aws", "/AWS/x", "ssm-x", "/Ssm/a", "/awsome", "/slashed", "bare/b"]
)
def test_a_name_that_may_not_be_given(name: str) -> None:
    reader = names("slashed")
    with pytest.raises(AwsError) as caught:
        reader.new(name)
    assert caught.value.code == "ValidationException"


def test_a_name_has_at_most_fifteen_levels() -> None:
    assert names().new("/a" * 15)
    with pytest.raises(AwsError) as caught:
        names().new("/a" * 16)
    assert caught.value.code == "HierarchyLevelLimitExceededException"


@given(PATHS, PATHS)
def test_what_is_below_a_path_has_an_arn_below_its_arn(path: str, name: str) -> None:
    reader = names()
    if below(path, name, recursive=True):
        assert reader.arn(name).startswith(reader.arn(path) + "/")
        assert below(f"{path}/", name, recursive=True)
    assert not below(path, path, recursive=True)
    assert not below(path, f"{path}x", recursive=True)


@given(PATHS, SEGMENT)
def test_without_recursion_one_level_is_below(path: str, last: str) -> None:
    assert below(path, f"{path}/{last}", recursive=False)
    assert not below(path, f"{path}/{last}/{last}", recursive=False)
    assert below("/", last, recursive=False)


@given(PATHS, PATHS)
def test_two_paths_never_share_an_arn(one: str, other: str) -> None:
    assert (names().arn(one) == names().arn(other)) == (one == other)
