"""Lesson 14: IAM unions Allows, so the broadest statement of a role decides."""

from collections.abc import Iterator
from typing import NamedTuple

from valetkey.iam.lint.apart import may_be_one_request
from valetkey.iam.lint.callers import callers_of, same_caller, tenant_callers
from valetkey.iam.lint.closing import closing_policies, is_closed
from valetkey.iam.lint.data_actions import ALL_DATA, OF_NOBODY, is_a_look
from valetkey.iam.lint.finding import Finding, Rule, Severity, found
from valetkey.iam.lint.pattern import (
    STAR,
    Pattern,
    any_meet,
    common_resource,
    common_text,
    glob,
    meet,
    resources_meet,
    witnesses,
)
from valetkey.iam.lint.role import FOREIGN, STRANGER, Role
from valetkey.iam.lint.written import Text, Written
from valetkey.iam.policies import Policies
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
WILD = frozenset("*?")


class Piece(NamedTuple):
    """The part of a statement that is tied to the tenant, or the part that is not."""

    statement: Written
    named: frozenset[str]  # actions without a wildcard
    patterns: tuple[Pattern, ...]  # the others; of a NotAction, any
    data: frozenset[str]  # the known actions on data that it covers
    resources: tuple[tuple[Text, Pattern], ...]  # tenant variables filled with another tenant


def _piece(role: Role, statement: Written, resources: list[tuple[Text, Pattern]]) -> Piece:
    texts = [] if statement.not_action else [text.value.lower() for text in statement.actions]
    named = frozenset(text for text in texts if not WILD & set(text))
    patterns = [glob(text) for text in texts if text not in named]
    if statement.not_action:
        patterns = [(STAR,)]
    wide = [action for action in ALL_DATA if patterns and role.covers(statement, action)]
    data = named.intersection(ALL_DATA).union(wide)
    return Piece(statement, named, tuple(patterns), data, tuple(resources))


def pieces(role: Role) -> tuple[list[Piece], list[Piece]]:
    """Return the tied and the broad parts of the Allows that permit the role something.

    A condition ties all of a statement; else each resource with a tenant's variable is tied. A
    resource's policy that names an account only lets its identity policies decide.
    """
    tied: list[Piece] = []
    broad: list[Piece] = []
    for one in role.allows(Layer.IDENTITY, Layer.RESOURCE):
        texts = [(text, role.pattern(one, text, FOREIGN)) for text in one.resources]
        if one.not_resource:
            texts = [(text, glob("*")) for text in one.resources[:1]]
        if role.is_tied(one):
            tied.append(_piece(role, one, texts))
            continue
        own = [pair for pair in texts if role.tenant_variables(one, pair[0])]
        rest = [pair for pair in texts if not role.tenant_variables(one, pair[0])]
        if own and not one.not_resource:
            tied.append(_piece(role, one, own))
        permits = one.layer is Layer.IDENTITY or callers_of(one)
        if permits and (rest or one.not_resource):
            broad.append(_piece(role, one, rest or texts))
    return tied, broad


def masks(role: Role) -> Iterator[Finding]:
    """Find broad Allows over what another Allow ties to the tenant."""
    tied, broad = pieces(role)
    closing = closing_policies(role)
    named = tenant_callers(role)
    for wide in broad:
        for narrow in tied:
            sure = same_caller(role, wide.statement, narrow.statement, named)
            if sure is None or not may_be_one_request(role, wide.statement, narrow.statement):
                continue
            shown = _shown(role, wide, narrow, closing)
            if shown is None:
                continue
            text, rule, action = shown
            weak = not sure or _is_narrowed(role, wide.statement) or is_a_look(action)
            yield found(
                rule,
                wide.statement.file,
                path=text.path,
                why=f"It covers `{action or '*'}` on what {narrow.statement.name} ties to the "
                f"tenant{'' if sure else ', if it is this role that it names'}.",
                severity=Severity.WARNING if weak else None,
            )
            break


