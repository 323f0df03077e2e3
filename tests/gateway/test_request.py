"""The shape of messages: a valid one, one change a row."""

import asyncio
from typing import Any

import pytest

from valetkey.gateway import request as reading
from valetkey.gateway.faults import Fault
from valetkey.gateway.limits import LARGE_BODY, MAX_BODY
from valetkey.gateway.request import ClientGone, Form, id_of, read_body, read_message

BAD = {
    "nothing": (b"", "json-malformed", -32700),
    "two messages": (
        b'{"jsonrpc":"2.0","id":1,"method":"a"} {"jsonrpc":"2.0","id":1,"method":"a"}',
        "json-malformed",
        -32700,
    ),
    "byte order mark": (
        b'\xef\xbb\xbf{"jsonrpc":"2.0","id":1,"method":"a"}',
        "json-malformed",
        -32700,
    ),
    "not utf-8": (b'{"jsonrpc":"2.0","id":1,"method":"\xff"}', "json-malformed", -32700),
    "member twice": (
        b'{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call"}',
        "json-duplicate-member",
        -32700,
    ),
    "argument twice": (
        b'{"jsonrpc":"2.0","id":1,"method":"a","params":{"arguments":{"a":1,"a":2}}}',
        "json-duplicate-member",
        -32700,
    ),
    "escaped member twice": (
        b'{"jsonrpc":"2.0","id":1,"method":"a","params":{"a":1,"\\u0061":2}}',
        "json-duplicate-member",
        -32700,
    ),
    "NaN": (b'{"jsonrpc":"2.0","id":1,"method":"a","params":{"a":NaN}}', "json-number", -32700),
    "beyond doubles": (
        b'{"jsonrpc":"2.0","id":9007199254740993,"method":"a"}',
        "json-number",
        -32700,
    ),
    "lone surrogate": (
        b'{"jsonrpc":"2.0","id":1,"method":"a","params":{"a":"\\ud800"}}',
        "json-text",
        -32700,
    ),
    "too deep": (
        b'{"jsonrpc":"2.0","id":1,"method":"a","params":{"a":' + b"[" * 70 + b"]" * 70 + b"}}",
        "json-too-deep",
        -32700,
    ),
    "batch": (b'[{"jsonrpc":"2.0","id":1,"method":"a"}]', "message-malformed", -32600),
    "empty batch": (b"[]", "message-malformed", -32600),
    "text": (b'"tools/call"', "message-malformed", -32600),
    "no version": (b'{"id":1,"method":"a"}', "message-malformed", -32600),
    "old version": (b'{"jsonrpc":"1.0","id":1,"method":"a"}', "message-malformed", -32600),
    "numeric version": (b'{"jsonrpc":2.0,"id":1,"method":"a"}', "message-malformed", -32600),
    "id null": (b'{"jsonrpc":"2.0","id":null,"method":"a"}', "message-malformed", -32600),
    "id float": (b'{"jsonrpc":"2.0","id":1.0,"method":"a"}', "message-malformed", -32600),
    "id true": (b'{"jsonrpc":"2.0","id":true,"method":"a"}', "message-malformed", -32600),
    "id object": (b'{"jsonrpc":"2.0","id":{},"method":"a"}', "message-malformed", -32600),
    "id long": (
        b'{"jsonrpc":"2.0","id":"' + b"a" * 257 + b'","method":"a"}',
        "message-malformed",
        -32600,
    ),
    "method number": (b'{"jsonrpc":"2.0","id":1,"method":5}', "message-malformed", -32600),
    "method empty": (b'{"jsonrpc":"2.0","id":1,"method":""}', "message-malformed", -32600),
    "method long": (
        b'{"jsonrpc":"2.0","id":1,"method":"' + b"a" * 129 + b'"}',
        "message-malformed",
        -32600,
    ),
    "params array": (
        b'{"jsonrpc":"2.0","id":1,"method":"a","params":[]}',
        "message-malformed",
        -32600,
    ),
    "params null": (
        b'{"jsonrpc":"2.0","id":1,"method":"a","params":null}',
        "message-malformed",
        -32600,
    ),
    "more members": (
        b'{"jsonrpc":"2.0","id":1,"method":"a","Method":"b"}',
        "message-malformed",
        -32600,
    ),
    "request and response": (
        b'{"jsonrpc":"2.0","id":1,"method":"a","result":{}}',
        "message-malformed",
        -32600,
    ),
    "result and error": (
        b'{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":"a"}}',
        "message-malformed",
        -32600,
    ),
    "result text": (b'{"jsonrpc":"2.0","id":1,"result":"a"}', "message-malformed", -32600),
    "response without id": (b'{"jsonrpc":"2.0","result":{}}', "message-malformed", -32600),
    "error text": (b'{"jsonrpc":"2.0","id":1,"error":"a"}', "message-malformed", -32600),
    "error code text": (
        b'{"jsonrpc":"2.0","id":1,"error":{"code":"1","message":"a"}}',
        "message-malformed",
        -32600,
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_message_is_exactly_one_or_refused(name: str) -> None:
    body, code, number = BAD[name]
    with pytest.raises(Fault) as caught:
        read_message(body)
    assert (caught.value.code, caught.value.number, caught.value.status) == (code, number, 400)


def test_a_refusal_never_repeats_what_was_read() -> None:
    for body, _, _ in BAD.values():
        with pytest.raises(Fault) as caught:
            read_message(body)
        assert "tools" not in caught.value.message
        assert "\ud800" not in caught.value.message


def test_the_three_forms_are_told_apart() -> None:
    asked = read_message(b'{"jsonrpc":"2.0","id":"x","method":"ping"}')
    assert (asked.form, asked.id, asked.method, asked.params) == (Form.REQUEST, "x", "ping", {})
    said = read_message(b'{"jsonrpc":"2.0","method":"a","params":{"b":1}}')
    assert (said.form, said.params) == (Form.NOTIFICATION, {"b": 1})
    answered = read_message(b'{"jsonrpc":"2.0","id":0,"result":{"a":1}}')
    assert (answered.form, answered.id, answered.result) == (Form.RESPONSE, 0, {"a": 1})
    refused = read_message(b'{"jsonrpc":"2.0","id":0,"error":{"code":-1,"message":"no"}}')
    assert refused.error == {"code": -1, "message": "no"}


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b'{"jsonrpc":"2.0","id":7,"method":5}', 7),
        (b'{"jsonrpc":"2.0","id":1.5,"method":5}', None),
        (b'{"jsonrpc":"2.0","id":true,"method":5}', None),
        (b'{"id":7,"result":1}', None),
        (b"[7]", None),
        (b"{", None),
    ],
)
def test_a_refused_request_is_answered_by_its_id_where_it_has_a_good_one(
    body: bytes, found: object
) -> None:
    assert id_of(body) == found


