"""Change policy documents as values: every edit returns new ones and says in words what it did."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from valetkey.tenancy import Attached, Document, PolicySet, RolePolicies
from valetkey.tenancy.statements import one_or_many

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Edit:
    """One change: what it is, in words, and the policies with it. `whole` writes a document anew:
    more than anybody wants to read, so the last resort.
    """

    words: str
    policies: PolicySet
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Spot:
    """A document of a policy set: how to read it and how to put another in its place."""

    name: str
    document: Document
    put: Callable[[Document], PolicySet]

    def statements(self) -> list[Json]:
        """Return the statements, always as a list."""
        written = self.document.get("Statement", [])
        return [dict(one) for one in (written if isinstance(written, list) else [written])]

    def with_statements(self, statements: list[Json]) -> PolicySet:
        """Return the policies with these statements in the document."""
        return self.put({**self.document, "Statement": statements})

    def changed(self, at: int, *statements: Json) -> PolicySet:
        """Return the policies with these in place of statement `at`."""
        now = self.statements()
        return self.with_statements([*now[:at], *statements, *now[at + 1 :]])


def permission_spots(policies: PolicySet, arn: str | None) -> Iterator[Spot]:
    """Yield the permission policies of the role, of every role for None."""
    for at, role in enumerate(policies.roles):
        for place, attached in enumerate(role.permissions if arn in (None, role.arn) else ()):

            def put(document: Document, *, at: int = at, place: int = place) -> PolicySet:
                old = policies.roles[at]
                listed = list(old.permissions)
                listed[place] = Attached(listed[place].name, document)
                return with_role(policies, at, replace(old, permissions=tuple(listed)))

            yield Spot(attached.name, attached.document, put)


def trust_spots(policies: PolicySet, arn: str | None) -> Iterator[tuple[RolePolicies, Spot]]:
    """Yield the role and its trust policy, of every role for None."""
    for at, role in enumerate(policies.roles):
        if arn in (None, role.arn):

            def put(document: Document, *, at: int = at) -> PolicySet:
                return with_role(policies, at, replace(policies.roles[at], trust=document))

            yield role, Spot(f"trust of {role.arn}", role.trust, put)


def resource_spots(policies: PolicySet) -> Iterator[Spot]:
    """Yield the resource policies that are there."""
    for arn, found in policies.resource_policies.items():
        if found is not None:

            def put(document: Document, *, arn: str = arn) -> PolicySet:
                listed: Mapping[str, Document | None] = policies.resource_policies
                return replace(policies, resource_policies={**listed, arn: document or None})

            yield Spot(f"resource policy of {arn}", found, put)


def with_role(policies: PolicySet, at: int, role: RolePolicies) -> PolicySet:
    """Return the policies with another role in that place."""
    roles = (*policies.roles[:at], role, *policies.roles[at + 1 :])
    return replace(policies, roles=roles)


def listed(value: object) -> list[str]:
    """Return what IAM lets one write as a text or as a list of texts."""
    if isinstance(value, list | tuple):
        return [str(one) for one in value]
    return [] if value is None else [str(value)]


def conditioned(statement: Json, operator: str, key: str, values: list[str]) -> Json:
    """Return the statement with the condition, beside what it already asks of the key.

    A negated operator takes further values beside its own, another gets these alone.
    """
    block = {name: dict(keys) for name, keys in statement.get("Condition", {}).items()}
    keys = block.setdefault(operator, {})
    name = next((one for one in keys if one.lower() == key.lower()), key)
    kept = listed(keys.get(name)) if operator.startswith("StringNot") else []
    keys[name] = one_or_many([*kept, *(one for one in values if one not in kept)])
    return {**statement, "Condition": block}


def without_condition(statement: Json, operator: str, key: str) -> Json:
    """Return the statement without that condition."""
    block = {name: dict(keys) for name, keys in statement["Condition"].items()}
    del block[operator][key]
    left = {name: keys for name, keys in block.items() if keys}
    rest = {name: value for name, value in statement.items() if name != "Condition"}
    return {**rest, "Condition": left} if left else rest


def called(statement: Json, at: int) -> str:
    """Return what a person calls the statement: its Sid, or its number from 1."""
    return f"`{statement['Sid']}`" if "Sid" in statement else f"statement {at + 1}"
