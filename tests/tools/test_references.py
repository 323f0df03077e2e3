"""A local reference names exactly what the validator takes it for."""

from typing import Any

import pytest

from valetkey.tools.references import target_of
from valetkey.tools.validation import check_of

ROOT: dict[str, Any] = {
    "$defs": {
        "plain": {"const": 1},
        "Foo<Bar>": {"const": 2},
        "a/b~c": {"const": 3},
        "é": {"const": 4},
        "list": {"anyOf": [{"const": 5}]},
        "a b": {"const": 6},
        "a%20b": {"const": 7},
    }
}


@pytest.mark.parametrize(
    ("reference", "value"),
    [
        ("#/$defs/plain", 1),
        ("#/$defs/Foo%3CBar%3E", 2),
        ("#/%24defs/plain", 1),
        ("#/$defs/a~1b~0c", 3),
        ("#/$defs/%C3%a9", 4),
        ("#/$defs/list/anyOf/0", 5),
        ("#/$defs/a%20b", 6),
        ("#/$defs/a%2520b", 7),
    ],
)
def test_a_pointer_is_read_as_the_validator_reads_it(reference: str, value: int) -> None:
    assert target_of(ROOT, reference) == {"const": value}
    check = check_of({**ROOT, "properties": {"v": {"$ref": reference}}})
    assert check.fault({"v": value}, size=9) is None
    assert check.fault({"v": 99}, size=9) is not None


@pytest.mark.parametrize("reference", ["#x", "x.json#/$defs", "#/$defs/no", "#/$defs/list/anyOf/9"])
def test_what_is_no_local_pointer_names_nothing(reference: str) -> None:
    assert target_of(ROOT, reference) is None
