"""A map of a bucket and a table, policies of it, and what breaks them: for tests of mends."""

from dataclasses import replace
from typing import Any

from valetkey.iam import StatementRef
from valetkey.isolation.answer import Witness
from valetkey.isolation.editing import Edit
from valetkey.tenancy import (
    Access,
    AgentRole,
    Attached,
    Kind,
    Owned,
    PolicySet,
    Protected,
    Tag,
    TenancyMap,
)
from valetkey.tenancy.generating import generated

Json = dict[str, Any]
ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/Agent"
BROKER = f"arn:aws:iam::{ACCOUNT}:role/ValetkeyBroker"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/id.example.com"
BUCKET = "arn:aws:s3:::agent-traces"
TABLE = f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/Tasks"
APPROVALS = f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/Approvals"
USER = "${aws:PrincipalTag/user_id}"
OWN = f"{BUCKET}/traces/{USER}/*"
LIST_OWN = {"StringLike": {"s3:prefix": f"traces/{USER}/*"}}
MAP = TenancyMap(
    tags=("user_id",),
    roles=(AgentRole("data", ROLE),),
    owned=(
        Owned(
            Kind.PREFIX,
            "tenancy.prefixes[0]",
            (BUCKET,),
            frozenset({Access.READ, Access.LIST}),
            open=True,
            key=("traces/", Tag("user_id"), "/"),
        ),
        Owned(
            Kind.TABLE,
            "tenancy.tables[0]",
            (TABLE,),
            frozenset({Access.READ}),
            key=(Tag("user_id"),),
        ),
    ),
    protected=(Protected("tenancy.protected[0]", APPROVALS),),
    assumed_by=(BROKER,),
)
READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": OWN}
LEADING = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": USER}}


def policies_with(*statements: Json, trust: Json | None = None) -> PolicySet:
    written = generated(MAP)
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    role = replace(written.roles[0], permissions=(Attached("permissions", document),))
    return replace(written, roles=(replace(role, trust=trust or role.trust),))


def witness_of(
    action: str, resource: str, *statements: StatementRef, expected: str = "deny"
) -> Witness:
    got = "allow" if expected == "deny" else "deny"
    return Witness("*", (), action, resource, {}, expected, got, "why", ROLE, None, statements)


FIRST = StatementRef("permissions", 0)


def statements_of(edit: Edit) -> list[Json]:
    return list(edit.policies.roles[0].permissions[0].document["Statement"])


TRUSTED = policies_with(READ).roles[0].trust
IN_ROLE = witness_of("sts:AssumeRole", ROLE)

HOLES = (
    {**READ, "Resource": f"{BUCKET}/traces/{USER}*"},
    {"Effect": "Allow", "Action": ["dynamodb:Query", "dynamodb:Scan"], "Resource": TABLE},
)
