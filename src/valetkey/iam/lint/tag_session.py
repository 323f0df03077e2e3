"""Lesson 16: who may set which tags when it assumes the role."""

import json
from collections.abc import Iterator

from valetkey.iam.lint.callers import is_account
from valetkey.iam.lint.finding import Finding, Rule, Severity, found
from valetkey.iam.lint.role import REQUEST_TAG, Role
from valetkey.iam.lint.trust import THEME
from valetkey.iam.lint.trust_tags import EKS, SHOWN, TAG_KEYS, TAG_SESSION
from valetkey.iam.lint.written import Written
from valetkey.iam.policy import Layer

SETS_TAGS = frozenset({EKS, "rolesanywhere.amazonaws.com"})  # not their callers

NO_TAG_SESSION = Rule(
    "tag-session-missing",
    Severity.WARNING,
    "tags are required, but nobody may set them",
    "A request that passes tags needs `sts:TagSession` in the trust policy: as it stands every "
    "tagged request for the role is denied.",
    "add `sts:TagSession` to the statement's actions",
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
RULES = (NO_TAG_SESSION, FREE_TAGS, OTHER_TAGS)


def tag_session(role: Role) -> Iterator[Finding]:
    """Find half-wired tags: asked for and not allowed, or allowed and not asked for."""
    taggers = _taggers(role)
    for statement in role.allows(Layer.TRUST):
        asks = any(line.key.startswith(REQUEST_TAG) and line.needs_key for line in statement.lines)
        bounds = any(line.key.startswith((REQUEST_TAG, TAG_KEYS)) for line in statement.lines)
        named = statement.principals
        if not role.covers(statement, TAG_SESSION):
            if asks and not ({text.value for _, text in named} & taggers or "*" in taggers):
                yield _half_wired(statement)
        elif not bounds and not all(_sets_tags(kind, one.value) for kind, one in named):
            broad = any(is_account(kind, text.value) for kind, text in named)
            yield found(
                FREE_TAGS,
                statement.file,
                path=f"{statement.path}.{'Not' * statement.not_action}Action",
                severity=Severity.ERROR if broad else None,
            )
        elif asks and not statement.lines_on(TAG_KEYS):
            yield found(OTHER_TAGS, statement.file, path=f"{statement.path}.Condition")


def _taggers(role: Role) -> set[str]:
    """Return the principals that may set tags."""
    return {
        text.value
        for statement in role.allows(Layer.TRUST)
        if role.covers(statement, TAG_SESSION)
        for _, text in statement.principals
    }


def _half_wired(statement: Written) -> Finding:
    actions = [text.value for text in statement.actions]
    mend = f'write `"Action": {json.dumps([*actions, "sts:TagSession"])}`'
    if statement.not_action or len(actions) > SHOWN:
        mend = "let the statement allow `sts:TagSession` too"
    path = f"{statement.path}.{'Not' * statement.not_action}Action"
    return found(NO_TAG_SESSION, statement.file, path=path, mend=mend)


def _sets_tags(kind: str, principal: str) -> bool:
    """Tell whether the issuer or the service sets the tags, not who assumes the role."""
    return kind == "Federated" or (kind == "Service" and principal in SETS_TAGS)


CHECKS = (tag_session,)
