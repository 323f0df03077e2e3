"""What differs between two sets of policies, document by document, as unified diffs."""

import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from valetkey.tenancy.policy_set import Document, PolicySet

CONTEXT = 3  # lines around an edit


@dataclass(frozen=True, slots=True)
class Difference:
    """One document before and after: None where it is not there. `name` says whose it is."""

    name: str
    before: Document | None
    after: Document | None

    @property
    def lines(self) -> tuple[str, ...]:
        """The unified diff of both as JSON text."""
        before, after = _text(self.before), _text(self.after)
        names = (self.name, self.name)
        return tuple(difflib.unified_diff(before, after, *names, n=CONTEXT, lineterm=""))


def _text(document: Document | None) -> list[str]:
    if document is None:
        return []
    return json.dumps(document, indent=2, ensure_ascii=False, default=str).splitlines()


def differences(before: PolicySet, after: PolicySet) -> Iterator[Difference]:
    """Give each document that is not the same in both."""
    old, new = dict(_named(before)), dict(_named(after))
    for name in dict.fromkeys((*old, *new)):
        if old.get(name) != new.get(name):
            yield Difference(name, old.get(name), new.get(name))


def _named(policies: PolicySet) -> Iterator[tuple[str, Document | None]]:
    """Give every document with the name of whose it is; a role's own tags are one, too."""
    for role in policies.roles:
        for index, attached in enumerate(role.permissions):
            yield f"{role.arn} permissions[{index}] {attached.name}", attached.document
        yield f"{role.arn} trust", role.trust
        yield f"{role.arn} boundary", role.boundary
        tags: Mapping[str, str] = role.tags
        yield f"{role.arn} tags", dict(tags)
    for arn, document in policies.resource_policies.items():
        yield f"{arn} policy", document
    for level, attached_ones in enumerate(policies.service_control):
        for attached in attached_ones:
            yield f"SCP level {level} {attached.name}", attached.document
    for level, attached_ones in enumerate(policies.resource_control):
        for attached in attached_ones:
            yield f"RCP level {level} {attached.name}", attached.document
