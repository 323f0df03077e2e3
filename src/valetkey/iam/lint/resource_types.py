"""Lesson 15: actions that never meet their resources, or their conditions."""

from collections.abc import Iterator

from valetkey.iam.lint.closing import PREFIX
from valetkey.iam.lint.finding import Finding, Rule, Severity, found
from valetkey.iam.lint.listing import OBJECT_VERBS, PREFIXED, THEME, may_be_bucket
from valetkey.iam.lint.pattern import glob, meet
from valetkey.iam.lint.role import Role
from valetkey.iam.lint.written import Text, Written

OWN_ARNS = frozenset({"dynamodb", "kms", "lambda", "s3", "secretsmanager", "sns", "sqs"})

DEAD_PREFIX = Rule(
    "prefix-on-object-action",
    Severity.WARNING,
    "s3:prefix on an action that never carries it",
    "Only listings have `s3:prefix`: with a condition that needs it, the object action is denied.",
    "give the object actions their own statement, and name the prefix in its Resource",
    THEME,
)
NEVER_MEET = Rule(
    "action-never-meets-resource",
    Severity.WARNING,
    "an action that none of the statement's resources can have",
    "The action and the statement's resources are of different types: for this action the "
    "statement is dead, in a Deny it never fires.",
    "name the resource that the action acts on (a bucket for `s3:ListBucket`, `bucket/*` for "
    "`s3:GetObject`), or remove the action",
    THEME,
)
RULES = (DEAD_PREFIX, NEVER_MEET)


def object_prefix(role: Role) -> Iterator[Finding]:
    """Find object actions in an Allow that needs `s3:prefix`."""
    for statement in role.allows():
        if statement.not_action or not statement.needs(PREFIX):
            continue
        for text in statement.actions:
            name = text.value.lower()
            if name.startswith("s3:") and name not in PREFIXED and _is_object_action(name):
                yield found(
                    DEAD_PREFIX, statement.file, path=text.path, why=f"`{text.value}` has none."
                )


def _is_object_action(name: str) -> bool:
    return any(name.startswith(verb.rstrip("*")) for verb in OBJECT_VERBS)


def never_meet(role: Role) -> Iterator[Finding]:
    """Find actions that act on nothing which the statement's Resource element names."""
    for statement in role.statements():
        if statement.not_action or statement.not_resource or not statement.resources:
            continue
        for text in statement.actions:
            if not any(_can_act(role, statement, text, one) for one in statement.resources):
                yield found(
                    NEVER_MEET,
                    statement.file,
                    path=text.path,
                    severity=None if statement.allow else Severity.ERROR,
                )


def _can_act(role: Role, statement: Written, action: Text, resource: Text) -> bool:
    """Tell whether the action may act on the resource, as far as their names tell."""
    service, _, name = action.value.lower().partition(":")
    if service not in OWN_ARNS or not resource.value.startswith("arn:"):
        return True
    pattern = role.pattern(statement, resource)
    if not meet(pattern, glob(f"arn:*:{service}:*"), role.effort):
        return False
    if service != "s3" or ":::" not in resource.value:
        return True
    if f"s3:{name}" in PREFIXED:
        return may_be_bucket(role, statement, resource)
    if _is_object_action(f"s3:{name}") and "*" not in name:
        return meet(pattern, glob("arn:*:s3:*/*"), role.effort)
    return True


CHECKS = (object_prefix, never_meet)
