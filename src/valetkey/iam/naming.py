"""The Principal element: whom it names, and how directly."""

from dataclasses import dataclass
from enum import IntEnum

from valetkey.iam.arn import split_arn
from valetkey.iam.principal import Principal, PrincipalKind


class Naming(IntEnum):
    """How directly a statement names a caller; the more directly, the less limits it.

    IAM User Guide, "How AWS enforcement code logic evaluates requests": ACCOUNT delegates to the
    account's own policies; ROLE grants, within boundary and session policy; DIRECT (the session,
    the user, or everyone) grants in the same account whatever those leave implicit.
    """

    NONE = 0
    ACCOUNT = 1
    ROLE = 2
    DIRECT = 3


@dataclass(frozen=True, slots=True)
class PrincipalElement:
    """A compiled Principal or NotPrincipal. `accounts` are ids, also of `…:root` ARNs.

    A session whose role's path is unknown is of the listed role with its name: role names are
    unique in an account, whatever the path.
    """

    written: tuple[str, ...]
    everyone: bool
    accounts: frozenset[str]
    roles: frozenset[str]
    arns: frozenset[str]
    federated: frozenset[str]
    services: frozenset[str]

    def names(self, principal: Principal) -> Naming:
        """Return how directly the element names this principal."""
        if self.everyone:
            return Naming.DIRECT
        if principal.kind is PrincipalKind.ARN:
            return self._names_arn(principal)
        if principal.kind is PrincipalKind.FEDERATED:
            listed = principal.name in self.federated
        else:
            listed = principal.kind is PrincipalKind.SERVICE and principal.name in self.services
        return Naming.DIRECT if listed else Naming.NONE

    def _names_arn(self, principal: Principal) -> Naming:
        if principal.name in self.arns:
            return Naming.DIRECT
        if self._names_role(principal):
            return Naming.ROLE
        if principal.account in self.accounts:
            return Naming.DIRECT if principal.is_root else Naming.ACCOUNT
        return Naming.NONE

    def _names_role(self, principal: Principal) -> bool:
        if principal.role_arn is None:
            return False
        if principal.role_path_known:
            return principal.role_arn in self.roles
        return any(without_path(role) == principal.role_arn for role in self.roles)

    def excepts(self, principal: Principal) -> bool:
        """Tell whether a Deny with this NotPrincipal spares the principal.

        As documented, the account and, for a session, its role must be listed besides it.
        """
        if self.everyone or principal.kind is not PrincipalKind.ARN:
            return self.names(principal) is Naming.DIRECT
        if principal.account not in self.accounts:
            return False
        if principal.entity in ("assumed-role", "role") and not self._names_role(principal):
            return False
        return principal.is_root or principal.entity == "role" or principal.name in self.arns


def without_path(role_arn: str) -> str:
    """Return a role's ARN with nothing between `role/` and the role's name."""
    arn = split_arn(role_arn)
    if arn is None:
        return role_arn
    name = arn.resource.rpartition("/")[2]
    return ":".join((*arn[:5], f"role/{name}"))
