"""Token exchange: a run token becomes a token of one audience, on record before it leaves."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.broker.exchanging import denied, given, leaf, revoked
from tests.fakes.issuer import NOW
from tests.fakes.own_issuer import OWN_URL, key_ring
from tests.fakes.platform import Platform, grant, web_grant
from tests.fakes.tokens import (
    BILLING,
    BILLING_URL,
    SEARCH_URL,
    STS_ROLE,
    accepted_by,
    asked,
    token_platform,
)
from valetkey.broker import (
    end_own_run,
    make_policy,
    rotate_token,
)
from valetkey.broker.exchange import TokenType
from valetkey.broker.own_issuer import OwnIssuer
from valetkey.broker.rotate import Rotated
from valetkey.credentials import Algorithm, TokenGrant
from valetkey.credentials.own_token import signing_input as spelled
from valetkey.errors import ValetkeyError
from valetkey.identity import (
    Claims,
    IssuerUrl,
    Power,
    Refusal,
    TokenRejected,
    parse_unverified,
)
from valetkey.runs import RUN_TAG
from valetkey.secret import Secret
from valetkey.store import SqliteStore

STS = "sts.amazonaws.com"


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Platform]:
    async with token_platform(tmp_path) as made:
        yield made


# ---- what a token says -------------------------------------------------------------------------


async def test_a_tool_gets_whose_work_it_is_who_acts_and_which_run(here: Platform) -> None:
    opened = await here.open()
    answer = await given(here, opened.token)
    claims = await accepted_by(here, answer.token, BILLING_URL)
    assert (claims.issuer, claims.subject, claims.audience) == (OWN_URL, "alice", (BILLING_URL,))
    assert claims.all["act"] == {"iss": "https://cluster.example", "sub": "orchestrator"}
    assert claims.all["valetkey_run"] == opened.run.id
    assert claims.all["scope"] == "read write"
    assert (claims.issued_at, claims.not_before, claims.expires_at) == (NOW, NOW - 30, NOW + 300)
    assert (answer.seconds, answer.scope, answer.is_for_sts) == (300, "read write", False)


async def test_no_two_tokens_have_one_id(here: Platform) -> None:
    opened = await here.open()
    ids = {
        (await accepted_by(here, (await given(here, opened.token)).token, BILLING_URL)).token_id
        for _ in range(3)
    }
    assert len(ids) == 3
    assert None not in ids


@pytest.mark.parametrize(
    ("token_type", "typ"),
    [(None, "at+jwt"), (TokenType.ACCESS_TOKEN, "at+jwt"), (TokenType.JWT, "JWT")],
)
async def test_the_type_asked_for_is_the_tokens_typ(
    here: Platform, token_type: TokenType | None, typ: str
) -> None:
    answer = await given(here, (await here.open()).token, token_type=token_type)
    assert parse_unverified(answer.token).typ == typ
    assert answer.token_type is (token_type or TokenType.ACCESS_TOKEN)


async def test_a_grant_may_have_an_algorithm_of_its_own(here: Platform) -> None:
    answer = await given(here, (await here.open()).token, "reports")
    claims = await accepted_by(here, answer.token, "reports", algorithm="RS256")
    assert claims.audience == ("reports",)


async def test_two_issuers_equal_subjects_are_two_subjects_to_a_tool(tmp_path: Path) -> None:
    """Lesson 10."""
    async with token_platform(tmp_path, is_qualified=True) as here:
        answer = await given(here, (await here.open()).token)
        claims = await accepted_by(here, answer.token, BILLING_URL)
        assert claims.subject == "people:alice"


async def test_a_subject_whose_issuer_has_no_name_any_more_gets_no_token(tmp_path: Path) -> None:
    async with token_platform(tmp_path, is_qualified=True) as here:
        token = (await here.open()).token
        here.broker = replace(here.broker, issuers=here.broker.issuers[1:])
        assert await denied(here, token) == "subject-issuer-gone"


async def test_a_person_of_an_issuer_that_another_replaced_is_not_a_person_of_that_one(
    here: Platform,
) -> None:
    """With a bare `sub` too: a tool could not tell the two apart."""
    token = (await here.open()).token
    people, cluster = here.broker.issuers
    staff = replace(people, name="staff", url=IssuerUrl("https://staff.example"))
    here.broker = replace(here.broker, issuers=(staff, cluster))
    assert await denied(here, token) == "subject-issuer-gone"


async def test_an_issuer_whose_people_are_worked_for_no_more_names_no_subject(
    here: Platform,
) -> None:
    token = (await here.open()).token
    rules = tuple(rule for rule in here.broker.rules if rule.may is not Power.BE_WORKED_FOR)
    here.broker = replace(here.broker, rules=rules)
    assert await denied(here, token) == "subject-issuer-gone"


@pytest.mark.parametrize("is_qualified", [False, True])
async def test_a_client_is_an_actor_of_one_issuer(tmp_path: Path, is_qualified: bool) -> None:
    """Two platforms may have actors of one name; and no actor is a person (RFC 9068 §5)."""
    async with token_platform(tmp_path, is_qualified=is_qualified) as here:
        token = (await here.open()).token
        claims = await accepted_by(here, (await given(here, token)).token, BILLING_URL)
        assert claims.all["client_id"] == "cluster:orchestrator"
        here.broker = replace(here.broker, issuers=here.broker.issuers[:1])
        assert await denied(here, token) == "actor-issuer-gone"


async def test_a_subject_is_never_cut_to_fit(tmp_path: Path) -> None:
    """Lesson 5."""
    async with token_platform(tmp_path, is_qualified=True) as here:
        attributes = {"task_id": "t"}
        fits, too_long = "a" * (255 - len("people:")), "a" * (256 - len("people:"))
        assert await given(here, (await here.open(fits, attributes=attributes)).token)
        token = (await here.open(too_long, attributes={"task_id": "t2"})).token
        assert await denied(here, token) == "subject-too-long"


# ---- which target ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("audience", "resource"),
    [
        ("billing", None),
        (BILLING_URL, None),
        (None, BILLING_URL),
        ("billing", BILLING_URL),
        (BILLING_URL, BILLING_URL),
    ],
)
async def test_a_target_is_named_by_grant_audience_or_resource(
    here: Platform, audience: str | None, resource: str | None
) -> None:
    answer = await given(here, (await here.open()).token, audience, resource=resource)
    assert (await accepted_by(here, answer.token, BILLING_URL)).audience == (BILLING_URL,)


@pytest.mark.parametrize(
    ("audience", "resource"),
    [
        ("unknown", None),
        ("Billing", None),
        ("billing ", None),
        (BILLING_URL + "/", None),
        (BILLING_URL.upper(), None),
        (None, BILLING_URL + "#part"),
        (None, BILLING_URL + "?x"),
        (None, "billing"),
        (None, "reports"),  # the audience of a grant, but no absolute URI
        ("billing", SEARCH_URL),
        ("search", BILLING_URL),
        (None, None),
        ("tenant-data", None),  # a role that the broker assumes
        ("brokered", None),  # by web identity, but not by the sandbox
        (STS, None),
        ("direct", STS),
        (None, "https://" + STS),
        ("", ""),
        ("valetkey", None),
        (OWN_URL, None),
    ],
)
async def test_any_other_target_is_refused(
    here: Platform, audience: str | None, resource: str | None
) -> None:
    opened = await here.open()
    assert await denied(here, opened.token, audience, resource=resource) == "token-target-unknown"
    assert (await leaf(here))["code"] == "token-target-unknown"


async def test_a_grant_that_the_run_did_not_ask_for_is_no_target(here: Platform) -> None:
    opened = await here.open(grants=("search",))
    assert await denied(here, opened.token, "billing") == "token-target-unknown"
    assert await given(here, opened.token, "search")


async def test_two_grants_of_one_audience_are_told_apart_by_name_alone(tmp_path: Path) -> None:
    twice = (BILLING, replace(BILLING, name="billing-read", scopes=("read",)))
    async with token_platform(tmp_path, tokens=twice) as here:
        token = (await here.open()).token
        assert await denied(here, token, BILLING_URL) == "token-target-ambiguous"
        assert (await given(here, token, "billing-read")).scope == "read"
        chosen = await given(here, token, "billing-read", resource=BILLING_URL)
        assert chosen.scope == "read"


async def test_a_name_that_is_anothers_audience_means_neither(tmp_path: Path) -> None:
    tokens = (BILLING, TokenGrant("other", "billing"))
    async with token_platform(tmp_path, tokens=tokens) as here:
        assert await denied(here, (await here.open()).token) == "token-target-ambiguous"


# ---- one audience ------------------------------------------------------------------------------


async def rejected(here: Platform, token: Secret, audience: str) -> str:
    with pytest.raises(TokenRejected) as caught:
        await accepted_by(here, token, audience)
    return caught.value.code


async def test_a_token_for_one_audience_is_never_good_at_another(here: Platform) -> None:
    token = (await here.open()).token
    of = {
        BILLING_URL: (await given(here, token, "billing")).token,
        SEARCH_URL: (await given(here, token, "search")).token,
        STS: (await given(here, token, "direct")).token,
    }
    for audience, minted in of.items():
        assert (await accepted_by(here, minted, audience)).audience == (audience,)
        for other in of.keys() - {audience}:
            assert await rejected(here, minted, other) == "token-audience"


async def test_a_minted_token_is_no_run_token(here: Platform) -> None:
    minted = (await given(here, (await here.open()).token)).token
    assert await denied(here, minted) == "run-token"


# ---- scopes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scopes", "issued"),
    [
        (None, "read write"),
        (("read",), "read"),
        (("write", "read"), "read write"),
        (("read", "read"), "read"),
    ],
)
async def test_scopes_narrow(here: Platform, scopes: tuple[str, ...] | None, issued: str) -> None:
    answer = await given(here, (await here.open()).token, scopes=scopes)
    assert answer.scope == issued
    assert (await accepted_by(here, answer.token, BILLING_URL)).all["scope"] == issued
    assert (await leaf(here))["scope"] == issued


@pytest.mark.parametrize("scopes", [("admin",), ("read", "admin"), ("READ",), ("",), ("read ",)])
async def test_a_scope_beyond_the_grant_is_refused_and_not_dropped(
    here: Platform, scopes: tuple[str, ...]
) -> None:
    """Lesson 35."""
    assert await denied(here, (await here.open()).token, scopes=scopes) == "token-scope"


@pytest.mark.parametrize("target", ["search", "direct"])
async def test_a_grant_without_scopes_gives_none(here: Platform, target: str) -> None:
    token = (await here.open()).token
    answer = await given(here, token, target)
    assert answer.scope is None
    assert "scope" not in parse_unverified(answer.token).claims
    assert "scope" not in await leaf(here)
    assert await denied(here, token, target, scopes=("read",)) == "token-scope"


# ---- a role's audience -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("audience", "of_role"),
    [
        ("https://data.internal", "https://data.internal"),
        ("https://DATA.internal", "https://data.internal"),
        ("https://data.internal", "https://Data.Internal"),
        ("STS.amazonaws.com", None),
    ],
)
async def test_a_tool_token_never_has_an_audience_that_a_role_took_since(
    tmp_path: Path, audience: str, of_role: str | None
) -> None:
    """Lesson 4: the run keeps its policy, but STS would make a session without tags of it."""
    files = TokenGrant("files", audience)
    async with token_platform(tmp_path, tokens=(files,), grants=(grant(),)) as here:
        token = (await here.open()).token
        now = make_policy((web_grant(audience=of_role),)) if of_role else here.broker.policy
        here.broker = replace(here.broker, policy=now, policies={})
        assert await denied(here, token, "files") == "token-target-of-sts"
        assert (await leaf(here))["code"] == "token-target-of-sts"


# ---- how long ----------------------------------------------------------------------------------


async def test_a_token_never_outlives_its_run(here: Platform) -> None:
    opened = await here.open(expires_in=100)
    answer = await given(here, opened.token, "search")
    assert answer.seconds == 100
    assert (await accepted_by(here, answer.token, SEARCH_URL)).expires_at == opened.run.expires_at


@pytest.mark.parametrize("left", [4, 1, 0, -1])
async def test_a_run_with_no_time_left_gets_nothing(here: Platform, left: int) -> None:
    opened = await here.open(expires_in=100)
    here.clock.now = opened.run.expires_at - left
    assert await denied(here, opened.token) == "run-expired"
    here.clock.now = opened.run.expires_at - 5
    assert (await given(here, opened.token)).seconds == 5


async def test_a_part_of_a_second_lengthens_no_token(here: Platform) -> None:
    opened = await here.open(expires_in=100)
    here.clock.now += 0.999
    answer = await given(here, opened.token, "search")
    claims = await accepted_by(here, answer.token, SEARCH_URL)
    assert claims.expires_at == opened.run.expires_at


# ---- whose run, and whether it is open ---------------------------------------------------------


@pytest.mark.parametrize("text", ["", "vkr_", "Bearer x", "vkr_r-" + "a" * 26 + "_" + "b" * 43])
async def test_a_token_of_no_run_is_refused_on_record(here: Platform, text: str) -> None:
    await here.open()
    assert await denied(here, Secret(text)) == "run-token"
    assert (await leaf(here))["kind"] == "token-refused"
    assert "run" not in await leaf(here)


async def test_a_rotated_away_run_token_is_refused(here: Platform) -> None:
    opened = await here.open()
    rotated = await rotate_token(here.broker, opened.token)
    assert isinstance(rotated, Rotated)
    assert await given(here, rotated.token)
    here.clock.now += 61
    assert await denied(here, opened.token) == "run-token"
    assert await given(here, rotated.token)


async def test_a_token_that_another_broker_rotated_away_is_refused_in_the_transaction(
    here: Platform,
) -> None:
    """This broker still remembers it as the run's own."""
    opened = await here.open()
    await given(here, opened.token)
    other = replace(here.broker, known={}, new_runs={})
    assert isinstance(await rotate_token(other, opened.token), Rotated)
    here.clock.now += 61
    assert await denied(here, opened.token) == "run-token"
    assert (await leaf(here))["code"] == "run-token"


