"""Lesson 18: a role that decides about itself."""

import re
from collections.abc import Iterator

from valetkey.iam.lint.closing import closing_policies, is_closed
from valetkey.iam.lint.finding import Finding, Rule, Severity, found
from valetkey.iam.lint.pattern import (
    common_resource,
    common_text,
    glob,
    meet,
    resources_meet,
    witnesses,
)
from valetkey.iam.lint.role import FOREIGN, OF_THE_CALLER, Role
from valetkey.iam.lint.written import Line, Text, Written
from valetkey.iam.policy import Layer

THEME = "Power over itself"
KINDS, BOUNDARY = ("role", "policy", "user", "group"), "iam:permissionsboundary"
UNNAMED = ("some-other", "q7")  # names that nobody writes
ACCOUNT = re.compile(r"arn:[^:]*:iam::([0-9]{12}):")
RESOURCE_TAG, OBJECT_TAG = "aws:resourcetag/", "s3:existingobjecttag/"
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
RULES = (OWN, PASS_ROLE, ASSUME, TAG_IT)


def own_power(role: Role) -> Iterator[Finding]:
    """Find Allows of IAM actions by which a session extends what it may do."""
    closing = closing_policies(role)
    for statement in role.allows(Layer.IDENTITY):
        if not role.covers(statement, "iam:*"):
            continue
        acted_on = {kind: _some(role, statement, kind) for kind in KINDS}
        for action in (f"iam:{name}" for name in OWN_POWER):
            if not role.covers(statement, action):
                continue
            if any(
                not is_closed(role, closing, action=action, resource=one)
                for one in acted_on[_kind_of(action)]
            ):
                text = _action_of(role, statement, action)
                yield found(
                    OWN,
                    statement.file,
                    path=text.path,
                    why=f"It covers `{action}`.",
                    severity=Severity.WARNING if statement.needs(BOUNDARY) else None,
                )
                break


def _kind_of(action: str) -> str:
    """Return what an action of IAM acts on."""
    if "policyversion" in action:
        return "policy"
    if action == "iam:addusertogroup":
        return "group"
    return "role" if "role" in action else "user"


def _some(role: Role, statement: Written, kind: str) -> list[str | None]:
    """Return things of a kind that the statement reaches, ones that it does not name first."""
    if others := [one for _, one in _unnamed(role, statement, kind)]:
        return others
    wanted = glob(f"arn:aws*:iam::*:{kind}/*")
    return [
        common_resource(pattern, wanted, role.effort)
        for _, pattern in role.each_reached(statement, wanted)
        if resources_meet(pattern, wanted, role.effort)
    ]


def _unnamed(role: Role, statement: Written, kind: str) -> Iterator[tuple[Text, str | None]]:
    """Give things of a kind that the statement reaches and nobody named, with the text by which
    it does: where that leaves it open, in the account that the policies name.
    """
    texts = (text.value for one in role.statements() for text in one.resources)
    account = next((match[1] for match in map(ACCOUNT.match, texts) if match), "111122223333")
    for name in UNNAMED:
        wanted = glob(f"arn:aws*:iam::*:{kind}/{name}")
        at_home = f"arn:aws:iam::{account}:{kind}/{name}"
        for text, pattern in role.each_reached(statement, wanted):
            if meet(pattern, glob(at_home), role.effort):
                yield text, at_home
            elif resources_meet(pattern, wanted, role.effort):
                yield text, common_resource(pattern, wanted, role.effort)


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
                for text, one in _unnamed(role, statement, "role"):
                    if not is_closed(role, closing, action=action, resource=one):
                        yield found(rule, statement.file, path=text.path)
                        break


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
        yield from witnesses(common_text(pattern, glob("*"), role.effort), pattern)


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


CHECKS = (own_power, passes_roles, tag_it_mine)
