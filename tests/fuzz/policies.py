"""The policies of a world: those that a careful engineer writes, and what becomes of them."""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from tests.fuzz.conditions import pick_block
from tests.fuzz.names import Tenant
from tests.fuzz.pick import Pick
from tests.fuzz.places import ACTIONS, Names

Statement = dict[str, Any]
USER = "${aws:PrincipalTag/user_id}"
REPO = "${aws:PrincipalTag/repo}"
_S3_OBJECT = [
    "s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:DeleteObject",
    "s3:DeleteObjectVersion", "s3:GetObjectTagging", "s3:GetObjectVersionTagging",
    "s3:PutObjectTagging", "s3:DeleteObjectTagging", "s3:AbortMultipartUpload",
    "s3:ListMultipartUploadParts", "s3:GetObjectAttributes",
]  # fmt: skip
_ITEMS = [
    "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem",
    "dynamodb:Query", "dynamodb:BatchGetItem", "dynamodb:BatchWriteItem",
    "dynamodb:ConditionCheckItem", "dynamodb:Scan",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Documents:
    """All policies of a world. `session` has one entry a tenant, None for no session policy."""

    safe: bool
    identity: tuple[str, ...]
    session: tuple[str | None, ...]
    boundary: str | None
    bucket: str | None
    table: str | None

    @property
    def text(self) -> str:
        """All documents, to look for what they mention."""
        parts = [*self.identity, *self.session, self.boundary, self.bucket, self.table]
        return "\n".join(part for part in parts if part is not None)


def document(statements: list[Statement]) -> str:
    """Return the policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, ensure_ascii=False)


def safe_statements(names: Names) -> list[Statement]:
    """Return what keeps tenants apart: prefix, leading keys, tags, each with its guard."""
    leading = {
        "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": REPO},
        "Null": {"dynamodb:LeadingKeys": "false"},
    }
    listing = {"StringLike": {"s3:prefix": f"traces/{USER}/*"}}
    return [
        _allow(_S3_OBJECT, f"{names.bucket_arn}/traces/{USER}/*"),
        _allow(["s3:ListBucket", "s3:ListBucketVersions"], names.bucket_arn, listing),
        _allow(_ITEMS, names.table_arn, leading),
        _allow(["dynamodb:Query"], [f"{names.table_arn}/index/by-holder",
                                    f"{names.table_arn}/index/by-rank"], leading),
        _allow(["dynamodb:DescribeTable"], names.table_arn),
        _allow(["sqs:*", "secretsmanager:*", "ssm:*", "lambda:*"], names.extra_arns,
               {"StringEquals": {"aws:ResourceTag/repo": REPO}}),
    ]  # fmt: skip


def guards(names: Names) -> list[Statement]:
    """Return Denies of the kind that people add: each rests on one key or one kind of ARN."""
    table, bucket, objects = names.table_arn, names.bucket_arn, f"{names.bucket_arn}/*"
    index = f"{table}/index/*"
    return [
        _deny("dynamodb:*Item", table, {"StringLike": {"dynamodb:ReturnValues": "*_*"}}),
        _deny("dynamodb:*", index),
        _deny("dynamodb:Query", table),
        _deny("s3:GetObject*", objects, {"StringNotEquals": {"s3:ExistingObjectTag/owner": USER}}),
        _deny("s3:*", objects, {"StringEquals": {"s3:ExistingObjectTag/owner": USER}}),
        _deny("s3:PutObject", objects, {"Null": {"s3:RequestObjectTag/owner": "false"}}),
        _deny("s3:*Version", objects, {"Null": {"s3:VersionId": "false"}}),
        _deny("s3:PutObject", objects,
              {"StringNotLikeIfExists": {"s3:x-amz-copy-source": f"*/traces/{USER}/*"}}),
        _deny("s3:List*", bucket, {"NumericGreaterThanIfExists": {"s3:max-keys": "2"}}),
        _deny("dynamodb:*", [table, index],
              {"ForAnyValue:StringEquals": {"dynamodb:Attributes": ["secret"]}}),
        _deny("dynamodb:*", table, {"Null": {"dynamodb:EnclosingOperation": "false"}}),
        _deny(["dynamodb:Query", "dynamodb:Scan", "dynamodb:GetItem"], [table, index],
              {"StringNotEquals": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}}),
        _deny(["sqs:Receive*", "ssm:Get*", "secretsmanager:Get*", "lambda:Invoke*"], "*",
              {"StringNotEquals": {"aws:ResourceTag/repo": REPO}}),
        _deny(["ssm:Put*", "sqs:Send*", "secretsmanager:Put*", "lambda:Get*"], names.extra_arns),
    ]  # fmt: skip


def _deny(actions: Any, resource: Any, condition: Any = None) -> Statement:
    return {**_allow(actions, resource, condition), "Effect": "Deny"}


def _allow(actions: Any, resource: Any, condition: Any = None) -> Statement:
    found: Statement = {"Effect": "Allow", "Action": actions, "Resource": resource}
    return found if condition is None else {**found, "Condition": condition}


def pick_documents(pick: Pick, names: Names, tenants: tuple[Tenant, ...]) -> Documents:
    """Return the policies of a world, safe ones in every second."""
    safe = not pick.chance(2)
    if safe:
        identity = [_narrowed(pick, names, safe_statements(names))]
    else:
        identity = [_wild(pick, names) for _ in range(1 + pick.below(2))]
    return Documents(
        safe=safe,
        identity=tuple(map(document, identity)),
        session=tuple(_limit(pick, names, of=3, most=2) for _ in tenants),
        boundary=_limit(pick, names, of=4, most=3),
        bucket=_resource(pick, names, [names.bucket_arn, f"{names.bucket_arn}/*"], safe=safe),
        table=_resource(pick, names, [names.table_arn, f"{names.table_arn}/index/*"], safe=safe),
    )


def _narrowed(pick: Pick, names: Names, statements: list[Statement]) -> list[Statement]:
    """Return safe statements with Denies and twins added: neither opens anything."""
    found = list(statements)
    for _ in range(pick.below(4)):
        more = _statement(pick, names) if pick.chance(4) else pick.one(guards(names))
        found.insert(pick.below(len(found) + 1), {**more, "Effect": "Deny"})
    if pick.chance(3):
        found.append(deepcopy(pick.one(statements)))
    return found


def _wild(pick: Pick, names: Names) -> list[Statement]:
    """Return statements some of which somebody got wrong."""
    found: list[Statement] = []
    if not pick.chance(3):
        broad = [
            "*",
            ["s3:*", "dynamodb:*", "sqs:*", "ssm:*", "secretsmanager:*", "lambda:*"],
            ["s3:*Object*", "dynamodb:*Item*", "s3:List*", "*:*Get*", "lambda:Invoke*"],
        ]
        found.append({"Effect": "Allow", "Action": pick.one(broad), "Resource": "*"})
    for _ in range(1 + pick.below(4)):
        if pick.chance(2):
            found.append(pick.one(guards(names)))
            continue
        mutate = pick.one(MUTATIONS)
        origin = deepcopy(pick.one(safe_statements(names)))
        found.append(mutate(pick, names, origin) if pick.chance(2) else _statement(pick, names))
    return found


def _statement(pick: Pick, names: Names) -> Statement:
    found: Statement = {"Effect": "Deny" if pick.chance(3) else "Allow"}
    action = "NotAction" if pick.chance(6) else "Action"
    found[action] = pick.some(ACTIONS, most=4)
    resource = "NotResource" if pick.chance(8) else "Resource"
    found[resource] = pick.some(names.patterns, most=3)
    for _ in range(pick.below(3)):
        operator, keys = pick_block(pick)
        found.setdefault("Condition", {}).setdefault(operator, {}).update(keys)
    return found


def _limit(pick: Pick, names: Names, *, of: int, most: int) -> str | None:
    """Return a session policy or boundary, mostly a broad one with an exception."""
    if not pick.chance(of):
        return None
    found: list[Statement] = []
    if not pick.chance(4):
        found.append({"Effect": "Allow", "Action": "*", "Resource": "*"})
    found += [_statement(pick, names) for _ in range(1 + pick.below(most))]
    return document(found)


def _resource(pick: Pick, names: Names, resources: list[str], *, safe: bool) -> str | None:
    """Return a bucket's or table's policy. In a safe world it only denies."""
    if not pick.chance(3):
        return None
    found = []
    for _ in range(1 + pick.below(2)):
        statement = _statement(pick, names)
        statement.pop("NotResource", None)
        statement["Resource"] = resources
        statement["Principal"] = pick.one(names.principals)
        if safe:
            statement["Effect"] = "Deny"
        found.append(statement)
    return document(found)


# --- what becomes of a good statement ----------------------------------------------------------

Mutation = Callable[[Pick, Names, Statement], Statement]


def _without_condition(pick: Pick, names: Names, statement: Statement) -> Statement:
    statement.pop("Condition", None)
    return statement


def _without_guard(pick: Pick, names: Names, statement: Statement) -> Statement:
    statement.get("Condition", {}).pop("Null", None)
    return statement


def _as_deny(pick: Pick, names: Names, statement: Statement) -> Statement:
    return {**statement, "Effect": "Deny"}


def _more_actions(pick: Pick, names: Names, statement: Statement) -> Statement:
    return {**statement, "Action": [*statement["Action"], *pick.some(ACTIONS, most=3)]}


def _inverted(pick: Pick, names: Names, statement: Statement) -> Statement:
    statement["NotAction"] = statement.pop("Action")
    return statement


def _elsewhere(pick: Pick, names: Names, statement: Statement) -> Statement:
    return {**statement, "Resource": pick.some(names.patterns, most=2)}


def _other_operator(pick: Pick, names: Names, statement: Statement) -> Statement:
    swaps = ("StringLike", "StringEqualsIfExists", "StringNotEquals", "ForAnyValue:StringLike",
             "ForAllValues:StringLike", "StringEqualsIgnoreCase")  # fmt: skip
    blocks = [keys for name, keys in statement.get("Condition", {}).items() if name != "Null"]
    return {**statement, "Condition": {pick.one(swaps): keys for keys in blocks}}


def _more_conditions(pick: Pick, names: Names, statement: Statement) -> Statement:
    operator, keys = pick_block(pick)
    statement.setdefault("Condition", {}).setdefault(operator, {}).update(keys)
    return statement


MUTATIONS: tuple[Mutation, ...] = (
    _without_condition, _without_guard, _as_deny, _more_actions, _inverted, _elsewhere,
    _other_operator, _more_conditions,
)  # fmt: skip
