"""Who makes a request, and what a policy may know of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from valetkey.iam.arn import ACCOUNT_ID, split_arn
from valetkey.iam.document import quoted
from valetkey.iam.errors import RequestError

CALLER = re.compile(r"(?:user|role|assumed-role|federated-user)/[^*?\s]+\Z|root\Z")
SERVICE_LINKED = re.compile(r"arn:[a-z-]+:iam::[0-9]{12}:role/aws-service-role/")


class PrincipalKind(Enum):
    """What AWS knows a caller by."""

    ARN = "arn"
    FEDERATED = "federated"
    SERVICE = "service"
    ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller. `name` is the ARN (user, role session, role, federated user or root), the
    identity provider's ARN or domain, the service's name, or `*` for nobody in particular.

    `account` (12 digits) comes from the ARN where it has one. `tags` are session tags, those
    inherited as transitive included; `role_tags` are the role's or user's own. `role_arn` is the
    role behind a session with its path; where it is not given, it is derived without a path.
    `is_service_linked`: an AWS service's own role, as its path says, which nobody else can make.

    Raises RequestError `malformed-principal`.
    """

    kind: PrincipalKind
    name: str
    account: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    role_tags: Mapping[str, str] = field(default_factory=dict)
    role_arn: str | None = None
    role_path_known: bool = field(init=False, default=False)
    entity: str = field(init=False, default="")  # "user", "assumed-role", "root", …
    is_service_linked: bool = field(init=False, default=False)
    keys: Mapping[str, str] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind is PrincipalKind.ARN:
            self._read_arn()
        elif self.kind is PrincipalKind.FEDERATED and self.account is None:
            arn = split_arn(self.name)
            object.__setattr__(self, "account", arn.account if arn else None)
        elif self.kind is PrincipalKind.ANONYMOUS and self.name != "*":
            raise RequestError("malformed-principal", "an anonymous principal's name is `*`")
        if self.account is not None and not ACCOUNT_ID.match(self.account):
            raise RequestError(
                "malformed-principal", f"{quoted(self.account)} is not an account of 12 digits"
            )
        object.__setattr__(self, "keys", _principal_keys(self))

    def _read_arn(self) -> None:
        """Take account, kind of entity and role from the ARN, or refuse it."""
        arn = split_arn(self.name)
        if arn is None or arn.service not in ("iam", "sts") or not CALLER.match(arn.resource):
            raise RequestError(
                "malformed-principal", f"{quoted(self.name)} is not the ARN of a caller"
            )
        if self.account not in (None, arn.account):
            raise RequestError(
                "malformed-principal",
                f"the account {quoted(str(self.account))} is not that of {quoted(self.name)}",
            )
        entity, _, rest = arn.resource.partition("/")
        object.__setattr__(self, "account", arn.account)
        object.__setattr__(self, "entity", entity)
        object.__setattr__(self, "role_path_known", entity == "role" or self.role_arn is not None)
        own = self.name if entity == "role" else None
        if entity == "assumed-role":
            beginning = f"arn:{arn.partition}:iam::{arn.account}:role/"
            name = rest.partition("/")[0]
            own = self.role_arn or beginning + name
            if not own.startswith(beginning) or own.rpartition("/")[2] != name:
                own = None
        if self.role_arn not in (None, own):
            raise RequestError(
                "malformed-principal",
                f"{quoted(str(self.role_arn))} is not the role of {quoted(self.name)}",
            )
        object.__setattr__(self, "role_arn", own)
        service_linked = own is not None and SERVICE_LINKED.match(own)
        object.__setattr__(self, "is_service_linked", bool(service_linked))

    @property
    def is_root(self) -> bool:
        """Whether this is an account's root, which needs no policy in its own account."""
        return self.entity == "root"


TYPES = {
    "user": "User",
    "role": "AssumedRole",
    "assumed-role": "AssumedRole",
    "federated-user": "FederatedUser",
    "root": "Account",
}


def _principal_keys(principal: Principal) -> dict[str, str]:
    """Return the context keys that follow from the principal alone, in lower case.

    A session tag wins over the role's own tag of the same key, ignoring case.
    """
    keys: dict[str, str] = {}
    for tags in (principal.role_tags, principal.tags):
        lowered = {f"aws:principaltag/{key.lower()}": value for key, value in tags.items()}
        if len(lowered) != len(tags):
            raise RequestError("malformed-principal", "two tag keys differ by case only")
        keys.update(lowered)
    keys["aws:principalisawsservice"] = "false"
    if principal.kind is PrincipalKind.ARN and principal.account is not None:
        keys["aws:principalaccount"] = principal.account
        keys["aws:principalarn"] = principal.role_arn or principal.name
        keys["aws:principaltype"] = TYPES[principal.entity]
        if principal.entity == "user":
            keys["aws:username"] = principal.name.rpartition("/")[2]
    elif principal.kind is PrincipalKind.SERVICE:
        keys["aws:principalisawsservice"] = "true"
        keys["aws:principalservicename"] = principal.name
    elif principal.kind is PrincipalKind.ANONYMOUS:
        keys["aws:principaltype"] = "Anonymous"
        keys["aws:principalaccount"] = "anonymous"
    return keys
