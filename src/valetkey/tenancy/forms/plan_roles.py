"""The roles of a Terraform plan or state, with every policy that is attached to them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from valetkey.iam.document import quoted
from valetkey.tenancy.errors import TenancyError
from valetkey.tenancy.forms.documents import document_of
from valetkey.tenancy.forms.gathering import FoundRole, Gathering, is_undecided
from valetkey.tenancy.forms.plan_values import Plan, Planned
from valetkey.tenancy.forms.surroundings import Surroundings
from valetkey.tenancy.forms.values import ELSEWHERE, list_of, object_of, text_of, whole_of
from valetkey.tenancy.policy_set import Attached, Document

ROLE, POLICY = "aws_iam_role", "aws_iam_policy"


@dataclass(frozen=True, slots=True)
class _Reading:
    plan: Plan
    around: Surroundings
    found: Gathering

    def arn(self, one: Planned, kind: str) -> str:
        """Return the ARN of a role or policy: what it is, or what its name makes it."""
        known = one.given("arn")
        if known is not None:
            return known
        return self.around.iam(kind, one.given("path") or "/", one.text("name"), one.address)


def read_roles(plan: Plan, around: Surroundings, found: Gathering) -> None:
    """Take up each role that is wanted, with its inline and attached policies."""
    reading = _Reading(plan, around, found)
    for one in plan.of_type(ROLE):
        arn = _arn(reading, one)
        if arn is not None and found.wanted.wants(arn):
            _role(reading, one, arn)
    for one in plan.of_type("aws_iam_role_policy"):
        for arn in _targets(reading, one, "role"):
            found.give(arn, _inline(one))
    for one in plan.of_type("aws_iam_role_policy_attachment"):
        for arn in _targets(reading, one, "role"):
            _attach(reading, one, arn)
    for one in plan.of_type("aws_iam_policy_attachment"):
        for arn in _targets(reading, one, "roles"):
            _attach(reading, one, arn)
    for one in plan.of_type("aws_iam_role_policy_attachments_exclusive"):
        for arn in _targets(reading, one, "role_name"):
            _attach_all(reading, one, arn)


def _arn(reading: _Reading, one: Planned) -> str | None:
    try:
        return reading.arn(one, "role")
    except TenancyError as error:
        if not is_undecided(error):
            raise
        hint = f" ({error.hint})" if error.hint else ""
        reading.found.unnamed.append(f"{error.message}{hint}")
        return None


def _role(reading: _Reading, one: Planned, arn: str) -> None:
    seconds = one.values.get("max_session_duration")
    role = FoundRole(
        arn,
        document_of(one.text("assume_role_policy"), f"{one.address}.assume_role_policy"),
        _tags(reading, one),
        whole_of(3600 if seconds is None else seconds, f"{one.address}.max_session_duration"),
    )
    role.permissions.extend(_inlined(reading, one))
    for member in ("inline_policy", "managed_policy_arns"):
        if one.is_unknown(member) and (member in one.expressions or not one.expressions):
            reading.found.miss(f"{one.address}.{member} is known after apply only")
        elif one.is_unknown(member) and member == "inline_policy":
            reading.found.taken.append(
                f"{quoted(one.address)} has no `dynamic` block of inline policies: a plan does not "
                "show one that is known after apply only"
            )
    role.permissions.extend(_all_managed(reading, one, "managed_policy_arns"))
    role.boundary = _boundary(reading, one)
    reading.found.add_role(role, one.address)


def _inlined(reading: _Reading, one: Planned) -> Iterator[Attached]:
    """Yield the inline policies that a role has as blocks."""
    marks = one.unknown.get("inline_policy")
    for index, written in enumerate(list_of(one.values.get("inline_policy"), one.address)):
        place = f"{one.address}.inline_policy[{index}]"
        block = object_of(written, place)
        mark = marks[index] if isinstance(marks, list | tuple) and index < len(marks) else marks
        if block.get("policy"):
            name = text_of(block.get("name") or f"inline_policy[{index}]", f"{place}.name")
            yield Attached(name, document_of(block["policy"], f"{place}.policy"))
        elif block.get("name") or mark not in (None, False, {}):
            reading.found.miss(f"{place}.policy is known after apply only")
        # else the block is empty, which says: no other inline policies


def _all_managed(reading: _Reading, one: Planned, member: str) -> Iterator[Attached]:
    """Yield the managed policies that a list of ARNs names; null is one that is made first."""
    listed = list_of(one.values.get(member), f"{one.address}.{member}")
    for arn in listed:
        if arn is not None:
            policy = _managed(reading, text_of(arn, f"{one.address}.{member}"), one.address)
        else:
            referred = reading.plan.referred(one, member, POLICY) if len(listed) == 1 else None
            policy = None if referred is None else _of_policy(referred)
            if policy is None:
                reading.found.miss(f"{one.address}.{member} is known after apply only")
        if policy is not None:
            yield policy


def _tags(reading: _Reading, one: Planned) -> dict[str, str]:
    """Return the role's tags, with those that the provider gives to all it makes."""
    for member in ("tags_all", "tags"):
        if one.is_unknown(member) or _has_unknown(one.unknown.get(member)):
            reading.found.miss(f"{one.address}.{member} is known after apply only")
        found = one.values.get(member)
        if found:
            tags = object_of(found, f"{one.address}.{member}")
            return {key: str(value) for key, value in tags.items() if value is not None}
    return {}


