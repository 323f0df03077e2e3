"""A gateway in this process between a client that sends anything and servers that keep watch."""

import json
import secrets
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

from tests.fakes.platform import Clock, Platform, platform
from tests.fuzz_gateway.bends import MARK
from tests.fuzz_gateway.driver import Answered, ask
from tests.fuzz_gateway.requests import SERVERS, Request, initialize, request
from tests.fuzz_gateway.servers import TOOLS, Witness, servers
from valetkey.broker import make_policy
from valetkey.broker.exchange import Exchanged, ExchangeRequest, exchange
from valetkey.broker.finish import end_own_run
from valetkey.broker.targets import Target
from valetkey.broker.tool_terms import ToolTerms
from valetkey.gateway.app import GatewayApp
from valetkey.gateway.upstreams import Upstreams
from valetkey.secret import Secret
from valetkey.tools import (
    BundleSource,
    PolicyFile,
    Reach,
    ServerRules,
    Surface,
    ToolDefinition,
    ToolServer,
)
from valetkey.tools.bundle import make_bundle

GATEWAY = "arn:aws:bedrock-agentcore:eu-west-1:111122223333:gateway/tools"
URL = "https://gateway.example"
URI = f"{URL}/mcp"
ENDED = 204
"""What a DELETE that ends a session is answered with."""
OPENS = frozenset({Surface.PROMPTS, Surface.RESOURCES})
_HEAD = f"""principal is AgentCore::OAuthUser, action == AgentCore::Action::"{{}}",
 resource == AgentCore::Gateway::"{GATEWAY}"
"""


class Breach(AssertionError):  # noqa: N818 - what pytest shows is the name
    """A request after which something is as it must never be."""


@dataclass
class Tally:
    """What a campaign sent, and what became of it."""

    requests: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    reached: Counter[str] = field(default_factory=Counter)
    decided: Counter[str] = field(default_factory=Counter)

    def add(self, witness: Witness) -> None:
        """Take over what the servers saw."""
        self.reached += witness.reached
        self.decided += witness.decided

    def summary(self) -> str:
        """Say it in one line."""
        calls = sum(n for what, n in self.reached.items() if what != "None")
        decisions = sum(self.decided.values())
        allowed = sum(n for what, n in self.decided.items() if what.startswith("allow"))
        return (
            f"{self.requests:,} requests; {decisions:,} decided, {allowed:,} of them allowed; "
            f"{calls:,} messages at servers; statuses {dict(sorted(self.statuses.items()))}"
        )


def source() -> BundleSource:
    """Return what decides here: refunds below a hundred are allowed, and every note."""
    text = ""
    for server in SERVERS:
        refund, note = (_HEAD.format(f"{server}___{name}") for name in ("refund", "note"))
        text += f"permit({refund}) when {{ context.input.amount < 100 }};\npermit({note});\n"
    definitions = (
        ToolDefinition(server, str(tool["name"]), tool) for server in SERVERS for tool in TOOLS
    )
    return BundleSource(
        gateway=GATEWAY,
        policies=(PolicyFile("all.cedar", text),),
        servers=tuple(ServerRules(name, OPENS) for name in SERVERS),
        tools=tuple(definitions),
        tags=("run", "actor", "issuer", "user_id", "task_id"),
    )


@dataclass
class World:
    """The gateway, the tokens that requests bear, and the sessions that stand."""

    app: GatewayApp
    made: Platform
    witness: Witness
    tokens: dict[str, str]
    sessions: dict[str, str] = field(default_factory=dict)

    async def begin_sessions(self) -> None:
        """Begin a session of 2025-11-25 at each of the gateway's paths."""
        for path in ("/mcp", *(f"/mcp/{server}" for server in SERVERS)):
            answer = await ask(self.app, initialize(path, self.tokens))
            session = answer.header(b"mcp-session-id")
            assert session is not None, answer
            self.sessions[path] = session


