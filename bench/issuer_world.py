"""What `bench/issuer.py` measures in process: a broker over SQLite whose issuer signs tokens."""

import json
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256

from valetkey.broker import Broker, Opened, OpenRequest, make_policy, open_run
from valetkey.broker.exchange import Exchanged, ExchangeRequest, exchange
from valetkey.broker.key_ring import KeyRing
from valetkey.broker.local_signer import LocalMaker, LocalSigner
from valetkey.broker.minting import ACCESS_TOKEN, mint
from valetkey.broker.own_issuer import OwnIssuer
from valetkey.broker.targets import Target
from valetkey.credentials import (
    Algorithm,
    Grant,
    GrantSource,
    TokenGrant,
    parse_role_arn,
    web_identity_request,
)
from valetkey.credentials.own_token import compact, header_text, signing_input
from valetkey.credentials.public_jwk import public_jwk
from valetkey.credentials.sealing import new_secret
from valetkey.credentials.token_claims import Json, new_token_id, sts_claims, tool_claims
from valetkey.identity import (
    ClaimCheck,
    Issuer,
    IssuerUrl,
    KeySet,
    Power,
    TrustRule,
    parse_unverified,
    verify,
)
from valetkey.runs import parse_template, session_tags
from valetkey.secret import Secret
from valetkey.store import SqliteStore

OWN = IssuerUrl("https://id.example.com")
PEOPLE = IssuerUrl("https://people.example")
BILLING = TokenGrant("billing", "https://billing.internal/mcp", ("read", "write"), 300)
ROLE = Grant(
    "tenant-data",
    parse_role_arn("arn:aws:iam::111122223333:role/AgentTenantData"),
    GrantSource.WEB_IDENTITY,
    3600,
    token_to_sandbox=True,
)
_ES256 = ec.ECDSA(SHA256())


class PeopleKeys:
    """The key source port over one key, without HTTP."""

    def __init__(self, private: ec.EllipticCurvePrivateKey) -> None:
        jwk = public_jwk(private.public_key(), Algorithm.ES256)
        document = json.dumps({"keys": [jwk]}).encode()
        self._keys = KeySet.from_jwks(document, ("ES256",))
        self._private = private
        self.kid = jwk["kid"]

    async def keys(self, issuer: Issuer, kid: str | None) -> KeySet:
        return self._keys

    def token(self, subject: str) -> Secret:
        """A token for `subject` that is good for ten minutes."""
        now = int(time.time())
        claims: dict[str, Json] = {
            "iss": PEOPLE,
            "sub": subject,
            "aud": "valetkey",
            "iat": now,
            "exp": now + 600,
        }
        message = signing_input(header_text("ES256", self.kid, "JWT"), claims)
        return Secret(compact(message, raw(self._private.sign(message, _ES256))))


class NoSts:
    """The port of STS, which nobody asks here."""

    async def assume_role(self, *ignored: Any) -> NoReturn:
        raise NotImplementedError

    async def assume_role_with_web_identity(self, *ignored: Any) -> NoReturn:
        raise NotImplementedError

    async def check_way(self, region: str | None) -> None:
        raise NotImplementedError


