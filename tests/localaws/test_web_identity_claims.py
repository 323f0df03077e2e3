"""What the claims of a verified token mean, and which are none."""

from typing import Any

import pytest

from valetkey.localaws.faults import AwsError
from valetkey.localaws.web_identity_claims import TOLERANCE, WebClaims, read_claims

NOW = 1_800_000_000
GOOD: dict[str, Any] = {"sub": "s", "aud": "a", "iat": NOW, "exp": NOW + 60}


def read(now: float = NOW, /, **changes: Any) -> WebClaims:
    """Return what good claims with these changes mean."""
    return read_claims({**GOOD, **changes}, now)


def code(now: float = NOW, /, **changes: Any) -> str:
    """Return the code with which claims are refused."""
    with pytest.raises(AwsError) as caught:
        read(now, **changes)
    return caught.value.code


@pytest.mark.parametrize("name", ["sub", "aud", "iat", "exp"])
def test_a_claim_that_sts_needs_is_there(name: str) -> None:
    claims = {key: value for key, value in GOOD.items() if key != name}
    with pytest.raises(AwsError) as caught:
        read_claims(claims, NOW)
    assert caught.value.code == "InvalidIdentityToken"
    assert code(**{name: None}) == "InvalidIdentityToken"


@pytest.mark.parametrize("name", ["exp", "iat", "nbf"])
@pytest.mark.parametrize("value", [1.5, "1", True, float("inf"), [NOW], {}])
def test_a_time_is_whole_seconds(name: str, value: Any) -> None:
    assert code(**{name: value}) == "InvalidIdentityToken"


def test_other_clocks_may_be_five_minutes_off() -> None:
    exp = GOOD["exp"]
    read(exp + TOLERANCE - 0.001)
    assert code(exp + TOLERANCE) == "ExpiredTokenException"
    for name in ("iat", "nbf"):
        read(**{name: NOW + TOLERANCE})
        assert code(**{name: NOW + TOLERANCE + 1}) == "InvalidIdentityToken"
    read(exp=10**30, iat=-1)


@pytest.mark.parametrize("value", [1, "", [], ["s"], True])
def test_a_subject_is_a_text(value: Any) -> None:
    assert code(sub=value) == "InvalidIdentityToken"


def test_azp_stands_in_for_the_audience() -> None:
    alone = read(aud=["a"])
    assert (alone.audience, alone.original_audience) == ("a", ())
    several = read(aud=["a", "b"], azp="c")
    assert (several.audience, several.original_audience) == ("c", ("a", "b"))
    assert code(aud=["a", "b"]) == "InvalidIdentityToken"
    assert code(azp=["a"]) == "InvalidIdentityToken"


def test_what_stays_with_the_session_is_less_than_what_a_trust_policy_sees() -> None:
    claims = read(aud=["a", "b"], azp="c", amr=["mfa", 1], email="e@x", groups="g")
    kept = {"id.example.com:aud": "c", "id.example.com:sub": "s", "id.example.com:amr": ("mfa",)}
    assert claims.session_keys("id.example.com") == kept
    more = {"id.example.com:oaud": ("a", "b"), "id.example.com:email": "e@x"}
    assert claims.trust_keys("id.example.com") == {**kept, **more}


def test_without_a_tags_claim_there_are_no_tags() -> None:
    assert (read().tags, read().transitive_keys, read().roles) == ((), (), None)