@asynccontextmanager
async def world(folder: Path) -> AsyncIterator[World]:
    """A broker with tools in `folder`, two servers, and a run that may call them."""
    async with AsyncExitStack() as stack:
        made = await stack.enter_async_context(platform(folder, clock=Clock(), signs=True))
        policy = make_policy((), (), make_bundle(source()))
        await made.store.put_policy(policy.version, policy.document)
        made = replace(
            made, broker=replace(made.broker, policy=policy, tools=ToolTerms(audience=URI))
        )
        witness = Witness(made.store, ())
        urls = await stack.enter_async_context(servers(witness))
        reached = [
            ToolServer(name=name, reach=Reach.HTTP, url=url, opens=OPENS)
            for name, url in urls.items()
        ]
        upstreams = await stack.enter_async_context(
            Upstreams(reached, broker=made.broker, signer=_NoSigner(), clock=made.clock)
        )
        app = GatewayApp(
            made.broker, upstreams, public_url=URL, audience=URI, origins=(), rest=_nothing
        )
        tokens = await _tokens(made)
        witness.secrets = (MARK, tokens["good"], tokens["run"])
        here = World(app, made, witness, tokens)
        await here.begin_sessions()
        yield here


async def _tokens(made: Platform) -> dict[str, str]:
    opened = await made.open("alice")
    over = await made.open("bob")
    good, late = await _exchanged(made, opened.token), await _exchanged(made, over.token)
    await end_own_run(made.broker, over.token)
    head, body, signature = good.split(".")
    return {
        "good": good,
        "run": opened.token.reveal(),
        "over": late,
        "twisted": f"{head}.{body}.{signature[::-1]}",
        "other": made.subject("alice").reveal(),
        "garbage": secrets.token_urlsafe(20),
    }


async def _exchanged(made: Platform, run_token: Secret) -> str:
    asked = ExchangeRequest(run_token=run_token, target=Target(None, URI))
    given = await exchange(made.broker, asked)
    assert isinstance(given, Exchanged), given
    return given.token.reveal()


async def run_requests(folder: Path, seed: int, tally: Tally, *, requests: int) -> None:
    """Send `requests`, the same for the same seed. Raises Breach for the first that is one."""
    pick = Random(seed)
    async with world(folder) as here:
        try:
            for number in range(requests):
                made = request(pick, here.tokens, here.sessions)
                answered = await ask(here.app, made)
                tally.requests += 1
                tally.statuses[answered.status] += 1
                if answered.status == ENDED:
                    await here.begin_sessions()
                if wrong := _wrong(answered, here.witness):
                    raise Breach(_report(seed, number, made, answered, wrong=wrong))
        finally:
            await here.witness.read_on()
            tally.add(here.witness)


def _wrong(answered: Answered, witness: Witness) -> str:
    """Return what is as it must never be, or nothing."""
    if witness.wrongs:
        return witness.wrongs[0]
    if answered.fault is not None:
        return f"it raised {answered.fault!r}"
    if answered.status == 0 or answered.status >= 500:
        return f"status {answered.status}"
    for telltale in (b"Traceback", b"internal-error"):
        if telltale in answered.body:
            return f"the answer shows `{telltale.decode()}`"
    kind = answered.header(b"content-type") or ""
    if answered.body and "json" in kind:
        try:
            json.loads(answered.body)
        except ValueError:
            return "the answer is no JSON"
    return ""


def _report(seed: int, number: int, made: Request, answered: Answered, *, wrong: str) -> str:
    head = b"\n".join(b"%b: %b" % header for header in made.headers).decode("latin-1")
    return (
        f"seed {seed}, request {number}: {wrong}\n{made.method} {made.path!r}\n{head}\n\n"
        f"{made.body[:2000]!r}\n-> {answered.status} {answered.body[:2000]!r}"
    )


class _NoSigner:
    def sign(self, *_: Any, **__: Any) -> dict[str, str]:
        raise NotImplementedError


async def _nothing(_: Any, __: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b""})
