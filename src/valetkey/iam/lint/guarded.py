"""Lesson 18: a role that writes what decides about it."""

from collections.abc import Iterable, Iterator, Sequence

from valetkey.iam.lint.closing import closing_policies, foreign_contexts, is_closed, own_contexts
from valetkey.iam.lint.finding import Finding, Rule, Severity, found
from valetkey.iam.lint.pattern import ONE, STAR, common_text, glob, meet, witnesses
from valetkey.iam.lint.power import THEME
from valetkey.iam.lint.role import Role
from valetkey.iam.lint.written import Written
from valetkey.iam.policies import Policies
from valetkey.iam.policy import Layer

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
    "s3": (
        "putobject", "deleteobject", "deleteobjectversion", "restoreobject", "replicateobject",
        "putobjectacl", "putobjectversionacl", "putobjecttagging", "putobjectversiontagging",
        "deleteobjecttagging", "deleteobjectversiontagging", "putobjectretention",
        "putobjectlegalhold", "replicatedelete", "replicatetags",
    ),
}  # fmt: skip
WRITES_BUCKET = ("putbucketpolicy", "deletebucketpolicy", "deletebucket", "putbucketacl")
# Other actions on objects have "object" in their name, and none on buckets has but with "bucket".
ON_OBJECTS = (
    "abortmultipartupload", "initiatereplication", "replicatedelete", "replicatetags",
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
RULES = (GUARDED,)


def writes_guarded(role: Role) -> Iterator[Finding]:
    """Find Allows that may write a guarded resource, and that no Deny takes back."""
    closing = closing_policies(role)
    targets = [(arn, one) for arn in role.guarded for one in _within_it(arn)]
    for statement in role.allows(Layer.IDENTITY, Layer.SESSION, Layer.RESOURCE):
        for arn, target in targets:
            service = arn.split(":")[2] if arn.count(":") > 1 else "*"
            for text, pattern in role.each_reached(statement, glob(target)):
                shortest = common_text(pattern, glob(target), role.effort)
                examples = witnesses(shortest, pattern, glob(target))
                action = _open(role, closing, _writes(role, statement, service, target), examples)
                if action is not None:
                    why = f"It covers `{action}` on `{target}`."
                    yield found(GUARDED, statement.file, path=text.path, why=why)
                    break


def _within_it(arn: str) -> tuple[str, ...]:
    """Return the ARN, and for a bucket that of its objects."""
    is_bucket = arn.count(":") == 5 and arn.split(":")[2] == "s3" and "/" not in arn
    return (arn, f"{arn}/*") if is_bucket else (arn,)


def _open(
    role: Role, closing: Policies, actions: Iterable[str], examples: Sequence[str | None]
) -> str | None:
    """Return the first action that no Deny closes for one of the examples; None: all are closed."""
    for action in actions:
        contexts = (*foreign_contexts(action), *own_contexts(action))
        for one in examples:
            if not is_closed(role, closing, action=action, resource=one, contexts=contexts):
                return action
    return None


def _writes(role: Role, statement: Written, service: str, target: str) -> Iterator[str]:
    """Give actions of the statement that write in the service: for S3 on what the target is, the
    bucket or objects.
    """
    on_objects = "/" in target if service == "s3" and ":::" in target else None
    names = WRITES_BUCKET if on_objects is False else WRITES_DATA.get(service, ())
    known = [f"{service}:{name}" for name in names]
    if statement.not_action:
        verbs = [f"{service}:{verb}" for verb in WRITES] if on_objects is None else []
        yield from (one for one in [*known, *verbs] if role.covers(statement, one))
        return
    for action in _named(role, statement, service, known):
        if on_objects is None or _is_on_objects(action) is on_objects:
            yield action


def _named(role: Role, statement: Written, service: str, known: list[str]) -> Iterator[str]:
    """Give the writes that are named, the known ones that a pattern covers, and where there is
    none, one for each verb that it has room for.
    """
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


def _is_on_objects(action: str) -> bool:
    name = action.partition(":")[2]
    return name in ON_OBJECTS or ("object" in name and "bucket" not in name)


def _is_write(action: str) -> bool:
    return not action.lower().partition(":")[2].startswith(READS)


CHECKS = (writes_guarded,)
