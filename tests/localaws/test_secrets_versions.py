"""Stages move between versions, and none is ever on two."""

from hypothesis import given
from hypothesis import strategies as st

from valetkey.localaws.secrets_versions import (
    CURRENT,
    MAX_VERSIONS,
    PREVIOUS,
    Version,
    added,
    holder,
    moved,
)


def versions(*ids: str) -> dict[str, Version]:
    """Return versions that were put one after another."""
    found: dict[str, Version] = {}
    for version_id in ids:
        found = added(found, Version(version_id, 0, {"SecretString": version_id}), (CURRENT,))
    return found


def test_the_version_that_current_leaves_is_the_previous_one() -> None:
    found = versions("a", "b", "c")
    assert {one.id: one.stages for one in found.values()} == {
        "a": (), "b": (PREVIOUS,), "c": (CURRENT,),
    }  # fmt: skip
    back = moved(found, CURRENT, "b")
    assert (holder(back, CURRENT), holder(back, PREVIOUS)) == ("b", "c")


def test_the_first_version_is_current_whatever_it_is_called() -> None:
    found = added({}, Version("a", 0, {}), ("MINE",))
    assert set(found["a"].stages) == {"MINE", CURRENT}
    second = added(found, Version("b", 0, {}), ("OTHER",))
    assert holder(second, CURRENT) == "a"


def test_the_oldest_versions_without_a_stage_are_dropped() -> None:
    found = versions(*(str(number) for number in range(MAX_VERSIONS + 5)))
    assert len(found) == MAX_VERSIONS
    assert "0" not in found
    assert holder(found, CURRENT) == str(MAX_VERSIONS + 4)


@given(st.lists(st.tuples(st.sampled_from([CURRENT, "A", "B"]), st.sampled_from("abc"))))
def test_a_stage_is_never_on_two_versions(moves: list[tuple[str, str]]) -> None:
    found = versions("a", "b", "c")
    for stage, to in moves:
        found = moved(found, stage, to)
        assert holder(found, stage) == to
        stages = [one for version in found.values() for one in version.stages]
        assert len(stages) == len(set(stages))


def test_a_version_does_not_print_its_value() -> None:
    assert "hush" not in repr(Version("a", 0, {"SecretString": "hush"}))
