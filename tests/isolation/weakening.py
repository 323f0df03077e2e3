"""Every weakening of one token of the policies that the generator writes for a map."""

import json
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from valetkey.tenancy.policy_set import Attached, Document, PolicySet, RolePolicies

Json = dict[str, Any]
VARIABLE = re.compile(r"\$\{[^}]+\}")
OTHERS = (
    "arn:aws:iam::111122223333:role/Another",
    "arn:aws:iam::111122223333:root",
    "arn:aws:iam::999988887777:role/Foreign",
    "*",
)


@dataclass(frozen=True, slots=True)
class Mutation:
    """One edit: in which policy, in which statement, and what it does; the set with it."""

    policy: str
    statement: str
    edit: str
    policies: PolicySet


def mutations(policies: PolicySet) -> Iterator[Mutation]:
    """Yield every mutation of a set of one role, in a fixed order."""
    (role,) = policies.roles
    for number, one in enumerate(role.permissions):
        for statement, edit, document in _of_document(one.document, _permission_edits):
            changed = list(role.permissions)
            changed[number] = Attached(one.name, document)
            weaker: RolePolicies = replace(role, permissions=tuple(changed))
            yield Mutation(one.name, statement, edit, replace(policies, roles=(weaker,)))
    for statement, edit, document in _of_document(role.trust, _trust_edits):
        weaker = replace(role, trust=document)
        yield Mutation("trust", statement, edit, replace(policies, roles=(weaker,)))
    for arn, guard in policies.resource_policies.items():
        for statement, edit, document in _of_document(guard or {"Statement": []}, _guard_edits):
            kept: Mapping[str, Document | None] = {**policies.resource_policies, arn: document}
            changed_set = replace(policies, resource_policies=kept)
            yield Mutation(arn.rpartition(":")[2], statement, edit, changed_set)


def _of_document(document: Document, edits: Any) -> Iterator[tuple[str, str, Document]]:
    """Yield the statement's name, the edit in words, and the document with it."""
    for number, statement in enumerate(document["Statement"]):
        name = str(statement.get("Sid", number))
        for edit, found in edits(deepcopy(statement)):
            statements = list(document["Statement"])
            statements[number : number + 1] = [] if found is None else [found]
            if statements:
                yield name, edit, {**document, "Statement": statements}


def _permission_edits(statement: Json) -> Iterator[tuple[str, Json | None]]:
    if statement["Effect"] == "Deny":
        yield "drop the statement", None
        yield from _narrowed(statement)
        return
    yield from _conditions(statement)
    yield from _actions(statement)
    yield from _texts(statement, "Resource", _wider_resource)


def _trust_edits(statement: Json) -> Iterator[tuple[str, Json | None]]:
    yield from _conditions(statement)
    for other in OTHERS:
        known = statement["Principal"]["AWS"]
        yield f"add the principal `{other}`", {**statement, "Principal": {"AWS": [known, other]}}
    yield "make the action `sts:*`", {**statement, "Action": "sts:*"}


def _guard_edits(statement: Json) -> Iterator[tuple[str, Json | None]]:
    yield "drop the statement", None
    yield from _narrowed(statement)
    resources = _listed(statement["Resource"])
    for index, one in enumerate(resources):
        kept = resources[:index] + resources[index + 1 :]
        if kept:
            yield f"drop the resource `{one}`", {**statement, "Resource": kept}


def _narrowed(statement: Json) -> Iterator[tuple[str, Json | None]]:
    """Yield what a Deny may lose: it fires less often."""
    for operator, tests in statement.get("Condition", {}).items():
        for key, value in tests.items():
            flipped = {"true": "false"}.get(value, f"{value}x")
            edit = f"`{operator}` `{key}`: make it `{flipped}`"
            yield edit, _with(statement, operator, key, flipped)
    only = {"*": "s3:GetObject"}.get(statement["Action"], f"{statement['Action'][:-1]}Get*")
    yield f"make the action `{only}`", {**statement, "Action": only}


