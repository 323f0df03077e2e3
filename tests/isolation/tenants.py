"""What the tests of the theorems about data share: policies as the map has them, and answers."""

from collections.abc import Callable, Iterator
from typing import Any

from tests.isolation.trusts import (
    BUCKET,
    Statement,
    a_map,
    allow,
    bounded,
    document,
    permissions,
    trust_of,
    verdicts,
)
from tests.tenancy.maps import ROLE, a_prefix, of, section
from valetkey.iam import Principal, PrincipalKind, Request, evaluate
from valetkey.isolation.answer import Answer, Verdict, Witness
from valetkey.isolation.deciding import decide
from valetkey.isolation.formula import Assignment, holds
from valetkey.isolation.problem import Problem
from valetkey.isolation.proving import verdict
from valetkey.isolation.question import Asked, Question
from valetkey.tenancy import AgentRole, TenancyMap

USER = "${aws:PrincipalTag/user_id}"
OWN_OBJECTS = f"{BUCKET}/traces/{USER}/*"
Theorem = Callable[[Problem], Iterator[Asked]]


def own(*more: Statement) -> Statement:
    """Return a permission policy that does all that the map says, and these statements."""
    listed = {"StringLike": {"s3:prefix": f"traces/{USER}/*"}}
    return permissions(allow("s3:ListBucket", BUCKET, Condition=listed), *more)


def only(*statements: Statement) -> Statement:
    """Return a permission policy of these statements alone."""
    return document(*statements)


def open_trust() -> Statement:
    """Return a trust policy that asks for no tags."""
    return trust_of(condition={"StringEquals": {"sts:ExternalId": "x"}})


def trust_with(**changed: Any) -> Statement:
    """Return a trust policy whose conditions are these where they differ from ours."""
    kept = {**bounded(), **{key.replace("_", ":"): value for key, value in changed.items()}}
    return trust_of(condition={key: value for key, value in kept.items() if value})


def a_map_of_prefixes(
    *prefixes: str,
    shared: list[dict[str, Any]] | None = None,
    tags: tuple[str, ...] = ("user_id",),
) -> TenancyMap:
    """Return a map of prefixes of one bucket, to be read."""
    entries = [a_prefix(prefix=one, access=["read"]) for one in prefixes]
    role = AgentRole("tenant-data", ROLE)
    return of(section(prefixes=entries, shared=shared or []), tags=tags, roles=(role,))


def refuted(theorem: Theorem, problem: Problem) -> Witness:
    """Return the first witness against the theorem, having asked the evaluator for it once more."""
    for asked in theorem(problem):
        if isinstance(asked, Question):
            found = verdict(asked, decide(asked.formula, plain=asked.plain))
            if found.answer is Answer.REFUTED and found.witness is not None:
                assert decided_again(problem, found.witness) == found.witness.got
                return found.witness
    raise AssertionError("no question is refuted")


def decided_again(problem: Problem, witness: Witness) -> str:
    """Return what the evaluator says of a witness, made from nothing but its own text."""
    role = next(one for one in problem.roles if one.policies.arn == witness.role)
    caller = Principal(
        PrincipalKind.ARN,
        witness.principal,
        tags=witness.runs[0],
        role_tags=role.policies.tags,
        role_arn=witness.role,
    )
    request = Request(
        caller,
        witness.action,
        witness.resource,
        resource_account=witness.resource_account,
        context=witness.context,
    )
    holder = next(
        place
        for place in problem.places(witness.action)
        if holds(place.inside((witness.resource,)), Assignment({}, {}))
    )
    allowed = evaluate(request, problem.policies_of(role, holder)).allowed
    return "allow" if allowed else "deny"


def is_proved(theorem: Theorem, problem: Problem) -> bool:
    """Tell whether every question of the theorem is proved."""
    found: list[Verdict] = verdicts(theorem, problem)
    return bool(found) and all(one.answer is Answer.PROVED for one in found)


__all__ = [
    "BUCKET",
    "OWN_OBJECTS",
    "USER",
    "a_map",
    "a_map_of_prefixes",
    "decided_again",
    "is_proved",
    "only",
    "open_trust",
    "own",
    "refuted",
    "trust_with",
]
