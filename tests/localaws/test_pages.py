"""Pages of a listing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from valetkey.localaws.faults import AwsError
from valetkey.localaws.pages import page


@given(st.integers(0, 30), st.integers(1, 7))
def test_the_pages_hold_everything_once(length: int, size: int) -> None:
    items = list(range(length))
    seen: list[int] = []
    more: dict[str, str] = {}
    while True:
        some, more = page(items, {**more, "MaxResults": size}, size=1, bad_token="Bad")
        seen += some
        if not more:
            break
    assert seen == items


@pytest.mark.parametrize("token", ["-1", "", "x", "1.0", "٣", "9" * 10, " 1"])
def test_a_foreign_token_is_refused(token: str) -> None:
    with pytest.raises(AwsError) as caught:
        page([1, 2], {"NextToken": token}, size=1, bad_token="Bad")
    assert caught.value.code == "Bad"
