"""Calls on secrets, one by one and in batches, where each secret is decided by itself."""

from typing import Any

from tests.fuzz.calls import Call, Context, Need, Put
from tests.fuzz.extras import ALL, name_of, need_on, place_of
from tests.fuzz.names import Tenant
from tests.fuzz.pick import Pick
from tests.fuzz.s3_reads import pick_target
from tests.fuzz.world import World


def make_secret(world: World, tenant: Tenant, text: str) -> None:
    """Make the tenant's secret."""
    made = world.exchange.made(
        "secretsmanager", "create_secret", Name=name_of(world, tenant), SecretString=text,
        Tags=[{"Key": "repo", "Value": tenant.repo}],
    )  # fmt: skip
    world.ids[tenant.number] = made["ARN"]


def pick_secret_call(pick: Pick, world: World, me: Tenant, target: Tenant) -> Call:
    """Return a call that reads, writes or describes the target's secret, or several."""
    if pick.chance(4):
        return _pick_batch(pick, world, me)
    text, secret_id = world.canary(me), _pick_id(pick, world, target)
    context: Context = {"secretsmanager:SecretId": secret_id}
    arguments: dict[str, Any] = {"SecretId": secret_id}
    method, action = pick.one(
        (("get_secret_value", "GetSecretValue"), ("get_secret_value", "GetSecretValue"),
         ("describe_secret", "DescribeSecret"), ("put_secret_value", "PutSecretValue"),
         ("list_secret_version_ids", "ListSecretVersionIds"), ("list_secrets", "ListSecrets"),
         ("get_resource_policy", "GetResourcePolicy"))
    )  # fmt: skip
    if method == "list_secrets":
        return Call("secretsmanager", method, {}, needs=(Need("secretsmanager:ListSecrets", "*"),))
    if method == "get_secret_value":
        stage = pick.one(("AWSCURRENT", "AWSPREVIOUS", ""))
        context["secretsmanager:VersionStage"] = stage or "AWSCURRENT"
        arguments |= {"VersionStage": stage} if stage else {}
    if method == "put_secret_value":
        arguments["SecretString"] = text
    place = place_of(world, target)
    return Call(
        "secretsmanager", method, arguments,
        needs=(need_on(world, action, target, context=context),),
        shows=(place,) if method == "get_secret_value" else (),
        puts=(Put(place, text, views=frozenset({ALL})),) if method == "put_secret_value" else (),
    )  # fmt: skip


def _pick_id(pick: Pick, world: World, target: Tenant) -> str:
    arn = world.ids[target.number]
    return pick.one((name_of(world, target), arn, arn[:-7]))


def _pick_batch(pick: Pick, world: World, me: Tenant) -> Call:
    """Return BatchGetSecretValue: an action on no resource, then GetSecretValue on each secret."""
    filtered = pick.chance(3) and not _names_ids(world)
    targets = [pick_target(pick, world, me) for _ in range(1 + pick.below(3))]
    if filtered:
        targets = list(world.tenants)
    needs = [Need("secretsmanager:BatchGetSecretValue", "*")]
    given: dict[str, Tenant] = {}
    for target in {one.number: one for one in targets}.values():
        given[world.ids[target.number] if filtered else _pick_id(pick, world, target)] = target
    arguments: dict[str, Any] = {"SecretIdList": list(given)}
    if filtered:
        needs.append(Need("secretsmanager:ListSecrets", "*"))
        name = f"w{world.names.number}-"
        arguments = {"Filters": [{"Key": "name", "Values": [name]}]}
    parts = {one: need_on(world, "GetSecretValue", target, context={
                 "secretsmanager:SecretId": one, "secretsmanager:VersionStage": "AWSCURRENT"})
             for one, target in given.items()}  # fmt: skip
    return Call(
        "secretsmanager", "batch_get_secret_value", arguments, needs=tuple(needs), parts=parts,
        part_shows={one: place_of(world, target) for one, target in given.items()},
    )  # fmt: skip


def _names_ids(world: World) -> bool:
    """Tell whether a policy asks for SecretId: what it is in a filtered batch nobody documents."""
    return any("SecretId" in text for text in (world.documents.text, *world.policies.values()))
