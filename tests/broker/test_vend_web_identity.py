"""Handing out by web identity: a token of our own, on record before STS sees it, then as ever."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.issuer import NOW
from tests.fakes.own_issuer import OWN_URL
from tests.fakes.platform import ROLE, Platform, grant, platform, web_grant
from valetkey.broker import HandOut, end_own_run, hand_out
from valetkey.broker.local_signer import LocalSigner
from valetkey.broker.minting import Minted
from valetkey.broker.readiness import Readiness
from valetkey.credentials import (
    Algorithm,
    TokenGrant,
    WebIdentityRequest,
    web_identity_key,
    web_identity_request,
)
from valetkey.credentials.sealing import new_secret
from valetkey.credentials.token_claims import sts_claims
from valetkey.errors import ValetkeyError
from valetkey.identity import Refusal
from valetkey.secret import Secret

PROVIDER = "arn:aws:iam::111122223333:oidc-provider/id.example.com"


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Platform]:
    async with platform(tmp_path, grants=(web_grant(),), signs=True) as made:
        yield made


async def drawn(here: Platform, token: Secret, name: str = "tenant-data") -> dict[str, Any]:
    given = await hand_out(here.broker, token, name)
    assert isinstance(given, HandOut), given
    document: dict[str, Any] = json.loads(given.body)
    return document


async def failed(here: Platform, token: Secret) -> str:
    with pytest.raises(ValetkeyError) as caught:
        await hand_out(here.broker, token, "tenant-data")
    return caught.value.code


async def test_the_token_says_whose_work_it_is_for_one_role_and_five_minutes(
    here: Platform,
) -> None:
    opened = await here.open()
    assert (await drawn(here, opened.token))["Token"] == "session-1"
    ((request, token),) = here.sts.presented
    assert token.typ == "JWT"
    assert token.alg == "ES256"
    assert dict(token.claims) | {"jti": ""} == {
        "iss": OWN_URL,
        "sub": "grant:tenant-data",
        "aud": "sts.amazonaws.com",
        "exp": NOW + 300,
        "nbf": NOW - 30,
        "iat": NOW,
        "jti": "",
        "act": {"iss": "https://cluster.example", "sub": "orchestrator"},
        "valetkey_run": opened.run.id,
        "https://aws.amazon.com/tags": {
            "principal_tags": {
                "task_id": ("task-of-alice",),
                "user_id": ("alice",),
                "valetkey_run": (opened.run.id,),
            },
            "transitive_tag_keys": ("task_id", "user_id", "valetkey_run"),
        },
        "https://aws.amazon.com/source_identity": opened.run.id,
        "https://aws.amazon.com/roles": (str(ROLE),),
    }
    assert (request.session_name, request.duration) == (f"vk-{opened.run.id}", 3600)
    assert request.provider == PROVIDER


async def test_the_chain_is_on_record_link_by_link(here: Platform) -> None:
    """Invariant 4: a signed token, the session made of it, and who got that, in this order."""
    opened = await here.open()
    await drawn(here, opened.token)
    issued, vended, handed = (await here.audit())[-3:]
    ((_, token),) = here.sts.presented
    (key,) = await here.sts.published()  # type: ignore[misc]
    assert issued | {"at": 0} == {
        "kind": "token-issued",
        "v": 1,
        "at": 0,
        "run": opened.run.id,
        "grant": "tenant-data",
        "audience": "sts.amazonaws.com",
        "subject": "grant:tenant-data",
        "jti": token.claims["jti"],
        "key_id": key.kid,
        "expires_at": NOW + 300,
        "holder": "broker",
        "role_arn": str(ROLE),
        "tags": {"task_id": "task-of-alice", "user_id": "alice", "valetkey_run": opened.run.id},
    }
    assert (vended["kind"], handed["kind"]) == ("credentials-vended", "credentials-handed-out")


async def test_a_token_is_on_record_before_sts_sees_it(here: Platform) -> None:
    """Invariant 4."""
    opened = await here.open()
    here.sts.release = asyncio.Event()
    asking = asyncio.create_task(drawn(here, opened.token))
    await here.sts.was_asked.wait()
    assert (await here.kinds())[-1] == "token-issued"
    here.sts.release.set()
    await asking


async def test_a_token_whose_record_fails_is_shown_to_nobody(
    here: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Invariant 4: a failed append means nothing leaves, not even to STS."""
    opened = await here.open()

    async def fail(*_: object) -> None:
        raise ValetkeyError("store-stopped", "the disk is full")

    monkeypatch.setattr(here.broker.store, "append", fail)
    assert await failed(here, opened.token) == "store-stopped"
    assert here.sts.presented == []


