"""Lesson 16: who may assume the role, with which tags."""

from collections.abc import Iterator

from valetkey.iam.condition import Quantifier
from valetkey.iam.lint.finding import Finding, Rule, Severity, found
from valetkey.iam.lint.role import PRINCIPAL_TAG, REQUEST_TAG, Role
from valetkey.iam.lint.written import Written
from valetkey.iam.policy import Layer

THEME = "Trust policies"
ASSUME = "sts:assumerole*"
TAG_KEYS = "aws:tagkeys"
CALLERS = frozenset({
    "aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths",
    "aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:userid",
    "aws:sourcevpc", "aws:sourcevpce", "aws:sourceip", "aws:principalisawsservice",
})  # fmt: skip

UNTAGGED = Rule(
    "trust-admits-untagged",
    Severity.ERROR,
    "the role can be assumed without the tenant's tag",
    "A session without the tag belongs to no tenant: negated and ForAllValues conditions pass for "
    "it, and everything that trusts the role to be tagged is inert.",
    'add `"StringLike": {"aws:RequestTag/TAG": "?*"}` to the statement',
    THEME,
)
NO_TAG_SESSION = Rule(
    "tag-session-missing",
    Severity.WARNING,
    "tags are required, but nobody may set them",
    "A request that passes tags needs `sts:TagSession` in the trust policy: as it stands every "
    "tagged request for the role is denied.",
    'write `"Action": ["sts:AssumeRole", "sts:TagSession"]`',
    THEME,
)
FREE_TAGS = Rule(
    "tag-session-without-conditions",
    Severity.WARNING,
    "whoever assumes the role chooses its tags freely",
    "`sts:TagSession` without a condition on `aws:RequestTag/…` lets the caller set the tenant's "
    "tag to any value, and any other tag too.",
    'add `"StringLike": {"aws:RequestTag/TAG": "?*"}` and `"ForAllValues:StringEquals": '
    '{"aws:TagKeys": ["TAG"]}`',
    THEME,
)
OTHER_TAGS = Rule(
    "other-tags-allowed",
    Severity.NOTE,
    "other tags than the required ones may be set",
    "Without a list of `aws:TagKeys` the caller may add tags that another policy trusts.",
    'add `"ForAllValues:StringEquals": {"aws:TagKeys": ["TAG"]}`',
    THEME,
)
EVERYONE = Rule(
    "trust-everyone",
    Severity.ERROR,
    "every AWS account may assume the role",
    "`*` is every principal of every account, and no condition says whose.",
    "name the role that may assume it, or at least add a condition on `aws:PrincipalOrgID` and "
    "`aws:PrincipalArn`",
    THEME,
)
ACCOUNT = Rule(
    "trust-whole-account",
    Severity.WARNING,
    "a whole account may assume the role",
    "Everybody in the account whose own policy allows `sts:AssumeRole` on `*` can become this "
    "role, with tags of their choice.",
    'name the broker\'s role as Principal, or add `"ArnEquals": {"aws:PrincipalArn": "ROLE"}`',
    THEME,
)
NO_SOURCE = Rule(
    "source-identity-not-required",
    Severity.NOTE,
    "sessions need no source identity",
    "Without one, CloudTrail can't tell on whose behalf a chained session acts.",
    'allow `sts:SetSourceIdentity` with `"StringLike": {"sts:SourceIdentity": "r-*"}`',
    THEME,
)
RULES = (UNTAGGED, NO_TAG_SESSION, FREE_TAGS, OTHER_TAGS, EVERYONE, ACCOUNT, NO_SOURCE)


def asked_tags(statement: Written) -> set[str]:
    """Return the tags (lower case) without which the statement admits nobody."""
    asked = {
        line.key.removeprefix(prefix)
        for line in statement.lines
        for prefix in (REQUEST_TAG, PRINCIPAL_TAG)  # a chained session inherits transitive tags
        if line.key.startswith(prefix) and statement.needs(line.key)
    }
    for line in statement.lines_on(TAG_KEYS):
        if line.quantifier is Quantifier.ANY and len(line.values) == 1 and line.needs_key:
            asked.add(line.values[0].value.lower())
    return asked


