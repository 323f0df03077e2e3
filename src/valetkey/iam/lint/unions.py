"""Lesson 14: IAM unions Allows, so the broadest statement of a role decides."""

from collections.abc import Iterator
from typing import NamedTuple

from valetkey.iam.lint.closing import closing_policies, is_closed
from valetkey.iam.lint.finding import Finding, Rule, Severity, found
from valetkey.iam.lint.pattern import Pattern, any_meet, common_text, glob, meet
from valetkey.iam.lint.role import FOREIGN, Role
from valetkey.iam.lint.written import Text, Written
from valetkey.iam.policy import Layer

THEME = "Allows that add up"

MASKED = Rule(
    "broad-allow-masks-tenant",
    Severity.ERROR,
    "a broad Allow takes the tenant condition's effect away",
    "IAM adds Allows up: any session of the role reaches every tenant's data through this one, "
    "whatever the narrow statement says.",
    "name the resources that no tenant owns, or remove what the narrow statement covers already",
    THEME,
)
UNSCOPED = Rule(
    "data-action-without-tenant",
    Severity.ERROR,
    "an action on a tenant's data without the tenant's condition",
    "Other actions on the same data are tied to the caller's tenant; this one reads or writes "
    "everybody's.",
    "tie the action to the tenant as the other statement does, or remove it",
    THEME,
)
BROAD_VALUE = Rule(
    "broad-value-beside-tenant",
    Severity.ERROR,
    "a value that covers other tenants beside the tenant's own",
    "One value that matches is enough: this one matches other tenants' values too.",
    "remove the value, or tie it to the tenant's tag",
    THEME,
)
RULES = (MASKED, UNSCOPED, BROAD_VALUE)
POSITIVE = frozenset({"StringEquals", "StringLike"})
DATA_ACTIONS = {
    "dynamodb": (
        "scan", "query", "getitem", "batchgetitem", "putitem", "updateitem", "deleteitem",
        "batchwriteitem", "partiqlselect", "partiqlinsert", "partiqlupdate", "partiqldelete",
        "getrecords", "exporttabletopointintime", "searchvectors",
    ),
    "s3": (
        "getobject", "getobjectversion", "putobject", "deleteobject", "deleteobjectversion",
        "getobjecttorrent", "restoreobject", "getobjecttagging", "getobjectattributes",
    ),
}  # fmt: skip


class Piece(NamedTuple):
    """The part of a statement that is tied to the tenant, or the part that is not."""

    statement: Written
    actions: tuple[Pattern, ...]
    resources: tuple[tuple[Text, Pattern], ...]  # tenant variables filled with another tenant


def pieces(role: Role) -> tuple[list[Piece], list[Piece]]:
    """Return the tied and the broad parts of the role's identity Allows.

    A condition ties all of a statement; else each resource with a tenant's variable is tied.
    """
    tied: list[Piece] = []
    broad: list[Piece] = []
    for one in role.allows(Layer.IDENTITY):
        actions = tuple(glob("*" if one.not_action else text.value.lower()) for text in one.actions)
        texts = [(text, role.pattern(one, text, FOREIGN)) for text in one.resources]
        if one.not_resource:
            texts = [(text, glob("*")) for text in one.resources[:1]]
        if role.is_tied(one):
            tied.append(Piece(one, actions, tuple(texts)))
            continue
        own = [pair for pair in texts if role.tenant_variables(one, pair[0])]
        rest = [pair for pair in texts if not role.tenant_variables(one, pair[0])]
        if own and not one.not_resource:
            tied.append(Piece(one, actions, tuple(own)))
        if rest or one.not_resource:
            broad.append(Piece(one, actions, tuple(rest or texts)))
    return tied, broad


def masks(role: Role) -> Iterator[Finding]:
    """Find broad Allows over what another Allow ties to the tenant."""
    tied, broad = pieces(role)
    closing = closing_policies(role)
    for wide in broad:
        for narrow in tied:
            if not _may_be_one_request(role, wide.statement, narrow.statement):
                continue
            met = _meeting(role, wide, narrow)
            if met is None:
                continue
            text, resource = met
            rule, action = _shared(role, wide, narrow)
            if rule is None or is_closed(role, closing, action=action, resource=resource):
                continue
            yield found(
                rule,
                wide.statement.file,
                path=text.path,
                why=f"It covers `{action or '*'}` on what {narrow.statement.name} ties to the "
                "tenant.",
                severity=Severity.WARNING if _is_narrowed(wide.statement) else None,
            )
            break


def _meeting(role: Role, wide: Piece, narrow: Piece) -> tuple[Text, str | None] | None:
    """Return the broad resource that meets another tenant's data, and an ARN of both."""
    for text, pattern in wide.resources:
        for _, foreign in narrow.resources:
            if meet(pattern, foreign, role.effort):
                return text, common_text(foreign, pattern)
    return None


def _shared(role: Role, wide: Piece, narrow: Piece) -> tuple[Rule | None, str | None]:
    """Return which rule is broken, and an action that shows it."""
    for one in wide.actions:
        for other in narrow.actions:
            if meet(one, other, role.effort):
                return MASKED, _shown(common_text(other, one))
    for service, names in DATA_ACTIONS.items():
        if any_meet(narrow.actions, [glob(f"{service}:{name}") for name in names], role.effort):
            for name in names:
                if any_meet(wide.actions, [glob(f"{service}:{name}")], role.effort):
                    return UNSCOPED, f"{service}:{name}"
    return None, None


def _is_narrowed(statement: Written) -> bool:
    """Tell whether a condition on the resource itself may keep it off the tenants' data."""
    return any(
        (line.needs_key and line.name != "Null" and not line.key.startswith("aws:"))
        or line.key.startswith("aws:resourcetag/")
        for line in statement.lines
    )


def _shown(action: str | None) -> str | None:
    return action if action and ":" in action else None


def _may_be_one_request(role: Role, wide: Written, narrow: Written) -> bool:
    """Tell whether no key's values keep the two apart (`public/*` and `traces/${…}/*`)."""
    for line in wide.lines:
        for other in narrow.lines_on(line.key):
            both = line.name in POSITIVE and other.name in POSITIVE
            here = [role.pattern(wide, value) for value in line.values]
            there = [role.pattern(narrow, value, FOREIGN) for value in other.values]
            if both and not any_meet(here, there, role.effort):
                return False
    return True


def broad_values(role: Role) -> Iterator[Finding]:
    """Find values without a tenant's variable that match another tenant's value."""
    for statement in role.allows():
        for line in statement.lines:
            if line.name != "StringLike":
                continue
            own = [value for value in line.values if role.tenant_variables(statement, value)]
            foreign = [role.pattern(statement, value, FOREIGN) for value in own]
            for value in line.values:
                mine = value in own
                if not mine and any_meet([role.pattern(statement, value)], foreign, role.effort):
                    yield found(BROAD_VALUE, statement.file, path=value.path)


CHECKS = (masks, broad_values)
