"""Lesson 18: a role that decides about itself."""

from collections.abc import Iterator

from valetkey.iam.lint.closing import closing_policies, is_closed
from valetkey.iam.lint.finding import Finding, Rule, Severity, found
from valetkey.iam.lint.pattern import common_text, glob, meet
from valetkey.iam.lint.role import Role
from valetkey.iam.lint.written import Text, Written
from valetkey.iam.policy import Layer

THEME = "Power over itself"
SOME_ROLE = "arn:aws:iam::111122223333:role/some-other-role"
RESOURCE_TAG, OBJECT_TAG = "aws:resourcetag/", "s3:existingobjecttag/"
READS = (
    "batchget", "check", "conditioncheck", "describe", "get", "head", "list", "lookup",
    "partiqlselect", "query", "read", "receive", "scan", "search", "select", "view",
)  # fmt: skip
WRITES = (
    "add", "associate", "attach", "batchdelete", "batchwrite", "cancel", "change", "copy",
    "create", "delete", "detach", "disable", "enable", "import", "invoke", "modify",
    "partiqldelete", "partiqlinsert", "partiqlupdate", "publish", "purge", "put", "remove",
    "replicate", "reset", "restore", "send", "set", "start", "stop", "tag", "transact", "untag",
    "update", "upload", "write",
)  # fmt: skip
OWN_POWER = (
    "putrolepolicy", "attachrolepolicy", "deleterolepolicy", "detachrolepolicy",
    "updateassumerolepolicy", "createpolicyversion", "setdefaultpolicyversion",
    "deletepolicyversion", "putrolepermissionsboundary", "deleterolepermissionsboundary", "tagrole",
    "untagrole", "putuserpolicy", "attachuserpolicy", "createaccesskey", "createloginprofile",
    "addusertogroup",
)  # fmt: skip
TAGGING = (
    "tagresource", "tagresources", "tagqueue", "createtags", "addtagstoresource", "addtags",
    "putobjecttagging", "putobjectversiontagging", "putbuckettagging",
)  # fmt: skip

GUARDED = Rule(
    "may-write-guarded",
    Severity.ERROR,
    "the role may write what decides about the role",
    "Whoever holds the session writes its own row: an agent approves its own request.",
    "name the resources that the role needs to write, or add a Deny without conditions on the "
    "guarded one",
    THEME,
)
OWN = Rule(
    "may-change-own-permissions",
    Severity.ERROR,
    "the role may change policies, trust or tags of roles",
    "With it a session gives itself, or a role that it can assume, any permission or any "
    "tenant's tag.",
    "remove the action; deploy policies with another role",
    THEME,
)
PASS_ROLE = Rule(
    "may-pass-any-role",
    Severity.WARNING,
    "the role may hand any role to a service",
    "A session starts a function or a task with a more powerful role, and acts as that role.",
    'name the roles in Resource and add `"StringEquals": {"iam:PassedToService": "…"}`',
    THEME,
)
ASSUME = Rule(
    "may-assume-any-role",
    Severity.WARNING,
    "the role may assume any role",
    "Every role whose trust policy names the account is open to the session, this one with other "
    "tags included.",
    "name the roles in Resource",
    THEME,
)
TAG_IT = Rule(
    "tag-it-mine",
    Severity.ERROR,
    "the caller may write the tags by which resources are told apart",
    "A session tags another tenant's resource as its own and reads it then.",
    "remove the tagging action, or tie it with the same condition on `aws:ResourceTag` and one on "
    "`aws:RequestTag`",
    THEME,
)
RULES = (GUARDED, OWN, PASS_ROLE, ASSUME, TAG_IT)


def writes_guarded(role: Role) -> Iterator[Finding]:
    """Find Allows that may write a guarded resource, and that no Deny takes back."""
    closing = closing_policies(role)
    for statement in role.allows(Layer.IDENTITY, Layer.SESSION, Layer.RESOURCE):
        for arn in role.guarded:
            reached = _reached(role, statement, arn)
            if reached is None:
                continue
            action = _write(role, statement, arn.split(":")[2] if arn.count(":") > 1 else "*")
            if action is None or is_closed(role, closing, action=action, resource=arn):
                continue
            yield found(
                GUARDED,
                statement.file,
                path=reached.path,
                why=f"It covers `{action}` on `{arn}`.",
            )