def _conditions(statement: Json) -> Iterator[tuple[str, Json | None]]:
    """Yield what an Allow's condition may lose."""
    for operator, tests in statement.get("Condition", {}).items():
        yield from _other_operators(statement, operator, tests)
        for key, value in tests.items():
            yield f"drop `{operator}` `{key}`", _without(statement, operator, key)
            for edit, wider in _wider_values(value):
                yield f"`{operator}` `{key}`: {edit}", _with(statement, operator, key, wider)


def _other_operators(
    statement: Json, operator: str, tests: Json
) -> Iterator[tuple[str, Json | None]]:
    rest = {name: given for name, given in statement["Condition"].items() if name != operator}
    for other in (f"{operator}IfExists", operator.replace("ForAllValues:", "ForAnyValue:")):
        if other != operator and not other.startswith("Null"):
            changed = {**statement, "Condition": {**rest, other: tests}}
            yield f"make `{operator}` `{other}`", changed


def _wider_values(value: Any) -> Iterator[tuple[str, Any]]:
    values = _listed(value)
    if value in ("true", "false"):
        yield "make it the other", "false" if value == "true" else "true"
        return
    yield "add `*`", [*values, "*"]
    yield "add `another`", [*values, "another"]
    for index, one in enumerate(values):
        for edit, wider in _wider_text(one):
            yield edit, [*values[:index], wider, *values[index + 1 :]]


def _wider_text(text: str) -> Iterator[tuple[str, str]]:
    """Yield a text of a condition or a resource that matches more, or otherwise."""
    if "?*" in text:
        yield "`?*` becomes `*`", text.replace("?*", "*")
    if text.startswith("r-"):
        yield "drop `r-`", text.removeprefix("r-")
    if "}/*" in text:
        yield f"drop the `/` after the variable of `{text}`", text.replace("}/*", "}*")
    for found in VARIABLE.findall(text):
        yield f"the variable of `{text}` becomes `*`", text.replace(found, "*")
        default = text.replace(found, f"{found[:-1]}, 'alice'}}")
        yield f"the variable of `{text}` gets a default", default
        other = found[2:-1].rpartition("/")[0]
        yield (
            f"the variable of `{text}` is another tag's",
            text.replace(found, f"${{{other}/team}}"),
        )


def _wider_resource(text: str) -> Iterator[tuple[str, str]]:
    yield f"`{text}` becomes `*`", "*"
    if not text.endswith("*"):
        yield f"`{text}` gets a final `*`", f"{text}*"
    yield from _wider_text(text)
    parts = text.split("/")
    if len(parts) > 2:
        yield f"drop the name before the variable of `{text}`", "/".join([parts[0], *parts[2:]])


def _actions(statement: Json) -> Iterator[tuple[str, Json | None]]:
    actions = _listed(statement["Action"])
    service = actions[0].partition(":")[0]
    for wide in ("*", f"{service}:*", f"{service}:Get*", f"{service}:*Object*"):
        yield f"add the action `{wide}`", {**statement, "Action": [*actions, wide]}
    for more in {"dynamodb": ("Scan", "PartiQLSelect", "ExportTableToPointInTime")}.get(
        service, ("PutObjectAcl", "GetObjectVersion", "ListBucket", "PutBucketPolicy")
    ):
        if f"{service}:{more}" not in actions:
            yield (
                f"add the action `{service}:{more}`",
                {
                    **statement,
                    "Action": [*actions, f"{service}:{more}"],
                },
            )


def _texts(statement: Json, member: str, wider: Any) -> Iterator[tuple[str, Json | None]]:
    values = _listed(statement[member])
    for index, one in enumerate(values):
        for edit, found in wider(one):
            yield edit, {**statement, member: [*values[:index], found, *values[index + 1 :]]}


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _with(statement: Json, operator: str, key: str, value: Any) -> Json:
    changed: Json = json.loads(json.dumps(statement))
    changed["Condition"][operator][key] = value
    return changed


def _without(statement: Json, operator: str, key: str) -> Json:
    changed: Json = json.loads(json.dumps(statement))
    del changed["Condition"][operator][key]
    if not changed["Condition"][operator]:
        del changed["Condition"][operator]
    if not changed["Condition"]:
        del changed["Condition"]
    return changed
