"""Calls on functions, by name, version or alias.

The resource of a call is the ARN that the request names: with the qualifier where it has one
("Lambda resource ARN format"), whatever way it is written in.
"""

import json
from typing import Any

from tests.fuzz.calls import Call, Need
from tests.fuzz.extras import QUALIFIERS, carrier_of, name_of, need_on, place_of
from tests.fuzz.names import Tenant
from tests.fuzz.pick import Pick
from tests.fuzz.places import ACCOUNT
from tests.fuzz.world import World

_LOOKS = (("get_function_configuration", "GetFunctionConfiguration"), ("get_policy", "GetPolicy"))
_KINDS = ("RequestResponse", "RequestResponse", "RequestResponse", "Event", "DryRun")


def make_function(world: World, tenant: Tenant, text: str) -> None:
    """Register the tenant's function, which answers with `text`."""
    world.exchange.aws.add_function(
        name_of(world, tenant), text, tags={"repo": tenant.repo}, qualifiers=QUALIFIERS
    )


def pick_function_call(pick: Pick, world: World, me: Tenant, target: Tenant) -> Call:
    """Return an invocation, or a look at the function, its policy, or all functions."""
    if pick.chance(8):
        return Call("lambda", "list_functions", {}, needs=(Need("lambda:ListFunctions", "*"),))
    arn, arguments = _named(pick, world, target)
    method, action = "invoke", "InvokeFunction"
    if pick.chance(3):
        method, action = pick.one(_LOOKS)
    if method == "invoke":
        arguments["Payload"] = json.dumps({"n": 1}).encode()
        arguments["InvocationType"] = pick.one(_KINDS)
    return Call(
        "lambda", method, arguments, needs=(need_on(world, action, target, arn=arn),),
        shows=(place_of(world, target),) if method == "invoke" else (),
    )  # fmt: skip


def _named(pick: Pick, world: World, target: Tenant) -> tuple[str, dict[str, Any]]:
    """Return the ARN that a request means, and the parameters that name it."""
    name, arn = name_of(world, target), carrier_of(world, target)
    given = pick.one((name, arn, f"{ACCOUNT}:function:{name}"))
    qualifier = pick.one(("", "", "$LATEST", *QUALIFIERS, "none"))
    if not qualifier:
        return arn, {"FunctionName": given}
    arn = f"{arn}:{qualifier}"
    way = pick.below(3)
    if way == 0:
        return arn, {"FunctionName": given, "Qualifier": qualifier}
    if way == 1:
        return arn, {"FunctionName": f"{given}:{qualifier}"}
    return arn, {"FunctionName": f"{given}:{qualifier}", "Qualifier": qualifier}
