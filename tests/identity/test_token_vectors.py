"""Every vector of tests/vectors/tokens has the outcome that it states, with its reason."""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cpu import SOON, within
from tests.fakes.issuer import NOW, FakeIssuer
from tests.identity.verifying import claims_of
from valetkey.identity import TokenRejected, parse_unverified
from valetkey.secret import Secret

FOLDER = Path(__file__).parent.parent / "vectors" / "tokens"
SIGNED = tomllib.loads((FOLDER / "signed.toml").read_text())
UNSIGNED = tomllib.loads((FOLDER / "unsigned.toml").read_text())


def outcome_of(token: Secret, fake: FakeIssuer) -> str:
    issuer = replace(fake.configured(algorithms=("ES256", "RS256")), other_audiences=("userinfo",))
    try:
        claims_of(token, fake, issuer=issuer, now=SIGNED["now"])
    except TokenRejected as rejection:
        return rejection.code
    return "accepted"


@pytest.mark.parametrize("vector", SIGNED["vector"], ids=lambda vector: vector["name"])
def test_a_signed_token_has_its_outcome(vector: dict[str, str]) -> None:
    fake = FakeIssuer()
    parts = {"header": SIGNED["header"], "payload": SIGNED["payload"]}
    if "part" in vector:
        before = parts[vector["part"]]
        parts[vector["part"]] = before.replace(vector["old"], vector["new"], 1)
        assert parts[vector["part"]] != before
    token = fake.sign_bytes(parts["header"].encode(), parts["payload"].encode())
    assert outcome_of(token, fake) == vector["outcome"]


@pytest.mark.parametrize("vector", UNSIGNED["vector"], ids=lambda vector: vector["name"])
def test_what_is_no_token_is_refused(vector: dict[str, str]) -> None:
    fake = FakeIssuer()
    valid = fake.sign(fake.claims()).reveal()
    text = vector["text"].replace("{V}", valid)
    for name, part in zip("HPS", valid.split("."), strict=True):
        text = text.replace(f"{{{name}}}", part)
    assert outcome_of(Secret(text), fake) == vector["code"]


def test_vectors_have_different_names() -> None:
    names = [vector["name"] for vector in SIGNED["vector"] + UNSIGNED["vector"]]
    assert len(set(names)) == len(names)


def test_the_fakes_and_the_vectors_share_an_instant() -> None:
    assert SIGNED["now"] == NOW


def test_a_token_above_16_kib_is_not_parsed() -> None:
    fake = FakeIssuer()
    token = fake.sign(fake.claims(padding="a" * 16_384))
    with pytest.raises(TokenRejected) as rejection:
        parse_unverified(token)
    assert rejection.value.code == "token-too-large"


def test_lone_surrogates_outside_json_are_refused() -> None:
    with pytest.raises(TokenRejected) as rejection:
        parse_unverified(Secret("e30.e30.\ud800"))
    assert rejection.value.code == "token-malformed"


def test_the_parts_and_the_rejection_never_print_the_token() -> None:
    fake = FakeIssuer()
    token = fake.sign(fake.claims(sub="alice-in-person"))
    parsed = parse_unverified(token)
    shown = repr(parsed) + str(parsed)
    assert "alice-in-person" not in shown
    assert all(part not in shown for part in token.reveal().split("."))


@pytest.mark.parametrize(
    "text",
    ['{"a":' * 100_000, '["' * 100_000, '"\\"' * 80_000, "[" * 200_000, '["' + '\\"' * 100_000],
)
def test_hostile_nesting_is_refused_in_linear_time(text: str) -> None:
    from valetkey.identity import StrictJsonError, parse_object

    with within(SOON), pytest.raises(StrictJsonError):
        parse_object(text.encode())
