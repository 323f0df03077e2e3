"""What single out nobody at a provider gives no power, and what is for others is not ours."""

from typing import Any

import pytest

from valetkey.identity import (
    ClaimCheck,
    IdentityError,
    Issuer,
    IssuerUrl,
    Power,
    Provider,
    TrustRule,
    check_trust,
)

CLUSTER = "https://cluster.example"
EKS = "https://oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"
TENANT = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
URLS = {
    Provider.COGNITO: "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example",
    Provider.ENTRA: f"https://login.microsoftonline.com/{TENANT}/v2.0",
    Provider.OKTA: "https://example.okta.com/oauth2/default",
    Provider.AUTH0: "https://t.eu.auth0.com/",
    Provider.KUBERNETES: EKS,
}
ACCOUNT = "kubernetes.io.serviceaccount"


def code_of(
    url: str, provider: Provider | None, claims: dict[str, Any], may: Power = Power.OPEN_RUNS
) -> str | None:
    issuer = Issuer("them", IssuerUrl(url), ("valetkey",), ("RS256",), provider=provider)
    checks = {path: ClaimCheck.of(value) for path, value in claims.items()}
    try:
        check_trust([issuer], [TrustRule("rule", "them", checks, may)])
    except IdentityError as refusal:
        return refusal.code
    return None


@pytest.mark.parametrize(
    ("url", "provider"),
    [(EKS, Provider.KUBERNETES), (EKS, None), (CLUSTER, Provider.KUBERNETES), (CLUSTER, None)],
)
@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({f"{ACCOUNT}.name": "platform"}, "trust-rule-too-wide"),
        ({"kubernetes.io.pod.name": "platform-0"}, "trust-rule-too-wide"),
        ({"kubernetes.io.node.name": "node-1"}, "trust-rule-too-wide"),
        ({f"{ACCOUNT}.name": "platform", "aud": "valetkey"}, "trust-rule-too-wide"),
        ({f"{ACCOUNT}.name": "platform", "kubernetes.io.namespace": "agents"}, None),
        ({"kubernetes.io.namespace": "agents"}, None),
        ({f"{ACCOUNT}.uid": "14ee3fa4"}, None),
        ({"kubernetes.io.pod.uid": "14ee3fa4"}, None),
        ({"sub": "system:serviceaccount:agents:platform"}, None),
    ],
    ids=str,
)
def test_another_namespaces_account_of_the_same_name_is_not_the_platform(
    url: str, provider: Provider | None, claims: dict[str, Any], code: str | None
) -> None:
    assert code_of(url, provider, claims) == code


@pytest.mark.parametrize(
    ("provider", "claims"),
    [
        (Provider.ENTRA, {"tid": TENANT}),
        (Provider.ENTRA, {"ver": "2.0"}),
        (Provider.ENTRA, {"ver": "2.0", "tid": TENANT, "aud": "valetkey"}),
        (Provider.ENTRA, {"upn": "ops@example.com"}),
        (Provider.OKTA, {"ver": 1}),
        (Provider.COGNITO, {"token_use": "access"}),
        (Provider.COGNITO, {"token_use": "id", "profile": "platform"}),
        (Provider.COGNITO, {"address.locality": "platform"}),
        (Provider.COGNITO, {"email": "ops@example.com"}),
        (Provider.COGNITO, {"email_verified": True}),
        (Provider.AUTH0, {"nickname": "platform"}),
    ],
    ids=str,
)
@pytest.mark.parametrize("may", Power)
def test_what_singles_nobody_out_gives_no_power_but_to_be_worked_for(
    provider: Provider, claims: dict[str, Any], may: Power
) -> None:
    expected = None if may is Power.BE_WORKED_FOR else "trust-rule-too-wide"
    assert code_of(URLS[provider], provider, claims, may) == expected


@pytest.mark.parametrize(
    ("provider", "claims"),
    [
        (Provider.ENTRA, {"tid": TENANT, "azp": "11112222"}),
        (Provider.OKTA, {"ver": 1, "groups": "platform"}),
        (Provider.COGNITO, {"token_use": "access", "client_id": "platform"}),
        (Provider.COGNITO, {"email": "ops@example.com", "email_verified": True}),
        (None, {"ver": 1}),
        (None, {"email": "ops@example.com"}),
    ],
    ids=str,
)
def test_one_claim_that_singles_out_is_enough(
    provider: Provider | None, claims: dict[str, Any]
) -> None:
    url = "https://issuer.example" if provider is None else URLS[provider]
    assert code_of(url, provider, claims) is None


@pytest.mark.parametrize(
    "audience",
    [
        "https://kubernetes.default.svc",
        "https://kubernetes.default.svc/",
        "https://Kubernetes.default.svc.cluster.local",
        "kubernetes.default",
        EKS,
    ],
)
def test_what_every_pods_own_token_is_for_is_no_audience_of_ours(audience: str) -> None:
    def issuer(provider: Provider | None) -> Issuer:
        audiences = ("valetkey", audience)
        return Issuer("cluster", IssuerUrl(EKS), audiences, ("RS256",), provider=provider)

    with pytest.raises(IdentityError) as refusal:
        issuer(Provider.KUBERNETES)
    assert refusal.value.code == "provider-audience"
    assert issuer(None).audiences


def test_an_audience_that_merely_begins_like_it_is_fine() -> None:
    audiences = ("https://kubernetes.default.example.com", f"{EKS}/valetkey")
    assert Issuer("c", IssuerUrl(EKS), audiences, ("RS256",), provider=Provider.KUBERNETES)
