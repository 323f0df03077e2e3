"""Headers that repeat the body (2026-07-28): equal, or refused."""

import base64

import pytest

from valetkey.gateway.faults import Fault
from valetkey.gateway.headers import read_head
from valetkey.gateway.mcp_headers import (
    HeaderParam,
    check_params,
    check_routing,
    encoded,
    header_params,
    param_headers,
)
from valetkey.tools import Json

VERSION = "2026-07-28"
GOOD = {"mcp-protocol-version": VERSION, "mcp-method": "tools/call", "mcp-name": "refund"}


def routed(fields: list[tuple[str, str]], name: Json = "refund") -> None:
    head = read_head((n.encode(), v.encode("latin-1")) for n, v in fields)
    check_routing(head, "tools/call", {"name": name}, VERSION)


def test_equal_headers_pass() -> None:
    routed([*GOOD.items()])
    routed([*(GOOD | {"mcp-name": encoded("refund")}).items()])
    routed([*(GOOD | {"mcp-name": "=?base64?cmVmdW5k?="}).items()])
    routed([*(GOOD | {"mcp-name": encoded("größe")}).items()], "größe")
    routed([*(GOOD | {"mcp-name": encoded("=?base64?YQ==?=")}).items()], "=?base64?YQ==?=")


def test_text_that_looks_encoded_is_never_taken_verbatim() -> None:
    looks = "=?base64?YQ==?="
    with pytest.raises(Fault) as caught:
        routed([*(GOOD | {"mcp-name": looks}).items()], looks)
    assert caught.value.code == "header-mismatch"


@pytest.mark.parametrize(
    "change",
    [
        {"mcp-protocol-version": "2025-11-25"},
        {"mcp-protocol-version": None},
        {"mcp-method": "tools/list"},
        {"mcp-method": "Tools/call"},
        {"mcp-method": None},
        {"mcp-name": None},
        {"mcp-name": "Refund"},
        {"mcp-name": "refund2"},
        {"mcp-name": ""},
        {"mcp-name": "=?base64?cmVmdW5k==?="},
        {"mcp-name": "=?BASE64?cmVmdW5k?="},
        {"mcp-name": "=?base64?cmVmdW5l?="},
        {"mcp-name": "=?base64?/w==?="},
        {"mcp-name": "=?base64?!!!!?="},
        {"mcp-name": "=?base64?cmVm dW5k?="},
        {"mcp-name": "réfund"},
    ],
)
def test_any_other_header_is_a_mismatch(change: dict[str, str | None]) -> None:
    fields = [(n, v) for n, v in {**GOOD, **change}.items() if v is not None]
    with pytest.raises(Fault) as caught:
        routed(fields)
    assert (caught.value.number, caught.value.code) == (-32020, "header-mismatch")


@pytest.mark.parametrize("name", GOOD)
def test_a_routing_header_twice_is_a_mismatch(name: str) -> None:
    with pytest.raises(Fault) as caught:
        routed([*GOOD.items(), (name, GOOD[name])])
    assert caught.value.number == -32020


def test_base64_that_two_decoders_read_differently_is_a_mismatch() -> None:
    assert base64.b64decode("cmVmdW5kYR==") == base64.b64decode("cmVmdW5kYQ==")
    with pytest.raises(Fault):
        routed([*(GOOD | {"mcp-name": "=?base64?cmVmdW5kYR==?="}).items()], "refunda")


SCHEMA: Json = {
    "type": "object",
    "properties": {
        "region": {"type": "string", "x-mcp-header": "Region"},
        "limit": {"type": "integer", "x-mcp-header": "Limit"},
        "dry": {"type": "boolean", "x-mcp-header": "Dry"},
        "inner": {
            "type": "object",
            "properties": {"zone": {"type": "string", "x-mcp-header": "Zone"}},
        },
        "list": {"type": "array", "items": {"type": "string", "x-mcp-header": "Item"}},
        "ratio": {"type": "number", "x-mcp-header": "Ratio"},
        "bad": {"type": "string", "x-mcp-header": "not a token"},
        "x-mcp-header": {"type": "string"},
    },
    "anyOf": [{"properties": {"other": {"type": "string", "x-mcp-header": "Other"}}}],
}
PARAMS = header_params(SCHEMA)