@pytest.mark.parametrize(
    "change",
    [
        {"assumed_role_arn": "arn:aws:sts::111122223333:assumed-role/Admin/vk-x"},
        {"source_identity": None},
        {"source_identity": "r-someone-else"},
        {"expiration": NOW + 12 * 3600},
        {"subject": "grant:other"},
        {"subject": None},
        {"audience": "sts.amazonaws.com.example"},
        {"audience": None},
        {"provider": "arn:aws:iam::999988887777:oidc-provider/id.example.com"},
        {"provider": "arn:aws:iam::111122223333:oidc-provider/id.example.com/"},
        {"provider": OWN_URL + "/"},
        {"provider": None},
    ],
)
async def test_an_answer_about_another_token_or_session_never_leaves(
    here: Platform, change: dict[str, object]
) -> None:
    """Invariant 5: issue, then check; for web identity subject, audience and provider too."""
    opened = await here.open()
    here.sts.changes = change
    assert await failed(here, opened.token) == "aws-answer-mismatch"
    assert "credentials-handed-out" not in await here.kinds()
    assert (await here.audit())[-1]["code"] == "aws-answer-mismatch"


async def test_a_provider_named_by_its_issuer_is_ours_as_well(here: Platform) -> None:
    """The API reference has the token's `iss` there, AWS's answers the provider's ARN."""
    here.sts.changes = {"provider": OWN_URL}
    await drawn(here, (await here.open()).token)


