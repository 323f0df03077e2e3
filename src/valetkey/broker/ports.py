"""What the use cases need of the world. Each port sets its limits and names what it may raise."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from valetkey.audit import Head, Record, StoredLeaf
from valetkey.broker.outcomes import (
    ActivateOutcome,
    FinishOutcome,
    OpenOutcome,
    Rebind,
    TokenUse,
    UseOutcome,
)
from valetkey.credentials import (
    Algorithm,
    AssumedRole,
    AssumeRoleRequest,
    SigningKey,
    WebIdentityRequest,
)
from valetkey.identity import Issuer, KeySet
from valetkey.runs import Run, RunState
from valetkey.secret import Secret

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

    async def assume_role_with_web_identity(
        self, request: WebIdentityRequest, token: Secret
    ) -> AssumedRole:
        """Return what STS answered to an unsigned call with our own token, unchecked."""
        ...

    async def check_way(self, region: str | None) -> None:
        """Raise a ValetkeyError unless a token reaches STS of a region unseen by others."""
        ...


class KeyMaker(Protocol):
    """Where another signing key comes from."""

    async def make(self, algorithm: Algorithm, *, issuer: str, now: float) -> SigningKey:
        """Return a key that is not published yet. Raises a ValetkeyError where there is none."""
        ...


class Signer(Protocol):
    """Whoever holds the private keys."""

    async def sign(self, key: SigningKey, signing_input: bytes) -> bytes:
        """Return a JWS signature (RFC 7515 §5.1; for ES256 r‖s, RFC 7518 §3.4) by `key`.

        Raises a ValetkeyError when there is none.
        """
        ...


class RequestSigner(Protocol):
    """AWS Signature Version 4 of one request to a server of tools."""

    def sign(
        self,
        session: AssumedRole,
        *,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        service: str,
        region: str,
    ) -> Mapping[str, str]:
        """Return the headers to send instead of `headers`: those, and the signature's own."""
        ...


class Directory(Protocol):
    """What else is known of a subject."""

    async def read(self) -> None:
        """See that it can be read now. Raises a ValetkeyError."""
        ...

    async def look_up(self, issuer_name: str, subject: str) -> Mapping[str, str] | None:
        """Return the subject's attributes, None for one that it does not know.

        Raises a ValetkeyError when it can't be read: that is not the same as unknown.
        """
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
        only_active: bool = False,
    ) -> OpenOutcome:
        """Open the run and write its record, or neither.

        With `only_active`, under no other policy version than the active one, where there is one.
        """
        ...

    async def use_run(
        self,
        run_id: str,
        *,
        digest: bytes | None,
        now: float,
        leaf: bytes,
        refuse: Callable[[UseOutcome], bytes],
        policy_version: str | None = None,
    ) -> UseOutcome:
        """Append `leaf` if the run is open and unexpired and the token of `digest` is its own.

        None instead of a digest: a token that we signed has proved whose run it is. With a
        `policy_version`, only if the run is still under that one.

        Else append what `refuse` makes; say which.
        """
        ...

    async def append(self, *records: Record) -> None: ...

    async def head(self) -> Head:
        """Return the size and the root of the audit log."""
        ...

    async def leaves(self, *, after: int = -1, limit: int = 1_000) -> list[StoredLeaf]:
        """Return at most `limit` leaves whose index is above `after`."""
        ...

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

    async def activate_policy(
        self, version: str, document: str, *, record: Record, rebind: Rebind | None = None
    ) -> ActivateOutcome:
        """Store a policy version and make it the one that new runs are opened under.

        With `rebind` open runs are dealt with in the same transaction. One that is active already
        is recorded only then.
        """
        ...

    async def signing_keys(self) -> list[SigningKey]:
        """Return every key that is not forgotten, in the order they were made."""
        ...

    async def add_signing_keys(
        self, keys: Sequence[SigningKey], *, among: Iterable[str], records: Sequence[Record]
    ) -> bool:
        """Add keys if the stored ones are exactly those of the ids `among`; say whether they were.

        Two brokers that rotate at one time make one key.
        """
        ...

    async def publish_signing_keys(
        self, signs_from: Mapping[str, int], *, at: int, record: Record
    ) -> None:
        """Note that `record` says what is published, and these keys since `at`; from when each of
        them may sign.

        A key that is published already, or retired, stays as it is.
        """
        ...

    async def retire_signing_key(
        self, kid: str, *, at: int, record: Record, heirs: Mapping[str, int] | None = None
    ) -> bool:
        """Withdraw a key and wipe its private part; False where there is none that is not.

        `heirs` says which key signs from when on, earlier than it would have.
        """
        ...

    async def tidy_signing_keys(self, *, wipe: Iterable[str], drop: Iterable[str]) -> None:
        """Wipe the private parts of keys that sign no more, forget keys no token of is taken."""
        ...
