"""Whose call is this? Only a token that we signed for the gateway says so, while it is good."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.broker.exchanging import Signing, revoked
from tests.fakes.issuer import FakeIssuer, signing_key
from tests.fakes.own_issuer import OWN_URL
from tests.fakes.platform import TERMS, Platform, grant, platform
from tests.fakes.tools import BOUND, GATEWAY_URI
from valetkey.broker import Opened, make_policy, open_own_run
from valetkey.broker.exchange import Exchanged, ExchangeRequest, TokenType, exchange
from valetkey.broker.key_copy import COPY_SECONDS
from valetkey.broker.minting import mint
from valetkey.broker.targets import Target
from valetkey.broker.tool_access import ToolCaller, admit_tool_caller, caller_of, look_again
from valetkey.broker.tool_terms import Proven, ToolMemory
from valetkey.credentials import TokenGrant
from valetkey.identity import Claims, Refusal, parse_unverified, verify
from valetkey.secret import Secret
from valetkey.tools import PrincipalForm

API = TokenGrant("api", "https://api.internal", ("read",), 300)


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Platform]:
    async with platform(tmp_path, tools=BOUND, tokens=(API,)) as made:
        yield made


async def admitted(here: Platform, token: Secret, audience: str = GATEWAY_URI) -> ToolCaller:
    caller = await admit_tool_caller(here.broker, token, audience=audience)
    assert isinstance(caller, ToolCaller), caller
    return caller


async def refused(here: Platform, token: Secret, audience: str = GATEWAY_URI) -> str:
    """The code, having seen that it is on record."""
    outcome = await admit_tool_caller(here.broker, token, audience=audience)
    assert isinstance(outcome, Refusal), outcome
    record = (await here.audit())[-1]
    assert (record["kind"], record["code"]) == ("request-refused", outcome.code)
    assert token.reveal() not in json.dumps(record)
    return outcome.code


async def exchanged(
    here: Platform, run_token: Secret, target: Target, token_type: TokenType | None = None
) -> Exchanged | Refusal:
    request = ExchangeRequest(run_token=run_token, target=target, token_type=token_type)
    return await exchange(here.broker, request)


async def test_a_gateway_token_is_its_run_with_its_servers_and_facts(here: Platform) -> None:
    opened = await here.open(subject_token=here.subject(department="finance"))
    token = await here.gateway_token(opened.token)
    caller = await admitted(here, token)
    assert caller.run == opened.run
    assert caller.servers == ("billing", "search")
    assert caller.principal.id == "alice"
    assert caller.principal.tags == opened.run.facts
    assert caller.until == parse_unverified(token).claims["exp"]
    assert caller.digest is None


async def test_a_caller_has_the_servers_that_the_run_was_opened_with(here: Platform) -> None:
    opened = await here.open(grants=("tenant-data", "search"))
    caller = await admitted(here, await here.gateway_token(opened.token))
    assert caller.servers == ("search",)


async def test_a_principal_has_its_issuers_name_before_where_configured(tmp_path: Path) -> None:
    bound = replace(BOUND, principal=PrincipalForm.ISSUER_SUB)
    async with platform(tmp_path, tools=bound) as here:
        assert (await here.caller()).principal.id == "people:alice"


@pytest.mark.parametrize("form", PrincipalForm)
async def test_a_run_from_before_there_were_facts_is_no_principal_without_tags(
    tmp_path: Path, form: PrincipalForm
) -> None:
    bound = replace(BOUND, principal=form)
    async with platform(tmp_path, tools=bound) as here:
        opened = await open_own_run(here.broker, "me", tags={})
        assert isinstance(opened, Opened)
        assert opened.run.facts == {}
        caller = await caller_of(here.broker, opened.run, until=0)
        assert isinstance(caller, Refusal)
        assert caller.code == "facts-missing"


@pytest.mark.parametrize("by_name", [True, False])
async def test_a_gateway_token_is_asked_for_by_its_canonical_uri(
    here: Platform, by_name: bool
) -> None:
    opened = await here.open()
    target = Target(GATEWAY_URI) if by_name else Target(resource=GATEWAY_URI)
    given = await exchanged(here, opened.token, target)
    assert isinstance(given, Exchanged)
    assert (given.seconds, given.scope) == (TERMS.token_seconds, None)
    unverified = parse_unverified(given.token)
    assert (unverified.typ, unverified.claims["aud"]) == ("at+jwt", GATEWAY_URI)
    assert (await here.audit())[-1]["audience"] == GATEWAY_URI


@pytest.mark.parametrize(
    "uri", [f"{GATEWAY_URI}/", f"{GATEWAY_URI}/billing", GATEWAY_URI.upper(), "billing", "mcp"]
)
async def test_no_other_spelling_is_the_gateway(here: Platform, uri: str) -> None:
    opened = await here.open()
    for target in (Target(uri), Target(resource=uri)):
        given = await exchanged(here, opened.token, target)
        assert isinstance(given, Refusal)
        assert given.code == "token-target-unknown"


async def test_a_run_without_a_server_of_tools_gets_no_gateway_token(here: Platform) -> None:
    opened = await here.open(grants=("tenant-data", "api"))
    given = await exchanged(here, opened.token, Target(resource=GATEWAY_URI))
    assert isinstance(given, Refusal)
    assert given.code == "token-target-unknown"


async def test_a_gateway_token_is_an_access_token_and_nothing_else(here: Platform) -> None:
    opened = await here.open()
    given = await exchanged(here, opened.token, Target(GATEWAY_URI), TokenType.JWT)
    assert isinstance(given, Refusal)
    assert given.code == "token-type-unsupported"


async def test_a_gateway_token_ends_with_its_run(here: Platform) -> None:
    opened = await here.open(expires_in=300)
    given = await exchanged(here, opened.token, Target(GATEWAY_URI))
    assert isinstance(given, Exchanged)
    assert given.seconds == 300


async def test_a_token_for_another_audience_is_refused(here: Platform) -> None:
    opened = await here.open()
    given = await exchanged(here, opened.token, Target("api"))
    assert isinstance(given, Exchanged)
    assert await refused(here, given.token) == "gateway-token"


async def test_a_gateway_token_is_good_for_exactly_its_audience(here: Platform) -> None:
    opened = await here.open()
    token = await here.gateway_token(opened.token)
    await admitted(here, token)
    for other in (f"{GATEWAY_URI}/", "https://other.example/mcp"):
        assert await refused(here, token, other) == "gateway-token"


async def test_a_run_token_is_refused_and_told_what_to_do(here: Platform) -> None:
    opened = await here.open()
    outcome = await admit_tool_caller(here.broker, opened.token, audience=GATEWAY_URI)
    assert isinstance(outcome, Refusal)
    assert outcome.code == "gateway-token"
    assert "/oauth/token" in outcome.public


@pytest.mark.parametrize("token", ["x", "a.b.c", "vkr_nothing", "é"])
async def test_what_is_no_token_is_refused(here: Platform, token: str) -> None:
    assert await refused(here, Secret(token)) == "gateway-token"


async def test_a_persons_and_an_actors_token_are_refused(here: Platform) -> None:
    for token in (here.subject(aud=GATEWAY_URI), here.actor(aud=GATEWAY_URI)):
        assert await refused(here, token) == "gateway-token"


async def test_a_token_that_another_signed_in_our_name_is_refused(here: Platform) -> None:
    caller = await here.caller()
    forger = FakeIssuer(OWN_URL, [signing_key("forged")])
    now = int(here.clock())
    claims = {"aud": GATEWAY_URI, "iat": now, "exp": now + 300, "valetkey_run": caller.run.id}
    token = forger.sign(forger.claims(**claims), typ="at+jwt")
    assert await refused(here, token) == "gateway-token"


async def test_a_token_of_ours_of_another_type_is_refused(here: Platform) -> None:
    opened = await here.open()
    token = await here.gateway_token(opened.token)
    own, claims = here.broker.own, dict(parse_unverified(token).claims)
    assert own is not None
    for typ, is_taken in (("JWT", False), ("at+jwt", True)):
        plain: dict[str, Any] = {**claims, "jti": f"another-{typ}"}
        plain["act"] = dict(plain["act"])
        minted = await mint(own, plain, typ=typ, algorithm=None, now=here.clock())
        outcome = await admit_tool_caller(here.broker, minted.token, audience=GATEWAY_URI)
        assert isinstance(outcome, ToolCaller) is is_taken


async def test_a_signature_is_verified_once_and_remembered_by_digest(
    here: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = await here.open()
    token = await here.gateway_token(opened.token)
    count = 0
    real = verify

    def counting(*arguments: Any, **more: Any) -> Claims:
        nonlocal count
        count += 1
        return real(*arguments, **more)

    monkeypatch.setattr("valetkey.broker.tool_access.verify", counting)
    for _ in range(3):
        await admitted(here, token)
    assert count == 1
    assert token.reveal() not in str(here.broker.tool_memory)


async def test_a_remembered_token_expires(here: Platform) -> None:
    opened = await here.open()
    token = await here.gateway_token(opened.token)
    until = (await admitted(here, token)).until
    here.clock.now = until - 0.001
    await admitted(here, token)
    here.clock.now = until
    assert await refused(here, token) == "gateway-token"


async def test_an_expired_token_that_nobody_saw_has_no_leeway(here: Platform) -> None:
    opened = await here.open()
    token = await here.gateway_token(opened.token)
    here.clock.now += TERMS.token_seconds
    assert await refused(here, token) == "gateway-token"


async def test_a_remembered_token_of_a_retired_key_is_refused(here: Platform) -> None:
    opened = await here.open()
    token = await here.gateway_token(opened.token)
    await admitted(here, token)
    own, kid = here.broker.own, parse_unverified(token).kid
    assert own is not None
    assert kid is not None
    await own.ring.retire(kid, now=here.clock(), by="test", because="test")
    here.clock.now += COPY_SECONDS
    assert await refused(here, token) == "gateway-token"


def test_what_is_remembered_of_signatures_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("valetkey.broker.tool_terms.MAX_PROVEN", 3)
    memory = ToolMemory()
    for number in range(5):
        memory.prove((b"%d" % number, "a"), Proven(f"r-{number}", "kid", 1))
    assert [key[0] for key in memory.proven] == [b"2", b"3", b"4"]


async def test_a_run_of_a_policy_without_tools_has_none(here: Platform) -> None:
    opened = await here.open()
    token = await here.gateway_token(opened.token)
    policy = make_policy((grant(),))
    await here.store.put_policy(policy.version, policy.document)
    known = await here.broker.run(opened.run.id)
    assert known is not None
    known = replace(known, run=replace(known.run, policy_version=policy.version))
    here.broker.known[opened.run.id] = known
    assert await refused(here, token) == "tools-not-configured"
    record = (await here.audit())[-1]
    assert record["run"] == opened.run.id


async def test_a_policy_version_that_is_gone_serves_nobody(here: Platform) -> None:
    opened = await here.open()
    token = await here.gateway_token(opened.token)
    known = await here.broker.run(opened.run.id)
    assert known is not None
    here.broker.known[opened.run.id] = replace(
        known, run=replace(known.run, policy_version="0" * 32)
    )
    assert await refused(here, token) == "policy-version-gone"


async def test_a_look_again_sees_at_once_that_the_run_was_revoked(here: Platform) -> None:
    caller = await here.caller()
    before = len(await here.audit())
    assert await look_again(here.broker, caller) == caller
    await revoked(here, caller.run.id)
    outcome = await look_again(here.broker, caller)
    assert isinstance(outcome, Refusal)
    assert outcome.code == "run-revoked"
    assert len(await here.audit()) == before + 1  # the revocation: looking records nothing


async def test_a_look_again_ends_with_the_token(here: Platform) -> None:
    caller = await here.caller()
    here.clock.now = caller.until
    outcome = await look_again(here.broker, caller)
    assert isinstance(outcome, Refusal)
    assert outcome.code == "gateway-token"


async def test_a_gateway_token_costs_one_signature(here: Platform) -> None:
    signing = Signing(here)
    opened = await here.open()
    await here.gateway_token(opened.token)
    assert signing.count == 1