async def test_an_ended_run_gets_nothing(here: Platform) -> None:
    opened = await here.open()
    await given(here, opened.token)
    await end_own_run(here.broker, opened.token)
    assert await denied(here, opened.token) == "run-ended"


async def test_revoked_means_revoked_at_every_broker_at_once(here: Platform) -> None:
    """Invariant 6: another process revoked it, and this one still remembers an open run."""
    opened = await here.open()
    await given(here, opened.token)
    elsewhere = await SqliteStore.open(here.path)
    other = replace(here, broker=replace(here.broker, store=elsewhere, known={}))
    await revoked(other, opened.run.id)
    await elsewhere.close()
    assert await denied(here, opened.token) == "run-revoked"
    last = await leaf(here)
    assert (last["kind"], last["code"]) == ("token-refused", "run-revoked")
    assert (last["run"], last["grant"]) == (opened.run.id, "billing")


async def test_a_revocation_while_a_token_is_signed_wins(
    here: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = await here.open()
    own = here.broker.own
    assert own is not None
    sign, entered, proceed = own.ring.sign, asyncio.Event(), asyncio.Event()

    async def slow(*arguments: Any) -> bytes:
        entered.set()
        await proceed.wait()
        return await sign(*arguments)

    monkeypatch.setattr(own.ring, "sign", slow)
    waiting = asyncio.create_task(asked(here, opened.token))
    await entered.wait()
    await revoked(here, opened.run.id)
    proceed.set()
    answer = await waiting
    assert isinstance(answer, Refusal)
    assert answer.code == "run-revoked"
    assert "token-issued" not in await here.kinds()


async def test_a_run_keeps_its_policy_over_a_change_of_the_configuration(tmp_path: Path) -> None:
    """Invariant 7."""
    async with token_platform(tmp_path) as here:
        token = (await here.open()).token
        changed = make_policy((grant(),), (replace(BILLING, scopes=("admin",), duration=3600),))
        await here.store.put_policy(changed.version, changed.document)
        here.broker = replace(here.broker, policy=changed, known={}, policies={})
        answer = await given(here, token)
        assert (answer.scope, answer.seconds) == ("read write", 300)
        assert await denied(here, token, scopes=("admin",)) == "token-scope"


async def test_a_run_whose_policy_is_gone_gets_nothing(here: Platform) -> None:
    token = (await here.open()).token
    with sqlite3.connect(here.path) as file:
        file.execute("UPDATE policies SET document = replace(document, '300', '3000')")
    file.close()
    here.broker = replace(here.broker, policy=make_policy(()), policies={}, known={})
    assert await denied(here, token) == "policy-version-gone"


async def test_without_an_issuer_nothing_is_signed(here: Platform) -> None:
    token = (await here.open()).token
    here.broker = replace(here.broker, own=None)
    for target in ("billing", "direct"):
        assert await denied(here, token, target) == "own-issuer-gone"


# ---- the record --------------------------------------------------------------------------------


async def test_the_record_is_durable_before_the_token_leaves(here: Platform) -> None:
    opened = await here.open()
    answer = await given(here, opened.token)
    claims = await accepted_by(here, answer.token, BILLING_URL)
    unverified = parse_unverified(answer.token)
    assert await leaf(here) == {
        "kind": "token-issued",
        "v": 1,
        "at": NOW * 1000,
        "run": opened.run.id,
        "grant": "billing",
        "audience": BILLING_URL,
        "subject": "alice",
        "jti": claims.token_id,
        "key_id": unverified.kid,
        "expires_at": NOW + 300,
        "holder": "sandbox",
        "scope": "read write",
    }
    assert answer.token.reveal().rpartition(".")[2] not in str(await here.audit())


async def test_a_failed_append_means_no_token_leaves(here: Platform) -> None:
    opened = await here.open()
    await given(here, opened.token)
    await here.store.close()
    with pytest.raises(ValetkeyError) as caught:
        await asked(here, opened.token)
    assert caught.value.code.startswith("store-")


async def test_a_key_that_is_missing_is_on_record(here: Platform) -> None:
    token = (await here.open(grants=("billing", "search"))).token
    other = "https://other.example"
    without_keys = key_ring(here.store, url=other)
    own = OwnIssuer(IssuerUrl(other), Algorithm.ES256, qualified=False, ring=without_keys)
    here.broker = replace(here.broker, own=own)
    with pytest.raises(ValetkeyError) as caught:
        await asked(here, token)
    assert caught.value.code == "signing-key-missing"
    assert (await leaf(here))["code"] == "signing-key-missing"


async def test_a_token_that_is_not_what_was_asked_is_on_record_and_stays(
    here: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Invariant 5."""
    monkeypatch.setattr(
        "valetkey.broker.minting.signing_input",
        lambda header, claims: spelled(header, {**claims, "sub": "mallory"}),
    )
    opened = await here.open()
    with pytest.raises(ValetkeyError) as caught:
        await asked(here, opened.token)
    assert caught.value.code == "token-not-as-asked"
    last = await leaf(here)
    assert (last["kind"], last["code"]) == ("token-refused", "token-not-as-asked")


# ---- STS, by opt-in ----------------------------------------------------------------------------


async def test_a_token_for_sts_names_one_role_and_carries_the_runs_tags(here: Platform) -> None:
    opened = await here.open()
    answer = await given(here, opened.token, "direct")
    claims: Claims = await accepted_by(here, answer.token, STS)
    tags = {"user_id": "alice", "task_id": "task-of-alice", RUN_TAG: opened.run.id}
    assert claims.subject == "grant:direct"
    assert claims.all["https://aws.amazon.com/roles"] == (str(STS_ROLE.role),)
    assert claims.all["https://aws.amazon.com/source_identity"] == opened.run.id
    said = claims.all["https://aws.amazon.com/tags"]
    assert said == {
        "principal_tags": {key: (value,) for key, value in tags.items()},
        "transitive_tag_keys": tuple(sorted(tags)),
    }
    last = await leaf(here)
    assert last["tags"] == tags
    assert (last["role_arn"], last["holder"]) == (str(STS_ROLE.role), "sandbox")
    assert (last["subject"], last["audience"]) == ("grant:direct", STS)
    assert (answer.is_for_sts, answer.token_type) == (True, TokenType.JWT)
    assert parse_unverified(answer.token).typ == "JWT"


async def test_a_token_for_sts_lives_five_minutes_at_most_and_no_longer_than_the_run(
    here: Platform,
) -> None:
    opened = await here.open()
    assert (await given(here, opened.token, "direct")).seconds == 300
    here.clock.now = opened.run.expires_at - 100
    assert (await given(here, opened.token, "direct")).seconds == 100


async def test_a_token_for_sts_is_no_access_token(here: Platform) -> None:
    token = (await here.open()).token
    assert await given(here, token, "direct", token_type=TokenType.JWT)
    code = await denied(here, token, "direct", token_type=TokenType.ACCESS_TOKEN)
    assert code == "token-type-unsupported"
