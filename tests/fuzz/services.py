"""Queues, secrets, parameters and functions: one kind a world, told apart by their tags alone."""

from tests.fuzz.calls import Call, Context, Need, Place, Put
from tests.fuzz.extras import ALL, CARRIERS, arn_of, place_of, tags_of
from tests.fuzz.functions import make_function, pick_function_call
from tests.fuzz.grants import pick_change
from tests.fuzz.names import Tenant
from tests.fuzz.pick import Pick
from tests.fuzz.queues import make_queue, pick_queue_call
from tests.fuzz.s3_reads import pick_target
from tests.fuzz.secret_values import make_secret, pick_secret_call
from tests.fuzz.world import World

EXTRAS = ("sqs", "secretsmanager", "ssm", "lambda")


def make_extras(world: World) -> None:
    """Give each tenant a queue with messages, a secret, a parameter or a function."""
    makers = {
        "sqs": make_queue, "secretsmanager": make_secret, "ssm": _make_parameter,
        "lambda": make_function,
    }  # fmt: skip
    for tenant in world.tenants:
        text = world.canary(tenant)
        makers[world.extra](world, tenant, text)
        world.put(Put(place_of(world, tenant), text, views=frozenset({ALL})))


def pick_extra(pick: Pick, world: World, me: Tenant) -> Call:
    """Return a call of the kind of service that this world has."""
    target = pick_target(pick, world, me)
    if world.extra in CARRIERS and pick.chance(6):
        return pick_change(pick, world, target)
    makers = {
        "sqs": pick_queue_call, "secretsmanager": pick_secret_call, "ssm": _pick_parameter_call,
        "lambda": pick_function_call,
    }  # fmt: skip
    return makers[world.extra](pick, world, me, target)


def _path(world: World, tenant: Tenant) -> str:
    return f"/w{world.names.number}/t{tenant.number}"


def _make_parameter(world: World, tenant: Tenant, text: str) -> None:
    world.exchange.made(
        "ssm", "put_parameter", Name=_path(world, tenant), Value=text, Type="String",
        Tags=[{"Key": "repo", "Value": tenant.repo}],
    )  # fmt: skip


def _need(world: World, action: str, target: Tenant, context: Context | None = None) -> Need:
    arn = arn_of("ssm", f"parameter{_path(world, target)}")
    return Need(f"ssm:{action}", arn, {**tags_of(target, "ssm:resourceTag"), **(context or {})})


def _pick_parameter_call(pick: Pick, world: World, me: Tenant, target: Tenant) -> Call:
    kind, name, place = pick.below(5), _path(world, target), place_of(world, target)
    if kind <= 1:
        given = pick.one((name, f"{name}:1", arn_of("ssm", f"parameter{name}")))
        return Call("ssm", "get_parameter", {"Name": given}, shows=(place,),
                    needs=(_need(world, "GetParameter", target),))  # fmt: skip
    if kind == 2:
        others = {target.number: target}
        for _ in range(pick.below(3)):
            other = pick_target(pick, world, me)
            others[other.number] = other
        return Call("ssm", "get_parameters", {"Names": [_path(world, o) for o in others.values()]},
                    needs=tuple(_need(world, "GetParameters", o) for o in others.values()),
                    shows=tuple(place_of(world, o) for o in others.values()))  # fmt: skip
    if kind == 3:
        path = f"/w{world.names.number}"
        recursive = pick.chance(2)
        context: Context = {"ssm:Recursive": str(recursive).lower()}
        need = Need("ssm:GetParametersByPath", arn_of("ssm", f"parameter{path}"), context)
        return Call("ssm", "get_parameters_by_path", {"Path": path, "Recursive": recursive},
                    needs=(need,), shows=(Place("extras", ""),))  # fmt: skip
    text = world.canary(me)
    return Call(
        "ssm", "put_parameter", {"Name": name, "Value": text, "Type": "String", "Overwrite": True},
        needs=(_need(world, "PutParameter", target, {"ssm:Overwrite": "true"}),),
        puts=(Put(place, text, views=frozenset({ALL})),),
    )  # fmt: skip