def test_only_what_properties_reach_and_headers_hold_is_repeated() -> None:
    assert set(PARAMS) == {
        HeaderParam("region", ("region",), "string"),
        HeaderParam("limit", ("limit",), "integer"),
        HeaderParam("dry", ("dry",), "boolean"),
        HeaderParam("zone", ("inner", "zone"), "string"),
    }


def test_a_schema_that_names_a_header_twice_names_none() -> None:
    properties: Json = {
        "a": {"type": "string", "x-mcp-header": "Same"},
        "b": {"type": "string", "x-mcp-header": "same"},
    }
    assert header_params({"type": "object", "properties": properties}) == ()


def checked(arguments: Json, **sent: str) -> None:
    fields = [(b"mcp-param-" + name.encode(), value.encode()) for name, value in sent.items()]
    check_params(read_head(fields), PARAMS, arguments)


@pytest.mark.parametrize(
    ("arguments", "sent"),
    [
        ({}, {}),
        ({"region": None}, {}),
        ({"region": "eu"}, {"region": "eu"}),
        ({"region": "日本"}, {"region": "=?base64?5pel5pys?="}),
        ({"limit": 42}, {"limit": "42.0"}),
        ({"limit": 42.0}, {"limit": "42"}),
        ({"limit": -1}, {"limit": "-1"}),
        ({"dry": True}, {"dry": "true"}),
        ({"inner": {"zone": "a"}}, {"zone": "a"}),
        ({}, {"unknown": "x"}),
    ],
)
def test_arguments_and_headers_that_agree(arguments: Json, sent: dict[str, str]) -> None:
    checked(arguments, **sent)


@pytest.mark.parametrize(
    ("arguments", "sent"),
    [
        ({"region": "eu"}, {}),
        ({}, {"region": "eu"}),
        ({"region": None}, {"region": "eu"}),
        ({"region": "eu"}, {"region": "EU"}),
        ({"region": "eu"}, {"region": "us"}),
        ({"limit": 42}, {"limit": "43"}),
        ({"limit": 42}, {"limit": "42.5"}),
        ({"limit": 42}, {"limit": "4.2e1"}),
        ({"limit": 42}, {"limit": "nan"}),
        ({"limit": 42}, {"limit": "0x2a"}),
        ({"dry": True}, {"dry": "True"}),
        ({"dry": True}, {"dry": "1"}),
        ({"inner": {"zone": "a"}}, {"zone": "b"}),
        ({"inner": {}}, {"zone": "b"}),
    ],
)
def test_arguments_and_headers_that_differ(arguments: Json, sent: dict[str, str]) -> None:
    with pytest.raises(Fault) as caught:
        checked(arguments, **sent)
    assert caught.value.number == -32020


def test_what_goes_upstream_is_made_of_the_decided_arguments() -> None:
    arguments: Json = {"region": " eu", "limit": 5.0, "dry": False, "inner": {"zone": "é"}}
    headers = param_headers(PARAMS, arguments)
    assert headers == {
        "Mcp-Param-region": "=?base64?IGV1?=",
        "Mcp-Param-limit": "5",
        "Mcp-Param-dry": "false",
        "Mcp-Param-zone": "=?base64?w6k=?=",
    }
    fields = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    check_params(read_head(fields), PARAMS, arguments)


def test_no_value_breaks_out_of_its_header() -> None:
    for text in ("a\r\nb: c", "\x00", "a\tb", "=?base64?x?=", " ", "a "):
        assert encoded(text).startswith("=?base64?")
        assert encoded(text).isascii()
