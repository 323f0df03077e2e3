"""A map and policies from which each test changes one thing."""

from collections.abc import Mapping
from typing import Any

from tests.iam.build import ROLE, document
from valetkey.isolation.problem import Problem, problem_of
from valetkey.tenancy.policy_set import Attached, Document, PolicySet, RolePolicies
from valetkey.tenancy.tenancy_map import AgentRole, TenancyMap

Json = dict[str, Any]
TRUST: Json = document(
    {"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
)


def problem_with(
    *statements: Json,
    tenancy: TenancyMap | None = None,
    tags: Mapping[str, str] | None = None,
    resource_policies: Mapping[str, Document | None] | None = None,
    **changes: Any,
) -> Problem:
    """Return a problem of one role with one policy of these statements."""
    role = RolePolicies(ROLE, TRUST, (Attached("p", document(*statements)),), tags=tags or {})
    known = tenancy or TenancyMap(("user_id",), (AgentRole("tenant-data", ROLE),))
    return problem_of(
        known, PolicySet((role,), resource_policies=resource_policies or {}, **changes)
    )
