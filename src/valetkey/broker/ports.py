"""What the use cases need of the world. Each port sets its limits and names what it may raise."""

from collections.abc import Callable, Mapping
from typing import Protocol

from valetkey.audit import Record
from valetkey.broker.outcomes import FinishOutcome, OpenOutcome, TokenUse, UseOutcome
from valetkey.credentials import AssumedRole, AssumeRoleRequest
from valetkey.identity import Issuer, KeySet
from valetkey.runs import Run, RunState

Clock = Callable[[], float]
"""Unix seconds. Read once in a use case."""

Entropy = Callable[[int], bytes]
"""That many random bytes, fit for secrets."""


class KeySource(Protocol):
    """Where an issuer's public keys come from, with a cache and with limits of size and time."""

    async def keys(self, issuer: Issuer, kid: str | None) -> KeySet:
        """Return keys that are fresh enough; asks again once for an unknown `kid`."""
        ...


class SecurityTokenService(Protocol):
    """AWS STS."""

    async def assume_role(self, request: AssumeRoleRequest) -> AssumedRole:
        """Return what STS answered, unchecked. Raises a ValetkeyError when it gave nothing."""
        ...


class Store(Protocol):
    """Runs and the audit log, in one place, so that state is read where the record is written.

    A method returns only when what it wrote is durable, and raises when it may not be.
    """

    async def open_run(
        self,
        run: Run,
        *,
        bindings: Mapping[str, str],
        token_ids: tuple[TokenUse, ...],
        record: Record,
    ) -> OpenOutcome: ...

    async def use_run(
        self,
        run_id: str,
        *,
        digest: bytes,
        now: float,
        leaf: bytes,
        refuse: Callable[[UseOutcome], bytes],
    ) -> UseOutcome:
        """Append `leaf` if the run is open and unexpired and the token of `digest` is its own.

        Else append what `refuse` makes; say which.
        """
        ...

    async def append(self, *records: Record) -> None: ...

    async def finish_run(
        self, run_id: str, *, to: RunState, at: int, because: str | None, record: Record
    ) -> FinishOutcome: ...

    async def rotate_token(
        self,
        run_id: str,
        *,
        expected: bytes,
        new: bytes,
        previous_until: int,
        now: float,
        record: Record,
    ) -> bool: ...

    async def run(self, run_id: str) -> Run | None: ...

    async def runs(
        self,
        *,
        state: RunState | None = None,
        opener: tuple[str, str] | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> list[Run]: ...

    async def put_issuers(self, urls: Mapping[str, str]) -> None: ...

    async def put_policy(self, version: str, document: str) -> None: ...

    async def policy(self, version: str) -> str | None: ...
