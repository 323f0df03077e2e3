"""An OpenID-certified provider, its pages and its keys over HTTP: people sign in and runs open.

Nothing here is a fake of ours but STS: tokens, discovery document and key set are npm
`oidc-provider`'s, `JwksSource` fetches them, and runs are opened over the HTTP API.
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.fakes.platform import Clock, platform
from tests.providers.provider import OidcProvider, needs_provider, oidc_provider
from tests.web.calling import Answer, Api, api
from valetkey.broker.authenticate import authenticate
from valetkey.errors import ValetkeyError
from valetkey.identity import ClaimCheck, Issuer, IssuerUrl, Power, Principal, TrustRule
from valetkey.secret import Secret
from valetkey.web.jwks import REFETCH_PAUSE, TTL, JwksSource

pytestmark = needs_provider
US = "https://valetkey.example"
SOMEBODY_ELSE = "https://billing.example"
TOKEN_SECONDS = 1200
RULES = (
    TrustRule("people", "op", {"client_id": ClaimCheck.of("valetkey-cli")}, Power.BE_WORKED_FOR),
    TrustRule("signed-in", "op", {"email": ClaimCheck.of("alice@example.com")}, Power.REVOKE),
    TrustRule(
        *("orchestrator", "op", {"sub": ClaimCheck.of("orchestrator")}, Power.OPEN_RUNS),
        *(("people",), ("task_id",)),
    ),
)


@dataclass
class TurnedClock(Clock):
    """The real time, which the provider tells too, and `now` seconds more."""

    now: float = 0.0

    def __call__(self) -> float:
        return time.time() + self.now


@dataclass
class Place:
    """A provider, a broker that believes it, and the broker's clock, which a test turns."""

    provider: OidcProvider
    api: Api
    clock: TurnedClock

    async def code(self, token: Secret) -> str:
        """Who `token` says it is, or the code that it is refused with."""
        try:
            found = await authenticate(self.api.platform.broker, token, now=self.clock())
        except ValetkeyError as error:
            return error.code
        return found.subject if isinstance(found, Principal) else found.code

    async def open(self, subject: Secret, actor: Secret) -> Answer:
        body = {"subject_token": subject.reveal(), "attributes": {"task_id": "task-1"}}
        return await self.api.call("POST", "/v1/runs", actor, body=body)


@asynccontextmanager
async def place(folder: Path, *, single_use: bool = False) -> AsyncIterator[Place]:
    """Both at work, the broker with the provider as its only issuer."""
    clock = TurnedClock()
    async with (
        oidc_provider() as provider,
        platform(folder, clock=clock) as made,
        JwksSource(clock) as keys,
    ):
        issuer = Issuer(
            *("op", IssuerUrl(provider.url), (US, provider.client_id), ("ES256",)),
            single_use=single_use,
        )
        made.broker = replace(made.broker, issuers=(issuer,), rules=RULES, keys=keys)
        yield Place(provider, api(made), clock)


async def test_a_run_is_opened_with_the_token_of_a_person_who_signed_in(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        person = await here.provider.sign_in("alice", resource=US)
        answer = await here.open(person.access_token, await here.provider.actor_token(US))
        assert answer.status == 201, answer.body
        (opened,) = [r for r in await here.api.platform.audit() if r["kind"] == "run-opened"]
        assert (opened["subject_issuer"], opened["subject"]) == (here.provider.url, "alice")
        assert (opened["actor_issuer"], opened["actor"]) == (here.provider.url, "orchestrator")
        assert opened["tags"] == {"user_id": "alice", "task_id": "task-1"}


async def test_the_id_token_says_who_signed_in_and_gives_what_its_rule_gives(
    tmp_path: Path,
) -> None:
    async with place(tmp_path) as here:
        alice, mallory = (
            await here.provider.sign_in("alice"),
            await here.provider.sign_in("mallory"),
        )
        assert await here.code(alice.id_token) == "alice"
        assert await here.code(mallory.id_token) == "not-admitted"
        answer = await here.open(alice.id_token, await here.provider.actor_token(US))
        assert (answer.status, answer.code) == (403, "subject-not-admitted")
        # what is asked for without a resource is the provider's own and says nothing to others
        assert await here.code(alice.access_token) == "token-malformed"


async def test_a_token_for_another_audience_opens_nothing(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        person = await here.provider.sign_in("alice", resource=SOMEBODY_ELSE)
        actor = await here.provider.actor_token(US)
        answer = await here.open(person.access_token, actor)
        assert (answer.status, answer.code) == (400, "token-audience")
        ours = await here.provider.sign_in("alice", resource=US)
        theirs = await here.provider.actor_token(SOMEBODY_ELSE)
        answer = await here.open(ours.access_token, theirs)
        assert (answer.status, answer.code) == (401, "token-audience")
        assert await here.api.platform.store.runs() == []


async def test_a_token_ends_when_the_provider_said(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        person = await here.provider.sign_in("alice", resource=US)
        assert await here.code(person.access_token) == "alice"
        here.clock.now += TOKEN_SECONDS + 32
        assert await here.code(person.access_token) == "token-expired"


async def test_keys_rotate_at_the_provider_while_the_broker_runs(tmp_path: Path) -> None:
    """No valid token is refused, and no withdrawn key believed for longer than `TTL`."""
    async with place(tmp_path) as here:
        before = (await here.provider.sign_in("alice", resource=US)).access_token
        assert await here.code(before) == "alice"
        await here.provider.rotate_key()
        here.clock.now += REFETCH_PAUSE
        after = (await here.provider.sign_in("bob", resource=US)).access_token
        assert [await here.code(before), await here.code(after)] == ["alice", "bob"]
        await here.provider.withdraw_old_keys()
        here.clock.now += TTL
        assert [await here.code(before), await here.code(after)] == ["token-key-unknown", "bob"]


async def test_a_token_for_one_use_opens_one_run(tmp_path: Path) -> None:
    async with place(tmp_path, single_use=True) as here:
        person = await here.provider.sign_in("alice", resource=US)
        first = await here.open(person.access_token, await here.provider.actor_token(US))
        assert first.status == 201, first.body
        again = await here.open(person.access_token, await here.provider.actor_token(US))
        assert (again.status, again.code) == (409, "token-replayed")
        assert await here.code(person.id_token) == "token-id-missing"
