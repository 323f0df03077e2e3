"""What was signed is compared with what was asked, by another reader than the one that wrote it."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.issuer import b64
from valetkey.credentials.own_token import compact, differences, header_text, signing_input
from valetkey.credentials.token_claims import Json
from valetkey.identity import parse_unverified
from valetkey.secret import Secret

HEADER = header_text("ES256", "key-1", "at+jwt")
CLAIMS: dict[str, Json] = {
    "iss": "https://id.example.com",
    "exp": 1_800_000_300,
    "n": 1,
    "act": {"iss": "https://cluster.example", "sub": "orchestrator"},
    "tags": {"user_id": ["alice"]},
    "list": ["a", "b"],
}
SIGNATURE = bytes(range(64))

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
VALUES: st.SearchStrategy[Json] = st.recursive(
    TEXT | st.integers(-(2**63) + 1, 2**63 - 1),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


def token_of(payload: bytes, header: bytes = HEADER) -> str:
    return f"{header.decode()}.{b64(payload)}.{b64(SIGNATURE)}"


def written(claims: object) -> bytes:
    return json.dumps(claims).encode()


def test_a_token_that_is_as_asked_has_no_differences() -> None:
    token = compact(signing_input(HEADER, CLAIMS), SIGNATURE)
    assert differences(token, HEADER, CLAIMS) == []
    assert differences(token_of(written(CLAIMS)), HEADER, CLAIMS) == []


def changed(name: str, value: object) -> Callable[[dict[str, object]], None]:
    return lambda claims: claims.update({name: value})


@pytest.mark.parametrize(
    "change",
    [
        changed("iss", "https://id.example.co"),
        changed("exp", 1_800_000_301),
        changed("exp", 1_800_000_300.0),
        changed("exp", "1800000300"),
        changed("n", True),
        changed("n", None),
        changed("act", {"iss": "https://cluster.example", "sub": "someone else"}),
        changed("act", {"sub": "orchestrator"}),
        changed("tags", {"user_id": ["alice", "bob"]}),
        changed("tags", {"user_id": "alice"}),
        changed("list", ["b", "a"]),
        changed("more", "a claim that nobody asked for"),
        changed("more", None),
        lambda claims: claims.pop("tags"),
    ],
)
def test_any_other_claim_is_a_difference(change: Callable[[dict[str, object]], None]) -> None:
    claims: dict[str, object] = dict(CLAIMS)
    change(claims)
    assert differences(token_of(written(claims)), HEADER, CLAIMS)


@pytest.mark.parametrize(
    "payload",
    [
        b"[]",
        b'"text"',
        b"",
        b"{",
        b"\xff",
        b"\xef\xbb\xbf" + written(CLAIMS),
        written(CLAIMS)[:-1] + b', "n": 1}',  # twice, although with the value that was asked
        written(CLAIMS).replace(b'"sub"', b'"iss": "x", "sub"'),
        written(CLAIMS) + b"x",
        written({**CLAIMS, "n": float("nan")}),
        b"[" * 100_000,
    ],
)
def test_a_payload_that_readers_could_take_differently_is_a_difference(payload: bytes) -> None:
    assert differences(token_of(payload), HEADER, CLAIMS)


def test_another_header_is_a_difference() -> None:
    other = header_text("ES256", "key-2", "at+jwt")
    assert differences(token_of(written(CLAIMS), other), HEADER, CLAIMS)


@pytest.mark.parametrize("change", ["{}=", "{}.", ".{}", "{}.x", "{}\n", " {}", "{}é"])
def test_a_token_that_is_not_three_canonical_parts_is_a_difference(change: str) -> None:
    assert differences(change.format(token_of(written(CLAIMS))), HEADER, CLAIMS)


def test_spare_bits_are_a_difference() -> None:
    """One signed token would have two spellings."""
    token = token_of(written(CLAIMS))
    assert token.endswith("Pw")
    assert differences(token[:-1] + "x", HEADER, CLAIMS)


def test_a_token_longer_than_we_take_ourselves_is_a_difference() -> None:
    claims: dict[str, Json] = {**CLAIMS, "long": "x" * 13_000}
    assert differences(compact(signing_input(HEADER, claims), SIGNATURE), HEADER, claims)


@given(st.dictionaries(TEXT, VALUES, max_size=5))
def test_what_has_no_differences_is_taken_by_the_strict_reader_with_these_claims(
    members: dict[str, Json],
) -> None:
    claims: dict[str, Json] = {**members, "iss": "https://id.example.com"}
    token = compact(signing_input(HEADER, claims), SIGNATURE)
    assert differences(token, HEADER, claims) == []
    read = parse_unverified(Secret(token))
    assert (read.alg, read.kid, read.typ) == ("ES256", "key-1", "at+jwt")
    assert json.loads(json.dumps(claims)) == thawed(read.claims)


def thawed(value: object) -> object:
    if isinstance(value, tuple):
        return [thawed(item) for item in value]
    return {k: thawed(v) for k, v in value.items()} if hasattr(value, "items") else value
