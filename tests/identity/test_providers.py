"""Every vector of tests/vectors/tokens/providers has its outcome: shapes from documentation."""

import tomllib
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.issuer import NOW, FakeIssuer, signing_key
from tests.identity.verifying import claims_of
from valetkey.errors import ValetkeyError
from valetkey.identity import (
    PRESETS,
    ClaimCheck,
    IdentityError,
    Issuer,
    IssuerUrl,
    Power,
    Provider,
    TrustRule,
    check_trust,
)

FOLDER = Path(__file__).parent.parent / "vectors" / "tokens" / "providers"
FILES = {path.stem: tomllib.loads(path.read_text()) for path in sorted(FOLDER.glob("*.toml"))}
ROWS = [
    pytest.param(file, row, id=f"{name}: {row['name']}")
    for name, file in FILES.items()
    for row in file["vector"]
]
URLS = [
    pytest.param(file["provider"], row, id=f"{file['provider']}: {row['url']}")
    for file in FILES.values()
    for row in file.get("issuer", ())
]


def preset_issuer(file: dict[str, Any]) -> Issuer:
    """The issuer as a configuration has it that names nothing but url, audiences and provider."""
    provider = Provider(file["provider"])
    preset = PRESETS[provider]
    return Issuer(
        "theirs",
        IssuerUrl(file["url"]),
        tuple(file["audiences"]),
        preset.algorithms,
        max_lifetime=preset.max_lifetime,
        types=preset.types,
        other_audiences=preset.other_audiences(file["url"]),
        provider=provider,
    )


def outcome_of(file: dict[str, Any], row: dict[str, str]) -> str:
    parts = {"header": file["header"], "payload": file["tokens"][row["token"]]}
    if "old" in row:
        part = row.get("part", "payload")
        before = parts[part]
        parts[part] = before.replace(row["old"], row["new"], 1)
        assert parts[part] != before, "the vector changes nothing"
    fake = FakeIssuer(file["url"], [signing_key("key-1", "RS256")])
    token = fake.sign_bytes(parts["header"].encode(), parts["payload"].encode())
    try:
        claims_of(token, fake, issuer=preset_issuer(file), now=NOW)
    except ValetkeyError as refusal:
        return refusal.code
    return "accepted"


@pytest.mark.parametrize(("file", "row"), ROWS)
def test_a_provider_s_token_has_its_outcome(file: dict[str, Any], row: dict[str, str]) -> None:
    assert outcome_of(file, row) == row["outcome"]


@pytest.mark.parametrize(("provider", "row"), URLS)
def test_an_issuer_has_the_shape_of_its_provider(provider: str, row: dict[str, str]) -> None:
    outcome = "accepted"
    try:
        Issuer("x", IssuerUrl(row["url"]), ("a",), ("RS256",), provider=Provider(provider))
    except IdentityError as refusal:
        outcome = refusal.code
    assert outcome == row["outcome"]


def test_every_provider_has_vectors_and_they_name_their_sources() -> None:
    assert {file["provider"] for file in FILES.values()} == {each.value for each in Provider}
    assert all(source.startswith("https://") for f in FILES.values() for source in f["sources"])
    assert all(row["token"] in file["tokens"] for file in FILES.values() for row in file["vector"])


def test_without_a_preset_none_of_its_checks_is_made() -> None:
    """What the checks of a preset refuse is otherwise a good token: the preset is why."""
    file = FILES["entra"]
    issuer = preset_issuer(file)
    bare = Issuer("theirs", issuer.url, issuer.audiences, issuer.algorithms)
    fake = FakeIssuer(file["url"], [signing_key("key-1", "RS256")])
    payload = file["tokens"]["v2"].replace('"tid":"aaaabbbb', '"tid":"ffffffff')
    token = fake.sign_bytes(file["header"].encode(), payload.encode())
    assert claims_of(token, fake, issuer=bare, now=NOW).subject
    with pytest.raises(ValetkeyError, match="tenant"):
        claims_of(token, fake, issuer=issuer, now=NOW)


def test_an_access_token_of_cognito_says_its_client_is_its_audience_and_keeps_its_claims() -> None:
    file = FILES["cognito"]
    fake = FakeIssuer(file["url"], [signing_key("key-1", "RS256")])
    token = fake.sign_bytes(file["header"].encode(), file["tokens"]["access"].encode())
    claims = claims_of(token, fake, issuer=preset_issuer(file), now=NOW)
    assert claims.audience == ("1example23456789",)
    assert "aud" not in claims.all


