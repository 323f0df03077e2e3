"""Two tenants and a few strangers, asked about one by one: what the prover has no part in.

It lists concrete requests and asks `iam.evaluate` of each. What two sets of policies answer
differently is what an edit opens.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from valetkey.iam import (
    ContextValue,
    Layer,
    Policies,
    Policy,
    Principal,
    PrincipalKind,
    Request,
    evaluate,
    parse_policy,
)
from valetkey.tenancy import CATALOG, ITEM_ACTIONS, KnownAction, Shape
from valetkey.tenancy.policy_set import PolicySet

ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/AgentTenantData"
TABLE = f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/"
TABLES = ("Tasks", "TaskEvents", "TaskNudges", "TaskMessages", "TaskApprovals", "Unmapped")
BUCKETS = ("task-traces", "task-attachments", "task-artifacts", "unmapped")
FOLDERS = ("traces", "attachments", "artifacts", "")
TAGS = {"user_id": "ua", "task_id": "ta", "valetkey_run": "r-a"}
THEIRS = {"user_id": "ub", "task_id": "tb"}
VALUES = ("ua", "ub", "uab", "ta", "tb", "tab", "ua/x", "", "alice")
CALLERS = (
    f"arn:aws:sts::{ACCOUNT}:assumed-role/ValetkeyBroker/s",
    f"arn:aws:sts::{ACCOUNT}:assumed-role/Another/s",
    f"arn:aws:sts::{ACCOUNT}:assumed-role/AgentTenantData/s",
    "arn:aws:sts::999988887777:assumed-role/Foreign/s",
)
MAY_ALL = parse_policy(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]},
    name="own",
    layer=Layer.IDENTITY,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, by whom and of what: equal ones are of one kind for both sets of policies."""

    request: Request
    holder: str | None
    assumes: bool = False


def denied(policies: PolicySet, asked: Iterable[Asked]) -> tuple[Asked, ...]:
    """Return those requests that the policies deny."""
    compiled = _Compiled(policies)
    return tuple(one for one in asked if not compiled.allows(one))


def opened(policies: PolicySet, was_denied: Iterable[Asked]) -> Request | None:
    """Return one of these requests that the policies allow, if they allow one."""
    compiled = _Compiled(policies)
    return next((one.request for one in was_denied if compiled.allows(one)), None)


class _Compiled:
    def __init__(self, policies: PolicySet) -> None:
        (role,) = policies.roles
        identity = tuple(
            parse_policy(one.document, name=one.name, layer=Layer.IDENTITY)
            for one in role.permissions
        )
        resources: Mapping[str, Policy] = {
            arn: parse_policy(document, name=arn, layer=Layer.RESOURCE)
            for arn, document in policies.resource_policies.items()
            if document is not None
        }
        trust = parse_policy(role.trust, name="trust", layer=Layer.TRUST)
        self._trust = Policies(identity=(MAY_ALL,), trust=trust)
        self._data = {
            arn: Policies(identity=identity, resource=resources.get(arn or ""))
            for arn in (None, *resources)
        }

    def allows(self, asked: Asked) -> bool:
        if asked.assumes:
            return evaluate(asked.request, self._trust).allowed
        found = self._data.get(asked.holder) or self._data[None]
        return evaluate(asked.request, found).allowed


def requests_of_data() -> Iterator[Asked]:
    """Yield what a session with the tags asks for, and sessions that lack one, or have it empty."""
    sessions = [TAGS, *({**TAGS, key: ""} for key in THEIRS), {}]
    sessions += [{name: v for name, v in TAGS.items() if name != key} for key in THEIRS]
    for tags in sessions:
        who = _session(tags)
        for action in CATALOG:
            if action.service in ("dynamodb", "s3"):
                for resource, context, holder in _places(action, mapped=tags is not TAGS):
                    request = Request(who, action.name, resource, context=context)
                    yield Asked(request, holder)


def _session(tags: Mapping[str, str]) -> Principal:
    name = f"arn:aws:sts::{ACCOUNT}:assumed-role/AgentTenantData/vk-a"
    return Principal(PrincipalKind.ARN, name, tags=tags, role_arn=ROLE)


def _places(
    action: KnownAction, *, mapped: bool
) -> Iterator[tuple[str, Mapping[str, ContextValue], str]]:
    """Yield resource, context and whose policy bears; `mapped` alone, or others, too."""
    if action.service == "dynamodb":
        for name in TABLES[:4] if mapped else TABLES:
            table = TABLE + name
            places = [table, *([f"{table}/index/by"] if Shape.INDEX in action.shapes else ())]
            for place in places:
                for context in _leading(action):
                    yield place, context, table
    else:
        for bucket, folder in zip(BUCKETS, FOLDERS, strict=True):
            if mapped and not folder:
                continue
            yield from _in_bucket(action, f"arn:aws:s3:::{bucket}", folder)


def _leading(action: KnownAction) -> Iterator[Mapping[str, ContextValue]]:
    """Yield the keys that the action carries: an item action always says whose item."""
    if action.key is None:
        yield {}
        return
    if action.name not in ITEM_ACTIONS:
        yield {}
    for values in (*((one,) for one in VALUES if one), ("ta", "tb")):
        if len(values) == 1 or action.name != "dynamodb:Query":
            yield {"dynamodb:LeadingKeys": values}


def _in_bucket(
    action: KnownAction, bucket: str, folder: str
) -> Iterator[tuple[str, Mapping[str, ContextValue], str]]:
    if Shape.OBJECT in action.shapes:
        for value in VALUES:
            for key in (f"{folder}/{value}/x", f"{value}/x"):
                yield f"{bucket}/{key}", {}, bucket
    else:
        yield bucket, {}, bucket
        for value in VALUES if action.key else ():
            for prefix in (f"{folder}/{value}/", f"{folder}/{value}", f"{value}/"):
                yield bucket, {"s3:prefix": prefix}, bucket


def requests_of_sessions() -> Iterator[Asked]:
    """Yield who asks for a session of the role, with which tags: AssumeRole decides."""
    for name in CALLERS:
        caller = Principal(PrincipalKind.ARN, name)
        for tags in _tag_sets():
            context: dict[str, ContextValue] = {
                f"aws:RequestTag/{key}": value for key, value in tags.items()
            }
            if tags:
                context["aws:TagKeys"] = tuple(tags)
            request = Request(caller, "sts:AssumeRole", ROLE, context=context)
            yield Asked(request, None, assumes=True)


def _tag_sets() -> Iterator[Mapping[str, str]]:
    yield TAGS
    yield {}
    yield {**TAGS, "team": "x"}
    yield {**TAGS, "another": "x"}
    yield {**TAGS, "valetkey_run": "x"}
    for key in TAGS:
        yield {name: value for name, value in TAGS.items() if name != key}
        yield {**TAGS, key: ""}
        yield {**TAGS, key: "a/b"}
        yield {**TAGS, key: "r-/b"}
