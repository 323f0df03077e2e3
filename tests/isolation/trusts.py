"""A small map with hand-written policies, of which each test changes one thing."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

from tests.tenancy.maps import BROKER, ORDERS, PROVIDER, ROLE, a_prefix, a_table, of, section
from valetkey.iam import Policies, Principal, PrincipalKind, Request, evaluate
from valetkey.isolation.answer import Answer, Verdict, Witness
from valetkey.isolation.deciding import decide
from valetkey.isolation.problem import Problem, problem_of
from valetkey.isolation.proving import verdict
from valetkey.isolation.question import Asked, Settled
from valetkey.tenancy import AgentRole, Attached, PolicySet, RolePolicies, Source, TenancyMap

APPROVALS = "arn:aws:dynamodb:eu-west-1:111122223333:table/Approvals"
BUCKET = "arn:aws:s3:::traces"
OTHER = "arn:aws:iam::111122223333:role/Deploy"
ORCHESTRATOR = "arn:aws:iam::111122223333:role/Orchestrator"
HOST = "id.example.com"
Statement = dict[str, Any]


def a_map(source: Source = Source.ASSUME_ROLE) -> TenancyMap:
    """Return a map of one table by user, one prefix by user, and a protected table."""
    return of(
        section(
            oidc_provider=PROVIDER,
            platform=[ORCHESTRATOR],
            tables=[a_table(access=["read", "write"], indexes={})],
            prefixes=[a_prefix(access=["read", "list"])],
            protected=[{"arn": APPROVALS}],
        ),
        tags=("user_id",),
        roles=(AgentRole("tenant-data", ROLE, source=source),),
    )


def bounded() -> dict[str, Any]:
    """Return the conditions on tags that a trust policy needs for this map."""
    return {
        "StringLike": {"aws:RequestTag/user_id": "?*", "aws:RequestTag/valetkey_run": "r-*"},
        "StringNotLike": {"aws:RequestTag/user_id": "*/*"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["user_id", "valetkey_run"]},
        "Null": {"aws:TagKeys": "false"},
    }


def without(operator: str, key: str | None = None) -> dict[str, Any]:
    """Return those conditions without an operator, or without one of its keys."""
    condition = bounded()
    if key is None:
        del condition[operator]
    else:
        del condition[operator][key]
    return condition


def trust_of(
    *more: Statement, principal: Any = None, condition: Mapping[str, Any] | None = None
) -> Statement:
    """Return a trust policy that takes exactly our tags, from the broker where nobody is told."""
    own = {
        "Effect": "Allow",
        "Principal": {"AWS": BROKER} if principal is None else principal,
        "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Condition": bounded() if condition is None else condition,
    }
    return document(own, *more)


def token_trust(is_ours: Mapping[str, Any]) -> Statement:
    """Return a trust policy that takes tokens of our provider with these conditions beside."""
    provider = {"Federated": PROVIDER}
    action = ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"]
    own = {"Effect": "Allow", "Principal": provider, "Action": action}
    return document({**own, "Condition": {**bounded(), **is_ours}})


def allow(action: Any, resource: Any, **more: Any) -> Statement:
    """Return an Allow."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def permissions(*more: Statement) -> Statement:
    """Return a permission policy that does what the map says."""
    own = {
        "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "TENANT#${aws:PrincipalTag/user_id}"},
        "Null": {"dynamodb:LeadingKeys": "false"},
    }
    items = ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem"]
    return document(
        allow(items, ORDERS, Condition=own),
        allow("s3:GetObject", f"{BUCKET}/traces/${{aws:PrincipalTag/user_id}}/*"),
        *more,
    )


def document(*statements: Statement) -> Statement:
    """Return a policy document."""
    return {"Version": "2012-10-17", "Statement": [deepcopy(one) for one in statements]}


def a_problem(
    tenancy: TenancyMap | None = None,
    *,
    trust: Statement | None = None,
    grants: Statement | None = None,
    resources: Mapping[str, Statement | None] | None = None,
    **more: Any,
) -> Problem:
    """Return the problem of the map and these policies; what is not told is as it should be."""
    role = RolePolicies(
        ROLE, trust or trust_of(), (Attached("permissions", grants or permissions()),)
    )
    changed = {key: more.pop(key) for key in ("tags", "boundary") if key in more}
    known: dict[str, Statement | None] = {ORDERS: None, BUCKET: None, **(resources or {})}
    policies = PolicySet((replace(role, **changed),), known, **more)
    return problem_of(tenancy or a_map(), policies)


def verdicts(theorem: Callable[[Problem], Iterator[Asked]], problem: Problem) -> list[Verdict]:
    """Return the answer to each question of a theorem."""
    return [
        asked.verdict
        if isinstance(asked, Settled)
        else verdict(asked, decide(asked.formula, plain=asked.plain))
        for asked in theorem(problem)
    ]


def answer(found: Iterable[Verdict]) -> Answer:
    """Return what the verdicts say together."""
    answers = {one.answer for one in found}
    return next(one for one in (Answer.REFUTED, Answer.UNKNOWN, Answer.PROVED) if one in answers)


def witnesses(found: Iterable[Verdict]) -> list[Witness]:
    """Return the witnesses of the verdicts."""
    return [one.witness for one in found if one.witness is not None]


def replayed(witness: Witness, policies: Policies) -> bool:
    """Tell whether the evaluator allows the witness's request to a principal made from its text."""
    principal = _principal(witness)
    request = Request(
        principal,
        witness.action,
        witness.resource,
        resource_account=witness.resource_account,
        context=witness.context,
    )
    return evaluate(request, policies).allowed


def _principal(witness: Witness) -> Principal:
    if ":oidc-provider/" in witness.principal:
        return Principal(PrincipalKind.FEDERATED, witness.principal)
    return Principal(PrincipalKind.ARN, witness.principal, role_arn=witness.role)
