"""What `valetkey doctor` asks of the world: keys, IAM, STS and one run of its own.

The run is this account's own, as `valetkey run --grant` opens one, with the rule `doctor` in its
record; whoever has the configuration and the keys could sign as much by hand. Nothing of it is
handed to anybody, and it is ended when the examination is.
"""

import contextlib
import json
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace

import aiohttp

from valetkey.audit import TokenIssued
from valetkey.aws import AmbientAws, KmsSigner, StsClient
from valetkey.aws.iam_reading import IamReading
from valetkey.aws.probe import AwsProbe
from valetkey.broker import (
    Broker,
    BrokerError,
    Opened,
    end_own_run,
    hand_out,
    make_policy,
    milliseconds,
    open_own_run,
)
from valetkey.broker.draws import Draw, make_draw
from valetkey.broker.minting import JWT, mint
from valetkey.broker.own_issuer import OwnIssuer
from valetkey.broker.own_run import DOCTOR_RULE
from valetkey.credentials import AssumedRole, AssumeRoleRequest, Grant, SigningKey
from valetkey.credentials.token_claims import (
    AWS_CLAIM,
    TOKEN_ID_BYTES,
    new_token_id,
    sts_claims,
)
from valetkey.identity import Issuer, KeySet, Refusal
from valetkey.secret import Secret
from valetkey.settings import Settings
from valetkey.store import SqliteStore
from valetkey.wiring.own_grants import account_name
from valetkey.wiring.own_issuer import build_issuer

RUN_SECONDS = 900
_PROBE = b"valetkey doctor: can this key sign?"


@dataclass(slots=True)
class Examination:
    """One grant, and the ways to ask about it. `open_run` comes before any session."""

    settings: Settings
    grant: Grant
    broker: Broker
    sts: StsClient
    probe: AwsProbe
    iam: IamReading
    opened: Opened | None = None
    _draw: Draw | None = field(default=None, repr=False)

    @property
    def own(self) -> OwnIssuer | None:
        """valetkey as an issuer, None where it is none."""
        return self.broker.own

    async def signing_key(self) -> SigningKey:
        """Return the key that signs for the grant now, after it has signed something."""
        if self.own is None:
            raise BrokerError("own-issuer-gone", "valetkey signs no tokens: there is no `[issuer]`")
        algorithm = self.grant.algorithm or self.own.algorithm
        key = await self.own.ring.signing(algorithm, now=self.broker.clock())
        await self.own.ring.sign(key, _PROBE)
        return key

    async def open_run(self, tags: Mapping[str, str]) -> Draw:
        """Open the run, once; return what STS is asked for it. It is on record."""
        await self.broker.store.put_policy(self.broker.policy.version, self.broker.policy.document)
        opened = await open_own_run(
            self.broker, account_name(), tags=tags, expires_in=RUN_SECONDS, rule=DOCTOR_RULE
        )
        if isinstance(opened, Refusal):
            raise BrokerError(opened.code, opened.public)
        self.opened = opened
        drawn = make_draw(opened.run, self.grant, issuer=None if self.own is None else self.own.url)
        if isinstance(drawn, Refusal):
            raise BrokerError(drawn.code, drawn.public)
        self._draw = drawn
        return drawn

    async def session(self) -> AssumedRole:
        """Return the run's own session, drawn and recorded as every run's is."""
        opened = self.opened
        if opened is None:
            raise _no_run()
        given = await hand_out(self.broker, opened.token, self.grant.name)
        if isinstance(given, Refusal):
            raise BrokerError(given.code, given.public)
        members = json.loads(given.body)
        return AssumedRole(
            access_key_id=members["AccessKeyId"],
            secret_access_key=Secret(members["SecretAccessKey"]),
            session_token=Secret(members["Token"]),
            expiration=given.expiration,
            assumed_role_arn="",
            source_identity=None,
            packed_policy_size=None,
            request_id="",
            answered_at=0,
        )

    async def untagged_session(self) -> AssumedRole:
        """Return a session that differs from the run's in one thing: it has no tags.

        For web identity its token has no tags claim, and is on record like every token. It never
        leaves this process. Raises what STS says.
        """
        draw = self._draw
        if draw is None:
            raise _no_run()
        if isinstance(draw.request, AssumeRoleRequest):
            return await self.sts.assume_role(replace(draw.request, tags={}))
        return await self.sts.assume_role_with_web_identity(
            draw.request, await self._untagged_token(draw)
        )

    async def end(self) -> None:
        """End the run, if one was opened."""
        if self.opened is not None:
            opened, self.opened = self.opened, None
            await end_own_run(self.broker, opened.token)

    async def _untagged_token(self, draw: Draw) -> Secret:
        request, own = draw.request, self.own
        if isinstance(request, AssumeRoleRequest) or own is None:
            raise BrokerError("own-issuer-gone", "valetkey signs no tokens")
        now, run = self.broker.clock(), draw.run
        claims = sts_claims(
            request,
            run_id=run.id,
            actor_issuer=run.actor.issuer,
            actor=run.actor.subject,
            token_id=new_token_id(self.broker.entropy(TOKEN_ID_BYTES)),
            now=int(now),
        )
        del claims[AWS_CLAIM + "tags"]
        minted = await mint(own, claims, typ=JWT, algorithm=request.algorithm, now=now)
        record = TokenIssued(
            at=milliseconds(now),
            run=run.id,
            grant=draw.grant.name,
            audience=request.audience,
            subject=request.subject,
            jti=minted.token_id,
            key_id=minted.key_id,
            expires_at=minted.expires_at,
            holder="broker",
            role_arn=str(request.role),
            tags={},
        )
        await self.broker.store.append(record)
        return minted.token


