"""A whole broker for tests: real store, real signatures, a fake STS and a clock that moves."""

import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tests.fakes.issuer import NOW, FakeIssuer, signing_key
from tests.fakes.own_issuer import own_issuer
from tests.fakes.sts import FakeSts
from tests.fakes.tools import GATEWAY_URI
from valetkey.broker import Broker, Opened, OpenRequest, make_policy, open_run
from valetkey.broker.exchange import Exchanged, ExchangeRequest, exchange
from valetkey.broker.own_issuer import OwnIssuer
from valetkey.broker.targets import Target
from valetkey.broker.tool_access import ToolCaller, admit_tool_caller
from valetkey.broker.tool_terms import ToolTerms
from valetkey.credentials import Grant, GrantSource, SigningKey, TokenGrant, parse_role_arn
from valetkey.identity import ClaimCheck, Issuer, KeySet, Power, TrustRule
from valetkey.runs import TagTemplate, parse_template
from valetkey.secret import Secret
from valetkey.store import SqliteStore
from valetkey.tools import BundleSource
from valetkey.tools.bundle import make_bundle

ROLE = parse_role_arn("arn:aws:iam::111122223333:role/agents/AgentTenantData")
PEOPLE = FakeIssuer("https://people.example", [signing_key("people-1")])
CLUSTER = FakeIssuer("https://cluster.example", [signing_key("cluster-1")])


class FakeKeys:
    """The key source port: what the fake issuers publish, without HTTP."""

    async def keys(self, issuer: Issuer, kid: str | None) -> KeySet:
        fake = {PEOPLE.url: PEOPLE, CLUSTER.url: CLUSTER}[issuer.url]
        return KeySet.from_jwks(fake.jwks(), issuer.algorithms)


@dataclass
class Clock:
    now: float = float(NOW)

    def __call__(self) -> float:
        return self.now


def entropy() -> Any:
    """Bytes that never repeat, and that a failing test repeats exactly."""
    counter = itertools.count(1)
    return lambda size: next(counter).to_bytes(size, "big")


RULES = (
    TrustRule("end-users", "people", {"token_use": ClaimCheck.of("id")}, Power.BE_WORKED_FOR),
    TrustRule(
        "orchestrator",
        "cluster",
        {"sub": ClaimCheck.of("orchestrator")},
        Power.OPEN_RUNS,
        ("end-users",),
        ("task_id", "repo"),
    ),
    TrustRule(
        "second-orchestrator",
        "cluster",
        {"sub": ClaimCheck.of("second")},
        Power.OPEN_RUNS,
        ("end-users",),
        ("task_id",),
    ),
    TrustRule("operators", "cluster", {"sub": ClaimCheck.of("operator")}, Power.REVOKE),
    TrustRule("auditor", "cluster", {"sub": ClaimCheck.of("auditor")}, Power.READ_AUDIT),
    TrustRule("approver", "cluster", {"sub": ClaimCheck.of("approver")}, Power.APPROVE),
    TrustRule("admins", "cluster", {"sub": ClaimCheck.of("administrator")}, Power.ADMINISTER),
)
TEMPLATES = (
    parse_template("user_id", "{subject.sub}"),
    parse_template("task_id", "{request.task_id}"),
)
TERMS = ToolTerms(audience=GATEWAY_URI, claims=("department",))


def grant(name: str = "tenant-data", **changes: Any) -> Grant:
    members: dict[str, Any] = {
        "name": name,
        "role": ROLE,
        "source": GrantSource.ASSUME_ROLE,
        "duration": 3600,
        "region": "eu-west-1",
    }
    return Grant(**{**members, **changes})


def web_grant(name: str = "tenant-data", **changes: Any) -> Grant:
    return grant(name, **{"source": GrantSource.WEB_IDENTITY, **changes})