def test_the_id_of_a_token_of_entra_is_its_uti_and_single_use_needs_one() -> None:
    file = FILES["entra"]
    fake = FakeIssuer(file["url"], [signing_key("key-1", "RS256")])
    issuer = replace(preset_issuer(file), single_use=True)
    payload = file["tokens"]["v2"]
    token = fake.sign_bytes(file["header"].encode(), payload.encode())
    assert claims_of(token, fake, issuer=issuer).token_id == "u"
    without = payload.replace('"uti":"u"', '"jti":"u"')
    with pytest.raises(ValetkeyError) as refusal:
        claims_of(fake.sign_bytes(file["header"].encode(), without.encode()), fake, issuer=issuer)
    assert refusal.value.code == "token-id-missing"


GITHUB = "https://token.actions.githubusercontent.com"
WIDE: list[dict[str, str | list[str]]] = [
    {"repository_visibility": "private"},
    {"ref": "refs/heads/main", "event_name": "push"},
    {"actor": "octocat"},
    {"actor_id": "12"},
    {"workflow": "deploy"},
    {"environment": "prod", "runner_environment": "github-hosted"},
    # a stranger's workflow may call a public reusable workflow of ours
    {"job_workflow_ref": "octo-org/shared/.github/workflows/x.yml@refs/heads/main"},
    # an organization chooses what its `sub` says
    {"sub": "environment:prod"},
    {"sub": "environment:prod:repository_owner:octo-org"},
    {"sub": ["repo:octo-org/octo-repo:environment:prod", "ref:refs/heads/main"]},
]
PINNED: list[dict[str, str | list[str]]] = [
    {"sub": "repo:octo-org/octo-repo:environment:prod"},
    {"sub": "repo:octo-org@65/octo-repo@74:ref:refs/heads/main"},
    {"sub": "repository_owner_id:65"},
    {"repository": "octo-org/octo-repo"},
    {"repository_id": ["74", "75"]},
    {"repository_owner": "octo-org", "environment": "prod"},
    {"repository_owner_id": "65", "sub": "environment:prod"},
    {"workflow_ref": "octo-org/octo-repo/.github/workflows/x.yml@refs/heads/main"},
    {"enterprise_id": "1"},
]


def _trust(url: str, claims: dict[str, str | list[str]], provider: Provider | None) -> None:
    issuer = Issuer("ci", IssuerUrl(url), ("a",), ("RS256",), provider=provider)
    checks = {path: ClaimCheck.of(value) for path, value in claims.items()}
    check_trust([issuer], [TrustRule("ci", "ci", checks, Power.OPEN_RUNS)])


@pytest.mark.parametrize("claims", WIDE, ids=str)
def test_a_rule_that_strangers_workflows_pass_is_refused(claims: dict[str, Any]) -> None:
    with pytest.raises(IdentityError) as refusal:
        _trust(GITHUB, claims, Provider.GITHUB_ACTIONS)
    assert refusal.value.code == "trust-rule-too-wide"
    assert "repository_owner_id" in (refusal.value.hint or "")


@pytest.mark.parametrize("claims", PINNED, ids=str)
def test_a_rule_that_pins_an_owner_is_accepted(claims: dict[str, Any]) -> None:
    _trust(GITHUB, claims, Provider.GITHUB_ACTIONS)


@pytest.mark.parametrize(
    "url", [f"{GITHUB}/octo-enterprise", "https://ghes.example/_services/token"]
)
def test_an_issuer_of_one_company_has_no_strangers(url: str) -> None:
    _trust(url, {"environment": "prod"}, Provider.GITHUB_ACTIONS)


def test_strangers_have_tokens_of_github_s_issuer_with_and_without_the_preset() -> None:
    with pytest.raises(IdentityError) as refusal:
        _trust(GITHUB, {"environment": "prod"}, None)
    assert refusal.value.code == "trust-rule-too-wide"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2**40) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
NAMES = ("token_use", "client_id", "sub", "tid", "ver", "cid", "uid", "gty", "kubernetes.io", "aud")


@given(st.sampled_from(Provider), st.dictionaries(st.sampled_from(NAMES), JSON), st.text())
def test_any_claims_and_any_url_are_taken_or_refused_by_code(
    provider: Provider, claims: dict[str, Any], url: str
) -> None:
    preset = PRESETS[provider]
    with suppress(ValetkeyError):
        preset.check_claims(claims, url)
    with suppress(ValetkeyError):
        preset.check_url(url)
    assert preset.audience_claim(claims) in ("aud", "client_id")
    assert preset.subject_claim(claims) in ("sub", "uid")
