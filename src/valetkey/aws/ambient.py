"""The AWS identities that valetkey itself calls with, found as every AWS SDK finds them.

botocore's chain is read in this room and nowhere else: environment, profile, container, instance
role. What AWS refused is read anew, so that a person who acts goes on at once.
"""

import asyncio
import getpass
import math
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from botocore.credentials import ReadOnlyCredentials

from valetkey.aws.chain import Ask, Chain, Endpoint
from valetkey.aws.errors import AwsError
from valetkey.aws.lookup import mfa_needed

POD_IDENTITY_HOSTS = frozenset({"169.254.170.23", "fd00:ec2::23"})
REREAD_SECONDS = 3
"""How long a failure stands before files, SSO portal or credential_process are asked again, unless
a file shows that somebody acted: a flood of calls must not become a flood of those."""


class AmbientAws:
    """One identity: the default chain's or a profile's. `for_profile` leads to the others.

    `endpoint_url` and `region` of the configuration win over the environment's. Nobody is asked
    for an MFA code until `allow_prompts`. May be used from several threads and event loops.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        profile: str | None = None,
        region: str | None = None,
        endpoint_url: str | None = None,
        prompter: Ask = getpass.getpass,
    ) -> None:
        self.clock = clock
        self._profile = profile
        self._configured = (region, endpoint_url)
        self._prompter = prompter
        self._parent: AmbientAws | None = None
        self._siblings: dict[str, AmbientAws] = {}
        self._may_prompt = False
        self._lock = threading.Lock()  # held while something is read or found
        self._quick = threading.Lock()  # held for a moment
        self._flights: dict[tuple[str | None, bool], Future[ReadOnlyCredentials]] = {}
        self._failure: AwsError | None = None
        self._endpoints: dict[tuple[str, str | None], Endpoint] = {}
        self._read_at: float = clock()
        self._chain = Chain(profile, ask=self._asked)

    def for_profile(self, name: str | None) -> "AmbientAws":
        """Return the identity of a profile, made once; None is this one. Reads files.

        What the profile says of region and endpoint wins over the broker's configuration.

        Raises `aws-profile-unknown`, each time anew: the profile may be there the next time.
        """
        if name is None or name == self._profile:
            return self
        if self._parent is not None:
            return self._parent.for_profile(name)
        found = self._siblings.get(name)
        if found is None:
            made = AmbientAws(
                clock=self.clock,
                profile=name,
                region=self._configured[0],
                endpoint_url=self._configured[1],
                prompter=self._prompter,
            )
            made._parent = self
            found = self._siblings.setdefault(name, made)
        return found

    def allow_prompts(self, allowed: bool) -> None:
        """Let a person be asked for MFA codes, or no longer; for all identities of the family."""
        root = self._parent or self
        root._may_prompt = allowed
        for each in (root, *root._siblings.values()):
            each._read_at = -math.inf  # that a code was needed a moment ago is no reason any more

    def _asked(self, prompt: str) -> str:
        if not (self._parent or self)._may_prompt:
            raise mfa_needed(self._profile or self._chain.profile)
        return self._prompter(prompt)

    @property
    def owner(self) -> str | None:
        """Return the profile in force, to name in a message; None for keys of the environment."""
        return self._chain.owner

    @property
    def renewal(self) -> str | None:
        """Return what a person types to log in again, None where no login is behind it."""
        return self._chain.origin().renewal

    @property
    def has_default_profile(self) -> bool:
        """Say whether the files have a profile `default`: who names none is given it."""
        return "default" in self._chain.session.available_profiles

    @property
    def region(self) -> str | None:
        """Return the region in force, None where nothing names one."""
        own = self._chain.scoped.get("region") if self._parent else None
        found: str | None = self._chain.session.get_config_variable("region")
        return own or self._configured[0] or found

    @property
    def _endpoint_url(self) -> str | None:
        own = self._parent and {"endpoint_url", "services"} & set(self._chain.scoped)
        return None if own else self._configured[1]

    @property
    def endpoint_url(self) -> str | None:
        """Return where AWS is for this identity, None for AWS's own endpoints. Asks nobody."""
        session, url = self._chain.session, self._endpoint_url
        if url is None and not session.get_config_variable("ignore_configured_endpoint_urls"):
            url = os.environ.get("AWS_ENDPOINT_URL") or self._chain.scoped.get("endpoint_url")
        return url or None

    @cached_property
    def sts_model(self) -> Any:
        """botocore's model of STS, which its serializer and parser read."""
        return self._chain.session.get_service_model("sts")

    def model(self, service: str) -> Any:
        """Return botocore's model of another service. Read from disk at the first call."""
        return self._chain.session.get_service_model(service)

    async def sts_endpoint(self, region: str | None) -> Endpoint:
        """Return where STS is for `region`, as botocore resolves it (environment included)."""
        return await self.endpoint("sts", region)

    async def endpoint(self, service: str, region: str | None) -> Endpoint:
        """Return where a service is for `region`, as botocore resolves it."""
        endpoints, key = self._endpoints, (service, region)
        if key not in endpoints:
            endpoints[key] = await asyncio.to_thread(
                self._chain.endpoint, region or self.region, self._endpoint_url, service
            )
        return endpoints[key]

    async def credentials(
        self, *, instead_of: ReadOnlyCredentials | None = None, anyway: bool = True
    ) -> ReadOnlyCredentials:
        """Return this identity's credentials, refreshed when they need it.

        Those that AWS refused are given as `instead_of`: the configuration is read anew, and
        others come back where it has others, else the same. `anyway=False` reads only if a file
        has changed. One lookup serves all who wait, whoever of them goes away meanwhile.

        Raises an `AwsError` that says what a person must do; never falls back to unsigned
        requests.
        """
        chain = self._chain
        if instead_of is None and self._failure is None and chain.is_settled:
            return chain.credentials()
        key = (None if instead_of is None else instead_of.access_key, anyway)
        with self._quick:
            flight = self._flights.get(key)
            if flight is None:
                flight = self._flights[key] = Future()
                # Not the loop's executor, whose end waits for the slowest profile.
                look = threading.Thread(target=self._look, args=(key, instead_of), daemon=True)
                look.start()  # it lands after this lock is let go
        try:
            return await asyncio.shield(asyncio.wrap_future(flight))
        except AwsError as error:
            raise error.with_traceback(None) from None  # many share it: no frames gather

    def find(self) -> None:
        """Find the credentials in this thread, where Ctrl-C and an MFA code are a person's to give.

        Raises as `credentials` does, which has them at hand from then on.
        """
        with self._lock:
            self._found(None, anyway=True)

    def _look(self, key: tuple[str | None, bool], instead_of: ReadOnlyCredentials | None) -> None:
        try:
            with self._lock:
                found = self._found(instead_of, anyway=key[1])
        except BaseException as error:  # noqa: BLE001  # those who wait learn it
            self._landed(key).set_exception(error)
        else:
            self._landed(key).set_result(found)

    def _landed(self, key: tuple[str | None, bool]) -> "Future[ReadOnlyCredentials]":
        with self._quick:
            return self._flights.pop(key)

    def _found(
        self, instead_of: ReadOnlyCredentials | None, *, anyway: bool
    ) -> ReadOnlyCredentials:
        acted = self._chain.was_edited()
        is_early = 0 <= self.clock() - self._read_at < REREAD_SECONDS
        if self._failure is not None:
            if is_early and not acted:
                raise self._failure
            self._read()
        elif instead_of is not None:
            held = self._draw()
            if held != instead_of or not (acted or (anyway and not is_early)):
                return held
            self._read()
        return self._draw()

    def _draw(self) -> ReadOnlyCredentials:
        try:
            return self._chain.credentials()
        except AwsError as error:
            if not self._chain.has_drawn:
                self._fail(error)
                raise
        self._read()  # it worked before: what it was read from may have changed since
        return self._draw()

    def _read(self) -> None:
        try:
            self._chain = Chain(self._profile, ask=self._asked, like=self._chain)
        except AwsError as error:
            self._fail(error)
            raise
        self._read_at = self.clock()
        self._failure = None
        self._endpoints = {}

    def _fail(self, error: AwsError) -> None:
        self._failure = error
        self._read_at = self.clock()

    async def has_session_tags(self) -> bool:
        """Say whether the credentials come from EKS Pod Identity, whose sessions carry six
        transitive tags: they would eat into the packed size and can't be set again by a run.
        """
        await self.credentials()
        source = urlsplit(os.environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI", "")).hostname
        return self._chain.method == "container-role" and source in POD_IDENTITY_HOSTS
