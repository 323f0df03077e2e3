"""What our tokens say: one audience, whose work it is, and for STS the tags that AWS honours."""

import pytest

from valetkey.credentials import (
    Grant,
    GrantSource,
    TokenGrant,
    WebIdentityRequest,
    parse_role_arn,
    web_identity_request,
)
from valetkey.credentials.token_claims import Json, new_token_id, sts_claims, tool_claims

NOW = 1_800_000_000
ROLE = "arn:aws:iam::111122223333:role/agents/AgentTenantData"
BILLING = TokenGrant("billing", "https://billing.internal/mcp", ("read", "write"), 300)


def request(**tags: str) -> WebIdentityRequest:
    grant = Grant("tenant-data", parse_role_arn(ROLE), GrantSource.WEB_IDENTITY, 3600)
    return web_identity_request(
        grant, issuer="https://id.example.com", run_id="r-1", tags=tags or {"user_id": "alice"}
    )


def for_sts(asked: WebIdentityRequest, seconds: int = 300) -> dict[str, Json]:
    return sts_claims(
        asked,
        run_id="r-1",
        actor_issuer="https://cluster.example",
        actor="orchestrator",
        token_id="t-1",
        now=NOW,
        seconds=seconds,
    )


def for_tool(grant: TokenGrant = BILLING, **changes: object) -> dict[str, Json]:
    members: dict[str, object] = {
        "issuer": "https://id.example.com",
        "subject": "alice",
        "run_id": "r-1",
        "actor_issuer": "https://cluster.example",
        "actor": "orchestrator",
        "client_id": "cluster:orchestrator",
        "scope": "read write",
        "token_id": "t-1",
        "now": NOW,
    }
    return tool_claims(grant, **{**members, **changes})  # type: ignore[arg-type]


def test_a_token_for_sts_carries_the_tags_claim_as_aws_reads_it() -> None:
    """Lesson 4: without it STS makes an untagged session and says nothing."""
    claims = for_sts(request(valetkey_run="r-1", user_id="alice"))
    assert claims["https://aws.amazon.com/tags"] == {
        "principal_tags": {"user_id": ["alice"], "valetkey_run": ["r-1"]},
        "transitive_tag_keys": ["user_id", "valetkey_run"],
    }


def test_a_token_for_sts_says_whose_it_is_for_whom_and_for_which_role() -> None:
    claims = for_sts(request())
    del claims["https://aws.amazon.com/tags"]
    assert claims == {
        "iss": "https://id.example.com",
        "sub": "grant:tenant-data",
        "aud": "sts.amazonaws.com",
        "exp": NOW + 300,
        "nbf": NOW - 30,
        "iat": NOW,
        "jti": "t-1",
        "act": {"iss": "https://cluster.example", "sub": "orchestrator"},
        "valetkey_run": "r-1",
        "https://aws.amazon.com/source_identity": "r-1",
        "https://aws.amazon.com/roles": [ROLE],
    }


def test_a_tag_value_goes_into_the_token_raw() -> None:
    """Invariant 3."""
    tags = for_sts(request(repo="org/app", name="Zoë Ωmega 日本"))["https://aws.amazon.com/tags"]
    assert isinstance(tags, dict)
    assert tags["principal_tags"] == {"repo": ["org/app"], "name": ["Zoë Ωmega 日本"]}


@pytest.mark.parametrize("seconds", [0, -1, 301, 3600])
def test_a_token_for_sts_never_lives_longer_than_five_minutes(seconds: int) -> None:
    with pytest.raises(ValueError, match="lives at most 300"):
        for_sts(request(), seconds)


def test_a_token_for_a_tool_has_one_audience_the_actor_and_the_run() -> None:
    assert for_tool() == {
        "iss": "https://id.example.com",
        "sub": "alice",
        "aud": "https://billing.internal/mcp",
        "exp": NOW + 300,
        "nbf": NOW - 30,
        "iat": NOW,
        "jti": "t-1",
        "act": {"iss": "https://cluster.example", "sub": "orchestrator"},
        "client_id": "cluster:orchestrator",
        "valetkey_run": "r-1",
        "scope": "read write",
    }


def test_a_token_for_a_tool_carries_no_tags_of_aws() -> None:
    assert not [name for name in for_tool() if name.startswith("https://aws.amazon.com/")]


@pytest.mark.parametrize("scope", [None, ""])
def test_no_scope_is_no_claim(scope: str | None) -> None:
    assert "scope" not in for_tool(scope=scope)


def test_a_token_may_live_shorter_than_its_grant_but_never_longer() -> None:
    assert for_tool(seconds=7)["exp"] == NOW + 7
    for seconds in (0, 301):
        with pytest.raises(ValueError, match="lives at most 300"):
            for_tool(seconds=seconds)


@pytest.mark.parametrize("claims", [for_tool(), for_sts(request())])
def test_a_token_is_good_at_once_where_the_clock_is_a_little_behind(
    claims: dict[str, Json],
) -> None:
    """And no longer for it: `exp` counts from `iat`."""
    assert (claims["iat"], claims["nbf"], claims["exp"]) == (NOW, NOW - 30, NOW + 300)


def test_a_token_id_is_made_of_all_its_random_bytes() -> None:
    assert new_token_id(bytes(range(16))) == "000102030405060708090a0b0c0d0e0f"
    with pytest.raises(ValueError, match="16 random bytes"):
        new_token_id(b"short")
