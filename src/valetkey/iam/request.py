"""One request, as the evaluator sees it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from valetkey.iam.arn import ACCOUNT_ID
from valetkey.iam.document import quoted
from valetkey.iam.errors import RequestError
from valetkey.iam.principal import Principal
from valetkey.iam.variables import ContextValue

MAX_ACTION = 4_096  # characters: IAM's have at most 128; what matching costs is bounded elsewhere
MAX_RESOURCE = 4_096  # characters: an ARN has at most 2,048, an S3 key 1,024 bytes
MAX_VALUE = 65_536  # characters of one context value: headers are the longest
MAX_MEMBERS = 1_000  # of one multivalued key: DynamoDB's 100 keys are the most in sight
LAST_SECOND = 253_402_300_799  # of the year 9999


@dataclass(frozen=True, slots=True)
class Request:
    """`principal` asks for `action` (`s3:GetObject`) on `resource` (an ARN, or `*`).

    `resource_account` is the principal's account where it is not given: give it whenever the
    resource may be another account's. `context` has the request's own keys; it may add keys
    that follow from the principal, the resource or `now` (Unix seconds), never override them.
    A key with an empty list is a key that is not there.

    Raises RequestError `malformed-request` for what no request can have.
    """

    principal: Principal
    action: str
    resource: str
    resource_account: str | None = None
    context: Mapping[str, ContextValue] = field(default_factory=dict)
    now: float | None = None
    keys: Mapping[str, ContextValue] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        if self.resource_account is None:
            object.__setattr__(self, "resource_account", self.principal.account)
        elif not ACCOUNT_ID.match(self.resource_account):
            account = quoted(self.resource_account)
            raise RequestError("malformed-request", f"{account} is not an account of 12 digits")
        for what, text, most in (
            ("an action", self.action, MAX_ACTION),
            ("a resource", self.resource, MAX_RESOURCE),
        ):
            if len(text) > most:
                raise RequestError("malformed-request", f"{what} has at most {most} characters")
        object.__setattr__(self, "keys", self._all_keys())

    def _all_keys(self) -> dict[str, ContextValue]:
        """Return every context key in lower case, with those that follow from the rest."""
        keys = {key.lower(): value for key, value in self.context.items()}
        if len(keys) != len(self.context):
            raise RequestError("malformed-request", "two context keys differ by case only")
        for key, value in keys.items():
            _check(key, value)
        if () in keys.values():
            keys = {key: value for key, value in keys.items() if value != ()}
        keys.update(self.principal.keys)
        if self.resource_account is not None:
            keys["aws:resourceaccount"] = self.resource_account
        if self.now is not None:
            if not (math.isfinite(self.now) and 0 <= self.now <= LAST_SECOND):
                raise RequestError("malformed-request", "the time is not one of this era")
            keys["aws:currenttime"] = _date(self.now)
            keys["aws:epochtime"] = str(int(self.now))
        return keys


def _date(now: float) -> str:
    """Return the whole seconds as AWS writes `aws:CurrentTime`."""
    return datetime.fromtimestamp(int(now), UTC).isoformat()[:19] + "Z"


def _check(key: str, value: ContextValue) -> None:
    if isinstance(value, str):
        fits = len(value) <= MAX_VALUE
    else:
        fits = len(value) <= MAX_MEMBERS and all(len(member) <= MAX_VALUE for member in value)
    if not fits:
        raise RequestError("malformed-request", f"the context key {quoted(key)} is too large")
