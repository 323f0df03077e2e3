"""What a template or a plan says, gathered part by part into one set of policies.

Both have roles, policies, and attachments that join them, in any order and often by name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from valetkey.iam.document import quoted
from valetkey.tenancy.errors import TenancyError
from valetkey.tenancy.forms.holders import check_holder
from valetkey.tenancy.forms.values import NOT_KNOWN, malformed, object_of
from valetkey.tenancy.policy_set import Attached, Document, PolicySet, RolePolicies


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which roles of a source are of interest, by ARN. Without `agents`, all but the brokers."""

    agents: frozenset[str] = frozenset()
    brokers: frozenset[str] = frozenset()

    def wants(self, arn: str) -> bool:
        """Return whether what this role may do is asked for."""
        return not self.agents or arn in self.agents or arn in self.brokers

    def known(self, name: str) -> str | None:
        """Return the ARN that was given for a role of this name, whose path only it says."""
        given = sorted(self.agents | self.brokers)
        return of_name(name, given)


def of_name(name: str, arns: Iterable[str]) -> str | None:
    """Return the ARN of the role of this name.

    IAM User Guide, "IAM identifiers": names of one account do not differ by case alone.
    """
    return next((one for one in arns if one.rsplit("/", 1)[-1].casefold() == name.casefold()), None)


EVERY_ROLE = Wanted()


@dataclass(slots=True)
class FoundRole:
    """A role while its policies are being gathered."""

    arn: str
    trust: Document
    tags: Mapping[str, str]
    max_session_seconds: int
    permissions: list[Attached] = field(default_factory=list)
    boundary: Document | None = None


@dataclass(slots=True)
class Gathering:
    """What was found in one source so far."""

    wanted: Wanted
    roles: dict[str, FoundRole] = field(default_factory=dict)
    resources: dict[str, Document | None] = field(default_factory=dict)
    brokers: dict[str, list[Document]] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    unreadable: set[str] = field(default_factory=set)
    """Resources that have a policy which is not known."""
    taken: list[str] = field(default_factory=list)
    """What was taken as given, though a deployment could make it otherwise."""
    unnamed: list[str] = field(default_factory=list)
    """Why some role has no ARN yet: each could be one that is asked for and not here."""

    def add_role(self, role: FoundRole, place: str) -> None:
        """Take up a role. Raises TenancyError where it is there already."""
        if role.arn in self.roles:
            raise malformed(place, f"defines {quoted(role.arn)} a second time")
        self.roles[role.arn] = role

    def give(self, arn: str, policy: Attached) -> None:
        """Attach a policy to a role that may not be in the source: then a broker's, or unread."""
        if arn in self.roles:
            self.roles[arn].permissions.append(policy)
        elif arn in self.wanted.brokers:
            self.brokers.setdefault(arn, []).append(policy.document)
        elif self.wanted.wants(arn):
            self.miss(
                f"the policy {quoted(policy.name)} is given to {quoted(arn)}, whose other "
                "policies this source does not have"
            )

    def role_named(self, name: str, place: str) -> str | None:
        """Return the ARN of the role of this name, here or asked for; else None, with a reason
        where it could be one of those that are wanted.
        """
        known = of_name(name, self.roles) or self.wanted.known(name)
        if known is None and not self.wanted.agents:
            self.miss(f"{place} is given to the role {quoted(name)}, which is not here")
        return known

    def known_without(self, arn: str) -> None:
        """Note that the source defines this resource, so far without a policy."""
        check_holder(arn, "a resource")
        self.resources.setdefault(arn, None)

    def protect(self, arn: str, document: Document, place: str) -> None:
        """Note the one policy of a resource. Raises TenancyError for a second one."""
        check_holder(arn, place)
        if self.resources.get(arn) is not None:
            raise malformed(place, f"gives {quoted(arn)} a second policy")
        self.resources[arn] = document

    def miss(self, reason: str) -> None:
        """Note what could grant or deny and is not understood."""
        if reason not in self.unread:
            self.unread.append(reason)

    def policy_set(self) -> PolicySet:
        """Return all that was found."""
        brokers = dict(self.brokers)
        for arn in [one for one in self.roles if one in self.wanted.brokers]:
            own = [one.document for one in self.roles[arn].permissions]
            brokers[arn] = [*own, *brokers.get(arn, ())]
        agents = [role for arn, role in self.roles.items() if self._is_agent(arn)]
        if not self.wanted.agents or self.wanted.agents - self.roles.keys():
            for reason in self.unnamed:
                self.miss(reason)
        return PolicySet(
            tuple(
                RolePolicies(
                    role.arn,
                    role.trust,
                    tuple(role.permissions),
                    role.boundary,
                    role.tags,
                    role.max_session_seconds,
                )
                for role in agents
            ),
            self.resources,
            brokers={arn: _joined(documents) for arn, documents in brokers.items() if documents},
            unread=tuple(self.unread),
            taken=tuple(dict.fromkeys(self.taken)),
            unattached=frozenset(arn for arn, one in self.resources.items() if one is None),
        )

    def _is_agent(self, arn: str) -> bool:
        return arn in self.wanted.agents or arn not in self.wanted.brokers


def _joined(documents: list[Document]) -> Document:
    """Return the documents as one; a Sid is unique in one document only, so they go."""
    if len(documents) == 1:
        return documents[0]
    statements = []
    for document in documents:
        written = document["Statement"]
        for one in written if isinstance(written, list) else [written]:
            statement = object_of(one, "a statement of the broker's policies")
            statements.append({name: value for name, value in statement.items() if name != "Sid"})
    versions = {str(document.get("Version", "2008-10-17")) for document in documents}
    if len(versions) != 1:
        raise malformed("the broker's policies", "are of different versions of the language")
    return {"Version": versions.pop(), "Statement": statements}


def is_undecided(error: TenancyError) -> bool:
    """Return whether the error is of what the source alone can't say, rather than wrong."""
    return error.code == NOT_KNOWN
