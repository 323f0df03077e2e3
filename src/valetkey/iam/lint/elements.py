"""Elements that say the opposite of what they seem to, or nothing at all."""

from collections.abc import Iterator

from valetkey.iam.lint.callers import says_who
from valetkey.iam.lint.finding import Finding, Rule, Severity, found
from valetkey.iam.lint.role import Role
from valetkey.iam.policy import Layer

THEME = "Elements"

NOT_PRINCIPAL = Rule(
    "not-principal",
    Severity.WARNING,
    "NotPrincipal",
    "It has to list the account, the role and the session of all that it spares, and with a "
    "permissions boundary it spares nobody: what it means is disputed.",
    'write `"Principal": "*"` and `"ArnNotEquals": {"aws:PrincipalArn": "ROLE"}`',
    THEME,
)
NOT_RESOURCE_VARIABLE = Rule(
    "not-resource-with-variable",
    Severity.ERROR,
    "NotResource with a variable",
    "A session without the tag has no value for the variable: nothing is excepted, and the "
    "statement covers every resource there is.",
    "name the caller's own resources in Resource",
    THEME,
)
NOT_RESOURCE = Rule(
    "not-resource-in-allow",
    Severity.WARNING,
    "NotResource in an Allow",
    "It allows everything that it does not list, resources made tomorrow included.",
    "list the resources in Resource, and add a Deny for what must stay closed",
    THEME,
)
NOT_ACTION = Rule(
    "not-action-in-allow",
    Severity.WARNING,
    "NotAction in an Allow",
    "It allows every action of every service that it does not list.",
    "list the actions in Action, and add a Deny for what must stay closed",
    THEME,
)
EVERYONE = Rule(
    "everyone-in-resource-policy",
    Severity.ERROR,
    "everyone may use the resource",
    "`*` is every caller of every account, anonymous ones included, and no condition says whose: "
    "a tag is what the caller's own account says of it.",
    'name the principals, or add `"StringEquals": {"aws:PrincipalAccount": "…"}`',
    THEME,
)
EMPTY = Rule(
    "empty-list",
    Severity.WARNING,
    "an empty list",
    "A statement without an action or a resource covers nothing: it is dead.",
    "fill the list, or remove the statement",
    THEME,
)
RULES = (NOT_PRINCIPAL, NOT_RESOURCE_VARIABLE, NOT_RESOURCE, NOT_ACTION, EVERYONE, EMPTY)


def negations(role: Role) -> Iterator[Finding]:
    """Find NotPrincipal, NotResource and NotAction."""
    for one in role.statements():
        if one.not_principal:
            yield found(NOT_PRINCIPAL, one.file, path=f"{one.path}.NotPrincipal")
        if one.not_resource and one.allow:
            variables = [text for text in one.resources if one.variables_of(text)]
            rule = NOT_RESOURCE_VARIABLE if variables else NOT_RESOURCE
            path = variables[0].path if variables else f"{one.path}.NotResource"
            yield found(rule, one.file, path=path)
        if one.not_action and one.allow and one.layer is not Layer.BOUNDARY:
            yield found(NOT_ACTION, one.file, path=f"{one.path}.NotAction")


def everyone(role: Role) -> Iterator[Finding]:
    """Find resource policies that allow everyone, with no condition on whose the caller is.

    The caller's tag is its own account's word: it keeps no other account out.
    """
    for one in role.allows(Layer.RESOURCE):
        if says_who(one):
            continue
        for kind, text in one.principals:
            if kind == "*":
                yield found(EVERYONE, one.file, path=text.path)


def empty(role: Role) -> Iterator[Finding]:
    """Find statements whose Action, Resource or Principal is an empty list."""
    for one in role.statements():
        for name in ("Action", "Resource"):
            if one.raw.get(name) == []:
                yield found(EMPTY, one.file, path=f"{one.path}.{name}")


CHECKS = (negations, everyone, empty)
