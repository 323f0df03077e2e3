"""Queues, secrets, parameters and functions: one kind a world, told apart by their tags alone."""

import json
from typing import Any

from tests.fuzz.calls import Call, Context, Need, Place, Put
from tests.fuzz.names import Tenant
from tests.fuzz.pick import Pick
from tests.fuzz.places import ACCOUNT, REGION
from tests.fuzz.s3_reads import pick_target
from tests.fuzz.world import World

EXTRAS = ("sqs", "secretsmanager", "ssm", "lambda")


def _place(world: World, tenant: Tenant) -> Place:
    return Place("item", f"{world.extra}:{tenant.number}")


def _name(world: World, tenant: Tenant) -> str:
    return f"w{world.names.number}-t{tenant.number}"


def _path(world: World, tenant: Tenant) -> str:
    return f"/w{world.names.number}/t{tenant.number}"


def make_extras(world: World) -> None:
    """Give each tenant a queue with a message, a secret, a parameter or a function."""
    made = world.exchange.made
    for tenant in world.tenants:
        name, text = _name(world, tenant), world.canary(tenant)
        pairs: list[dict[str, str]] = [{"Key": "repo", "Value": tenant.repo}]
        if world.extra == "sqs":
            url = made("sqs", "create_queue", QueueName=name, tags={"repo": tenant.repo})[
                "QueueUrl"
            ]
            world.ids[tenant.number] = url
            made("sqs", "send_message", QueueUrl=url, MessageBody=text)
        elif world.extra == "secretsmanager":
            secret = made(
                "secretsmanager", "create_secret", Name=name, SecretString=text, Tags=pairs
            )
            world.ids[tenant.number] = secret["ARN"]
        elif world.extra == "ssm":
            made("ssm", "put_parameter", Name=_path(world, tenant), Value=text, Type="String",
                 Tags=pairs)  # fmt: skip
        else:
            world.exchange.aws.add_function(name, text, tags={"repo": tenant.repo})
        world.put(Put(_place(world, tenant), text, views=frozenset({Place("extras", "")})))


def pick_extra(pick: Pick, world: World, me: Tenant) -> Call:
    """Return a call of the kind of service that this world has."""
    target = pick_target(pick, world, me)
    makers = {"sqs": _queue, "secretsmanager": _secret, "ssm": _parameter, "lambda": _function}
    return makers[world.extra](pick, world, me, target)


def _tags(tenant: Tenant, *prefixes: str) -> Context:
    return {f"{prefix}/repo": tenant.repo for prefix in ("aws:ResourceTag", *prefixes)}


def _arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def _queue(pick: Pick, world: World, me: Tenant, target: Tenant) -> Call:
    name, url = _name(world, target), world.ids[target.number]
    place, text = _place(world, target), world.canary(me)
    bodies = [{"Id": "a", "MessageBody": text}, {"Id": "b", "MessageBody": "plain"}]
    options: list[tuple[str, str, dict[str, Any]]] = [
        ("receive_message", "ReceiveMessage", {"VisibilityTimeout": 0, "MaxNumberOfMessages": 10}),
        ("receive_message", "ReceiveMessage", {"VisibilityTimeout": 0, "WaitTimeSeconds": 1}),
        ("send_message", "SendMessage", {"MessageBody": text}),
        ("send_message_batch", "SendMessage", {"Entries": bodies}),
        ("get_queue_attributes", "GetQueueAttributes", {"AttributeNames": ["All"]}),
        ("list_queue_tags", "ListQueueTags", {}),
        ("list_queues", "ListQueues", {}),
        ("get_queue_url", "GetQueueUrl", {"QueueName": name}),
    ]
    method, action, arguments = pick.one(options)
    if method == "list_queues":
        return Call("sqs", method, {}, needs=(Need("sqs:ListQueues", "*"),))
    if method != "get_queue_url":
        arguments["QueueUrl"] = url
    puts = (Put(place, text, views=frozenset({Place("extras", "")})),)
    return Call(
        "sqs", method, arguments, needs=(Need(f"sqs:{action}", _arn("sqs", name), _tags(target)),),
        shows=(place,) if method == "receive_message" else (),
        puts=puts if method.startswith("send") else (),
    )  # fmt: skip