def parts(*bodies: bytes, ends: bool = True) -> Any:
    messages = [{"type": "http.request", "body": b, "more_body": True} for b in bodies]
    if ends:
        messages[-1]["more_body"] = False
    else:
        messages.append({"type": "http.disconnect"})

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    return receive


async def no_turn() -> None:
    """A turn that is there at once."""


@pytest.mark.parametrize(
    ("bodies", "count"),
    [
        ((b"a" * LARGE_BODY,), 0),
        ((b"a" * (LARGE_BODY + 1),), 1),
        ((b"a" * LARGE_BODY, b""), 0),
        ((b"a" * LARGE_BODY, b"a"), 1),
        ((b"a" * LARGE_BODY, b"a", b"a" * LARGE_BODY), 1),
        ((b"a" * (LARGE_BODY + 1), b""), 1),
    ],
)
async def test_a_large_body_waits_for_its_turn(bodies: tuple[bytes, ...], count: int) -> None:
    taken = []

    async def turn() -> None:
        taken.append(1)

    assert await read_body(parts(*bodies), turn) == b"".join(bodies)
    assert len(taken) == count


def test_the_id_of_a_large_message_is_not_sought() -> None:
    assert id_of(b'{"jsonrpc":"2.0","id":1,"method":"a"}' + b" " * LARGE_BODY) is None


async def test_a_body_is_whole_in_any_number_of_parts() -> None:
    assert await read_body(parts(b"ab", b"", b"c"), no_turn) == b"abc"
    assert len(await read_body(parts(b"a" * MAX_BODY), no_turn)) == MAX_BODY


@pytest.mark.parametrize("bodies", [(b"a" * (MAX_BODY + 1),), (b"a" * MAX_BODY, b"b")])
async def test_a_body_beyond_the_limit_is_refused(bodies: tuple[bytes, ...]) -> None:
    with pytest.raises(Fault) as caught:
        await read_body(parts(*bodies), no_turn)
    assert (caught.value.code, caught.value.status) == ("body-too-large", 413)


async def test_a_client_that_hangs_up_early_is_gone() -> None:
    with pytest.raises(ClientGone):
        await read_body(parts(b"ab", ends=False), no_turn)


async def test_a_body_that_trickles_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "BODY_SECONDS", 0.01)

    async def never() -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(Fault) as caught:
        await read_body(never, no_turn)
    assert (caught.value.code, caught.value.status) == ("body-slow", 408)
