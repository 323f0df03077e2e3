"""A corpus of traps: a policy with the trap, the mended one, a request that tells them apart."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.iam.build import Json, document, session, statement
from valetkey.iam import (
    ContextValue,
    Layer,
    Policies,
    Policy,
    Principal,
    Request,
    evaluate,
    parse_policy,
)
from valetkey.iam.lint import Document, Finding, lint, read_documents

MINE = "${aws:PrincipalTag/user_id}"
OWN = {"user_id": "tenant-a"}
TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/Events"
BUCKET = "arn:aws:s3:::b"
OWN_OBJECTS = f"{BUCKET}/traces/{MINE}/*"
FOREIGN_OBJECT = f"{BUCKET}/traces/tenant-b/1.txt"
ROLE = "arn:aws:iam::123456789012:role/agent"
BROKER = "arn:aws:iam::123456789012:role/broker"


@dataclass(frozen=True, slots=True)
class Ask:
    """A request that must be denied; by default of a session of tenant-a."""

    action: str
    resource: str
    context: Mapping[str, ContextValue] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=lambda: dict(OWN))
    principal: Principal | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """`bad` has a finding `code`, `good` has none; `opens` is allowed by `bad` alone."""

    code: str
    name: str
    bad: Sequence[Json]
    good: Sequence[Json]
    opens: Ask | None = None
    severity: str = "error"
    path: str | None = None
    tags: tuple[str, ...] = ()
    guarded: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.code}: {self.name}"


Texts = str | list[str]


def allow(action: Texts, resource: Texts, condition: Json | None = None) -> Json:
    """An Allow in an identity policy."""
    return statement(Action=action, Resource=resource, Condition=condition)


def deny(action: Texts, resource: Texts, condition: Json | None = None) -> Json:
    return statement(Effect="Deny", Action=action, Resource=resource, Condition=condition)


def one(*statements: Json) -> list[Json]:
    """One document of these statements."""
    return [document(*statements)]


def trust(
    action: Texts = "sts:AssumeRole",
    principal: Json | str | None = None,
    condition: Json | None = None,
) -> Json:
    """An Allow in a trust policy, of the broker where nobody is named."""
    return statement(
        Action=action, Principal=principal or {"AWS": BROKER}, Resource=None, Condition=condition
    )


def read(documents: Sequence[Json]) -> list[Document]:
    return [
        read
        for index, one in enumerate(documents)
        for read in read_documents(json.dumps(one), f"{index}.json", layer=None)
    ]


def findings(case: Case, documents: Sequence[Json]) -> tuple[Finding, ...]:
    return lint(read(documents), tags=case.tags, guarded=case.guarded)


def codes(*documents: Json, tags: Sequence[str] = (), guarded: Sequence[str] = ()) -> set[str]:
    return {one.code for one in lint(read(documents), tags=tags, guarded=guarded)}


def allowed(ask: Ask, documents: Sequence[Json]) -> bool:
    """What the evaluator says with all the documents attached."""
    parsed = [
        parse_policy(one.raw, name=f"{index}", layer=one.layer)
        for index, one in enumerate(read(documents))
    ]

    def single(layer: Layer) -> Policy | None:
        return next((one for one in parsed if one.layer is layer), None)

    policies = Policies(
        identity=tuple(one for one in parsed if one.layer is Layer.IDENTITY),
        resource=single(Layer.RESOURCE),
        trust=single(Layer.TRUST),
    )
    caller = ask.principal or session(ask.tags)
    request = Request(
        caller, ask.action, ask.resource, resource_account="123456789012", context=ask.context
    )
    return evaluate(request, policies).allowed


def check(case: Case) -> None:
    """The trap is found in `bad` and not in `good`, and is what the case says it is."""
    found = [finding for finding in findings(case, case.bad) if finding.code == case.code]
    assert found, sorted(finding.code for finding in findings(case, case.bad))
    assert found[0].severity.value == case.severity
    assert found[0].why
    assert found[0].mend
    if case.path is not None:
        assert found[0].path == case.path
    assert case.code not in {finding.code for finding in findings(case, case.good)}
    if case.opens is not None:
        assert allowed(case.opens, case.bad), "the evaluator does not see the trap"
        assert not allowed(case.opens, case.good), "the mend does not close it"
