"""Lesson 18: a role that decides about itself."""

from collections.abc import Iterator

from valetkey.iam.lint.closing import (
    closing_policies,
    foreign_contexts,
    is_closed,
    own_contexts,
)
from valetkey.iam.lint.finding import Finding, Rule, Severity, found
from valetkey.iam.lint.pattern import ONE, STAR, common_text, glob, meet
from valetkey.iam.lint.role import FOREIGN, OF_THE_CALLER, Role
from valetkey.iam.lint.written import Line, Text, Written
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
# All by which an item or an object is written; of other services, what begins as WRITES do.
WRITES_DATA = {
    "dynamodb": (
        "putitem", "updateitem", "deleteitem", "batchwriteitem", "partiqlinsert", "partiqlupdate",
        "partiqldelete",
    ),
    "s3": ("putobject", "deleteobject", "deleteobjectversion", "restoreobject", "replicateobject"),
}  # fmt: skip
WRITES_BUCKET = ("putbucketpolicy", "deletebucketpolicy", "deletebucket", "putbucketacl")
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
    targets = [(arn, one) for arn in role.guarded for one in _within_it(arn)]
    for statement in role.allows(Layer.IDENTITY, Layer.SESSION, Layer.RESOURCE):
        for arn, target in targets:
            reached = role.reached_by(statement, glob(target))
            if reached is None:
                continue
            service = arn.split(":")[2] if arn.count(":") > 1 else "*"
            example = common_text(glob(target), glob("*"), role.effort)
            for action in _writes(role, statement, service, target=target):
                contexts = (*foreign_contexts(action), *own_contexts(action))
                if not is_closed(role, closing, action=action, resource=example, contexts=contexts):
                    why = f"It covers `{action}` on `{target}`."
                    yield found(GUARDED, statement.file, path=reached.path, why=why)
                    break


def _within_it(arn: str) -> tuple[str, ...]:
    """Return the ARN, and for a bucket that of its objects."""
    is_bucket = arn.count(":") == 5 and arn.split(":")[2] == "s3" and "/" not in arn
    return (arn, f"{arn}/*") if is_bucket else (arn,)


def _writes(role: Role, statement: Written, service: str, *, target: str) -> Iterator[str]:
    """Give actions of the statement that write in the service: the known ones on data, those that
    are named, and one for each verb that a pattern has room for.

    On the objects of a bucket only those on objects.
    """
    is_bucket = service == "s3" and "/" not in target
    names = WRITES_BUCKET if is_bucket else WRITES_DATA.get(service, ())
    known = [f"{service}:{name}" for name in names]
    if target.endswith("/*") or statement.not_action:
        yield from (one for one in known or [f"{service}:put"] if role.covers(statement, one))
        return
    for text in statement.actions:
        name = glob(text.value.lower())
        if STAR not in name and ONE not in name:
            if meet(name, glob(f"{service}:*"), role.effort) and _is_write(text.value):
                yield text.value.lower()
        elif met := [one for one in known if meet(name, glob(one), role.effort)]:
            yield from met
        else:
            for verb in WRITES:
                if meet(name, glob(f"{service}:{verb}*"), role.effort):
                    yield common_text(name, glob(f"{service}:{verb}*"), role.effort) or ""


def _is_write(action: str) -> bool:
    return not action.lower().partition(":")[2].startswith(READS)


def own_power(role: Role) -> Iterator[Finding]:
    """Find Allows of IAM actions by which a session extends what it may do."""
    closing = closing_policies(role)
    for statement in role.allows(Layer.IDENTITY):
        if not role.covers(statement, "iam:*"):
            continue
        for action in (f"iam:{name}" for name in OWN_POWER):
            if not role.covers(statement, action):
                continue
            if not is_closed(role, closing, action=action, resource=SOME_ROLE):
                text = _action_of(role, statement, action)
                yield found(OWN, statement.file, path=text.path, why=f"It covers `{action}`.")
                break


def _action_of(role: Role, statement: Written, action: str) -> Text:
    """Return the Action text that covers the action; the first where it is a NotAction."""
    for text in statement.actions if not statement.not_action else ():
        if meet(glob(text.value.lower()), glob(action), role.effort):
            return text
    return statement.actions[0]


def passes_roles(role: Role) -> Iterator[Finding]:
    """Find iam:PassRole and sts:AssumeRole on roles that the statement does not name."""
    closing = closing_policies(role)
    for rule, action, bound in (
        (PASS_ROLE, "iam:passrole", "iam:passedtoservice"),
        (ASSUME, "sts:assumerole", "aws:resourceaccount"),
    ):
        for statement in role.allows(Layer.IDENTITY):
            if role.covers(statement, action) and not statement.needs(bound):
                reached = role.reached_by(statement, glob(SOME_ROLE))
                closed = is_closed(role, closing, action=action, resource=SOME_ROLE)
                if reached is not None and not closed:
                    yield found(rule, statement.file, path=reached.path)


def tag_it_mine(role: Role) -> Iterator[Finding]:
    """Find tag-writing actions beside an Allow that tells tenants apart by resource tags."""
    by_tag = [one for one in role.allows(Layer.IDENTITY) if _is_by_tag(role, one)]
    services = sorted(
        {text.value.partition(":")[0].lower() for one in by_tag for text in one.actions}
    )
    tagging = [f"{service}:{name}" for service in services for name in TAGGING]
    closing = closing_policies(role)
    for statement in role.allows(Layer.IDENTITY) if tagging else ():
        if _is_by_tag(role, statement) or _keeps_to_own(role, statement):
            continue
        resources = list(_some_of(role, statement))
        for action in tagging:
            if role.covers(statement, action) and not all(
                is_closed(role, closing, action=action, resource=one) for one in resources
            ):
                path = _action_of(role, statement, action).path
                yield found(TAG_IT, statement.file, path=path, why=f"It covers `{action}`.")
                break


def _some_of(role: Role, statement: Written) -> Iterator[str | None]:
    """Give a resource of another tenant for each text of the statement."""
    for text in statement.resources:
        pattern = glob("*") if statement.not_resource else role.pattern(statement, text, FOREIGN)
        yield common_text(pattern, glob("*"), role.effort)


def _is_by_tag(role: Role, statement: Written) -> bool:
    return any(
        line.key.startswith((RESOURCE_TAG, OBJECT_TAG)) and role.ties(statement, line)
        for line in statement.lines
    )


def _keeps_to_own(role: Role, statement: Written) -> bool:
    """Tell whether the Resource element alone keeps the statement to the caller's own, or a
    condition does: by who made the resource, or to resources that are being made.
    """
    own = all(role.tenant_variables(statement, text) for text in statement.resources)
    return (own and not statement.not_resource) or any(
        line.needs_key
        and (
            line.key.endswith(":createaction")
            or (line.key.startswith(RESOURCE_TAG) and _is_the_callers(statement, line))
        )
        for line in statement.lines
    )


def _is_the_callers(statement: Written, line: Line) -> bool:
    return not line.negated and all(
        any(one.key.startswith(OF_THE_CALLER) for one in statement.variables_of(value))
        for value in line.values
    )


CHECKS = (writes_guarded, own_power, passes_roles, tag_it_mine)
