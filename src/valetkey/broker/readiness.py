"""May this broker be sent work? What stands in the way, each with what to do."""

from typing import Protocol

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


class BrokersStore(Protocol):
    """What the broker knows of its store."""

    @property
    def is_writable(self) -> bool:
        """Whether records can still become durable; without them nothing leaves."""
        ...


class Readiness:
    """The last known answer; `check` renews it. Before the first check nothing is ready."""

    def __init__(self, aws: BrokersAws, store: BrokersStore) -> None:
        self._aws = aws
        self._store = store
        self._obstacle: ValetkeyError | None = ValetkeyError(
            "not-checked", "the broker has not asked AWS who it is yet"
        )
        self.caller_arn: str | None = None

    async def check(self) -> None:
        """Ask AWS who the broker is, and look at what its session carries."""
        try:
            self.caller_arn = await self._aws.caller_arn()
            tagged = await self._aws.has_session_tags()
        except ValetkeyError as error:
            self._obstacle = error
            return
        self._obstacle = _TAGGED if tagged else None

    def obstacles(self) -> list[ValetkeyError]:
        """Return what stands in the way; empty when the broker is ready."""
        found = [] if self._obstacle is None else [self._obstacle]
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
