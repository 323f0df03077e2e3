"""Lesson 13: what a condition says of a key that the request does not have."""

from collections.abc import Iterator

from valetkey.iam.condition import Quantifier
from valetkey.iam.lint.finding import Finding, Rule, Severity, found
from valetkey.iam.lint.role import REQUEST_TAG, Role
from valetkey.iam.lint.sets import LEADING_KEYS
from valetkey.iam.lint.written import Line, Written
from valetkey.iam.policy import Layer

THEME = "Absent keys"
ALWAYS = frozenset({
    "aws:currenttime", "aws:epochtime", "aws:principalaccount", "aws:principalarn",
    "aws:principaltype", "aws:requestedregion", "aws:securetransport", "aws:useragent",
    "aws:userid", "aws:viaawsservice",
})  # fmt: skip

NEGATED = Rule(
    "negated-operator-passes-absent-key",
    Severity.WARNING,
    "a negated operator passes when the key is absent",
    "`StringNotEquals` and its like are true of a request that does not have the key.",
    'add `"Null": {"KEY": "false"}` to the same Condition',
    THEME,
)
IF_EXISTS = Rule(
    "if-exists-passes-absent-key",
    Severity.ERROR,
    "…IfExists on what separates tenants",
    "`…IfExists` is true of a request that does not have the key, so a session without the tag, "
    "or an action without the key, passes.",
    "write the operator without `IfExists`",
    THEME,
)
NULL_TRUE = Rule(
    "null-admits-untagged",
    Severity.ERROR,
    "an Allow for sessions without the tenant's tag",
    "The statement takes effect only for sessions that belong to no tenant: whoever gets an "
    "untagged session is let in.",
    'write `"false"`, or remove the statement',
    THEME,
)
SPARES = Rule(
    "deny-spares-untagged",
    Severity.WARNING,
    "a Deny that an untagged session escapes",
    "Besides comparing the tenant's tag, the Deny needs it to be there: a session without the tag "
    "is not denied.",
    'remove the Null test (`StringNotEquals` fires without it), or add a Deny with `"true"`',
    THEME,
)
SILENT = Rule(
    "deny-silent-on-absent-key",
    Severity.WARNING,
    "a Deny that does not fire when its key is absent",
    "A positive operator is false of a request that does not have the key, so the Deny stops only "
    "requests that carry it.",
    'add a Deny with `"Null": {"KEY": "true"}` for the same actions and resources',
    THEME,
)
RULES = (NEGATED, IF_EXISTS, NULL_TRUE, SPARES, SILENT)


def _separates(role: Role, statement: Written, line: Line) -> bool:
    """Tell whether the line is about tenants: in a trust policy, about the tags asked for."""
    asked = line.key.removeprefix(REQUEST_TAG) in role.tags and line.key.startswith(REQUEST_TAG)
    return role.ties(statement, line) or (statement.layer is Layer.TRUST and asked)


def negated_in_allow(role: Role) -> Iterator[Finding]:
    """Find negated operators in an Allow that nothing guards against the absent key."""
    for statement in role.allows():
        for line in statement.lines:
            if not line.negated or line.quantifier is not Quantifier.SCALAR:
                continue
            if statement.needs(line.key) or line.key in ALWAYS:
                continue
            separates = _separates(role, statement, line)
            yield found(
                NEGATED,
                statement.file,
                path=line.path,
                why="A session without the tag is let in." if separates else "",
                mend=f"add `{line.guard}` to {statement.path}.Condition",
                severity=Severity.ERROR if separates else None,
            )


def if_exists_in_allow(role: Role) -> Iterator[Finding]:
    """Find …IfExists in an Allow on a tenant's key, or with a tenant's value."""
    for statement in role.allows():
        for line in statement.lines:
            if not line.if_exists or line.negated or statement.needs(line.key):
                continue
            if line.key == LEADING_KEYS or _separates(role, statement, line):
                plain = line.operator.removesuffix("IfExists")
                yield found(IF_EXISTS, statement.file, path=line.path, mend=f'write `"{plain}"`')


def null_true_in_allow(role: Role) -> Iterator[Finding]:
    """Find an Allow that wants a tenant's tag absent."""
    for statement in role.allows():
        for line in statement.lines:
            tag = line.key.removeprefix(REQUEST_TAG)
            asked = statement.layer is Layer.TRUST and tag in role.tags
            if line.says_null(wanted=True) and (role.is_tenant_key(line.key) or asked):
                yield found(NULL_TRUE, statement.file, path=line.path)


def deny_with_null_guard(role: Role) -> Iterator[Finding]:
    """Find a Deny by a negated operator on a tenant's tag that also needs the tag."""
    for statement in role.statements():
        if statement.allow:
            continue
        for line in statement.lines:
            guards = [one for one in statement.lines_on(line.key) if one.says_null(wanted=False)]
            spares = line.negated and guards and role.is_tenant_key(line.key)
            if spares and not _denies_absence(role, line.key):
                yield found(SPARES, statement.file, path=guards[0].path)


def _denies_absence(role: Role, key: str) -> bool:
    return any(
        line.says_null(wanted=True)
        for statement in role.statements()
        if not statement.allow
        for line in statement.lines_on(key)
    )


def deny_on_absent_key(role: Role) -> Iterator[Finding]:
    """Find a Deny on foreign partition keys that a Scan of the role slips by, and one on a
    tenant's tag by a positive operator whose values the caller's own tag is compared with.
    """
    for statement in role.statements():
        if statement.allow:
            continue
        for line in statement.lines:
            if not line.needs_key or line.name == "Null" or _denies_absence(role, line.key):
                continue
            if line.key == LEADING_KEYS and line.negated and _scans(role):
                yield found(
                    SILENT,
                    statement.file,
                    path=line.path,
                    why="A role's Allow covers `dynamodb:Scan`, which has no leading keys.",
                    severity=Severity.ERROR,
                )
            elif role.is_tenant_key(line.key) and not line.negated:
                yield found(SILENT, statement.file, path=line.path, severity=Severity.NOTE)


def _scans(role: Role) -> bool:
    return any(
        role.covers(one, "dynamodb:scan") and not one.needs(LEADING_KEYS) for one in role.allows()
    )


CHECKS = (
    negated_in_allow,
    if_exists_in_allow,
    null_true_in_allow,
    deny_with_null_guard,
    deny_on_absent_key,
)
