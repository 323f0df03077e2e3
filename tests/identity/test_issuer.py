"""An issuer is valid from the moment it exists: every unsafe setting is refused by code."""

from dataclasses import replace

import pytest

from valetkey.identity import (
    ALGORITHMS,
    IdentityError,
    Issuer,
    IssuerUrl,
    check_issuers,
    issuer_url,
    jwks_url,
)

VALID = Issuer("cognito", IssuerUrl("https://issuer.example/pool"), ("frontend",), ("RS256",))


@pytest.mark.parametrize(
    "url",
    [
        "https://issuer.example",
        "https://issuer.example/",
        "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example",
        "https://issuer.example:8443/a/b",
        "https://login.example/%7Btenant%7D/v2.0",
        "http://127.0.0.1:8080",
        "http://127.8.9.1",
        "http://localhost:8080/realm",
        "http://[::1]:8080",
    ],
)
def test_a_plain_https_or_loopback_url_is_an_issuer(url: str) -> None:
    assert issuer_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "issuer.example",
        "ftp://issuer.example",
        "HTTPS://issuer.example",
        "https://",
        "https:///path",
        "http://issuer.example",
        "http://10.0.0.1",
        "http://169.254.169.254",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://2130706433",
        "http://0.0.0.0",
        "https://issuer.example?x=1",
        "https://issuer.example/#x",
        "https://issuer.example#",
        "https://name:word@issuer.example",
        "https://issuer.example\\@evil.example",
        "https://issuer.example:0",
        "https://issuer.example:65536",
        "https://issuer.example:",
        "https://issuer.example /a",
        "https://issuer.example/a\n",
        "https://issuer.example/a/../b",
        "https://issuer.example/a/%2E%2e/b",
        "https://issuer.example/./",
        "https://issuer.example/%zz",
        "https://іssuer.example",
        "https://[::1",
    ],
)
def test_any_other_url_is_refused(url: str) -> None:
    with pytest.raises(IdentityError) as error:
        issuer_url(url)
    assert error.value.code == "issuer-invalid"
    with pytest.raises(IdentityError):
        replace(VALID, url=IssuerUrl(url))


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "a:b"},
        {"name": "a b"},
        {"name": "a\n"},
        {"audiences": ()},
        {"audiences": ("",)},
        {"other_audiences": ("",)},
        {"algorithms": ()},
        {"algorithms": ("none",)},
        {"algorithms": ("RS256", "HS256")},
        {"algorithms": ("rs256",)},
        {"algorithms": ("RS1",)},
        {"algorithms": ("ES256K",)},
        {"algorithms": ("Ed448",)},
        {"leeway": -1},
        {"leeway": 301},
        {"max_lifetime": 0},
        {"types": ()},
        {"jwks_uri": "http://issuer.example/keys"},
        {"jwks_uri": "http://127.0.0.1/keys"},
    ],
    ids=str,
)
def test_an_unsafe_setting_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(IdentityError) as error:
        replace(VALID, **changes)  # type: ignore[arg-type]
    assert error.value.code == "issuer-invalid"


def test_no_algorithm_is_symmetric() -> None:
    assert not [name for name in ALGORITHMS if name == "none" or name.startswith("HS")]


def test_only_a_loopback_issuer_has_keys_without_https() -> None:
    assert jwks_url("http://127.0.0.1:1/keys", IssuerUrl("http://localhost:2"))
    with pytest.raises(IdentityError):
        jwks_url("http://127.0.0.1:1/keys", IssuerUrl("https://issuer.example"))


def test_two_issuers_share_neither_name_nor_url() -> None:
    other = replace(VALID, name="other", url=IssuerUrl("https://other.example"))
    check_issuers((VALID, other))
    for twin in (replace(other, name=VALID.name), replace(other, url=VALID.url)):
        with pytest.raises(IdentityError) as error:
            check_issuers((VALID, twin))
        assert error.value.code == "issuer-duplicate"
