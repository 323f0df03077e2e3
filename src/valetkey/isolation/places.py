"""Which resource policy bears on a resource of which only a pattern is known."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from valetkey.iam import Policy
from valetkey.iam.arn import split_arn
from valetkey.iam.glob import STAR, Wild, units
from valetkey.isolation.comparing import equal, like
from valetkey.isolation.formula import TRUE, Formula, Symbol, Text, all_of, any_of, negated
from valetkey.tenancy.tenancy_map import TenancyMap

# What follows the ARN of the resource that has a policy in the ARNs of what is in it: objects of
# a bucket, indexes and streams of a table, versions and aliases of a function.
INSIDE = {"s3": "/", "dynamodb": "/", "lambda": ":"}

FOREIGN = Symbol("resource.account")
"""The account of a resource that is another's than the role's."""


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Resources of which one resource policy bears, as a case of the resource that is asked for.

    `arn` is the table's, bucket's, …; None is anywhere else, where no policy is known. `known`
    says that the resource's policy was supplied, or that it is known to have none. `inside(text)`
    says that the resource `text` is of this place; a resource is of exactly one place. `account`
    is the one in the ARN, None where it has none (then the principal's own), or FOREIGN.
    """

    arn: str | None
    policy: Policy | None
    known: bool
    inside: Callable[[Text], Formula]
    account: str | Symbol | None


def places_of(
    service: str, holders: Iterable[str], policies: Mapping[str, Policy | None]
) -> tuple[Place, ...]:
    """Return the places of a service: one for each holder of a policy, and anywhere else."""
    arns = sorted({arn for arn in holders if service_of(arn) == service})
    return (*(_place(arn, arns, policies) for arn in arns), _elsewhere(arns))


def fixed_holders(tenancy: TenancyMap) -> Iterator[str]:
    """Yield the ARN of each resource of the map that may have a policy and is the same for all."""
    for entry in tenancy.owned:
        first = entry.arn[0] if entry.arn else ""
        if len(entry.arn) == 1 and isinstance(first, str):
            open_arn = entry.open and entry.key is None  # else the key is open, not the ARN
            yield from _fixed(first + ("*" if open_arn else ""))
    for shared in tenancy.shared:
        yield from () if shared.actions else _fixed(shared.arn)


def foreign(place: Place, own: str | None) -> Place:
    """Return the same resources where they are another account's than `own`, any other's."""
    other = all_of(
        [like((FOREIGN,), (Wild.ONE,) * 12), negated(equal((FOREIGN,), (units(own or ""),)))]
    )

    def inside(resource: Text) -> Formula:
        return all_of([other, place.inside(resource)])

    return replace(place, account=FOREIGN, inside=inside)


def holder_of(arn: str) -> str:
    """Return the ARN of the resource whose policy bears on this one: an object's bucket, an
    index's table. A table's stream and a version of a function have a policy of their own.
    """
    parts = split_arn(arn)
    if parts is None:
        return arn
    if parts.service == "s3":
        access_point = parts.resource.startswith("accesspoint/")
        return "/".join(arn.split("/")[: 2 if access_point else 1])
    if parts.service == "dynamodb" and "/stream/" not in parts.resource:
        return "/".join(arn.split("/")[:2])
    return arn


def service_of(arn: str) -> str:
    """Return the service in an ARN, "" for what is none."""
    parts = split_arn(arn)
    return parts.service if parts else ""


def _fixed(arn: str) -> Iterator[str]:
    holder = holder_of(arn)
    if "*" not in holder:
        yield holder


def _place(arn: str, arns: list[str], policies: Mapping[str, Policy | None]) -> Place:
    """Return the place of `arn`, without what is in others that are in it."""
    narrower = [one for one in arns if one != arn and _within(arn, (one,)) == TRUE]
    parts = split_arn(arn)

    def inside(resource: Text) -> Formula:
        others = any_of(_within(one, resource) for one in narrower)
        return all_of([_within(arn, resource), negated(others)])

    account = parts.account or None if parts else None
    return Place(arn, policies.get(arn), arn in policies, inside, account)


def _elsewhere(arns: list[str]) -> Place:
    def inside(resource: Text) -> Formula:
        return negated(any_of(_within(arn, resource) for arn in arns))

    return Place(None, None, known=False, inside=inside, account=None)


def _within(arn: str, resource: Text) -> Formula:
    divider = INSIDE.get(service_of(arn))
    parts = [equal(resource, (arn,))]
    if divider is not None:
        parts.append(like(resource, (arn + divider, STAR)))
    return any_of(parts)
