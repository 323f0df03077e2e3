"""The broker inside a command: one account, its own AWS profile, no server and no port.

The same use cases, store and audit log as `serving` composes, for `valetkey run --grant` and its
kin. The machine's AWS credentials are read here and reach nobody else.
"""

import asyncio
import contextlib
import hashlib
import json
import secrets
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, TypeVar

import aiohttp

from valetkey.aws import AmbientAws, StsClient
from valetkey.broker import (
    Broker,
    BrokerError,
    end_own_run,
    hand_out,
    make_policy,
    open_own_run,
)
from valetkey.broker.broker import KnownRun
from valetkey.broker.holdings import Holdings
from valetkey.broker.ports import SecurityTokenService
from valetkey.identity import Issuer, KeySet, Refusal
from valetkey.runs import MAX_RUN_SECONDS
from valetkey.sandbox.run_grant import OpenedRun, RunGrant, RunView
from valetkey.secret import Secret
from valetkey.settings.local import LocalGrant
from valetkey.store import SqliteStore
from valetkey.version import VERSION
from valetkey.web.problem import problem_of_error, problem_of_refusal
from valetkey.wiring.own_grants import account_name, one_endpoint, one_set_of_tags, only_profile

T = TypeVar("T")
UseCase = Callable[[Broker, "OwnSts"], Awaitable[T]]

_HOPE = 120.0
"""Seconds: a person waits, and STS's client gives up by itself before."""
STORE = "valetkey.db"
"""The store's name in the account's own folder; several commands may have it open at once."""


class OwnSts(SecurityTokenService, Protocol):
    """STS as this broker needs it."""

    async def caller_arn(self, profile: str | None = None) -> str:
        """Return the ARN that AWS knows the profile's identity by."""
        ...