def untagged(role: Role) -> Iterator[Finding]:
    """Find trust statements that admit a session without a tenant's tag."""
    for statement in role.allows(Layer.TRUST):
        if not role.covers(statement, ASSUME):
            continue
        missing = sorted(role.tags - asked_tags(statement))
        if missing and not _denied_untagged(role, missing):
            names = ", ".join(f"`{tag}`" for tag in missing)
            wanted = ", ".join(f'"aws:RequestTag/{tag}": "?*"' for tag in missing)
            yield found(
                UNTAGGED,
                statement.file,
                path=statement.path,
                why=f"Nothing asks for {names}.",
                mend=f'add `"StringLike": {{{wanted}}}` to {statement.path}.Condition',
            )


def _denied_untagged(role: Role, missing: list[str]) -> bool:
    """Tell whether a Deny of the trust policy stops requests without any one of these tags."""
    refused = {
        line.key.removeprefix(REQUEST_TAG)
        for statement in role.statements(Layer.TRUST)
        if not statement.allow and len(statement.lines) == 1
        for line in statement.lines
        if line.says_null(wanted=True) and role.covers(statement, ASSUME)
    }
    return refused.issuperset(missing)


def tag_session(role: Role) -> Iterator[Finding]:
    """Find half-wired tags: asked for and not allowed, or allowed and not asked for."""
    trusts = list(role.allows(Layer.TRUST))
    for statement in trusts:
        tagging = role.covers(statement, "sts:tagsession")
        asks = any(
            line.key.startswith(REQUEST_TAG) and statement.needs(line.key)
            for line in statement.lines
        )
        bounds = any(line.key.startswith((REQUEST_TAG, TAG_KEYS)) for line in statement.lines)
        if tagging and not bounds:
            broad = any(_is_account(kind, text.value) for kind, text in statement.principals)
            yield found(
                FREE_TAGS,
                statement.file,
                path=f"{statement.path}.Action",
                severity=Severity.ERROR if broad else None,
            )
        elif tagging and asks and not statement.lines_on(TAG_KEYS):
            yield found(OTHER_TAGS, statement.file, path=f"{statement.path}.Condition")
        if asks and not any(_tags_too(role, one, statement) for one in trusts):
            yield found(NO_TAG_SESSION, statement.file, path=f"{statement.path}.Action")


def _tags_too(role: Role, statement: Written, of: Written) -> bool:
    """Tell whether a statement lets one of the other's principals set tags."""
    named = {text.value for _, text in statement.principals}
    same = named & {text.value for _, text in of.principals}
    return bool(same or "*" in named) and role.covers(statement, "sts:tagsession")


def _is_account(kind: str, text: str) -> bool:
    return kind == "*" or (kind == "AWS" and (text.isdigit() or text.endswith(":root")))


def broad_principals(role: Role) -> Iterator[Finding]:
    """Find trust in everyone, or in a whole account, that no condition narrows."""
    for statement in role.allows(Layer.TRUST):
        known = says_who(statement)
        for kind, text in statement.principals:
            if kind == "*" and not known:
                yield found(EVERYONE, statement.file, path=text.path)
            whole = kind != "*" and _is_account(kind, text.value)
            if whole and not known and not statement.needs("sts:externalid"):
                yield found(ACCOUNT, statement.file, path=text.path)


def says_who(statement: Written) -> bool:
    """Tell whether a condition says whose request it takes; `*` says nothing."""
    return any(
        line.key in CALLERS and line.needs_key and any(text.value != "*" for text in line.values)
        for line in statement.lines
    )


def source_identity(role: Role) -> Iterator[Finding]:
    """Note a trust policy in which no statement speaks of a source identity."""
    for document in role.documents:
        if document.layer is not Layer.TRUST:
            continue
        spoken = any(
            bool(one.lines_on("sts:sourceidentity"))
            or (one.allow and bool(one.lines) and role.covers(one, "sts:setsourceidentity"))
            for one in document.statements
        )
        if not spoken and any(one.allow for one in document.statements):
            yield found(NO_SOURCE, document.file, path=f"{document.path}.Statement")


CHECKS = (untagged, tag_session, broad_principals, source_identity)
