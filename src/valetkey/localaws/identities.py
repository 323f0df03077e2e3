"""Roles, users and their policies as the storage keeps them; the only reader of moto's IAM.

Everything is read anew for each request: a policy that was just put is in force.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from valetkey.iam import Layer, Policy
from valetkey.localaws.documents import DENIES_ALL, compiled_or_denying
from valetkey.localaws.oidc_urls import provider_url
from valetkey.localaws.storage import Storage
from valetkey.localaws.tags import stored_tags
from valetkey.secret import Secret

DEFAULT_MAX_SESSION_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class RoleRecord:
    """A role: its stable id, its tags, what it may do and who may take it."""

    name: str
    arn: str
    role_id: str
    max_session_seconds: int
    tags: dict[str, str]
    identity: tuple[Policy, ...]
    boundary: Policy | None
    trust: Policy


@dataclass(frozen=True, slots=True)
class UserRecord:
    """An IAM user with its own and its groups' policies."""

    name: str
    arn: str
    user_id: str
    tags: dict[str, str]
    identity: tuple[Policy, ...]
    boundary: Policy | None


@dataclass(frozen=True, slots=True)
class ProviderRecord:
    """An OpenID Connect provider: its issuer's URL and the audiences that may come from there."""

    arn: str
    url: str
    client_ids: tuple[str, ...]


