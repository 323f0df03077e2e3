"""A Terraform plan or state as `terraform show -json` prints it: its resources and their values.

HashiCorp, "JSON Output Format": values representation, `after_unknown` of the change
representation, and the references of the configuration, which say what an unknown value will be.
Members that are not named there are passed by, as it asks.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from valetkey.iam.document import quoted
from valetkey.tenancy.forms.values import (
    list_of,
    malformed,
    not_known,
    object_of,
    source_of,
    text_of,
)

_INDEX = re.compile(r"\[[^\]]*\]")
_BARE = re.compile(r"\$\{[^{}]*\}\Z")
_STANDS_FOR = ("id", "name", "arn", "bucket", "url", "key_id", "function_name")
"""Attributes by which a resource is named."""

_ITERATION = ("each.key", "each.value", "count.index")


@dataclass(frozen=True, slots=True)
class Planned:
    """One managed resource: its values, which of them are not known yet, and its expressions."""

    address: str
    type: str
    name: str
    module: str
    index: str | int | None
    values: Mapping[str, Any]
    unknown: Mapping[str, Any]
    expressions: Mapping[str, Any]

    def is_unknown(self, member: str) -> bool:
        """Return whether only applying the plan decides this value."""
        return self.values.get(member) is None and bool(self.unknown.get(member))

    def given(self, member: str) -> str | None:
        """Return a text, None where it is not known or not there."""
        value = self.values.get(member)
        return value if isinstance(value, str) and value else None

    def text(self, member: str) -> str:
        """Return a text. Raises TenancyError where it is not known or not there."""
        if self.is_unknown(member):
            raise not_known(
                f"{self.address}.{member}",
                "is known after apply only",
                hint="write names instead of references to what is not there yet, or bring the "
                "state: `terraform show -json` after apply",
            )
        return text_of(self.values.get(member), f"{self.address}.{member}")


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A resource that stays as it is when the plan is applied, and is in no values of it."""

    address: str
    type: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All managed resources of a plan or a state, in its order."""

    name: str
    resources: tuple[Planned, ...]
    is_complete: bool
    forgotten: tuple["Forgotten", ...] = ()

    def of_type(self, *types: str) -> Iterator[Planned]:
        """Yield the resources of these types."""
        return (one for one in self.resources if one.type in types)

    def referred(self, resource: Planned, member: str, *types: str) -> Planned | None:
        """Return the one resource of these types that an unknown value will be taken from.

        None where there is not exactly one. Whoever writes `aws_iam_role.x.id` means that role:
        the plan says what an expression refers to, not how it is put together.
        """
        written = object_of(resource.expressions.get(member, {}), resource.address)
        if not _BARE.match(str(written.get("constant_value", "${}"))):  # JSON syntax shows it
            return None
        references = [str(one) for one in list_of(written.get("references"), resource.address)]
        split = [_INDEX.sub("", one).split(".") for one in references if one not in _ITERATION]
        if any(parts[2:] and (len(parts) > 3 or parts[2] not in _STANDS_FOR) for parts in split):
            return None  # a part of it, such as a tag, which can say anything
        named = {".".join(parts[:2]) for parts in split}
        found = [
            one
            for one in self.of_type(*types)
            if one.module == resource.module and f"{one.type}.{one.name}" in named
        ]
        if len(found) > 1 and any(one in references for one in _ITERATION):
            found = [one for one in found if one.index == resource.index]
        return found[0] if len(found) == 1 and len(named) == 1 else None


def plan_of(text: str | bytes, name: str) -> Plan:
    """Return the plan or state that a source is. Raises `policy-source-malformed`."""
    source = source_of(text, name)
    version = str(source.get("format_version", ""))
    if version.split(".", maxsplit=1)[0] not in ("0", "1"):
        raise malformed(
            name,
            f"has the format version {quoted(version)}, which is not understood",
            hint="bring what `terraform show -json PLAN` prints",
        )
    if source.get("errored"):
        raise malformed(name, "is a plan that failed")
    values = source.get("planned_values", source.get("values"))
    root = object_of(values, f"{name}: planned_values").get("root_module", {})
    changes = list_of(source.get("resource_changes"), f"{name}: resource_changes")
    unknown = {str(object_of(one, name).get("address")): _unknown(one, name) for one in changes}
    configured = object_of(source.get("configuration", {}), f"{name}: configuration")
    listed = _module(object_of(root, name), configured.get("root_module", {}), unknown, "", name)
    complete = source.get("complete", True) is not False
    forgotten = tuple(
        Forgotten(str(one.get("address")), str(one.get("type")))
        for one in changes
        if "forget" in list_of(_change(one, name).get("actions"), name)
    )
    return Plan(name, tuple(listed), complete, forgotten)


def _change(written: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return object_of(written.get("change", {}), name)


def _unknown(change: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    after = _change(change, name).get("after_unknown", {})
    return after if isinstance(after, Mapping) else {}


def _module(
    module: Mapping[str, Any],
    configured: Any,
    unknown: Mapping[str, Mapping[str, Any]],
    address: str,
    name: str,
) -> Iterator[Planned]:
    """Yield the resources of a module and of those it calls."""
    configuration = object_of(configured, name)
    expressions = {}
    for written in list_of(configuration.get("resources"), name):
        one = object_of(written, f"{name}: configuration")
        named = (str(one.get("type")), str(one.get("name")))
        expressions[named] = object_of(one.get("expressions", {}), name)
    for planned in list_of(module.get("resources"), f"{name}: {address or 'root_module'}"):
        resource = object_of(planned, name)
        if resource.get("mode") == "data":
            continue
        own = text_of(resource.get("address"), f"{name}: resource.address")
        kind, label = text_of(resource.get("type"), own), text_of(resource.get("name"), own)
        yield Planned(
            own,
            kind,
            label,
            address,
            resource.get("index"),
            object_of(resource.get("values", {}), own),
            unknown.get(own, {}),
            expressions.get((kind, label), {}),
        )
    calls = object_of(configuration.get("module_calls", {}), name)
    for called in list_of(module.get("child_modules"), f"{name}: {address}.child_modules"):
        child = object_of(called, name)
        path = text_of(child.get("address"), f"{name}: child_module.address")
        call = calls.get(_INDEX.sub("", path).rsplit(".", 1)[-1], {})
        inner = object_of(call, name).get("module", {})
        yield from _module(child, inner, unknown, path, name)
