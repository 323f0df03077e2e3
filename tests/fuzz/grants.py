"""Resource-based policies of queues, secrets and functions: drawn here, kept in the world."""

import json
from typing import Any

from tests.fuzz.calls import Call, Context
from tests.fuzz.extras import QUALIFIERS, carrier_of, name_of, need_on
from tests.fuzz.names import Tenant
from tests.fuzz.pick import Pick
from tests.fuzz.places import ACCOUNT, ACTIONS
from tests.fuzz.policies import pick_statement
from tests.fuzz.statements import Statement, document
from tests.fuzz.world import World

MOST_STATEMENTS = 8
_GIVEN = (
    "lambda:InvokeFunction", "lambda:InvokeFunction", "lambda:*", "lambda:GetPolicy",
    "lambda:GetFunctionConfiguration", "lambda:AddPermission",
)  # fmt: skip


def pick_policy(pick: Pick, world: World, owner: Tenant) -> str:
    """Return a policy of the owner's queue or secret.

    In a safe world it denies, or allows the owner's own run.
    """
    arn, own = carrier_of(world, owner), [a for a in ACTIONS if a.startswith(world.extra)]
    found: list[Statement] = []
    for _ in range(1 + pick.below(2)):
        statement = pick_statement(pick, world.names)
        statement.pop("NotResource", None)
        statement["Resource"] = pick.one((arn, [arn], "*", f"{arn[:-1]}?"))
        statement["Principal"] = pick.one(world.names.principals)
        if "Action" in statement and not pick.chance(4):
            statement["Action"] = pick.some(own, most=2)
        if world.documents.safe and statement["Effect"] == "Allow":
            statement["Principal"] = {"AWS": world.names.session_arn(owner.number)}
        found.append(statement)
    return document(found)


def make_policies(pick: Pick, world: World) -> None:
    """Put a policy on some of the world's queues, secrets and functions, as root."""
    for owner in world.tenants:
        if world.extra == "ssm" or not pick.chance(2):
            continue
        call = pick_change(pick, world, owner)
        if call.policy is not None and call.policy[1] is not None:
            world.exchange.made(call.service, call.method, **call.arguments)
            world.policies[call.policy[0]] = call.policy[1]


def pick_change(pick: Pick, world: World, target: Tenant) -> Call:
    """Return a change of the policy of the target's queue, secret or function."""
    makers = {"sqs": _on_queue, "secretsmanager": _on_secret, "lambda": _on_function}
    return makers[world.extra](pick, world, target)


def _on_queue(pick: Pick, world: World, target: Tenant) -> Call:
    removed = pick.chance(4)
    text = "" if removed else pick_policy(pick, world, target)
    arguments = {"QueueUrl": world.ids[target.number], "Attributes": {"Policy": text}}
    need = need_on(world, "SetQueueAttributes", target)
    return Call("sqs", "set_queue_attributes", arguments, needs=(need,),
                policy=(carrier_of(world, target), text or None))  # fmt: skip


def _on_secret(pick: Pick, world: World, target: Tenant) -> Call:
    arn = carrier_of(world, target)
    secret_id = pick.one((arn, name_of(world, target)))
    context: Context = {"secretsmanager:SecretId": secret_id}
    arguments = {"SecretId": secret_id}
    if pick.chance(4):
        need = need_on(world, "DeleteResourcePolicy", target, context=context)
        return Call("secretsmanager", "delete_resource_policy", arguments, needs=(need,),
                    policy=(arn, None))  # fmt: skip
    arguments["ResourcePolicy"] = pick_policy(pick, world, target)
    need = need_on(world, "PutResourcePolicy", target, context=context)
    return Call("secretsmanager", "put_resource_policy", arguments, needs=(need,),
                policy=(arn, arguments["ResourcePolicy"]))  # fmt: skip


def _on_function(pick: Pick, world: World, target: Tenant) -> Call:
    """Return AddPermission or RemovePermission: Lambda writes the policy itself."""
    carrier = carrier_of(world, target)
    known: list[dict[str, Any]] = []
    if carrier in world.policies:
        known = json.loads(world.policies[carrier])["Statement"]
    if known and (len(known) >= MOST_STATEMENTS or pick.chance(3)):
        return _taken(world, target, known, gone=pick.one(known))
    conditional = pick.chance(3)  # on a service's account: no call here is one of a service's
    given = "*" if conditional else _given(pick, world, target)
    qualifier = pick.one(("", "", *QUALIFIERS))
    arn = f"{carrier}:{qualifier}" if qualifier else carrier
    arguments = {
        "FunctionName": name_of(world, target), "StatementId": f"s{world.number()}",
        "Action": pick.one(_GIVEN), "Principal": given,
    }  # fmt: skip
    if qualifier:
        arguments["Qualifier"] = qualifier
    written: Statement = {
        "Sid": arguments["StatementId"], "Effect": "Allow", "Principal": _principal(given),
        "Action": arguments["Action"], "Resource": arn,
    }  # fmt: skip
    if conditional:
        arguments["SourceAccount"] = ACCOUNT
        written["Condition"] = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    need = need_on(world, "AddPermission", target, arn=arn, context={"lambda:Principal": given})
    return Call("lambda", "add_permission", arguments, needs=(need,),
                policy=(carrier, document([*known, written])))  # fmt: skip


def _given(pick: Pick, world: World, target: Tenant) -> str:
    """Return whom a permission is for: in a safe world the owner's run, or the whole account."""
    own = world.names.session_arn(target.number)
    if world.documents.safe:
        return pick.one((own, own, ACCOUNT, "sns.amazonaws.com"))
    return pick.one(("*", ACCOUNT, world.names.role_arn, own, world.names.session_arn(0)))


def _principal(given: str) -> Any:
    if given == "*":
        return given
    if given.endswith(".amazonaws.com"):
        return {"Service": given}
    return {"AWS": f"arn:aws:iam::{given}:root" if given.isdigit() else given}


def _taken(
    world: World, target: Tenant, known: list[dict[str, Any]], *, gone: dict[str, Any]
) -> Call:
    carrier, arn = carrier_of(world, target), gone["Resource"]
    arguments = {"FunctionName": name_of(world, target), "StatementId": gone["Sid"]}
    if arn != carrier:
        arguments["Qualifier"] = arn.rpartition(":")[2]
    principal = gone["Principal"]
    named = principal if principal == "*" else next(iter(principal.values()))
    if named == f"arn:aws:iam::{ACCOUNT}:root":
        named = ACCOUNT
    kept = [one for one in known if one is not gone]
    need = need_on(world, "RemovePermission", target, arn=arn, context={"lambda:Principal": named})
    return Call("lambda", "remove_permission", arguments, needs=(need,),
                policy=(carrier, document(kept) if kept else None))  # fmt: skip