@dataclass(frozen=True)
class World:
    """A broker with an open run, and the operations that are measured."""

    broker: Broker
    own: OwnIssuer
    people: PeopleKeys
    private: ec.EllipticCurvePrivateKey
    run: Opened
    request: OpenRequest

    def tool(self) -> dict[str, Json]:
        """The claims of a token for the tool."""
        return tool_claims(
            BILLING,
            issuer=OWN,
            subject="alice",
            run_id=self.run.run.id,
            actor_issuer=PEOPLE,
            actor="orchestrator",
            client_id="people:orchestrator",
            scope="read write",
            token_id=new_token_id(secrets.token_bytes(16)),
            now=int(time.time()),
        )

    def sts(self) -> dict[str, Json]:
        """The claims of a token for STS."""
        run = self.run.run
        tags = session_tags(run.tags, run.id)
        return sts_claims(
            web_identity_request(ROLE, issuer=OWN, run_id=run.id, tags=tags),
            run_id=run.id,
            actor_issuer=PEOPLE,
            actor="orchestrator",
            token_id=new_token_id(secrets.token_bytes(16)),
            now=int(time.time()),
        )

    async def mint_for(self, claims: Callable[[], dict[str, Json]]) -> None:
        """Decide the claims and mint them."""
        await mint(self.own, claims(), typ=ACCESS_TOKEN, algorithm=None, now=time.time())

    async def check_twice_and_mint(self) -> None:
        """Only what the tokens of a run and its exchange need: parse, check, spell, sign, compare.

        No rules, no run, no record: what those cost is the difference.
        """
        issuer, now = self.broker.issuers[0], time.time()
        for token in (self.request.actor_token, self.request.subject_token):
            unverified = parse_unverified(token)
            verify(unverified, issuer, await self.people.keys(issuer, unverified.kid), now=now)
        await self.mint_for(self.tool)

    async def exchange(self, token: Secret | None = None) -> None:
        """Exchange the run's token, or this one, for a token of the tool."""
        asked = ExchangeRequest(run_token=token or self.run.token, target=Target("billing"))
        given = await exchange(self.broker, asked)
        assert isinstance(given, Exchanged), given

    async def open_and_exchange(self) -> None:
        """Open a run and exchange its token."""
        opened = await open_run(self.broker, self.request)
        assert isinstance(opened, Opened), opened
        await self.exchange(opened.token)

    def signs_alone(self, claims: dict[str, Json]) -> Callable[[], None]:
        """The library's signature over the bytes of a token with these claims."""
        message = signing_input(header_text("ES256", self.people.kid, ACCESS_TOKEN), claims)
        sign = self.private.sign
        return lambda: _drop(sign(message, _ES256))

    def checks_twice_and_signs(self) -> Callable[[], None]:
        """The library's two checks and one signature: all the arithmetic of run and exchange."""
        checked = []
        for token in (self.request.actor_token, self.request.subject_token):
            unverified = parse_unverified(token)
            r, s = unverified.signature[:32], unverified.signature[32:]
            der = encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))
            checked.append((der, unverified.signing_input))
        sign, check = self.signs_alone(self.tool()), self.private.public_key().verify

        def operation() -> None:
            for signature, message in checked:
                check(signature, message, _ES256)
            sign()

        return operation


@asynccontextmanager
async def world(folder: Path) -> AsyncIterator[World]:
    """A broker over a store in `folder` that believes one issuer and is one itself."""
    private = ec.generate_private_key(ec.SECP256R1())
    people = PeopleKeys(private)
    store = await SqliteStore.open(folder / "valetkey.db")
    secret = new_secret(secrets.token_bytes)
    ring = KeyRing(
        store,
        LocalSigner(secret),
        maker=LocalMaker(secret, entropy=secrets.token_bytes),
        issuer=OWN,
    )
    await ring.keep_up(now=time.time())
    own = OwnIssuer(OWN, Algorithm.ES256, qualified=False, ring=ring)
    broker = Broker(
        issuers=(Issuer("people", PEOPLE, ("valetkey",), ("ES256",)),),
        rules=(
            TrustRule("people", "people", {"sub": ClaimCheck.of("alice")}, Power.BE_WORKED_FOR),
            TrustRule(
                "opener",
                "people",
                {"sub": ClaimCheck.of("orchestrator")},
                Power.OPEN_RUNS,
                ("people",),
            ),
        ),
        templates=(parse_template("user_id", "{subject.sub}"),),
        policy=make_policy((ROLE,), (BILLING,)),
        run_seconds=3600,
        max_run_seconds=3600,
        store=store,
        keys=people,
        sts=NoSts(),
        clock=time.time,
        entropy=secrets.token_bytes,
        own=own,
    )
    await broker.start(program="bench", config_digest="0")
    request = OpenRequest(
        actor_token=people.token("orchestrator"),
        subject_token=people.token("alice"),
        attributes={},
    )
    run = await open_run(broker, request)
    assert isinstance(run, Opened), run
    try:
        yield World(broker, own, people, private, run, request)
    finally:
        await store.close()


def raw(der: bytes) -> bytes:
    """A signature as a token has it: r and s of 32 bytes each."""
    r, s = decode_dss_signature(der)
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def _drop(_: bytes) -> None:
    """Let a result go."""
