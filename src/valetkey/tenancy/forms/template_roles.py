"""The roles of a CloudFormation template, with every policy that is attached to them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from valetkey.iam.document import quoted
from valetkey.tenancy.errors import TenancyError
from valetkey.tenancy.forms.documents import document_of
from valetkey.tenancy.forms.gathering import FoundRole, Gathering, is_undecided
from valetkey.tenancy.forms.template_names import arn_of, is_there, resource_at
from valetkey.tenancy.forms.template_values import NO_VALUE, Template
from valetkey.tenancy.forms.values import (
    ELSEWHERE,
    list_of,
    malformed,
    object_of,
    tags_of,
    text_of,
    whole_of,
)
from valetkey.tenancy.policy_set import Attached

ROLE, MANAGED = "AWS::IAM::Role", "AWS::IAM::ManagedPolicy"
_ATTACHED = ("AWS::IAM::Policy", "AWS::IAM::RolePolicy")


@dataclass(slots=True)
class _Reading:
    """A template and what was found; `roles` are ARNs by logical id, None of those passed by."""

    template: Template
    found: Gathering
    roles: dict[str, str | None] = field(default_factory=dict)

    def of_type(self, *types: str) -> list[tuple[str, Mapping[str, Any], str]]:
        """Return logical id, properties and place of each resource that is there."""
        listed = []
        for logical, written in self.template.section("Resources").items():
            place = f"{self.template.name}: {logical}"
            if object_of(written, place).get("Type") in types and is_there(self.template, logical):
                listed.append((logical, resource_at(self.template, logical, place)[1], place))
        return listed


def read_roles(template: Template, found: Gathering) -> None:
    """Take up each role that is wanted, with its inline, managed and attached policies.

    A role without a name gets one at deployment: none of ours, unless its name was given.
    """
    reading = _Reading(template, found)
    for logical, properties, place in reading.of_type(ROLE):
        arn = _arn(reading, logical, place)
        reading.roles[logical] = arn if arn is not None and found.wanted.wants(arn) else None
        if arn is not None and found.wanted.wants(arn):
            _role(reading, arn, properties, place)
    for _, properties, place in reading.of_type(*_ATTACHED):
        _attach(reading, properties, place)
    for logical, properties, place in reading.of_type(MANAGED):
        _attach_managed(reading, logical, properties, place)


def _arn(reading: _Reading, logical: str, place: str) -> str | None:
    try:
        return arn_of(reading.template, logical, place)
    except TenancyError as error:
        if not is_undecided(error):
            raise
        hint = f" ({error.hint})" if error.hint else ""
        reading.found.unnamed.append(f"{error.message}{hint}")
        return None


def _role(reading: _Reading, arn: str, properties: Mapping[str, Any], place: str) -> None:
    template = reading.template
    value = template.value
    trust = value(properties.get("AssumeRolePolicyDocument"), f"{place}.AssumeRolePolicyDocument")
    role = FoundRole(
        arn,
        document_of(trust, f"{place}.AssumeRolePolicyDocument"),
        tags_of(value(properties.get("Tags"), f"{place}.Tags"), f"{place}.Tags"),
        whole_of(
            value(properties.get("MaxSessionDuration", 3600), place), f"{place}.MaxSessionDuration"
        ),
    )
    for index, one in enumerate(list_of(value(properties.get("Policies"), place), place)):
        here = f"{place}.Policies[{index}]"
        role.permissions.append(_policy(object_of(one, here), here))
    managed = properties.get("ManagedPolicyArns")
    for written in _written_list(template, managed, f"{place}.ManagedPolicyArns"):
        policy = _managed(reading, written, f"{place}.ManagedPolicyArns")
        if policy is not None:
            role.permissions.append(policy)
    if "PermissionsBoundary" in properties:
        boundary = _managed(
            reading, properties["PermissionsBoundary"], f"{place}.PermissionsBoundary"
        )
        role.boundary = None if boundary is None else boundary.document
    reading.found.add_role(role, place)


def _policy(written: Mapping[str, Any], place: str) -> Attached:
    """Return a policy of its evaluated properties."""
    name = text_of(written.get("PolicyName"), f"{place}.PolicyName")
    return Attached(name, document_of(written.get("PolicyDocument"), f"{place}.PolicyDocument"))


def _written_list(template: Template, written: Any, place: str) -> tuple[Any, ...]:
    """Return the members of a list as they are written; of a function, those of its value."""
    listed = template.led(written, place)
    listed = template.value(listed, place) if isinstance(listed, Mapping) else listed
    found = (template.led(one, place) for one in list_of(listed, place))
    return tuple(one for one in found if one is not NO_VALUE)


def _logical(template: Template, written: Any, *types: str) -> str | None:
    """Return the logical id where this is a reference to a resource of these types."""
    if not isinstance(written, Mapping) or len(written) != 1:
        return None
    function, named = next(iter(written.items()))
    if function == "Fn::GetAtt" and isinstance(named, str):
        named = named.split(".")[0]
    elif function == "Fn::GetAtt":
        named = named[0] if isinstance(named, list | tuple) and named else None
    resource = template.section("Resources").get(named) if isinstance(named, str) else None
    is_reference = function in ("Ref", "Fn::GetAtt") and isinstance(resource, Mapping)
    return str(named) if is_reference and resource.get("Type") in types else None  # type: ignore[union-attr]


def _managed(reading: _Reading, written: Any, place: str) -> Attached | None:
    """Return the managed policy that is named; None, with a reason, where it is not here."""
    template = reading.template
    logical = _logical(template, written, MANAGED)
    arn = None if logical is not None else template.text(written, place)
    for name, properties, here in reading.of_type(MANAGED):
        if name == logical or (arn is not None and _has_arn(template, name, here, arn)):
            return _of_managed(template, name, properties, here)
    reading.found.miss(f"{place} names {quoted(arn or str(logical))}, {ELSEWHERE}")
    return None


def _has_arn(template: Template, logical: str, place: str, arn: str) -> bool:
    try:
        return arn_of(template, logical, place) == arn
    except TenancyError as error:
        if not is_undecided(error):
            raise
        return False


def _of_managed(
    template: Template, logical: str, properties: Mapping[str, Any], place: str
) -> Attached:
    document = template.value(properties.get("PolicyDocument"), f"{place}.PolicyDocument")
    name = properties.get("ManagedPolicyName")
    return Attached(
        logical if name is None else template.text(name, f"{place}.ManagedPolicyName"),
        document_of(document, f"{place}.PolicyDocument"),
    )


def _attach(reading: _Reading, properties: Mapping[str, Any], place: str) -> None:
    """Give an inline policy of its own resource to the roles that it names."""
    for arn in _targets(reading, properties, place):
        evaluated = {
            name: reading.template.value(properties.get(name), f"{place}.{name}")
            for name in ("PolicyName", "PolicyDocument")
        }
        reading.found.give(arn, _policy(evaluated, place))


def _attach_managed(
    reading: _Reading, logical: str, properties: Mapping[str, Any], place: str
) -> None:
    for arn in _targets(reading, properties, place):
        reading.found.give(arn, _of_managed(reading.template, logical, properties, place))


def _targets(reading: _Reading, properties: Mapping[str, Any], place: str) -> list[str]:
    """Return the ARNs of the wanted roles that `Roles` or `RoleName` name."""
    template, found = reading.template, reading.found
    written = properties.get("RoleName")
    named = _written_list(template, properties.get("Roles"), f"{place}.Roles")
    arns = []
    for one in named if written is None else (written,):
        logical = _logical(template, one, ROLE)
        if logical is not None:
            if logical not in reading.roles:
                raise malformed(place, f"names {quoted(logical)}, whose condition does not hold")
            arn = reading.roles[logical]
        else:
            arn = _by_name(reading, one, place)
        if arn is not None and found.wanted.wants(arn):
            arns.append(arn)
    return arns


def _by_name(reading: _Reading, written: Any, place: str) -> str | None:
    try:
        name = reading.template.text(written, f"{place}.Roles")
    except TenancyError as error:
        if not is_undecided(error):
            raise
        reading.found.miss(f"{error.message}: it could be any role")
        return None
    return reading.found.role_named(name, place)
