"""Tags of secrets and parameters."""

import pytest

from valetkey.localaws.faults import AwsError
from valetkey.localaws.service_tags import merged_tags, request_tags, tagging
from valetkey.localaws.tags import MAX_TAGS


def tag(key: str, value: str = "v") -> dict[str, str]:
    """Return one tag."""
    return {"Key": key, "Value": value}


@pytest.mark.parametrize(
    "tags",
    [
        [tag("")],
        [tag("k" * 129)],
        [tag("k", "v" * 257)],
        [tag("aws:k")],
        [tag("AWS:k")],
        [tag("k", "a\nb")],
        [tag("k", "*")],
        [tag("owner"), tag("Owner")],
        [tag("owner"), tag("owner", "other")],
        [{"Value": "v"}],
    ],
)
def test_what_is_no_tag_is_refused(tags: list[dict[str, str]]) -> None:
    with pytest.raises(AwsError) as caught:
        request_tags({"Tags": tags})
    assert caught.value.code == "ValidationException"


def test_tags_merge_and_never_clash() -> None:
    assert merged_tags({"a": "1"}, {"a": "2", "b": "3"}) == {"a": "2", "b": "3"}
    with pytest.raises(AwsError):
        merged_tags({"owner": "alice"}, {"Owner": "bob"})
    with pytest.raises(AwsError):
        merged_tags({}, {str(number): "" for number in range(MAX_TAGS + 1)})


def test_conditions_see_each_tag_and_all_keys() -> None:
    assert tagging({"Tags": [tag("a", "1")]}) == {"aws:RequestTag/a": "1", "aws:TagKeys": ("a",)}
    assert tagging({"TagKeys": ["a", "b"]}) == {"aws:TagKeys": ("a", "b")}
    assert tagging({}) == {}
