"""What was not supplied: a proof about policies of which one is missing is none."""

from collections.abc import Iterator

from valetkey.isolation.places import fixed_holders
from valetkey.isolation.problem import Problem

BRING = (
    'a file for `--role` may have `"resource_policies": {ARN: DOCUMENT}`, or null for the document '
    "where there is none; `valetkey policy --out` writes such files"
)

Missing = tuple[str, str]
"""What it is about, and the reason why nothing is proved."""


def what_is_missing(problem: Problem) -> Iterator[Missing]:
    """Yield each policy without which no theorem is proved, though it may be refuted."""
    supplied = {role.policies.arn for role in problem.roles}
    for arn in dict.fromkeys(role.arn for role in problem.tenancy.roles):
        if arn not in supplied:
            yield "the agent roles", f"the policies of {arn} were not supplied"
    if not supplied:
        yield "the agent roles", "no agent role was supplied"
    for arn in dict.fromkeys(fixed_holders(problem.tenancy)):
        if arn not in problem.resource_policies:
            said = f"the resource policy of {arn} was not supplied: {BRING}"
            yield "the resource policies", said
    for reason in problem.policies.unread:
        yield "the source", reason