class InProcessBroker:
    """A broker for this account's own runs of `grants`, with its records in `home`.

    A call before `start` runs on an event loop of its own and leaves no thread behind, so that a
    command may still be forked; between `start` and `close` one thread serves all calls. What was
    fetched before is held on. Not for use by two threads before `start`.

    Raises BrokerError `grant-tags-differ` or `grant-endpoints-differ` where the grants do not go
    into one run, and an AwsError for an AWS configuration that can't be used.
    """

    def __init__(
        self,
        grants: Sequence[LocalGrant],
        *,
        home: Path,
        clock: Callable[[], float] = time.time,
        connect_sts: Callable[[AmbientAws, aiohttp.ClientSession], OwnSts] = StsClient,
    ) -> None:
        self._grants = tuple(each.grant for each in grants)
        self._tags = one_set_of_tags(grants)
        self._home = home
        self._clock = clock
        self._connect_sts = connect_sts
        # As it was when the grants were made, whatever shell this one is (lesson 27).
        self._ambient = AmbientAws(
            clock=clock,
            profile=only_profile(self._grants),
            endpoint_url=one_endpoint(self._grants),
        )
        self._policy = make_policy(self._grants)
        configured = json.dumps([self._policy.document, self._tags], sort_keys=True)
        self._digest = hashlib.sha256(configured.encode()).hexdigest()
        self._holdings = Holdings()
        self._known: dict[str, KnownRun] = {}
        self._is_announced = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._broker: tuple[Broker, OwnSts] | None = None
        self._stop: asyncio.Event | None = None
        self._thread: threading.Thread | None = None

    def allow_prompts(self) -> None:
        """Let AWS's profile ask the person for an MFA code, until `start`: then the terminal is
        the command's.
        """
        self._ambient.allow_prompts(True)

    def find_credentials(self) -> None:
        """Find what the grants' profiles give, and keep it: a person who is asked for an MFA code
        is slower than any call may be. Asks STS nothing; raises an AwsError where there is none.
        """
        for profile in dict.fromkeys(grant.profile for grant in self._grants):
            self._ambient.for_profile(profile).find()

    def open_run(self, *, expires_in: int | None = None) -> OpenedRun:
        """Open a run of this account with all the grants; the record is durable. `expires_in` in
        seconds, the longest life that a run may have unless told: it ends with its command.
        """
        opened = self._call(
            lambda broker, _: open_own_run(
                broker, account_name(), tags=self._tags, expires_in=expires_in
            )
        )
        if isinstance(opened, Refusal):
            raise BrokerError(opened.code, opened.public)
        views = tuple(
            RunGrant(g.name, g.region, endpoint_url=g.endpoint_url, credentials_url="")
            for g in self._grants
        )
        until = datetime.fromtimestamp(opened.run.expires_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return OpenedRun(RunView(opened.run.id, views, expires_at=until), opened.token)

    def fetch(self, grant: str, token: Secret) -> dict[str, str]:
        """Return a grant's container credentials, or raise why there are none.

        The error's `detail` has AWS's own words: here who runs us is the operator as well.
        """
        given = self._call(lambda broker, _: hand_out(broker, token, grant, hope=_HOPE))
        if isinstance(given, Refusal):
            raise BrokerError(given.code, given.public)
        document: dict[str, str] = json.loads(given.body)
        return document

    def draw(self, grant: str, token: Secret) -> tuple[int, bytes]:
        """Answer as `GET /v1/credentials/{grant}` does: status and body. Raises nothing."""
        try:
            given = self._call(lambda broker, _: hand_out(broker, token, grant))
        except Exception as error:  # noqa: BLE001  # an edge: an unknown error denies
            problem = problem_of_error(error)
            return problem.status, problem.body()
        if isinstance(given, Refusal):
            problem = problem_of_refusal(given)
            return problem.status, problem.body()
        return 200, given.body

    def caller_arn(self) -> str:
        """Return the ARN that AWS knows the identity of the first grant's profile by."""
        profile = self._grants[0].profile
        if self._loop is None:
            self._ambient.for_profile(profile).find()
        return self._call(lambda _, sts: sts.caller_arn(profile))

    def end_run(self, token: Secret) -> None:
        """End the run; its token opens nothing any more."""
        ended = self._call(lambda broker, _: end_own_run(broker, token))
        if isinstance(ended, Refusal):
            raise BrokerError(ended.code, ended.public)

    def start(self) -> None:
        """Serve from a thread until `close`. Raises what kept it from starting."""
        self._ambient.allow_prompts(False)
        ready = threading.Event()
        failure: list[BaseException] = []

        def serve() -> None:
            try:
                asyncio.run(self._serve(ready))
            except BaseException as error:  # noqa: BLE001  # told to who waits, below
                failure.append(error)
            finally:
                ready.set()

        self._thread = threading.Thread(target=serve, name="valetkey-broker", daemon=True)
        self._thread.start()
        ready.wait()
        if failure:
            raise failure[0]

    def close(self) -> None:
        """Stop serving; what was under way ends first, within seconds. Started or not."""
        loop, stop, thread = self._loop, self._stop, self._thread
        if loop is not None and stop is not None and thread is not None:
            with contextlib.suppress(RuntimeError):  # it ended by itself
                loop.call_soon_threadsafe(stop.set)
            thread.join()
        self._thread = None

    async def _serve(self, ready: threading.Event) -> None:
        self._stop = asyncio.Event()
        async with self._running() as running:
            self._loop, self._broker = asyncio.get_running_loop(), running
            ready.set()
            try:
                await self._stop.wait()
            finally:
                self._loop, self._broker = None, None

    def _call(self, use_case: UseCase[T]) -> T:
        if self._loop is None or self._broker is None:
            return asyncio.run(self._once(use_case))
        return asyncio.run_coroutine_threadsafe(
            _awaited(use_case(*self._broker)), self._loop
        ).result()

    async def _once(self, use_case: UseCase[T]) -> T:
        async with self._running() as running:
            return await use_case(*running)

    @contextlib.asynccontextmanager
    async def _running(self) -> AsyncIterator[tuple[Broker, OwnSts]]:
        async with contextlib.AsyncExitStack() as stack:
            store = await SqliteStore.open(self._home / STORE)
            stack.push_async_callback(store.close)
            http = await stack.enter_async_context(
                aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
            )
            sts = self._connect_sts(self._ambient, http)
            broker = Broker(
                issuers=(),
                rules=(),
                templates=(),
                policy=self._policy,
                run_seconds=MAX_RUN_SECONDS,
                max_run_seconds=MAX_RUN_SECONDS,
                store=store,
                keys=_NoKeys(),
                sts=sts,
                clock=self._clock,
                entropy=secrets.token_bytes,
                holdings=self._holdings,
                known=self._known,
            )
            if not self._is_announced:
                await broker.start(program=VERSION, config_digest=self._digest)
                self._is_announced = True
            stack.push_async_callback(self._holdings.stop)
            yield broker, sts


class _NoKeys:
    """No issuer is believed here, so there are no keys to ask for."""

    async def keys(self, issuer: Issuer, kid: str | None) -> KeySet:
        raise BrokerError("issuer-unknown", "no issuer is believed without a broker")


async def _awaited(awaitable: Awaitable[T]) -> T:
    return await awaitable
