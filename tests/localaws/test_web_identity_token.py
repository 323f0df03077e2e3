"""What is no token, before anything of it is believed; from a good one, one change a row."""

import json
from typing import Any

import pytest

from tests.fakes.issuer import FakeIssuer, b64, signing_key
from tests.localaws.web_issuer import part, parts, why_not
from valetkey.localaws.web_identity_token import MAX_TOKEN

ISSUER = FakeIssuer()
GOOD = ISSUER.sign(ISSUER.claims()).reveal()
HEAD, BODY, SIGNATURE = GOOD.split(".")
NOT_A_NUMBER, ENDLESS = b'{"exp": NaN}', b'{"exp": 1' + b"0" * 5_000 + b"}"
JWT = "The ID Token provided is not a valid JWT."


def with_header(**changes: Any) -> str:
    """Return the good token with another header, really signed."""
    return ISSUER.sign(ISSUER.claims(), **changes).reveal()


def test_a_good_token_is_taken_apart() -> None:
    found = parts(with_header(jku="https://evil.example/keys", x5u="https://evil.example/x"))
    assert (found.alg, found.kid, found.issuer) == ("ES256", "key-1", ISSUER.url)
    assert found.claims["sub"] == "alice"
    assert GOOD not in repr(parts(GOOD))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "ValidationError"),
        ("abc", "ValidationError"),
        ("a" * (MAX_TOKEN + 1), "ValidationError"),
        (GOOD + "." + "a" * MAX_TOKEN, "ValidationError"),
        (f"{HEAD}.{BODY}", JWT),
        (f"{GOOD}.{SIGNATURE}", JWT),
        (f"{GOOD}.a.b", JWT),  # five parts are an encrypted token
        (f"{HEAD}.{BODY}.", JWT),
        (f"{GOOD} ", JWT),
        (f"{GOOD}=", JWT),
        (f"{HEAD}=.{BODY}.{SIGNATURE}", JWT),
        (f"{HEAD}.{BODY}.{SIGNATURE[:-1]}\u0430", JWT),
        (f"{part([])}.{BODY}.{SIGNATURE}", JWT),
        (f"{HEAD}.{part('text')}.{SIGNATURE}", JWT),
        (f"{HEAD}.{part(b'[' * 9_000)}.{SIGNATURE}", JWT),
        (f"{HEAD}.{part(bytes([0xFF]))}.{SIGNATURE}", JWT),
        (f"{HEAD}.{part(b'{}x')}.{SIGNATURE}", JWT),
        (f"{HEAD}.{part(NOT_A_NUMBER)}.{SIGNATURE}", JWT),
        (f"{HEAD}.{part(ENDLESS)}.{SIGNATURE}", JWT),
        (with_header(alg=None), "`alg`"),
        (with_header(alg=["ES256"]), "`alg`"),
        (with_header(kid=None), "`kid`"),
        (with_header(kid=""), "`kid`"),
        (with_header(kid=1), "`kid`"),
        (with_header(kid="k" * 256), "`kid`"),
        (with_header(crit=["exp"], exp=1), "extension"),
        (with_header(crit=[]), "extension"),
        (with_header(b64=False), "extension"),
        (ISSUER.sign(ISSUER.claims(iss=None)).reveal(), "`iss`"),
        (ISSUER.sign(ISSUER.claims(iss=[ISSUER.url])).reveal(), "`iss`"),
    ],
)
def test_what_is_no_token_is_refused(text: str, why: str) -> None:
    assert why_not(GOOD) == "good"
    found = why_not(text)
    assert found.startswith(("InvalidIdentityToken: ", "ValidationError: "))
    assert why in found


@pytest.mark.parametrize("where", ["header", "claims", "nested"])
def test_no_member_comes_twice(where: str) -> None:
    header, claims = '{"alg": "ES256", "kid": "key-1"}', json.dumps(ISSUER.claims())
    if where == "header":
        header = '{"alg": "ES256", "alg": "ES256", "kid": "key-1"}'
    elif where == "claims":
        claims = claims.replace("{", '{"sub": "bob", ', 1)
    else:
        claims = claims.replace("{", '{"a": {"b": 1, "b": 2}, ', 1)
    assert JWT in why_not(ISSUER.sign_bytes(header.encode(), claims.encode()).reveal())


def test_a_signature_has_one_spelling() -> None:
    key = signing_key()
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".index(GOOD[-1])
    assert last % 16 == 0 and len(b64(key.sign(b"x"))) == 86  # 64 bytes leave four bits to spare
    other = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[last + 1]
    assert JWT in why_not(GOOD[:-1] + other)
