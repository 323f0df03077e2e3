"""What queues, secrets, parameters and functions have in common: names, ARNs, tags, places."""

from tests.fuzz.calls import Context, Holder, Need, Place
from tests.fuzz.names import Tenant
from tests.fuzz.places import ACCOUNT, REGION
from tests.fuzz.world import World

ALL = Place("extras", "")
FIFO = ".fifo"
QUALIFIERS = ("live", "1")  # of every function
CARRIERS = {"sqs": Holder.QUEUE, "secretsmanager": Holder.SECRET, "lambda": Holder.FUNCTION}


def place_of(world: World, tenant: Tenant) -> Place:
    """Return where the tenant's data lies in this world's further service."""
    return Place("item", f"{world.extra}:{tenant.number}")


def name_of(world: World, tenant: Tenant) -> str:
    """Return the name of the tenant's queue, secret or function; in every third a FIFO queue."""
    name = f"w{world.names.number}-t{tenant.number}"
    fifo = world.extra == "sqs" and (world.names.number + tenant.number) % 3 == 0
    return name + FIFO if fifo else name


def arn_of(service: str, resource: str) -> str:
    """Return the ARN of a resource of this account and region."""
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def carrier_of(world: World, tenant: Tenant) -> str:
    """Return the ARN that the tenant's resource-based policy stands on."""
    if world.extra == "secretsmanager":
        return world.ids[tenant.number]
    kind = "function:" if world.extra == "lambda" else ""
    return arn_of(world.extra, kind + name_of(world, tenant))


def tags_of(tenant: Tenant, *prefixes: str) -> Context:
    """Return the conditions' keys of the resource's one tag, under the service's prefixes too."""
    return {f"{prefix}/repo": tenant.repo for prefix in ("aws:ResourceTag", *prefixes)}


def need_on(
    world: World, action: str, target: Tenant, *, arn: str = "", context: Context | None = None
) -> Need:
    """Return the decision on the target's resource, whose policy has a say."""
    more = ("secretsmanager:ResourceTag",) if world.extra == "secretsmanager" else ()
    return Need(
        f"{world.extra}:{action}",
        arn or carrier_of(world, target),
        {**tags_of(target, *more), **(context or {})},
        CARRIERS[world.extra],
    )