@dataclass
class Platform:
    broker: Broker
    sts: FakeSts
    clock: Clock
    store: SqliteStore
    path: Path
    people: FakeIssuer = field(default_factory=lambda: PEOPLE)
    cluster: FakeIssuer = field(default_factory=lambda: CLUSTER)

    def subject(self, sub: str = "alice", **claims: object) -> Secret:
        members = {"sub": sub, "token_use": "id", **self._times(), **claims}
        return self.people.sign(self.people.claims(**members))

    def actor(self, sub: str = "orchestrator", **claims: object) -> Secret:
        return self.cluster.sign(self.cluster.claims(**{"sub": sub, **self._times(), **claims}))

    def _times(self) -> dict[str, object]:
        return {"iat": int(self.clock()) - 100, "exp": int(self.clock()) + 600}

    def request(self, sub: str = "alice", **changes: Any) -> OpenRequest:
        members: dict[str, Any] = {
            "actor_token": self.actor(),
            "subject_token": self.subject(sub),
            "attributes": {"task_id": f"task-of-{sub}"},
        }
        return OpenRequest(**{**members, **changes})

    async def open(self, sub: str = "alice", **changes: Any) -> Opened:
        opened = await open_run(self.broker, self.request(sub, **changes))
        assert isinstance(opened, Opened), opened
        return opened

    async def gateway_token(self, run_token: Secret) -> Secret:
        """What `POST /oauth/token` gives a run of tools for the gateway. Needs `signs`."""
        request = ExchangeRequest(run_token=run_token, target=Target(resource=GATEWAY_URI))
        given = await exchange(self.broker, request)
        assert isinstance(given, Exchanged), given
        return given.token

    async def caller(self, sub: str = "alice", **claims: object) -> ToolCaller:
        """A run that calls tools, for a person with these claims."""
        opened = await self.open(sub, subject_token=self.subject(sub, **claims))
        token = await self.gateway_token(opened.token)
        caller = await admit_tool_caller(self.broker, token, audience=GATEWAY_URI)
        assert isinstance(caller, ToolCaller), caller
        return caller

    async def audit(self) -> list[dict[str, Any]]:
        return [json.loads(leaf.leaf) for leaf in await self.store.leaves()]

    async def kinds(self) -> list[str]:
        return [leaf["kind"] for leaf in await self.audit()]


@asynccontextmanager
async def platform(
    folder: Path,
    *,
    grants: tuple[Grant, ...] | None = None,
    templates: tuple[TagTemplate, ...] = TEMPLATES,
    clock: Clock | None = None,
    tokens: tuple[TokenGrant, ...] = (),
    signs: bool = False,
    tools: BundleSource | None = None,
    terms: ToolTerms = TERMS,
) -> AsyncIterator[Platform]:
    """A broker over a store in `folder`; opened twice there, it is the same one restarted.

    `signs`: it is an issuer of its own, and the fake STS believes exactly the keys it publishes.
    With `tools` it signs as well, and is a tool gateway's broker on `terms`.
    """
    signs = signs or tools is not None
    bundle = None if tools is None else make_bundle(tools)
    drawn = grants if grants is not None else (grant(), grant("other"))
    clock = clock or Clock()
    sts = FakeSts(clock)
    store = await SqliteStore.open(folder / "valetkey.db")
    own = await own_issuer(store, now=clock.now) if signs else None
    if own is not None:
        sts.published = partial(_published, own, clock)
    broker = Broker(
        issuers=(PEOPLE.configured("people"), CLUSTER.configured("cluster")),
        rules=RULES,
        templates=templates,
        policy=make_policy(drawn, tokens, bundle),
        run_seconds=8 * 3600,
        max_run_seconds=12 * 3600,
        store=store,
        keys=FakeKeys(),
        sts=sts,
        clock=clock,
        entropy=entropy() if not (folder / "used").exists() else _later_entropy(),
        own=own,
        tools=None if tools is None else terms,
        compile_tools=make_bundle,
    )
    (folder / "used").touch()
    await store.put_policy(broker.policy.version, broker.policy.document)
    try:
        yield Platform(broker, sts, clock, store, folder / "valetkey.db")
    finally:
        await store.close()


async def _published(own: OwnIssuer, clock: Clock) -> tuple[SigningKey, ...]:
    return await own.ring.published(now=clock.now)


def _later_entropy() -> Any:
    counter = itertools.count(1_000_000)
    return lambda size: next(counter).to_bytes(size, "big")