def _shown(
    role: Role, wide: Piece, narrow: Piece, closing: Policies
) -> tuple[Text, Rule, str | None] | None:
    """Return what shows that the broad piece opens the tied one: its resource, the rule that is
    broken, and an action that no Deny closes.
    """
    meeting = [
        (text, foreign, pattern)
        for text, pattern in wide.resources
        for _, foreign in narrow.resources
        if resources_meet(foreign, pattern, role.effort)
    ]
    shared = (
        sorted(_shared(role, wide, narrow), key=lambda one: is_a_look(one[1])) if meeting else []
    )
    shared = [(rule, action) for rule, action in shared if not (action or "").startswith(OF_NOBODY)]
    for text, foreign, pattern in meeting if shared else ():
        resources = _tried(role, foreign, pattern)
        for rule, action in shared:
            for resource in resources:
                if not is_closed(role, closing, action=action, resource=resource):
                    return text, rule, action
    return None


def _tried(role: Role, foreign: Pattern, pattern: Pattern) -> list[str | None]:
    """Return resources of two tenants that both patterns match: a Deny may be of the one alone."""
    found = list(witnesses(common_resource(foreign, pattern, role.effort), foreign, pattern))
    another = (found[-1] or "").replace(FOREIGN, STRANGER)
    return [*found, another] if meet(glob(another), pattern, role.effort) else found


def _shared(role: Role, wide: Piece, narrow: Piece) -> Iterator[tuple[Rule, str | None]]:
    """Give actions of both pieces, and those of the broad one that touch the same data."""
    role.effort.spend(1 + min(len(wide.named), len(narrow.named)) // 8)
    for action in sorted(wide.named & narrow.named):
        yield MASKED, action
    for one, other in ((wide, narrow), (narrow, wide)):
        for action in sorted(other.named) if one.patterns else ():
            if role.covers(one.statement, action):
                yield MASKED, action
    for pattern in wide.patterns:
        for beside in narrow.patterns:
            if meet(pattern, beside, role.effort):
                for shown in _examples(role, pattern, beside):
                    if shown is None or _both_cover(role, shown, wide, narrow):
                        yield MASKED, shown
    services = {action.partition(":")[0] for action in narrow.data}
    for action in sorted(wide.data):
        if action.partition(":")[0] in services:
            yield UNSCOPED, action


def _examples(role: Role, one: Pattern, other: Pattern) -> Iterator[str | None]:
    """Give the actions on data that two patterns have in common; where there is none, another."""
    known = [
        action
        for action in ALL_DATA
        if meet(one, glob(action), role.effort) and meet(other, glob(action), role.effort)
    ]
    yield from known
    if not known:
        common = common_text(one, other, role.effort)
        yield common if ":" in (common or "") else None


def _both_cover(role: Role, action: str, wide: Piece, narrow: Piece) -> bool:
    return role.covers(wide.statement, action) and role.covers(narrow.statement, action)


def _is_narrowed(role: Role, statement: Written) -> bool:
    """Tell whether a condition on the resource itself may keep it off the tenants' data, or one
    on the tag keeps most tenants out.
    """
    return role.is_for_some(statement) or any(
        (line.needs_key and line.name != "Null" and not line.key.startswith("aws:"))
        or line.key.startswith("aws:resourcetag/")
        for line in statement.lines
    )


def broad_values(role: Role) -> Iterator[Finding]:
    """Find values without a tenant's variable that match another tenant's value."""
    for statement in role.allows():
        for line in statement.lines:
            if line.name != "StringLike":
                continue
            mine = [bool(role.tenant_variables(statement, value)) for value in line.values]
            own = [value for value, yes in zip(line.values, mine, strict=True) if yes]
            foreign = [role.pattern(statement, value, FOREIGN) for value in own]
            for value, yes in zip(line.values, mine, strict=True):
                if not yes and any_meet([role.pattern(statement, value)], foreign, role.effort):
                    yield found(BROAD_VALUE, statement.file, path=value.path)


CHECKS = (masks, broad_values)
