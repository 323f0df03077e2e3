"""One person of Okta is one subject, whichever token says so; a login is nobody."""

from typing import Any

import pytest

from tests.fakes.issuer import NOW, FakeIssuer, signing_key
from tests.identity.verifying import claims_of
from valetkey.identity import (
    PRESETS,
    ClaimCheck,
    Claims,
    Issuer,
    IssuerUrl,
    Power,
    Principal,
    Provider,
    TokenRejected,
    TrustRule,
    admit,
    values_at,
)

URL = "https://example.okta.com/oauth2/default"
PRESET = PRESETS[Provider.OKTA]
ISSUER = Issuer(
    "okta", IssuerUrl(URL), ("api://valetkey",), PRESET.algorithms, provider=Provider.OKTA
)
FAKE = FakeIssuer(URL, [signing_key("key-1", "RS256")])


def claims(**said: Any) -> Claims:
    token = FAKE.sign(FAKE.claims(aud="api://valetkey", ver=1, **said), kid="key-1")
    return claims_of(token, FAKE, issuer=ISSUER, now=NOW)


def access(*, login: str, uid: object) -> Claims:
    return claims(sub=login, uid=uid, cid="0oaAPP")


def principal(verified: Claims, subject: str) -> Principal | None:
    rule = TrustRule("r", "okta", {"sub": ClaimCheck.of(subject)}, Power.OPEN_RUNS)
    found = admit(verified, ISSUER, [rule])
    return found if isinstance(found, Principal) else None


def test_an_id_token_and_an_access_token_of_one_person_are_one_subject() -> None:
    by_id, by_access = claims(sub="00uJANE"), access(login="jane@example.com", uid="00uJANE")
    assert by_id.subject == by_access.subject == "00uJANE"
    first, second = principal(by_id, "00uJANE"), principal(by_access, "00uJANE")
    assert first is not None
    assert second is not None
    assert first.identity == second.identity


def test_tags_and_trust_rules_see_the_person_and_never_the_login() -> None:
    verified = access(login="jane@example.com", uid="00uJANE")
    assert values_at(verified.all, "sub") == ("00uJANE",)
    assert principal(verified, "jane@example.com") is None


def test_two_people_who_had_one_login_one_after_the_other_are_two() -> None:
    first = access(login="jane@example.com", uid="00uFIRST")
    second = access(login="jane@example.com", uid="00uSECOND")
    assert first.subject != second.subject
    assert first.all["sub"] != second.all["sub"]


@pytest.mark.parametrize("login", ["00uVICTIM", "0oaMACHINE"])
def test_a_login_that_looks_like_an_id_of_okta_is_not_whose_id_it_is(login: str) -> None:
    assert principal(access(login=login, uid="00uATTACKER"), login) is None


def test_a_service_is_its_client() -> None:
    verified = claims(sub="0oaMACHINE", cid="0oaMACHINE")
    assert principal(verified, "0oaMACHINE") is not None


def test_a_custom_claim_of_an_id_token_replaces_nothing() -> None:
    """`uid` is Okta's in access tokens alone, which are those with a `cid`."""
    assert claims(sub="00uJANE", uid="00uVICTIM").subject == "00uJANE"


@pytest.mark.parametrize("uid", [7, "", ["00uJANE"], "x" * 256, "a\nb"])
def test_an_id_that_is_none_is_refused_and_the_login_does_not_take_its_place(uid: object) -> None:
    with pytest.raises(TokenRejected) as refusal:
        access(login="jane@example.com", uid=uid)
    assert refusal.value.code == "token-subject"
    assert "uid" in refusal.value.message


def test_the_claims_still_can_not_be_changed() -> None:
    verified = access(login="jane@example.com", uid="00uJANE")
    with pytest.raises(TypeError):
        verified.all["sub"] = "00uVICTIM"  # type: ignore[index]