def _reached(role: Role, statement: Written, arn: str) -> Text | None:
    """Return the text by which the statement reaches the resource; it may be a tenant's."""
    if statement.not_resource:
        return statement.resources[0]
    there = glob(arn)
    for text in statement.resources:
        if meet(role.pattern(statement, text), there, role.effort):
            return text
    return None


def _write(role: Role, statement: Written, service: str) -> str | None:
    """Return an action of the statement that writes in the service."""
    for text in statement.actions if not statement.not_action else ():
        name = text.value.lower()
        if not meet(glob(name), glob(f"{service}:*"), role.effort):
            continue
        if "*" not in name and "?" not in name:
            if not name.partition(":")[2].startswith(READS):
                return name
            continue
        for verb in WRITES:
            if meet(glob(name), glob(f"{service}:{verb}*"), role.effort):
                return common_text(glob(name), glob(f"{service}:{verb}*"))
    return f"{service}:putitem" if statement.not_action else None


def own_power(role: Role) -> Iterator[Finding]:
    """Find Allows of IAM actions by which a session extends what it may do."""
    closing = closing_policies(role)
    for statement in role.allows(Layer.IDENTITY):
        action = next((f"iam:{name}" for name in OWN_POWER if _named(role, statement, name)), None)
        if action is None:
            continue
        if not is_closed(role, closing, action=action, resource=SOME_ROLE):
            text = _action_of(statement, action)
            yield found(OWN, statement.file, path=text.path, why=f"It covers `{action}`.")


def _named(role: Role, statement: Written, name: str) -> bool:
    return role.covers(statement, f"iam:{name}")


def _action_of(statement: Written, action: str) -> Text:
    """Return the Action text that covers the action; the first where it is a NotAction."""
    for text in statement.actions:
        if common_text(glob(text.value.lower()), glob(action)) is not None:
            return text
    return statement.actions[0]


def passes_roles(role: Role) -> Iterator[Finding]:
    """Find iam:PassRole and sts:AssumeRole on roles that the statement does not name."""
    for rule, action, bound in (
        (PASS_ROLE, "iam:passrole", "iam:passedtoservice"),
        (ASSUME, "sts:assumerole", "aws:resourceaccount"),
    ):
        for statement in role.allows(Layer.IDENTITY):
            if role.covers(statement, action) and not statement.needs(bound):
                reached = _reached(role, statement, SOME_ROLE)
                if reached is not None:
                    yield found(rule, statement.file, path=reached.path)


def tag_it_mine(role: Role) -> Iterator[Finding]:
    """Find tag-writing actions beside an Allow that tells tenants apart by resource tags."""
    by_tag = [one for one in role.allows(Layer.IDENTITY) if _is_by_tag(role, one)]
    services = sorted(
        {text.value.partition(":")[0].lower() for one in by_tag for text in one.actions}
    )
    tagging = [f"{service}:{name}" for service in services for name in TAGGING]
    closing = closing_policies(role)
    for statement in role.allows(Layer.IDENTITY):
        if _is_by_tag(role, statement) or _keeps_to_own(role, statement):
            continue
        action = next((one for one in tagging if role.covers(statement, one)), None)
        if action and not is_closed(role, closing, action=action, resource=SOME_ROLE):
            path = _action_of(statement, action).path
            yield found(TAG_IT, statement.file, path=path, why=f"It covers `{action}`.")


def _is_by_tag(role: Role, statement: Written) -> bool:
    return any(
        line.key.startswith((RESOURCE_TAG, OBJECT_TAG)) and role.ties(statement, line)
        for line in statement.lines
    )


def _keeps_to_own(role: Role, statement: Written) -> bool:
    """Tell whether the Resource element alone keeps the statement to the caller's own, or a
    condition keeps it to resources that are being made.
    """
    own = all(role.tenant_variables(statement, text) for text in statement.resources)
    return (own and not statement.not_resource) or statement.needs("ec2:createaction")


CHECKS = (writes_guarded, own_power, passes_roles, tag_it_mine)