def _secret(pick: Pick, world: World, me: Tenant, target: Tenant) -> Call:
    arn, text = world.ids[target.number], world.canary(me)
    secret_id = pick.one((_name(world, target), arn, arn[:-7]))
    context: Context = {"secretsmanager:SecretId": secret_id,
                        **_tags(target, "secretsmanager:ResourceTag")}  # fmt: skip
    arguments: dict[str, Any] = {"SecretId": secret_id}
    method, action = pick.one(
        (("get_secret_value", "GetSecretValue"), ("get_secret_value", "GetSecretValue"),
         ("describe_secret", "DescribeSecret"), ("put_secret_value", "PutSecretValue"),
         ("list_secret_version_ids", "ListSecretVersionIds"), ("list_secrets", "ListSecrets"))
    )  # fmt: skip
    if method == "list_secrets":
        return Call("secretsmanager", method, {}, needs=(Need("secretsmanager:ListSecrets", "*"),))
    if method == "get_secret_value":
        stage = pick.one(("AWSCURRENT", "AWSPREVIOUS", ""))
        context["secretsmanager:VersionStage"] = stage or "AWSCURRENT"
        arguments |= {"VersionStage": stage} if stage else {}
    if method == "put_secret_value":
        arguments["SecretString"] = text
    place = _place(world, target)
    return Call(
        "secretsmanager", method, arguments,
        needs=(Need(f"secretsmanager:{action}", arn, context),),
        shows=(place,) if method == "get_secret_value" else (),
        puts=(Put(place, text),) if method == "put_secret_value" else (),
    )  # fmt: skip


def _read_need(world: World, action: str, target: Tenant, context: Context | None = None) -> Need:
    arn = _arn("ssm", f"parameter{_path(world, target)}")
    return Need(f"ssm:{action}", arn, {**_tags(target, "ssm:resourceTag"), **(context or {})})


def _parameter(pick: Pick, world: World, me: Tenant, target: Tenant) -> Call:
    kind, name = pick.below(5), _path(world, target)
    if kind <= 1:
        given = pick.one((name, f"{name}:1", _arn("ssm", f"parameter{name}")))
        return Call("ssm", "get_parameter", {"Name": given},
                    needs=(_read_need(world, "GetParameter", target),),
                    shows=(_place(world, target),))  # fmt: skip
    if kind == 2:
        others = {target.number: target}
        for _ in range(pick.below(3)):
            other = pick_target(pick, world, me)
            others[other.number] = other
        return Call("ssm", "get_parameters", {"Names": [_path(world, o) for o in others.values()]},
                    needs=tuple(_read_need(world, "GetParameters", o) for o in others.values()),
                    shows=tuple(_place(world, o) for o in others.values()))  # fmt: skip
    if kind == 3:
        path = f"/w{world.names.number}"
        recursive = pick.chance(2)
        context: Context = {"ssm:Recursive": str(recursive).lower()}
        need = Need("ssm:GetParametersByPath", _arn("ssm", f"parameter{path}"), context)
        return Call("ssm", "get_parameters_by_path", {"Path": path, "Recursive": recursive},
                    needs=(need,), shows=(Place("extras", ""),))  # fmt: skip
    text = world.canary(me)
    return Call(
        "ssm", "put_parameter", {"Name": name, "Value": text, "Type": "String", "Overwrite": True},
        needs=(_read_need(world, "PutParameter", target, {"ssm:Overwrite": "true"}),),
        puts=(Put(_place(world, target), text, views=frozenset({Place("extras", "")})),),
    )  # fmt: skip


def _function(pick: Pick, world: World, me: Tenant, target: Tenant) -> Call:
    name = _name(world, target)
    arn = _arn("lambda", f"function:{name}")
    if pick.chance(6):
        return Call("lambda", "list_functions", {}, needs=(Need("lambda:ListFunctions", "*"),))
    arguments: dict[str, Any] = {
        "FunctionName": pick.one((name, arn, f"{ACCOUNT}:function:{name}"))
    }
    method, action = "get_function_configuration", "GetFunctionConfiguration"
    if not pick.chance(4):
        method, action = "invoke", "InvokeFunction"
        arguments["Payload"] = json.dumps({"n": 1}).encode()
    if pick.chance(4):
        arguments["Qualifier"] = "$LATEST"
        arn = f"{arn}:$LATEST"
    shows = (_place(world, target),) if method == "invoke" else ()
    return Call("lambda", method, arguments, needs=(Need(f"lambda:{action}", arn, _tags(target)),),
                shows=shows)  # fmt: skip
