"""Lesson 15: lists and objects in one statement, and prefixes that are not the tenant's."""

from collections.abc import Iterator

from valetkey.iam.lint.apart import POSITIVE, may_be_one_request
from valetkey.iam.lint.callers import callers_of, same_caller, tenant_callers
from valetkey.iam.lint.closing import LISTS, PREFIX, closing_policies, is_closed
from valetkey.iam.lint.finding import Finding, Rule, Severity, found
from valetkey.iam.lint.pattern import STAR, Pattern, any_meet, common_text, glob, meet
from valetkey.iam.lint.role import FOREIGN, Role
from valetkey.iam.lint.unions import WILD, Piece, pieces
from valetkey.iam.lint.written import Line, Text, Written
from valetkey.iam.policy import Layer

THEME = "Lists, objects and resource types"
DELIMITER = "s3:delimiter"
BUCKETS, SLASH = glob("arn:aws*:s3:::*"), ord("/")
PREFIXED = (*LISTS, "s3:listbucketmultipartuploads")  # all that carry s3:prefix
OBJECT_VERBS = ("s3:getobject*", "s3:putobject*", "s3:deleteobject*", "s3:restoreobject*")

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
RULES = (BOTH, LIST)


def lists(role: Role) -> Iterator[Finding]:
    """Find listings of whole buckets, or of other tenants' prefixes, in a role that separates
    tenants.
    """
    if not role.tags:
        return
    tied = [piece for piece in pieces(role)[0] if _on_objects(role, piece)]
    closing = closing_policies(role)
    named = tenant_callers(role)
    for statement in role.allows(Layer.IDENTITY, Layer.RESOURCE):
        covered = [one for one in LISTS if role.covers(statement, one)]
        buckets = [text for text in statement.resources if may_be_bucket(role, statement, text)]
        if not covered or not buckets or statement.not_resource or not _grants(statement):
            continue
        if _is_kept(role, statement) or _all_tied(role, statement, buckets):
            continue
        sharing = [
            piece
            for piece in tied
            if same_caller(role, statement, piece.statement, named) is not None
            and may_be_one_request(role, statement, piece.statement)
            and _same_bucket(role, statement, buckets, piece)
        ]
        sure = [one for one in sharing if same_caller(role, statement, one.statement, named)]
        own = not role.is_tied(statement) and any(one.statement is statement for one in tied)
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
            severity=_severity(role, statement, shared=own or bool(sure)),
        )


def _severity(role: Role, statement: Written, *, shared: bool) -> Severity:
    if _is_of_folders(role, statement):
        return Severity.NOTE
    return Severity.ERROR if shared and not role.is_for_some(statement) else Severity.WARNING


def _is_of_folders(role: Role, statement: Written) -> bool:
    """Tell whether it lists one level of names under prefixes that are written out: folders, not
    objects.
    """
    lines = [line for line in statement.lines if line.name in POSITIVE and line.needs_key]
    by_level = any(
        line.key == DELIMITER and {text.value for text in line.values} == {"/"} for line in lines
    )
    return by_level and any(
        line.key == PREFIX
        and not any(WILD & set(one.value) for one in _beside(role, statement, line))
        for line in lines
    )


def _is_kept(role: Role, statement: Written) -> bool:
    """Tell whether a condition ties the listing to the tenant: one on s3:prefix with all its
    values.
    """
    return any(
        role.ties(statement, line) and (line.key != PREFIX or not _beside(role, statement, line))
        for line in statement.lines
    )


def _beside(role: Role, statement: Written, line: Line) -> list[Text]:
    """Return the values of a prefix without the tenant's variable, but for those that are
    `broad-value-beside-tenant`.
    """
    own = [value for value in line.values if role.tenant_variables(statement, value)]
    foreign = [role.pattern(statement, value, FOREIGN) for value in own]
    return [
        value
        for value in line.values
        if value not in own
        and not (
            line.name == "StringLike"
            and any_meet([role.pattern(statement, value)], foreign, role.effort)
        )
    ]


def _grants(statement: Written) -> bool:
    return statement.layer is Layer.IDENTITY or bool(callers_of(statement))


def _all_tied(role: Role, statement: Written, texts: list[Text]) -> bool:
    return all(role.tenant_variables(statement, text) for text in texts)


def _exposes(role: Role, statement: Written, sharing: list[Piece]) -> bool:
    """Tell whether the listing may have a prefix under which another tenant's objects are."""
    keys = [_keys_of(pattern) for piece in sharing for _, pattern in piece.resources]
    keys = keys or [glob(f"{FOREIGN}/*")]
    for line in statement.lines_on(PREFIX):
        if line.name not in POSITIVE or not line.needs_key:
            continue
        values = _beside(role, statement, line)
        begun = [(*role.pattern(statement, value), STAR) for value in values]
        if not any_meet(begun, keys, role.effort):
            return False
    return True


def _keys_of(pattern: Pattern) -> Pattern:
    """Return the object keys of an ARN's pattern; any where the bucket's name has no end."""
    return pattern[pattern.index(SLASH) + 1 :] if SLASH in pattern else (STAR,)


def _on_objects(role: Role, piece: Piece) -> bool:
    return any(role.covers(piece.statement, verb) for verb in OBJECT_VERBS)


def may_be_bucket(role: Role, statement: Written, text: Text) -> bool:
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


CHECKS = (lists,)
