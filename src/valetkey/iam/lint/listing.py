"""Lesson 15: lists and objects in one statement, and actions that never meet their resources."""

from collections.abc import Iterator

from valetkey.iam.lint.apart import POSITIVE, may_be_one_request
from valetkey.iam.lint.callers import callers_of, named_callers, same_caller
from valetkey.iam.lint.closing import LISTS, PREFIX, closing_policies, is_closed
from valetkey.iam.lint.finding import Finding, Rule, Severity, found
from valetkey.iam.lint.pattern import STAR, Pattern, any_meet, common_text, glob, meet
from valetkey.iam.lint.role import FOREIGN, Role
from valetkey.iam.lint.unions import Piece, pieces
from valetkey.iam.lint.written import Text, Written
from valetkey.iam.policy import Layer

THEME = "Lists, objects and resource types"
DELIMITER = "s3:delimiter"
BUCKETS, SLASH = glob("arn:aws*:s3:::*"), ord("/")
PREFIXED = (*LISTS, "s3:listbucketmultipartuploads")  # all that carry s3:prefix
OBJECT_VERBS = ("s3:getobject*", "s3:putobject*", "s3:deleteobject*", "s3:restoreobject*")
OWN_ARNS = frozenset({"dynamodb", "kms", "lambda", "s3", "secretsmanager", "sns", "sqs"})

BOTH = Rule(
    "list-and-get-in-one-statement",
    Severity.ERROR,
    "one statement for listing the bucket and for its objects",
    "The statement's object resources are tied to the tenant, but the listing is of the whole "
    "bucket: every session reads the names of everybody's objects.",
    'give `s3:ListBucket` its own statement on the bucket with `"StringLike": {"s3:prefix": '
    '"traces/${aws:PrincipalTag/TAG}/*"}`',
    THEME,
)
LIST = Rule(
    "list-without-prefix",
    Severity.WARNING,
    "a listing that s3:prefix does not keep to the tenant",
    "Whoever has the session may list the whole bucket, or other tenants' part of it: the names "
    "of everybody's objects.",
    'add `"Condition": {"StringLike": {"s3:prefix": "traces/${aws:PrincipalTag/TAG}/*"}}`',
    THEME,
)
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
RULES = (BOTH, LIST, DEAD_PREFIX, NEVER_MEET)


def lists(role: Role) -> Iterator[Finding]:
    """Find listings of whole buckets, or of other tenants' prefixes, in a role that separates
    tenants.
    """
    if not role.tags:
        return
    tied = [piece for piece in pieces(role)[0] if _on_objects(role, piece)]
    closing = closing_policies(role)
    named = named_callers(role)
    for statement in role.allows(Layer.IDENTITY, Layer.RESOURCE):
        covered = [one for one in LISTS if role.covers(statement, one)]
        buckets = [text for text in statement.resources if _may_be_bucket(role, statement, text)]
        if not covered or not buckets or statement.not_resource or not _grants(statement):
            continue
        if role.is_tied(statement) or _all_tied(role, statement, buckets):
            continue
        sharing = [
            piece
            for piece in tied
            if same_caller(role, statement, piece.statement, named) is not None
            and may_be_one_request(role, statement, piece.statement)
            and _same_bucket(role, statement, buckets, piece)
        ]
        own = any(piece.statement is statement for piece in tied)
        if (statement.layer is Layer.RESOURCE and not sharing) or (
            not own and not _exposes(role, statement, sharing)
        ):
            continue
        bucket = common_text(role.pattern(statement, buckets[0]), BUCKETS, role.effort)
        if all(is_closed(role, closing, action=one, resource=bucket) for one in covered):
            continue
        yield found(
            BOTH if own else LIST,
            statement.file,
            path=buckets[0].path,
            severity=_severity(role, statement, shared=own or bool(sharing)),
        )


def _severity(role: Role, statement: Written, *, shared: bool) -> Severity:
    if statement.needs(DELIMITER):
        return Severity.NOTE  # one level of names at a time: folders, not objects
    return Severity.ERROR if shared and not role.is_for_some(statement) else Severity.WARNING


def _grants(statement: Written) -> bool:
    return statement.layer is Layer.IDENTITY or bool(callers_of(statement))


def _all_tied(role: Role, statement: Written, texts: list[Text]) -> bool:
    return all(role.tenant_variables(statement, text) for text in texts)


def _exposes(role: Role, statement: Written, sharing: list[Piece]) -> bool:
    """Tell whether the listing may have a prefix under which another tenant's objects are.

    Values beside the tenant's own are `broad-value-beside-tenant`.
    """
    keys = [_keys_of(pattern) for piece in sharing for _, pattern in piece.resources]
    keys = keys or [glob(f"{FOREIGN}/*")]
    for line in statement.lines_on(PREFIX):
        if line.name not in POSITIVE or not line.needs_key:
            continue
        if any(role.tenant_variables(statement, value) for value in line.values):
            return False
        begun = [(*role.pattern(statement, value), STAR) for value in line.values]
        if not any_meet(begun, keys, role.effort):
            return False
    return True


def _keys_of(pattern: Pattern) -> Pattern:
    """Return the object keys of an ARN's pattern; any where the bucket's name has no end."""
    return pattern[pattern.index(SLASH) + 1 :] if SLASH in pattern else (STAR,)


def _on_objects(role: Role, piece: Piece) -> bool:
    return any(role.covers(piece.statement, verb) for verb in OBJECT_VERBS)


def _may_be_bucket(role: Role, statement: Written, text: Text) -> bool:
    """Tell whether the pattern matches an S3 ARN without a slash."""
    pattern = role.pattern(statement, text, FOREIGN)
    return SLASH not in pattern and meet(pattern, BUCKETS, role.effort)


def _same_bucket(role: Role, statement: Written, buckets: list[Text], piece: Piece) -> bool:
    """Tell whether one of the buckets holds another tenant's objects of the tied statement."""
    for _, pattern in piece.resources:
        bucket = pattern[: pattern.index(SLASH)] if SLASH in pattern else pattern
        if any(meet(role.pattern(statement, one), bucket, role.effort) for one in buckets):
            return True
    return False


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
        return _may_be_bucket(role, statement, resource)
    if _is_object_action(f"s3:{name}") and "*" not in name:
        return meet(pattern, glob("arn:*:s3:*/*"), role.effort)
    return True


CHECKS = (lists, object_prefix, never_meet)
