"""May this broker be sent work? What stands in the way, each with what to do."""

import asyncio
from collections.abc import Awaitable
from typing import Protocol

from valetkey.broker.broker import Broker
from valetkey.broker.directory import is_asked
from valetkey.broker.own_issuer import OwnIssuer
from valetkey.credentials import GrantSource
from valetkey.errors import ValetkeyError

MAX_CLOCK_SKEW = 60
"""Seconds. AWS refuses signatures that are minutes off, and expiries are judged by our clock."""


class BrokersAws(Protocol):
    """What the broker knows of its own standing with AWS."""

    @property
    def clock_skew(self) -> float | None:
        """STS's time minus ours in seconds, None before the first answer."""
        ...

    async def caller_arn(self) -> str:
        """Return the ARN AWS knows the broker by. Raises a ValetkeyError when it does not."""
        ...

    async def has_session_tags(self) -> bool:
        """Say whether the broker's own session is known to carry transitive tags."""
        ...

    async def look(self, region: str | None) -> None:
        """Learn that STS of a region answers, without credentials. Raises a ValetkeyError else."""
        ...


class BrokersStore(Protocol):
    """What the broker knows of its store."""

    @property
    def is_writable(self) -> bool:
        """Whether records can still become durable; without them nothing leaves."""
        ...


class Readiness:
    """The last known answer; `check` renews it. Before the first check nothing is ready.

    It looks at what the grants of new runs need, and nothing else: AWS credentials of the broker's
    own for a role that it assumes, the STS of each region that one by web identity is asked in, a
    key that signs where tokens of its own are needed, the directory where a tag asks it.
    """

    def __init__(self, aws: BrokersAws, store: BrokersStore, *, broker: Broker) -> None:
        self._aws = aws
        self._store = store
        self._broker = broker
        self._found: list[ValetkeyError] = [
            ValetkeyError("not-checked", "the broker has not looked at what it needs yet")
        ]
        self.caller_arn: str | None = None

    async def check(self) -> None:
        """Ask AWS who the broker is, or that it is there, and have a key sign; as it is needed."""
        grants = self._broker.policy.grants.values()
        needs: list[Awaitable[ValetkeyError | None]] = []
        if any(grant.source is GrantSource.ASSUME_ROLE for grant in grants):
            needs.append(self._identity())
        by_token = [grant for grant in grants if grant.source is GrantSource.WEB_IDENTITY]
        for region in dict.fromkeys(grant.region for grant in by_token):
            needs.append(self._aws.look(region))
        if self._broker.own is not None:
            needs.append(self._signs(self._broker.own))
        if self._broker.directory is not None and is_asked(self._broker):
            needs.append(self._broker.directory.read())
        found = await asyncio.gather(*map(_obstacle, needs))
        self._found = [each for each in found if each is not None]

    async def _identity(self) -> ValetkeyError | None:
        self.caller_arn = await self._aws.caller_arn()
        return _TAGGED if await self._aws.has_session_tags() else None

    async def _signs(self, own: OwnIssuer) -> None:
        now = self._broker.clock()
        for algorithm in own.ring.algorithms:
            await own.ring.signing(algorithm, now=now)
        await own.ring.check(now=now)

    def obstacles(self) -> list[ValetkeyError]:
        """Return what stands in the way; empty when the broker is ready."""
        found = list(self._found)
        if not self._store.is_writable:
            found.append(_UNWRITABLE)
        skew = self._aws.clock_skew
        if skew is not None and abs(skew) > MAX_CLOCK_SKEW:
            found.append(
                ValetkeyError(
                    "clock-skew",
                    f"this machine's clock is {abs(skew):.0f} s "
                    f"{'behind' if skew > 0 else 'ahead of'} AWS",
                    hint="set the clock: expiries can't be judged with it",
                )
            )
        return found


async def _obstacle(need: Awaitable[ValetkeyError | None]) -> ValetkeyError | None:
    try:
        return await need
    except ValetkeyError as error:
        return error


_UNWRITABLE = ValetkeyError(
    "store-stopped",
    "the store can't be written: nothing is given out without its record",
    hint="see that the disk has room and is writable; if it stays, restart the broker",
)
_TAGGED = ValetkeyError(
    "aws-broker-session-tagged",
    "the broker's own AWS session carries transitive session tags (EKS Pod Identity)",
    hint="disable the session tags of the pod identity association, or use IRSA: they use up the "
    "packed size and every run would inherit them",
)
