"""The filters of secrets."""

from typing import Any

import pytest

from valetkey.localaws.faults import AwsError
from valetkey.localaws.secrets_filters import filtered
from valetkey.localaws.secrets_store import StoredSecret

ALL = [
    StoredSecret("people/alice", "arn-a", 0, 0, description="one", tags={"owner": "alice"}),
    StoredSecret("people/bob", "arn-b", 0, 0, tags={"team": "x"}),
]


@pytest.mark.parametrize(
    ("key", "values", "names"),
    [
        ("name", ["people/a"], ["people/alice"]),
        ("name", ["x", "people/b"], ["people/bob"]),
        ("name", ["People"], []),
        ("description", ["on"], ["people/alice"]),
        ("tag-key", ["own"], ["people/alice"]),
        ("tag-value", ["x"], ["people/bob"]),
    ],
)
def test_a_filter_keeps_what_begins_so(key: str, values: list[str], names: list[str]) -> None:
    found = filtered(ALL, {"Filters": [{"Key": key, "Values": values}]})
    assert [secret.name for secret in found] == names


def test_every_filter_must_hold() -> None:
    two = [{"Key": "name", "Values": ["people"]}, {"Key": "tag-key", "Values": ["team"]}]
    assert [secret.name for secret in filtered(ALL, {"Filters": two})] == ["people/bob"]


@pytest.mark.parametrize(
    "condition",
    [{"Key": "all", "Values": ["x"]}, {"Key": "name", "Values": ["!x"]}, {"Key": "name"}, {}],
)
def test_an_unknown_filter_is_refused(condition: dict[str, Any]) -> None:
    with pytest.raises(AwsError) as caught:
        filtered(ALL, {"Filters": [condition]})
    assert caught.value.code == "ValidationException"
