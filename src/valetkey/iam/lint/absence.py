"""Lesson 13: what a condition says of a key that the request does not have."""

from collections.abc import Iterator

from valetkey.iam.condition import Quantifier
from valetkey.iam.lint.closing import LEADING_KEYS, closing_policies, is_closed
from valetkey.iam.lint.finding import Finding, Rule, Severity, found
from valetkey.iam.lint.pattern import Pattern, common_text, glob, meet, within
from valetkey.iam.lint.role import REQUEST_TAG, Role
from valetkey.iam.lint.written import Line, Written
from valetkey.iam.policies import Policies
from valetkey.iam.policy import Layer

THEME = "Absent keys"
ANYTHING, TABLES = glob("*"), glob("arn:aws*:dynamodb:*:*:table/*")
OF_A_STREAM = "dynamodb:getrecords"
READS_WITHOUT_KEYS = (
    "dynamodb:scan", "dynamodb:partiqlselect", "dynamodb:exporttabletopointintime", OF_A_STREAM,
)  # fmt: skip
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
    return role.speaks_of_tenant(statement, line) or (statement.layer is Layer.TRUST and asked)


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
            if _ties_besides(role, statement, line):
                continue
            if line.key == LEADING_KEYS or _separates(role, statement, line):
                plain = line.operator.removesuffix("IfExists")
                yield found(IF_EXISTS, statement.file, path=line.path, mend=f'write `"{plain}"`')


def _ties_besides(role: Role, statement: Written, line: Line) -> bool:
    """Tell whether another line ties the statement to the tenant, whatever this one lets pass."""
    return any(
        one.key != line.key and statement.needs(one.key) and role.ties(statement, one)
        for one in statement.lines
    )


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
    for statement in role.denies():
        for line in statement.lines:
            if not (line.negated and role.is_tenant_key(line.key)):
                continue
            role.effort.spend(len(statement.lines_on(line.key)))
            guards = [one for one in statement.lines_on(line.key) if one.says_null(wanted=False)]
            if guards and not _denies_absence(role, statement, line.key):
                yield found(SPARES, statement.file, path=guards[0].path)


def _denies_absence(role: Role, of: Written, key: str) -> bool:
    """Tell whether a Deny without other conditions stops requests that lack the key, for all the
    principals, actions and resources of the statement.
    """
    return any(
        len(one.lines) == 1 and one.lines[0].says_null(wanted=True) and _is_wider(role, one, of)
        for one in role.denies()
        if one.lines_on(key)
    )


def _is_wider(role: Role, one: Written, other: Written) -> bool:
    """Tell whether the one statement is plainly about all that the other is about.

    A resource's own Deny may be in another document: principals are compared as texts.
    """
    if one is other or one.not_action or one.not_resource or one.not_principal:
        return False
    if other.not_action or other.not_resource or other.not_principal:
        actions, resources = [glob("*")], [glob("*")]
    else:
        actions = [glob(text.value.lower()) for text in other.actions]
        resources = [role.pattern(other, text) for text in other.resources]
    named = {text.value for _, text in one.principals}
    return (
        (not named or "*" in named or named >= {text.value for _, text in other.principals})
        and _hold_all([glob(text.value.lower()) for text in one.actions], actions, role)
        and _hold_all([role.pattern(one, text) for text in one.resources], resources, role)
    )


def _hold_all(ones: list[Pattern], others: list[Pattern], role: Role) -> bool:
    return all(any(within(other, one, role.effort) for one in ones) for other in others)


def deny_on_absent_key(role: Role) -> Iterator[Finding]:
    """Find a Deny on foreign partition keys that a read without keys slips by, and one on a
    tenant's tag by a positive operator whose values the caller's own tag is compared with.
    """
    closing = closing_policies(role)
    for statement in role.denies():
        for line in statement.lines:
            if not line.needs_key or line.name == "Null":
                continue
            keyed = line.key == LEADING_KEYS and line.negated
            if keyed and (action := _read_without_keys(role, closing, statement)):
                yield found(
                    SILENT,
                    statement.file,
                    path=line.path,
                    why=f"A role's Allow covers `{action}`, which has no leading keys.",
                    severity=Severity.ERROR,
                )
            elif (
                role.is_tenant_key(line.key)
                and not line.negated
                and not _denies_absence(role, statement, line.key)
            ):
                yield found(SILENT, statement.file, path=line.path, severity=Severity.NOTE)


def _read_without_keys(role: Role, closing: Policies, deny: Written) -> str | None:
    """Return an action without leading keys that an Allow covers on what the Deny is about, and
    that no Deny stops.
    """
    for one in role.allows():
        actions = [action for action in READS_WITHOUT_KEYS if role.covers(one, action)]
        tables = _tables(role, one, deny) if actions and not one.needs(LEADING_KEYS) else ()
        for table in tables:
            for action in actions:
                resource = f"{table}/stream/x" if table and action == OF_A_STREAM else table
                reached = resource is None or any(role.each_reached(one, glob(resource)))
                if reached and not is_closed(role, closing, action=action, resource=resource):
                    return action
    return None


def _tables(role: Role, allow: Written, deny: Written) -> Iterator[str | None]:
    """Give a table for each two texts of the statements that meet."""
    ours, theirs = (
        [ANYTHING if one.not_resource else role.pattern(one, text) for text in one.resources]
        for one in (allow, deny)
    )
    for one in ours:
        for other in theirs:
            if meet(one, other, role.effort) and meet(one, TABLES, role.effort):
                named = one if other == ANYTHING else other
                yield common_text(one if one != ANYTHING else TABLES, named, role.effort)


CHECKS = (
    negated_in_allow,
    if_exists_in_allow,
    null_true_in_allow,
    deny_with_null_guard,
    deny_on_absent_key,
)