@dataclass(slots=True)
class Identities:
    """Reads the account's principals. `user_boundaries` is ours: moto does not keep them."""

    storage: Storage
    user_boundaries: dict[str, str] = field(default_factory=dict)

    def role(self, name: str) -> RoleRecord | None:
        """Return the role of this name."""
        return next((self._role(r) for r in self._roles() if r.name == name), None)

    def role_by_arn(self, arn: str) -> RoleRecord | None:
        """Return the role with exactly this ARN, path included."""
        return next((self._role(r) for r in self._roles() if r.arn == arn), None)

    def role_boundary_arn(self, name: str) -> str | None:
        """Return the ARN of the role's permissions boundary."""
        found = (r.permissions_boundary_arn for r in self._roles() if r.name == name)
        return next((str(arn) for arn in found if arn), None)

    def bounds(self, arn: str) -> bool:
        """True if this policy is the permissions boundary of a role or a user."""
        roles = {role.permissions_boundary_arn for role in self._roles()}
        return arn in roles or arn in self.user_boundaries.values()

    def is_taken(self, kind: str, name: str) -> bool:
        """True if a `Role`, `User`, `Group` or `Policy` of the account has this name in any case.

        Names are unique without regard to case ("CreateRole", IAM API reference).
        """
        iam = self.storage.iam
        holders = {"Role": self._roles(), "User": iam.users.values(), "Group": iam.groups.values()}
        managed = [
            p for arn, p in iam.managed_policies.items() if f":{self.storage.account}:" in arn
        ]
        found = holders.get(kind, managed)
        return any(str(one.name).lower() == name.lower() for one in found)

    def group_arn(self, name: str) -> str | None:
        """Return the ARN of the group of this name."""
        group = self.storage.iam.groups.get(name)
        return None if group is None else str(group.arn)

    def user(self, name: str) -> UserRecord | None:
        """Return the user of this name."""
        user = self.storage.iam.users.get(name)
        return None if user is None else self._user(user)

    def user_key(self, access_key_id: str) -> tuple[str, str] | None:
        """Return (user name, secret) of an active access key."""
        for user in self.storage.iam.users.values():
            for key in user.access_keys:
                if key.access_key_id == access_key_id and key.status == "Active":
                    return str(user.name), str(key.secret_access_key)
        return None

    def active_key(self, name: str) -> tuple[str, str] | None:
        """Return (id, secret) of the user's first active access key."""
        user = self.storage.iam.users.get(name)
        keys = [] if user is None else [k for k in user.access_keys if k.status == "Active"]
        return (str(keys[0].access_key_id), str(keys[0].secret_access_key)) if keys else None

    def rename_key(self, access_key_id: str, new_id: str, *, secret: Secret) -> None:
        """Give an access key an id and a secret that were chosen outside; no API call does."""
        iam = self.storage.iam
        for user in iam.users.values():
            for key in user.access_keys:
                if key.access_key_id == access_key_id:
                    key.access_key_id, key.secret_access_key = new_id, secret.reveal()
                    iam.access_keys[new_id] = iam.access_keys.pop(access_key_id, key)

    def inline_documents(self, kind: str, name: str) -> dict[str, str]:
        """Return the inline policies of a `Role`, `User` or `Group` by their names."""
        iam = self.storage.iam
        holders = {"Role": self._roles(), "User": iam.users.values(), "Group": iam.groups.values()}
        found = next((one for one in holders[kind] if one.name == name), None)
        return {} if found is None else {str(n): str(text) for n, text in found.policies.items()}

    def managed_document(self, arn: str) -> str | None:
        """Return the default version's text of a managed policy."""
        policy = self.storage.iam.managed_policies.get(arn)
        if policy is None:
            return None
        default = policy.default_version_id
        return next((str(v.document) for v in policy.versions if v.version_id == default), None)

    def managed_tags(self, arn: str) -> dict[str, str]:
        """Return the tags of a managed policy."""
        policy = self.storage.iam.managed_policies.get(arn)
        return {} if policy is None else stored_tags(policy.get_tags())

    def providers(self) -> tuple[ProviderRecord, ...]:
        """Return the account's OpenID Connect providers."""
        known = self.storage.iam.open_id_providers
        return tuple(
            ProviderRecord(str(arn), provider_url(str(one.url)), tuple(one.client_id_list))
            for arn, one in known.items()
        )

    def provider(self, arn: str) -> ProviderRecord | None:
        """Return the OpenID Connect provider with exactly this ARN."""
        return next((one for one in self.providers() if one.arn == arn), None)

    def provider_of(self, issuer: str) -> ProviderRecord | None:
        """Return the provider of exactly this issuer: a slash at its end is part of its name."""
        return next((one for one in self.providers() if one.url == issuer), None)

    def set_client_ids(self, arn: str, client_ids: Iterable[str]) -> None:
        """Say anew which audiences a provider has; the storage has no call for it."""
        self.storage.iam.open_id_providers[arn].client_id_list = list(client_ids)

    def provider_tags(self, arn: str) -> dict[str, str]:
        """Return the tags of an OpenID Connect provider."""
        provider = self.storage.iam.open_id_providers.get(arn)
        return {} if provider is None else stored_tags(provider.tag_list_type)

    def _roles(self) -> list[Any]:
        return list(self.storage.iam.roles.values())

    def _role(self, role: Any) -> RoleRecord:
        return RoleRecord(
            name=str(role.name),
            arn=str(role.arn),
            role_id=str(role.id),
            max_session_seconds=int(role.max_session_duration or DEFAULT_MAX_SESSION_SECONDS),
            tags=stored_tags(role.tags),
            identity=self._policies(role),
            boundary=self._boundary(role.permissions_boundary_arn),
            trust=compiled_or_denying(
                str(role.assume_role_policy_document), f"trust/{role.name}", Layer.TRUST
            ),
        )

    def _user(self, user: Any) -> UserRecord:
        groups = [g for g in self.storage.iam.groups.values() if user in g.users]
        return UserRecord(
            name=str(user.name),
            arn=str(user.arn),
            user_id=str(user.id),
            tags=stored_tags(user.tags or []),
            identity=tuple(p for holder in (user, *groups) for p in self._policies(holder)),
            boundary=self._boundary(self.user_boundaries.get(str(user.name))),
        )

    def _policies(self, holder: Any) -> tuple[Policy, ...]:
        inline = [(f"identity/{name}", str(text)) for name, text in holder.policies.items()]
        managed = [
            (f"identity/{policy.name}", self.managed_document(str(policy.arn)) or DENIES_ALL)
            for policy in holder.managed_policies.values()
        ]
        return tuple(
            compiled_or_denying(text, name, Layer.IDENTITY) for name, text in inline + managed
        )

    def _boundary(self, arn: str | None) -> Policy | None:
        if not arn:
            return None
        text = self.managed_document(arn) or DENIES_ALL  # a boundary that is gone allows nothing
        return compiled_or_denying(text, f"boundary/{arn}", Layer.BOUNDARY)
