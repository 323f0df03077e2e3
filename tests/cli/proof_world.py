"""Proofs as `valetkey prove` makes them, made by hand: what forms of output are tested with."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from valetkey.cli.prove_proof import Form, Proof, SourceFile
from valetkey.iam import StatementRef
from valetkey.isolation.answer import (
    Answer,
    Assumption,
    Report,
    Theorem,
    TheoremAnswer,
    Witness,
)
from valetkey.tenancy.policy_set import Attached, PolicySet, RolePolicies
from valetkey.tenancy.tenancy_map import (
    Access,
    AgentRole,
    Kind,
    Owned,
    Protected,
    Shared,
    Tag,
    TenancyMap,
)

ROLE = "arn:aws:iam::111122223333:role/AgentTenantData"
SESSION = "arn:aws:sts::111122223333:assumed-role/AgentTenantData/vk-r-1"
BUCKET = "arn:aws:s3:::trace-artifacts"
TABLE = "arn:aws:dynamodb:eu-west-1:111122223333:table/TaskEvents"
EDIT = "the statement `Broad` of `permissions` goes"
HOSTILE = "\x1b[2J<script>alert(1)</script>\u202e\x07\ud800"

OWN: dict[str, Any] = {
    "Sid": "Own",
    "Effect": "Allow",
    "Action": "s3:GetObject",
    "Resource": f"{BUCKET}/traces/${{aws:PrincipalTag/user_id}}/*",
}
BROAD: dict[str, Any] = {
    "Sid": "Broad",
    "Effect": "Allow",
    "Action": "s3:GetObject",
    "Resource": "*",
}
TENANCY = TenancyMap(
    tags=("user_id", "task_id"),
    roles=(AgentRole("tenant-data", ROLE),),
    owned=(
        Owned(
            Kind.PREFIX,
            "tenancy.prefixes[0]",
            (BUCKET,),
            frozenset({Access.READ, Access.WRITE}),
            key=("traces/", Tag("user_id"), "/"),
        ),
        Owned(
            Kind.TABLE,
            "tenancy.tables[0]",
            (TABLE,),
            frozenset({Access.READ}),
            key=(Tag("task_id"),),
            indexes={"by_user": (Tag("user_id"),)},
        ),
    ),
    shared=(Shared("tenancy.shared[0]", "arn:aws:s3:::public/*", frozenset({Access.READ})),),
    protected=(Protected("tenancy.protected[0]", f"{TABLE}Approvals"),),
    assumed_by=("arn:aws:iam::111122223333:role/ValetkeyBroker",),
)


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def policies(*statements: dict[str, Any]) -> PolicySet:
    attached = Attached("permissions", document(*statements))
    return PolicySet((RolePolicies(ROLE, document(), (attached,)),))


def role_text(*statements: dict[str, Any]) -> str:
    """Return the ROLE.json of these permissions."""
    role = {"Arn": ROLE, "AssumeRolePolicyDocument": document()}
    return json.dumps({"role": role, "policies": [document(*statements)]}, indent=2)


def witness(**changed: Any) -> Witness:
    made = Witness(
        principal=SESSION,
        runs=({"user_id": "a", "task_id": "t"}, {"user_id": "b"}),
        action="s3:GetObject",
        resource=f"{BUCKET}/traces/b/1",
        context={"s3:prefix": "x", "aws:TagKeys": ("user_id", "task_id")},
        expected="deny",
        got="allow",
        why="it is the object of another run",
        role=ROLE,
        statements=(StatementRef("permissions", 1, "Broad"),),
    )
    return replace(made, **changed)


def answered(
    theorem: Theorem, answer: Answer = Answer.PROVED, *witnesses: Witness, reasons: Any = ()
) -> TheoremAnswer:
    kept = (Assumption("ACLs are off", "AWS"), Assumption("the broker pairs tags", "the broker"))
    return TheoremAnswer(theorem, answer, witnesses, tuple(reasons), kept, queries=3, seconds=0.25)


def report(*changed: TheoremAnswer) -> Report:
    """Return a report of five proofs, but for what is `changed`."""
    by_theorem = {each.theorem: each for each in changed}
    return Report(tuple(by_theorem.get(one, answered(one)) for one in Theorem))


REFUTED = report(answered(Theorem.ISOLATION, Answer.REFUTED, witness()))
UNSURE = report(answered(Theorem.USABLE, Answer.UNKNOWN, reasons=("no time was left",)))


def proof(found: Report = REFUTED, **changed: Any) -> Proof:
    made = Proof(
        tenancy=TENANCY,
        policies=policies(OWN, BROAD),
        report=found,
        files=(
            SourceFile(Form.MAP, Path("valetkey.toml"), "[tenancy]\n"),
            SourceFile(Form.ROLE, Path("role.json"), role_text(OWN, BROAD)),
        ),
    )
    return replace(made, **changed)
