"""Random policies and requests, to ask the formula and the evaluator the same.

Made by a plain random generator: Hypothesis prefers small values, and most of those are denied.
"""

from random import Random
from typing import Any

from tests.iam.build import ACCOUNT, ROLE, SESSION, document
from tests.iam.reference_condition import OPERATORS
from tests.iam.test_reference import (
    FEDERATED,
    OF_KIND,
    OTHER,
    PROVIDER,
    ROOT,
    SERVICE_LINKED,
    TARGET,
    USER,
    VARIABLE,
)
from valetkey.iam import Layer, Policies, Policy, Principal, PrincipalKind, parse_policy

Json = dict[str, Any]
KEYS = {
    "String": ["k", "K", "aws:PrincipalTag/id", "aws:TagKeys", "absent", "aws:ResourceAccount"],
    "Numeric": ["s3:max-keys", "n"],
    "Date": ["aws:CurrentTime", "d"],
    "Bool": ["aws:SecureTransport", "k"],
    "Binary": ["b"],
    "Ip": ["aws:SourceIp", "i"],
    "NotIp": ["aws:SourceIp", "i"],
    "Arn": ["aws:PrincipalArn", "a", "k", "aws:TagKeys"],
    "Null": ["k", "aws:PrincipalTag/id", "aws:TagKeys", "n", "d", "aws:SourceIp", "absent"],
}
ARNS = [
    *(one for one in OF_KIND["Arn"] if one != VARIABLE),
    "arn:aws:s3:::${aws:PrincipalTag/id}",
    "arn:*:s3:::${k, 't1'}*",
    "arn:aws:iam::${aws:PrincipalAccount}:role/*",
]
VALUES = {**OF_KIND, "Arn": ARNS, "NotIp": OF_KIND["Ip"]}
TEXTS = ["t1", "T1", "t2", "", "*", "a*b", "x", "\u212a", "k", "arn:aws:s3:::b/t1", "a:b", "t1/k"]
CALLERS = [
    *[Principal(PrincipalKind.ARN, SESSION)] * 12,
    Principal(PrincipalKind.ARN, SESSION, role_arn=f"arn:aws:iam::{ACCOUNT}:role/path/agent"),
    *(Principal(PrincipalKind.ARN, arn) for arn in (ROLE, USER, FEDERATED, ROOT, SERVICE_LINKED)),
    Principal(PrincipalKind.FEDERATED, PROVIDER),
    Principal(PrincipalKind.SERVICE, "sns.amazonaws.com"),
    Principal(PrincipalKind.ANONYMOUS, "*"),
]
REACHED = [
    ("s3:GetObject", "arn:aws:s3:::b/"),
    ("s3:GetObject", "arn:aws:s3:::b/"),
    ("sts:AssumeRole", TARGET),
    ("kms:Decrypt", f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/"),
    ("kms:ListAliases", "*"),
]
INCOMPLETE = "arn:aws:s3*/k"  # no session policy takes it
RESOURCES = [
    "*", "*", "arn:aws:s3:::b/*", f"arn:aws:s3:::b/{VARIABLE}/*", f"arn:aws:s3:::b/{VARIABLE}",
    ["arn:aws:iam::*:*", "arn:aws:s3:::*/t?"], "arn:aws:s3:::b/${k, 't1'}*", "arn:*:*:*:*:key/*",
    "arn:aws:s3:::b/${aws:TagKeys, 't1'}", INCOMPLETE, "arn:aws:s3:?:*:b/${*}",
]  # fmt: skip
ACTIONS = ["*", "*", "s3:*", "s3:get*", ["sts:AssumeRole", "s3:GetObject"], ["kms:*", "s3:*"]]
NAMED: list[Any] = [
    "*", {"AWS": "*"}, {"AWS": ACCOUNT}, {"AWS": OTHER}, {"AWS": [ROLE, OTHER]}, {"AWS": USER},
    {"AWS": FEDERATED}, {"AWS": ROOT}, {"Federated": PROVIDER}, {"Service": "sns.amazonaws.com"},
    {"AWS": [ROLE, ACCOUNT]}, {"AWS": f"arn:aws:iam::{ACCOUNT}:role/path/agent"},
]  # fmt: skip


def lines(random: Random) -> tuple[str, str, list[str]]:
    """Return an operator, a key that is of its kind, and values."""
    operator = random.choice([*OPERATORS, "Null", "Null"])
    kind = next(one for one in KEYS if operator.rpartition(":")[2].startswith(one))
    return (
        operator,
        random.choice(KEYS[kind]),
        random.sample(VALUES[kind], random.choice([1, 1, 2])),
    )


def block_of(random: Random, most: int = 2) -> Json:
    """Return a Condition block of at most so many lines."""
    block: Json = {}
    for operator, key, values in (lines(random) for _ in range(random.randint(0, most))):
        block.setdefault(operator, {})[key] = values if len(values) > 1 else values[0]
    return block


def statement_of(random: Random, layer: Layer) -> Json:
    """Half of them are about all there is, so that their conditions decide."""
    statement: Json = {"Effect": random.choice(["Allow"] * 6 + ["Deny"])}
    denies = statement["Effect"] == "Deny"
    resources = [one for one in RESOURCES if layer is not Layer.SESSION or one != INCOMPLETE]
    if random.random() < (0.1 if denies else 0.5):
        statement |= {"Action": "*", "Resource": "*", "Condition": block_of(random)}
    else:
        statement[random.choice(["Action", "Action", "Action", "NotAction"])] = random.choice(
            ACTIONS
        )
        statement[random.choice(["Resource", "Resource", "Resource", "NotResource"])] = (
            random.choice(resources)
        )
        statement["Condition"] = block_of(random, 2 if denies else random.choice([0, 2]))
    if layer is Layer.TRUST:
        statement.pop("Resource", None), statement.pop("NotResource", None)
    if layer is Layer.RESOURCE_CONTROL:
        statement["Principal"] = "*"
    elif layer in (Layer.TRUST, Layer.RESOURCE):
        spares = layer is Layer.RESOURCE and denies and random.random() < 0.5
        statement["NotPrincipal" if spares else "Principal"] = random.choice(NAMED)
    return statement


def policy_of(random: Random, layer: Layer, most: int = 3) -> Policy:
    version = random.choice(["2012-10-17"] * 5 + ["2008-10-17"])
    written = [statement_of(random, layer) for _ in range(random.randint(1, most))]
    return parse_policy(document(*written, version=version), name=layer.value, layer=layer)


def policies_of(random: Random) -> Policies:
    """Return policies of which each layer but the first is often not there."""

    def some(layer: Layer, most: int) -> tuple[Policy, ...]:
        return tuple(policy_of(random, layer) for _ in range(random.randint(1, most)))

    def seldom() -> bool:
        return random.random() < 0.2

    return Policies(
        identity=some(Layer.IDENTITY, 2),
        resource=policy_of(random, Layer.RESOURCE) if random.random() < 0.5 else None,
        trust=policy_of(random, Layer.TRUST) if random.random() < 0.8 else None,
        session=some(Layer.SESSION, 2) if seldom() else None,
        boundary=policy_of(random, Layer.BOUNDARY) if seldom() else None,
        service_control=(some(Layer.SERVICE_CONTROL, 2),) if seldom() else (),
        resource_control=(some(Layer.RESOURCE_CONTROL, 2),) if seldom() else (),
    )
