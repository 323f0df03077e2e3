"""Which characters a tag may not hold."""

import pytest

from tests.tenancy.maps import PLACE, a_prefix, a_table, of, section
from valetkey.tenancy import bounds_of


def of_key(text: str) -> dict[str, tuple[str, ...]]:
    return bounds_of(of(section(tables=[a_table(partition_key=text, indexes={})])))


@pytest.mark.parametrize(
    ("prefix", "bounds"),
    [
        ("traces/{user_id}/", {"user_id": ("/",), "task_id": ()}),
        ("{user_id}-{task_id}/", {"user_id": ("-",), "task_id": ("/",)}),
        ("{user_id}/x/{user_id}-", {"user_id": ("-", "/"), "task_id": ()}),
        ("{user_id}#", {"user_id": (), "task_id": ()}),
        ("{user_id}·", {"user_id": ("·",), "task_id": ()}),
    ],
)
def test_what_ends_a_tag_before_anything_else_is_not_in_it(
    prefix: str, bounds: dict[str, tuple[str, ...]]
) -> None:
    assert bounds_of(of(section(prefixes=[a_prefix(prefix=prefix)]))) == bounds


@pytest.mark.parametrize(
    ("key", "bounded"),
    [
        ("{user_id}", ()),
        ("TENANT-{user_id}", ()),
        ("{user_id}-tenant", ()),
        ("{user_id}#{task_id}", ()),
        ("{user_id}-{task_id}", ("-",)),
        ("{user_id}#-{task_id}", ()),
    ],
)
def test_a_whole_text_needs_a_bound_only_between_two_tags(
    key: str, bounded: tuple[str, ...]
) -> None:
    assert of_key(key)["user_id"] == bounded


def test_an_index_bounds_as_a_table_does() -> None:
    found = of(section(tables=[a_table(indexes={"by_task": "{task_id}/{user_id}"})]))
    assert bounds_of(found) == {"user_id": (), "task_id": ("/",)}


def test_a_function_is_not_the_version_of_anothers() -> None:
    arn = f"arn:aws:lambda:{PLACE}:function:tool-{{user_id}}"
    found = of(section(functions=[{"arn": arn, "access": ["invoke"]}]))
    assert bounds_of(found)["user_id"] == (":",)
