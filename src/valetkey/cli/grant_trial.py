"""Try a grant's role before it is stored: by exactly the calls that a run will make.

What works here is what runs later. It prints nothing and stores nothing; the trial's run is in the
account's audit log.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from valetkey.errors import ValetkeyError
from valetkey.sandbox.run_grant import OpenedRun
from valetkey.secret import Secret
from valetkey.settings.local import LocalGrant

HOUR = 3600
TRIAL_SECONDS = 900
"""How long the trial's run may last if it is never ended: longer than all its calls."""
_TOO_LONG = frozenset({"aws-duration-above-role-maximum", "aws-duration-chained"})


class OwnBroker(Protocol):
    """What a trial needs of `wiring.in_process.InProcessBroker`."""

    def open_run(self, *, expires_in: int | None = None) -> OpenedRun: ...
    def fetch(self, grant: str, token: Secret) -> dict[str, str]: ...
    def caller_arn(self) -> str: ...
    def end_run(self, token: Secret) -> None: ...


OpenBroker = Callable[[LocalGrant], OwnBroker]


@dataclass(frozen=True, slots=True)
class Tried:
    """A role that was assumed. `caller` is who did, `expiration` the session's, as AWS wrote it."""

    caller: str
    expiration: str


@dataclass(frozen=True, slots=True)
class Failed:
    """No session: `error` says why, `caller` who we are to AWS where that is known.

    `most_hours` is the longest session that the role gives, where the duration was in the way.
    """

    error: ValetkeyError
    caller: str | None
    most_hours: int | None = None


def try_grant(
    wanted: LocalGrant, open_broker: OpenBroker, said: Callable[[str], None] = lambda _: None
) -> Tried | Failed:
    """Assume the role once as a run would; `said` hears who we are as soon as AWS has told.

    Where AWS refused for the duration alone, up to four more calls find what the role gives.
    """
    caller: str | None = None
    try:
        broker = open_broker(wanted)
        caller = broker.caller_arn()
        said(caller)
        _refuse_a_long_chain(wanted, caller)
        return Tried(caller, _session(wanted, broker)["Expiration"])
    except ValetkeyError as error:
        most = None
        if error.code == "aws-duration-above-role-maximum":
            most = _longest(wanted, open_broker)
        return Failed(error, caller, most)


def is_role_session(caller: str) -> bool:
    """Say whether who calls has assumed a role already, so that the next one is chained."""
    return ":assumed-role/" in caller


def _session(wanted: LocalGrant, broker: OwnBroker) -> dict[str, str]:
    opened = broker.open_run(expires_in=TRIAL_SECONDS)
    try:
        return broker.fetch(wanted.grant.name, opened.token)
    finally:
        with contextlib.suppress(ValetkeyError):  # what the fetch said matters more
            broker.end_run(opened.token)


def _refuse_a_long_chain(wanted: LocalGrant, caller: str) -> None:
    """IAM user guide, "Roles terms and concepts", role chaining: one hour, whatever the role's
    own maximum. AWS would say so too, but not while the role's maximum is in its way first.
    """
    if is_role_session(caller) and wanted.grant.duration > HOUR:
        raise ValetkeyError(
            "aws-duration-chained",
            "you are a role session to AWS already, and a role assumed from one ends after 1 hour",
        )


def _longest(wanted: LocalGrant, open_broker: OpenBroker) -> int | None:
    """Return the most whole hours that the role gives, None where AWS says something else.

    A role's own maximum is 1 to 12 hours (IAM API reference, MaxSessionDuration), so one hour needs
    no call: of the eleven others four calls find it.
    """
    least, most = 1, max((wanted.grant.duration - 1) // HOUR, 1)
    while least < most:
        middle = (least + most + 1) // 2
        shorter = replace(wanted, grant=replace(wanted.grant, duration=middle * HOUR))
        try:
            _session(shorter, open_broker(shorter))
            least = middle
        except ValetkeyError as error:
            if error.code not in _TOO_LONG:
                return None
            most = middle - 1
    return least
