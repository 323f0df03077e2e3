"""Server-sent events, however they are cut into pieces."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from valetkey.gateway.errors import GatewayError
from valetkey.gateway.sse import Event, EventReader

STREAM = (
    b': hello\n\nevent: message\r\nid: 1\r\ndata: {"a":\r\ndata:  1}\r\n\r\n'
    b"data\rretry: 250\rid\r\rdata: last\n\nunknown: x\n\ndata: never ended"
)
EVENTS = [
    Event(b'{"a":\n 1}', "1"),
    Event(None, "", 250),
    Event(b"last", ""),
]


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_events_are_the_same_however_they_arrive(cuts: list[int]) -> None:
    reader = EventReader(1_000)
    edges = [0, *sorted(cuts), len(STREAM)]
    found = []
    for start, end in pairwise(edges):
        found += reader.feed(STREAM[start:end])
    assert found == EVENTS


@pytest.mark.parametrize("piece", [b"data: " + b"x" * 200, b"data: xxxxx\n" * 40, b"y" * 200])
def test_an_event_beyond_the_limit_is_not_kept(piece: bytes) -> None:
    reader = EventReader(100)
    with pytest.raises(GatewayError) as caught:
        reader.feed(piece)
    assert caught.value.code == "server-answer-too-large"


def test_many_small_events_are_no_large_one() -> None:
    reader = EventReader(100)
    assert len(reader.feed(b"data: 0123456789\n\n" * 1_000)) == 1_000
