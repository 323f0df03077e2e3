"""The filters of DescribeParameters."""

from typing import Any

import pytest

from valetkey.localaws.faults import AwsError
from valetkey.localaws.ssm_filters import filtered
from valetkey.localaws.ssm_parameters import Parameter, ParameterVersion


def parameter(name: str, **tags: str) -> Parameter:
    """Return a parameter with one version."""
    version = ParameterVersion(1, "v", "String", modified=0, tier="Standard")
    return Parameter(name, "arn", [version], tags)


ALL = [parameter("/a/b", owner="alice"), parameter("/a/b/c"), parameter("/ab", owner="bob")]


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ({"Key": "Name", "Values": ["/a/b"]}, ["/a/b"]),
        ({"Key": "Name", "Option": "BeginsWith", "Values": ["/a/"]}, ["/a/b", "/a/b/c"]),
        ({"Key": "Name", "Option": "Contains", "Values": ["b"]}, ["/a/b", "/a/b/c", "/ab"]),
        ({"Key": "Path", "Values": ["/a"]}, ["/a/b"]),
        ({"Key": "Path", "Option": "Recursive", "Values": ["/a"]}, ["/a/b", "/a/b/c"]),
        ({"Key": "tag:owner", "Values": ["alice"]}, ["/a/b"]),
        ({"Key": "tag:owner"}, ["/a/b", "/ab"]),
        ({"Key": "Type", "Values": ["SecureString"]}, []),
    ],
)
def test_a_filter_keeps_what_it_names(condition: dict[str, Any], names: list[str]) -> None:
    assert [one.name for one in filtered(ALL, {"ParameterFilters": [condition]})] == names


def test_every_filter_must_hold() -> None:
    both = [{"Key": "Path", "Values": ["/a"]}, {"Key": "tag:owner", "Values": ["bob"]}]
    assert filtered(ALL, {"ParameterFilters": both}) == []


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ({"Key": "Label", "Values": ["x"]}, "InvalidFilterKey"),
        ({"Key": "Name", "Option": "Like", "Values": ["x"]}, "InvalidFilterOption"),
        ({"Key": "Path", "Option": "Equals", "Values": ["/"]}, "InvalidFilterOption"),
        ({"Key": "Name"}, "InvalidFilterValue"),
    ],
)
def test_an_unknown_filter_is_refused(condition: dict[str, Any], code: str) -> None:
    with pytest.raises(AwsError) as caught:
        filtered(ALL, {"ParameterFilters": [condition]})
    assert caught.value.code == code