def _has_unknown(marks: object) -> bool:
    return isinstance(marks, Mapping) and any(marks.values())


def _boundary(reading: _Reading, one: Planned) -> Document | None:
    member = "permissions_boundary"
    arn = one.given(member)
    if arn is not None:
        policy = _managed(reading, arn, f"{one.address}.{member}")
    elif one.is_unknown(member):
        referred = reading.plan.referred(one, member, POLICY)
        policy = None if referred is None else _of_policy(referred)
        if policy is None:
            reading.found.miss(f"{one.address}.{member} is known after apply only")
    else:
        return None
    return None if policy is None else policy.document


def _inline(one: Planned) -> Attached:
    return Attached(one.text("name"), document_of(one.text("policy"), f"{one.address}.policy"))


def _of_policy(one: Planned) -> Attached:
    return Attached(
        one.given("name") or one.name, document_of(one.text("policy"), f"{one.address}.policy")
    )


def _managed(reading: _Reading, arn: str, place: str) -> Attached | None:
    """Return the managed policy of this ARN; None, with a reason, where it is not here."""
    for one in reading.plan.of_type(POLICY):
        if (one.given("arn") or one.given("name")) and reading.arn(one, "policy") == arn:
            return _of_policy(one)
    reading.found.miss(f"{place} names {quoted(arn)}, {ELSEWHERE}")
    return None


def _attach(reading: _Reading, one: Planned, role: str) -> None:
    if one.is_unknown("policy_arn"):
        referred = reading.plan.referred(one, "policy_arn", POLICY)
        policy = None if referred is None else _of_policy(referred)
        if policy is None:
            reading.found.miss(f"{one.address}.policy_arn is known after apply only")
    else:
        policy = _managed(reading, one.text("policy_arn"), one.address)
    if policy is not None:
        _give(reading, role, policy)


def _attach_all(reading: _Reading, one: Planned, role: str) -> None:
    """Give a role all managed policies of a list: applying attaches those that it has not yet."""
    if one.is_unknown("policy_arns"):
        reading.found.miss(f"{one.address}.policy_arns is known after apply only")
    for policy in _all_managed(reading, one, "policy_arns"):
        _give(reading, role, policy)


def _give(reading: _Reading, role: str, policy: Attached) -> None:
    known = reading.found.roles.get(role)
    if known is None or policy not in known.permissions:  # managed_policy_arns may name it too
        reading.found.give(role, policy)


def _targets(reading: _Reading, one: Planned, member: str) -> Iterator[str]:
    """Yield the ARNs of the wanted roles that `role` or `roles` names."""
    found, written = reading.found, one.values.get(member)
    if written is None and member != "roles" and not one.unknown.get(member):
        found.miss(f"{one.address} does not say its {member}: it could be any role")
    if written is None and one.unknown.get(member):
        referred = reading.plan.referred(one, member, ROLE)
        if referred is None:
            found.miss(f"{one.address}.{member} is known after apply only: it could be any role")
            return
        arn = _arn(reading, referred)
        if arn is not None and found.wanted.wants(arn):
            yield arn
        return
    for name in (written,) if isinstance(written, str) else list_of(written, one.address):
        if name is None:  # a member of a set that is not known yet
            found.miss(f"{one.address}.{member} is known after apply only: it could be any role")
            continue
        arn = found.role_named(text_of(name, f"{one.address}.{member}"), one.address)
        if arn is not None and found.wanted.wants(arn):
            yield arn
