"""Lesson 12: set operators and multivalued keys."""

from collections.abc import Iterator

from valetkey.iam.condition import Quantifier
from valetkey.iam.lint.closing import LEADING_KEYS
from valetkey.iam.lint.finding import Finding, Rule, Severity, found
from valetkey.iam.lint.role import REQUEST_TAG, Role
from valetkey.iam.lint.written import Line, Written
from valetkey.iam.policy import Layer

THEME = "Set operators and multivalued keys"
TAG_KEYS = "aws:tagkeys"
BATCHES = frozenset({
    LEADING_KEYS, "dynamodb:attributes", "dynamodb:firstpartitionkeyvalues",
    "dynamodb:secondpartitionkeyvalues", "dynamodb:thirdpartitionkeyvalues",
    "dynamodb:fourthpartitionkeyvalues",
})  # all that a request touches  # fmt: skip
MULTIVALUED = BATCHES | {
    "aws:calledvia", "aws:principalorgpaths", "aws:principalservicenameslist",
    "aws:resourceorgpaths", "aws:sourceorgpaths", "aws:tagkeys", "s3:requestobjecttagkeys",
    "sts:transitivetagkeys",
}  # fmt: skip
WITHOUT_LEADING_KEYS = (
    "dynamodb:scan", "dynamodb:listtables", "dynamodb:describetable", "dynamodb:getrecords",
    "dynamodb:exporttabletopointintime", "dynamodb:restoretabletopointintime",
    "dynamodb:deletetable", "dynamodb:updatetable", "dynamodb:createbackup",
)  # fmt: skip

NO_GUARD = Rule(
    "for-all-values-without-guard",
    Severity.ERROR,
    "ForAllValues without a guard against the absent key",
    "`ForAllValues` is true when the request does not carry the key at all, so one action that "
    "never carries it (`dynamodb:Scan`) lets every session read everybody's data.",
    'add `"Null": {"KEY": "false"}` to the same Condition',
    THEME,
)
ANY_OPENS = Rule(
    "for-any-value-opens-batch",
    Severity.ERROR,
    "ForAnyValue where every value has to be the caller's",
    "One own key makes the condition true: a batch (`BatchGetItem`, a transaction) with one own "
    "and many foreign keys is let through.",
    'write `"ForAllValues:…"` with the same values, and `"Null": {"KEY": "false"}` beside it',
    THEME,
)
SCALAR = Rule(
    "scalar-operator-on-multivalued-key",
    Severity.WARNING,
    "a plain operator on a multivalued key",
    "No operator without a set prefix ever matches a multivalued key: an Allow is dead, and a Deny "
    "never fires.",
    "write `ForAllValues:` with a Null guard (in an Allow) or `ForAnyValue:` (in a Deny)",
    THEME,
)
NEVER_CARRIED = Rule(
    "action-never-carries-key",
    Severity.NOTE,
    "an action that never carries the condition's key",
    "The condition needs a key that no request for this action has: the action is dead here, and "
    "would open the table as soon as the guard is taken away.",
    "take the action out of the statement",
    THEME,
)
DENY_ALL = Rule(
    "for-all-values-in-deny",
    Severity.ERROR,
    "a Deny that one own key turns off",
    "`ForAllValues` is true only where every key of the request is foreign: a batch with one own "
    "and many foreign keys is not denied.",
    'write `"ForAnyValue:…"` with the same values, and a Deny with `"Null": {"KEY": "true"}`',
    THEME,
)
RULES = (NO_GUARD, ANY_OPENS, SCALAR, NEVER_CARRIED, DENY_ALL)


def for_all_values(role: Role) -> Iterator[Finding]:
    """Find ForAllValues in an Allow that passes when the key is absent."""
    for statement in role.allows():
        tagged = any(one.needs_key and one.key.startswith(REQUEST_TAG) for one in statement.lines)
        for line in statement.lines:
            if line.quantifier is not Quantifier.ALL or statement.needs(line.key):
                continue
            if line.key == TAG_KEYS and tagged:
                continue  # a request with a tag has tag keys
            separates = line.key == LEADING_KEYS or role.speaks_of_tenant(statement, line)
            scans = line.key == LEADING_KEYS and role.covers(statement, "dynamodb:scan")
            yield found(
                NO_GUARD,
                statement.file,
                path=line.path,
                why="Here `dynamodb:Scan` is covered." if scans else "",
                mend=f"add `{line.guard}` to {statement.path}.Condition",
                severity=None if separates else Severity.WARNING,
            )


def for_any_value(role: Role) -> Iterator[Finding]:
    """Find ForAnyValue in an Allow on a key that lists all a request touches."""
    for statement in role.allows():
        for line in statement.lines:
            batch = line.quantifier is Quantifier.ANY and line.key in BATCHES
            if batch and not _bounded_too(role, statement, line):
                mend = f'write `"ForAllValues:{line.name}"` here, and add `{line.guard}`'
                yield found(ANY_OPENS, statement.file, path=line.path, mend=mend)


def _bounded_too(role: Role, statement: Written, line: Line) -> bool:
    """Tell whether ForAllValues bounds the same key besides."""
    role.effort.spend(len(statement.lines_on(line.key)))
    return any(one.quantifier is Quantifier.ALL for one in statement.lines_on(line.key))


def for_all_in_deny(role: Role) -> Iterator[Finding]:
    """Find negated ForAllValues in a Deny on a key that lists all a request touches."""
    loose = [one for one in role.allows(Layer.IDENTITY, Layer.RESOURCE) if _is_open(role, one)]
    for statement in role.denies():
        for line in statement.lines:
            if line.quantifier is Quantifier.ALL and line.negated and line.key in BATCHES:
                mend = (
                    f'write `"ForAnyValue:{line.name}"` here, and add a Deny with '
                    f'`"Null": {{"{line.written_key}": "true"}}`'
                )
                severity = None if loose else Severity.WARNING
                yield found(DENY_ALL, statement.file, path=line.path, mend=mend, severity=severity)


def _is_open(role: Role, statement: Written) -> bool:
    return role.covers(statement, "dynamodb:*") and not role.keeps_to_own(statement)


def scalar_operator(role: Role) -> Iterator[Finding]:
    """Find plain operators on multivalued keys."""
    for statement in role.statements():
        for line in statement.lines:
            if (
                line.quantifier is Quantifier.SCALAR
                and line.name != "Null"
                and line.key in MULTIVALUED
            ):
                prefix = "ForAllValues:" if statement.allow else "ForAnyValue:"
                yield found(
                    SCALAR,
                    statement.file,
                    path=line.path,
                    mend=f'write `"{prefix}{line.operator}"`'
                    + f" and `{line.guard}`" * statement.allow,
                    severity=None if statement.allow else Severity.ERROR,
                )


def never_carried(role: Role) -> Iterator[Finding]:
    """Find named actions beside a condition that needs `dynamodb:LeadingKeys`."""
    for statement in role.allows():
        if not statement.needs(LEADING_KEYS) or statement.not_action:
            continue
        for text in statement.actions:
            if text.value.lower() in WITHOUT_LEADING_KEYS:
                yield found(
                    NEVER_CARRIED,
                    statement.file,
                    path=text.path,
                    why=f"`{text.value}` has no `dynamodb:LeadingKeys`.",
                )


CHECKS = (for_all_values, for_any_value, for_all_in_deny, scalar_operator, never_carried)
