"""Laws of verification, for any bytes: a token is verified or refused, and never both by a bit."""

import json

from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.issuer import FakeIssuer, b64
from tests.identity.verifying import claims_of
from valetkey.identity import Claims, TokenRejected, parse_unverified
from valetkey.secret import Secret

FAKE = FakeIssuer()
VALID = FAKE.sign(FAKE.claims()).reveal()
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["exp", "iat", "nbf", "aud", "sub", "iss", "jti", "azp", "events", "x"])
HEADERS = st.sampled_from(["alg", "kid", "typ", "crit", "b64", "jku", "x"])


def verdict(token: Secret) -> Claims | TokenRejected:
    """Any exception but TokenRejected goes through and fails the law."""
    try:
        return claims_of(token, FAKE)
    except TokenRejected as rejection:
        return rejection


@given(st.text())
def test_any_text_is_refused_by_code(text: str) -> None:
    assert isinstance(verdict(Secret(text)), TokenRejected)


@given(st.binary(), st.binary(), st.binary())
def test_any_three_parts_are_refused_by_code(head: bytes, payload: bytes, signature: bytes) -> None:
    token = Secret(f"{b64(head)}.{b64(payload)}.{b64(signature)}")
    assert isinstance(verdict(token), TokenRejected)


@given(st.dictionaries(NAMES, JSON))
def test_any_signed_claims_are_verified_or_refused(changes: dict[str, object]) -> None:
    claims = {**FAKE.claims(), **changes}
    outcome = verdict(FAKE.sign_bytes(b'{"alg":"ES256"}', json.dumps(claims).encode()))
    if isinstance(outcome, Claims):
        assert outcome.issuer == FAKE.url
        assert outcome.audience == ("valetkey",)
        assert outcome.subject == claims["sub"]


@given(st.dictionaries(HEADERS, JSON))
def test_any_signed_header_is_verified_or_refused(changes: dict[str, object]) -> None:
    header = json.dumps({"alg": "ES256", "kid": "key-1", **changes}).encode()
    outcome = verdict(FAKE.sign_bytes(header, json.dumps(FAKE.claims()).encode()))
    assert isinstance(outcome, TokenRejected) or outcome.subject == "alice"


@given(st.binary())
def test_any_signed_bytes_are_verified_or_refused(payload: bytes) -> None:
    assert isinstance(verdict(FAKE.sign_bytes(b'{"alg":"ES256"}', payload)), TokenRejected)


@given(st.integers(0, len(VALID) - 1), st.sampled_from(ALPHABET))
def test_a_token_with_one_character_changed_is_refused(at: int, character: str) -> None:
    changed = VALID[:at] + character + VALID[at + 1 :]
    outcome = verdict(Secret(changed))
    assert isinstance(outcome, Claims) is (changed == VALID)


@given(st.integers(0, 7), st.data())
def test_a_flipped_bit_is_never_accepted(bit: int, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(VALID) - 1))
    flipped = VALID[:at] + chr(ord(VALID[at]) ^ (1 << bit)) + VALID[at + 1 :]
    assert isinstance(verdict(Secret(flipped)), TokenRejected)


@given(st.integers(0, len(VALID) - 1))
def test_a_token_cut_short_is_refused(length: int) -> None:
    assert isinstance(verdict(Secret(VALID[:length])), TokenRejected)


def test_the_token_of_these_laws_is_valid_as_it_is() -> None:
    assert isinstance(verdict(Secret(VALID)), Claims)
    assert parse_unverified(Secret(VALID)).kid == "key-1"
