"""Lesson 16: with which tags the role may be assumed."""

from collections.abc import Iterator, Mapping

from valetkey.iam.errors import RequestError
from valetkey.iam.lint.finding import Finding, Rule, Severity, found
from valetkey.iam.lint.role import OWN, PRINCIPAL_TAG, REQUEST_TAG, Role
from valetkey.iam.lint.trust import ASSUMING, COGNITO, THEME
from valetkey.iam.lint.written import Line, Written
from valetkey.iam.policy import Layer
from valetkey.iam.principal import Principal, PrincipalKind
from valetkey.iam.variables import ContextValue

TAG_SESSION, TAG_KEYS = "sts:tagsession", "aws:tagkeys"
ANOTHER = "another-tag"
SHOWN = 5  # of missing tags, in a sentence
EKS = "pods.eks.amazonaws.com"
SET_BY_EKS = frozenset({
    "eks-cluster-arn", "eks-cluster-name", "kubernetes-namespace", "kubernetes-pod-name",
    "kubernetes-pod-uid", "kubernetes-service-account",
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
EMPTY_TAG = Rule(
    "trust-admits-empty-tag",
    Severity.WARNING,
    "the role can be assumed with an empty tag",
    "STS takes a tag without a value, and such a session belongs to no tenant.",
    'write `"StringLike": {"aws:RequestTag/TAG": "?*"}`',
    THEME,
)
RULES = (UNTAGGED, EMPTY_TAG)

Keys = Mapping[str, ContextValue]


def untagged(role: Role) -> Iterator[Finding]:
    """Find trust statements that admit a session without a tenant's tag, or with an empty one."""
    for statement in role.allows(Layer.TRUST):
        actions = [one for one in ASSUMING if role.covers(statement, one)]
        role.effort.spend(len(role.tags) * (1 + len(statement.lines)))
        if not actions:
            continue
        tags = sorted(role.tags)
        missing = [tag for tag in tags if _admits(role, statement, tag, _without(statement, tag))]
        missing = [tag for tag in missing if not _denied(role, statement, actions, without=tag)]
        empty = [
            tag
            for tag in sorted(role.tags.difference(missing))
            if _admits(role, statement, tag, _empty(tag))
            and not _denied(role, statement, actions, empty=tag)
        ]
        if missing:
            severity = Severity.WARNING if _are_set(role, statement, missing) else None
            yield _found(UNTAGGED, statement, missing, severity)
        if empty:
            yield _found(EMPTY_TAG, statement, empty, None)


def _found(rule: Rule, statement: Written, tags: list[str], severity: Severity | None) -> Finding:
    shown, more = tags[:SHOWN], len(tags) - SHOWN
    names = ", ".join(f"`{tag}`" for tag in shown) + f" and {more} more" * (more > 0)
    wanted = ", ".join(f'"aws:RequestTag/{tag}": "?*"' for tag in shown)
    return found(
        rule,
        statement.file,
        path=statement.path,
        why=f"Nothing asks for {names}." if rule is UNTAGGED else f"{names} may be empty.",
        mend=f'add `"StringLike": {{{wanted}}}` to {statement.path}.Condition',
        severity=severity,
    )


def _are_set(role: Role, statement: Written, tags: list[str]) -> bool:
    """Tell whether EKS sets the tags, or a Cognito identity pool may: those that it maps."""
    named = {(kind, text.value) for kind, text in statement.principals}
    pool = named == {("Federated", COGNITO)} and role.covers(statement, TAG_SESSION)
    return pool or (named == {("Service", EKS)} and SET_BY_EKS.issuperset(tags))


def _without(statement: Written, tag: str) -> Iterator[Keys]:
    """Give requests that do not set the tag: no tag at all, another one, those that are named."""
    yield {}
    named = {text.value for line in statement.lines_on(TAG_KEYS) for text in line.values}
    for other in (ANOTHER, *sorted(named)):
        if other.lower() != tag:
            yield {TAG_KEYS: (other,), f"{REQUEST_TAG}{other.lower()}": OWN}


def _empty(tag: str) -> Iterator[Keys]:
    """Give requests with an empty tag: one that is set, one that a chained session inherits."""
    yield {TAG_KEYS: (tag,), f"{REQUEST_TAG}{tag}": ""}
    yield {f"{PRINCIPAL_TAG}{tag}": ""}


def _admits(role: Role, statement: Written, tag: str, requests: Iterator[Keys]) -> bool:
    """Ask the evaluator whether the conditions on this tag and on tag keys hold of a request.

    What other conditions ask for is taken to be given.
    """
    asking = (f"{REQUEST_TAG}{tag}", f"{PRINCIPAL_TAG}{tag}", TAG_KEYS)
    lines = [line for key in asking for line in statement.lines_on(key)]
    return any(all(role.holds(line, keys) for line in lines) for keys in requests)


def _denied(
    role: Role, statement: Written, actions: list[str], *, without: str = "", empty: str = ""
) -> bool:
    """Tell whether Denies of the trust policy stop each request of the statement's principals
    that brings all tags but one, or one of them empty.
    """
    denies = [one for one in role.denies(Layer.TRUST) if _is_on_tags(one)]
    if not denies:
        return False
    tags = {tag: "" if tag == empty else OWN for tag in sorted(role.tags) if tag != without}
    keys: dict[str, ContextValue] = {f"{REQUEST_TAG}{tag}": value for tag, value in tags.items()}
    if tags:
        keys[TAG_KEYS] = tuple(tags)
    principals = [_principal(kind, text.value) for kind, text in statement.principals]
    role.effort.spend(len(tags) + len(principals) * len(actions) * len(denies))
    return all(
        any(_stops(role, deny, principal, action, keys) for deny in denies)
        for principal in principals
        for action in actions
    )


def _is_on_tags(statement: Written) -> bool:
    return all(_is_on_tag(line) for line in statement.lines)


def _is_on_tag(line: Line) -> bool:
    return line.key.startswith(REQUEST_TAG) or line.key == TAG_KEYS


def _stops(role: Role, deny: Written, principal: Principal | None, action: str, keys: Keys) -> bool:
    element = deny.compiled.principal
    named = element is not None and (
        element.everyone or (principal is not None and bool(element.names(principal)))
    )
    return (
        named
        and not deny.not_principal
        and role.covers(deny, action)
        and all(role.holds(line, keys) for line in deny.lines)
    )


def _principal(kind: str, text: str) -> Principal | None:
    """Return a caller whom the text names; None where only a Deny of everyone is sure to."""
    try:
        if kind in ("Federated", "Service"):
            return Principal(PrincipalKind[kind.upper()], text)
        if kind == "AWS" and text.isdigit():
            return Principal(PrincipalKind.ARN, f"arn:aws:iam::{text}:root")
        return Principal(PrincipalKind.ARN, text) if kind == "AWS" else None
    except RequestError:
        return None


CHECKS = (untagged,)