async def test_a_token_without_the_tags_of_the_run_is_never_signed(
    here: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lesson 4: STS would make an untagged session of it and say nothing."""
    opened = await here.open()

    def dropped(*arguments: Any, **named: Any) -> dict[str, Any]:
        claims = sts_claims(*arguments, **named)
        return {name: claims[name] for name in claims if not name.endswith("/tags")}

    def cut(*arguments: Any, **named: Any) -> dict[str, Any]:
        claims: dict[str, Any] = sts_claims(*arguments, **named)
        claims["https://aws.amazon.com/tags"]["principal_tags"]["user_id"] = ["alic"]
        return claims

    for broken in (dropped, cut):
        monkeypatch.setattr("valetkey.broker.token_plan.sts_claims", broken)
        here.clock.now += 10
        assert await failed(here, opened.token) == "token-tags-differ"
    assert here.sts.presented == []
    assert "token-issued" not in await here.kinds()


async def test_fresh_credentials_need_no_second_token(here: Platform) -> None:
    opened = await here.open()
    for _ in range(5):
        await drawn(here, opened.token)
    assert (await here.kinds()).count("token-issued") == 1
    assert (await here.kinds()).count("credentials-handed-out") == 5


async def test_100_callers_at_once_make_one_token_and_one_sts_call(here: Platform) -> None:
    """Lesson 21."""
    opened = await here.open()
    here.sts.delay = 0.02
    await asyncio.gather(*(drawn(here, opened.token) for _ in range(100)))
    assert len(here.sts.presented) == 1
    assert (await here.kinds()).count("token-issued") == 1


async def test_every_refresh_has_a_token_of_its_own(here: Platform) -> None:
    opened = await here.open()
    await drawn(here, opened.token)
    here.clock.now += 3600
    await drawn(here, opened.token)
    ids = [leaf["jti"] for leaf in await here.audit() if leaf["kind"] == "token-issued"]
    assert len(set(ids)) == 2
    assert len({request.session_name for request, _ in here.sts.presented}) == 1


async def test_valid_credentials_are_served_while_no_key_signs(
    here: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Invariant 12."""
    opened = await here.open()
    await drawn(here, opened.token)

    async def none(*_: object, **__: object) -> None:
        raise ValetkeyError("signing-key-missing", "no key signs")

    assert here.broker.own is not None
    monkeypatch.setattr(here.broker.own.ring, "signing", none)
    here.clock.now = NOW + 3590
    assert (await drawn(here, opened.token))["Token"] == "session-1"
    here.clock.now = NOW + 3600
    assert await failed(here, opened.token) == "signing-key-missing"
    failures = [leaf["code"] for leaf in await here.audit() if leaf["kind"] == "vend-failed"]
    assert failures[-1] == "signing-key-missing"


async def test_a_run_that_is_over_gets_no_token(here: Platform) -> None:
    opened = await here.open()
    await end_own_run(here.broker, opened.token)
    given = await hand_out(here.broker, opened.token, "tenant-data")
    assert isinstance(given, Refusal)
    assert "token-issued" not in await here.kinds()


async def test_an_old_runs_grant_is_refused_when_the_issuer_is_gone(tmp_path: Path) -> None:
    """Its policy is kept (invariant 7), and there is nobody left who signs."""
    async with platform(tmp_path, grants=(web_grant(),), signs=True) as before:
        opened = await before.open()
    async with platform(tmp_path, grants=(grant(),)) as after:
        given = await hand_out(after.broker, opened.token, "tenant-data")
        assert isinstance(given, Refusal)
        assert given.code == "own-issuer-gone"
        assert (await after.audit())[-1]["code"] == "own-issuer-gone"
        assert after.sts.presented == [] and after.sts.asked == []


async def test_a_grant_of_a_token_gives_no_aws_credentials(tmp_path: Path) -> None:
    billing = TokenGrant("billing", "https://billing.example/mcp")
    async with platform(tmp_path, grants=(web_grant(),), tokens=(billing,), signs=True) as here:
        opened = await here.open()
        given = await hand_out(here.broker, opened.token, "billing")
        assert isinstance(given, Refusal)
        assert given.code == "grant-without-role"


async def test_both_kinds_of_grants_stand_in_one_run(tmp_path: Path) -> None:
    grants = (grant("by-keys"), web_grant("by-token"))
    async with platform(tmp_path, grants=grants, signs=True) as here:
        opened = await here.open()
        await drawn(here, opened.token, "by-keys")
        await drawn(here, opened.token, "by-token")
        assert len(here.sts.asked) == len(here.sts.presented) == 1
        assert here.sts.sessions[0] == here.sts.sessions[1]


def test_whatever_shapes_the_credentials_is_in_their_key() -> None:
    """Invariant 11, lesson 22."""
    base = web_grant()

    def asked(
        grant: Any = base, *, issuer: str = OWN_URL, run_id: str = "r-1", tag: str = "a"
    ) -> WebIdentityRequest:
        return web_identity_request(grant, issuer=issuer, run_id=run_id, tags={"u": tag})

    others = [
        asked(),
        asked(web_grant(duration=900)),
        asked(web_grant(region="us-east-1")),
        asked(web_grant(session_policy='{"Statement":[]}')),
        asked(web_grant("another")),
        asked(web_grant(audience="sts.example")),
        asked(web_grant(algorithm=Algorithm.RS256)),
        asked(issuer="https://other.example"),
        asked(run_id="r-2"),
        asked(tag="b"),
    ]
    assert len({web_identity_key(each) for each in others}) == len(others)


async def test_the_token_has_no_text_form(here: Platform) -> None:
    """Invariant 10."""
    minted = Minted(Secret("eyJ.secret"), key_id="k", token_id="t", expires_at=1)
    assert "secret" not in repr(minted)


async def obstacles(here: Platform) -> list[str]:
    readiness = Readiness(here.sts, here.store, broker=here.broker)
    await readiness.check()
    return [each.code for each in readiness.obstacles()]


async def test_a_broker_of_web_identity_is_ready_without_aws_credentials(
    here: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def none() -> str:
        raise ValetkeyError("aws-no-credentials", "there are none")

    monkeypatch.setattr(here.sts, "caller_arn", none)
    assert await obstacles(here) == []
    assert here.sts.looked == ["eu-west-1"]


async def test_a_broker_is_ready_where_each_region_of_its_tokens_answers(tmp_path: Path) -> None:
    grants = (
        grant("by-keys"),
        web_grant("here"),
        web_grant("there", region="us-east-1"),
        web_grant("again", region="us-east-1"),
    )
    async with platform(tmp_path, grants=grants, signs=True) as here:
        assert await obstacles(here) == []
        assert here.sts.looked == ["eu-west-1", "us-east-1"]


async def test_no_token_is_made_where_others_could_see_it_on_its_way(here: Platform) -> None:
    """A signed request tells a thief nothing; the token alone is the session."""
    opened = await here.open()
    here.sts.plain = ("eu-west-1",)
    assert await failed(here, opened.token) == "aws-endpoint-plain"
    assert here.sts.presented == []
    assert [kind for kind in await here.kinds() if kind != "broker-started"][-1] == "vend-failed"
    assert "token-issued" not in await here.kinds()


async def test_a_broker_whose_keys_do_not_sign_is_not_ready(
    here: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    other_secret = LocalSigner(new_secret(lambda size: b"x" * size))
    assert here.broker.own is not None
    monkeypatch.setattr(here.broker.own.ring, "signer", other_secret)
    here.sts.failure = ValetkeyError("aws-unreachable", "nobody there")
    assert await obstacles(here) == ["aws-unreachable", "signing-key-sealed"]


async def test_a_broker_of_tokens_alone_asks_aws_nothing(tmp_path: Path) -> None:
    billing = TokenGrant("billing", "https://billing.example/mcp")
    async with platform(tmp_path, grants=(), tokens=(billing,), signs=True) as here:
        here.sts.failure = ValetkeyError("aws-unreachable", "nobody there")
        assert await obstacles(here) == []
