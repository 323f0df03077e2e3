"""The issuer's documents: what AWS and others read, and nothing that they must not."""

import json
import secrets
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from tests.fakes.issuer import NOW
from tests.fakes.own_issuer import OWN_URL, SECRET, an_rsa_key
from valetkey.credentials import MAX_PUBLISHED, Algorithm, CredentialsError, SigningKey
from valetkey.credentials.issuer_documents import (
    below,
    discovery_document,
    key_set_document,
    metadata_path,
    path_of,
)
from valetkey.credentials.sealing import make_key
from valetkey.identity import KeySet

ENDPOINT = "https://broker.example.com/oauth/token"


@cache
def made_key(number: int) -> SigningKey:
    """The same key for the same number."""
    return make_key(
        Algorithm.ES256, issuer=OWN_URL, secret=SECRET, now=NOW, entropy=secrets.token_bytes
    )


def discovery(issuer: str = OWN_URL, endpoint: str | None = ENDPOINT) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(
        discovery_document(issuer, algorithms=[Algorithm.ES256], token_endpoint=endpoint)
    )
    return read


def listed(*keys: SigningKey) -> list[dict[str, str]]:
    read: list[dict[str, str]] = json.loads(key_set_document(keys))["keys"]
    return read


def test_the_discovery_document_has_what_aws_asks_of_a_provider() -> None:
    """IAM guide, "Create an OpenID Connect identity provider", its prerequisites."""
    document = discovery()
    assert document["issuer"] == OWN_URL
    assert document["jwks_uri"] == f"{OWN_URL}/.well-known/jwks.json"
    assert document["response_types_supported"] == ["id_token"]
    assert document["subject_types_supported"] == ["public"]
    assert document["id_token_signing_alg_values_supported"] == ["ES256"]
    assert {"iss", "sub", "aud", "https://aws.amazon.com/tags"} <= set(document["claims_supported"])


def test_no_member_of_the_discovery_document_is_empty() -> None:
    """OpenID Connect Discovery 1.0 §4.2: what has no elements is left out."""
    for endpoint in (ENDPOINT, None):
        assert all(discovery(endpoint=endpoint).values())
    assert "token_endpoint" not in discovery(endpoint=None)
    assert discovery()["token_endpoint"] == ENDPOINT


@pytest.mark.parametrize(
    ("issuer", "keys_at", "path", "metadata"),
    [
        (
            "https://id.example.com",
            "https://id.example.com/.well-known/jwks.json",
            "",
            "/.well-known/oauth-authorization-server",
        ),
        (
            "https://id.example.com/",
            "https://id.example.com/.well-known/jwks.json",
            "",
            "/.well-known/oauth-authorization-server",
        ),
        (
            "https://id.example.com/tenant1",
            "https://id.example.com/tenant1/.well-known/jwks.json",
            "/tenant1",
            "/.well-known/oauth-authorization-server/tenant1",
        ),
    ],
)
def test_an_issuer_with_a_path_has_its_documents_below_it(
    issuer: str, keys_at: str, path: str, metadata: str
) -> None:
    assert discovery(issuer)["jwks_uri"] == keys_at == below(issuer, "/.well-known/jwks.json")
    assert discovery(issuer)["issuer"] == issuer
    assert (path_of(issuer), metadata_path(issuer)) == (path, metadata)


def test_a_key_is_published_with_its_public_members_alone() -> None:
    key = made_key(1)
    leaky = replace(key, public={**key.public, "d": "private", "key_ops": "sign", "k": "x"})
    assert listed(leaky) == listed(key)
    assert set(listed(key)[0]) == {"kty", "crv", "x", "y", "alg", "kid", "use"}
    assert set(listed(an_rsa_key(1))[0]) == {"kty", "n", "e", "alg", "kid", "use"}


def test_whoever_reads_the_key_set_gets_every_key() -> None:
    keys = [made_key(1), made_key(2), an_rsa_key(1)]
    read = KeySet.from_jwks(key_set_document(keys), ("ES256", "RS256"))
    assert {key.kid for key in read.keys} == {key.kid for key in keys}
    assert read.ignored == ()


def test_equal_keys_give_equal_bytes_in_any_order() -> None:
    keys = [replace(made_key(n), created_at=NOW + n // 2) for n in (1, 2, 3)]
    shuffled = [replace(k, public=dict(reversed([*k.public.items()]))) for k in reversed(keys)]
    assert key_set_document(keys) == key_set_document(shuffled)
    created = {key.kid: key.created_at for key in keys}
    assert [created[k["kid"]] for k in listed(*keys)] == sorted(created.values())


def test_no_keys_are_an_empty_list() -> None:
    assert key_set_document([]) == b'{"keys":[]}'


@pytest.mark.parametrize("change", [{"x": ""}, {"kid": "another"}])
def test_a_key_without_its_public_part_is_refused(change: dict[str, str]) -> None:
    key = made_key(1)
    with pytest.raises(CredentialsError) as caught:
        key_set_document([replace(key, public={**key.public, **change})])
    assert caught.value.code == "signing-key-unfit"


def test_a_key_of_another_kind_than_its_algorithm_is_refused() -> None:
    with pytest.raises(CredentialsError) as caught:
        key_set_document([replace(made_key(1), algorithm=Algorithm.RS256)])
    assert caught.value.code == "signing-key-unfit"


def test_the_key_set_never_grows_beyond_its_bound() -> None:
    """Lesson 29: a set that grows is refused by AWS one day."""
    keys = [made_key(n) for n in range(MAX_PUBLISHED + 1)]
    assert len(listed(*keys[:-1])) == MAX_PUBLISHED
    with pytest.raises(CredentialsError) as caught:
        key_set_document(keys)
    assert caught.value.code == "signing-keys-too-many"
