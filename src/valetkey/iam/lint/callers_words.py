"""What stands where the principal's tag should: the request's tags and the caller's own words."""

from collections.abc import Iterator

from valetkey.iam.lint.finding import Finding, Rule, Severity, found
from valetkey.iam.lint.role import REQUEST_TAG, Role
from valetkey.iam.lint.tenant_text import THEME, texts_of
from valetkey.iam.lint.written import Written
from valetkey.iam.policy import Layer

SESSION_KEYS = frozenset({"aws:userid", "sts:rolesessionname"})
TAGGERS = (
    "add", "allocate", "assumerole", "create", "import", "putparameter", "register", "request",
    "run", "start", "tag",
)  # fmt: skip

REQUEST_TAG_USED = Rule(
    "request-tag-separates-tenants",
    Severity.ERROR,
    "the request's tag in place of the principal's",
    "`aws:RequestTag` is what the caller asks to set, not who it is: the caller names any tenant, "
    "or the key is absent and the statement is dead.",
    "write `aws:PrincipalTag`",
    THEME,
)
CALLERS_CHOICE = Rule(
    "session-name-separates-tenants",
    Severity.WARNING,
    "the session's name in place of a tag",
    "Whoever calls AssumeRole chooses the session name, which ends `aws:userid`: unless the trust "
    "policy pins it, a caller picks another tenant's.",
    "write `${aws:PrincipalTag/TAG}`, and pin the tag in the trust policy",
    THEME,
)
USERNAME = Rule(
    "username-of-a-role",
    Severity.WARNING,
    "a variable that a role's session does not have",
    "`aws:username` is an IAM user's: in a role's session it has no value, and the text matches "
    "nothing.",
    "write `${aws:PrincipalTag/TAG}`",
    THEME,
)
RULES = (REQUEST_TAG_USED, CALLERS_CHOICE, USERNAME)


def request_tags(role: Role) -> Iterator[Finding]:
    """Find a tenant's tag taken from the request in a policy of permissions."""
    for statement in role.allows(Layer.IDENTITY, Layer.RESOURCE, Layer.SESSION):
        for text, _ in texts_of(statement):
            if any(_is_request_tag(role, one.key) for one in statement.variables_of(text)):
                yield found(REQUEST_TAG_USED, statement.file, path=text.path)
        lines = [line for line in statement.lines if _is_request_tag(role, line.key)]
        for line in lines if lines and not _tags(statement) else ():
            yield found(REQUEST_TAG_USED, statement.file, path=line.path)


def _is_request_tag(role: Role, key: str) -> bool:
    return key.startswith(REQUEST_TAG) and key.removeprefix(REQUEST_TAG) in role.tags


def _tags(statement: Written) -> bool:
    """Tell whether one of the actions may carry tags to set."""
    names = [text.value.lower().partition(":")[2] for text in statement.actions]
    return statement.not_action or any(name.startswith(TAGGERS) or "*" in name for name in names)


def callers_choice(role: Role) -> Iterator[Finding]:
    """Find the session's name or an IAM user's name in place of a tag."""
    for statement in role.allows(Layer.IDENTITY, Layer.RESOURCE, Layer.SESSION):
        for text, _ in texts_of(statement):
            keys = {one.key for one in statement.variables_of(text)}
            if keys & SESSION_KEYS:
                yield found(CALLERS_CHOICE, statement.file, path=text.path)
            if "aws:username" in keys and statement.layer is Layer.IDENTITY:
                yield found(USERNAME, statement.file, path=text.path)


CHECKS = (request_tags, callers_choice)