@contextlib.asynccontextmanager
async def examining(
    settings: Settings, grant: Grant, *, clock: Callable[[], float] = time.time
) -> AsyncIterator[Examination]:
    """Give the examination of `grant`, one of the settings'; its run is ended afterwards.

    Raises a ValetkeyError where the store or the AWS configuration can't be used.
    """
    async with contextlib.AsyncExitStack() as stack:
        store = await SqliteStore.open(settings.store)
        stack.push_async_callback(store.close)
        http = await stack.enter_async_context(
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        )
        ambient = AmbientAws(
            clock=clock,
            profile=grant.profile or settings.aws.profile,
            region=grant.region or settings.aws.region,
            endpoint_url=grant.endpoint_url or settings.aws.endpoint_url,
        )
        sts = StsClient(ambient, http)
        own = build_issuer(settings.issuer, store, kms=KmsSigner(ambient, http))
        broker = _broker(settings, grant, store=store, sts=sts, own=own, clock=clock)
        stack.push_async_callback(broker.holdings.stop)
        probe = AwsProbe(ambient, http)
        reading = IamReading(probe, partition=grant.role.partition)
        examination = Examination(settings, grant, broker, sts, probe, reading)
        stack.push_async_callback(examination.end)
        yield examination


def _broker(
    settings: Settings,
    grant: Grant,
    *,
    store: SqliteStore,
    sts: StsClient,
    own: OwnIssuer | None,
    clock: Callable[[], float],
) -> Broker:
    return Broker(
        issuers=(),
        rules=(),
        templates=(),
        policy=make_policy([grant]),
        run_seconds=RUN_SECONDS,
        max_run_seconds=settings.max_run_seconds,
        store=store,
        keys=_NoKeys(),
        sts=sts,
        clock=clock,
        entropy=secrets.token_bytes,
        own=own,
    )


def _no_run() -> BrokerError:
    return BrokerError("run-unknown", "no run was opened")


class _NoKeys:
    """No issuer is believed here, so there are no keys to ask for."""

    async def keys(self, issuer: Issuer, kid: str | None) -> KeySet:
        raise BrokerError("issuer-unknown", "no issuer is believed by the doctor")
