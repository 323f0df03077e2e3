"""Lesson 16: who may assume the role."""

from collections.abc import Iterator

from valetkey.iam.lint.callers import is_account, says_who
from valetkey.iam.lint.finding import Finding, Rule, Severity, found
from valetkey.iam.lint.role import REQUEST_TAG, Role
from valetkey.iam.policy import Layer

THEME = "Trust policies"
COGNITO = "cognito-identity.amazonaws.com"
SOURCE_IDENTITY = "sts:sourceidentity"
ASSUMING = ("sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity")

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
    'add `"StringLike": {"sts:SourceIdentity": "r-*"}` to the statement, and allow '
    "`sts:SetSourceIdentity` with the same condition",
    THEME,
)
RULES = (EVERYONE, ACCOUNT, NO_SOURCE)


def broad_principals(role: Role) -> Iterator[Finding]:
    """Find trust in everyone, or in a whole account, that no condition narrows."""
    for statement in role.allows(Layer.TRUST):
        known = says_who(statement)
        for kind, text in statement.principals:
            if kind == "*" and not known:
                yield found(EVERYONE, statement.file, path=text.path)
            whole = kind != "*" and is_account(kind, text.value)
            if whole and not known and not statement.needs("sts:externalid"):
                yield found(ACCOUNT, statement.file, path=text.path)


def source_identity(role: Role) -> Iterator[Finding]:
    """Note statements that let somebody assume the role without a source identity; a service
    has none to give, nor has an issuer that gives no tags.
    """
    denied = any(
        len(one.lines) == 1 and one.lines[0].says_null(wanted=True)
        for one in role.denies(Layer.TRUST)
        if one.lines_on(SOURCE_IDENTITY)
    )
    for statement in role.allows(Layer.TRUST):
        kinds = {kind for kind, _ in statement.principals}
        tagged = any(line.key.startswith(REQUEST_TAG) for line in statement.lines)
        chosen = kinds & {"AWS", "*"} or ("Federated" in kinds and tagged)
        assumes = chosen and any(role.covers(statement, action) for action in ASSUMING)
        if assumes and not denied and not statement.needs(SOURCE_IDENTITY):
            yield found(NO_SOURCE, statement.file, path=statement.path)


CHECKS = (broad_principals, source_identity)
