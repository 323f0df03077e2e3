"""Calls on queues, FIFO ones too: messages one by one and in batches, receipt handles, policies.

A batch is allowed by the action of the single operation (SQS Developer Guide, "Amazon SQS API
permissions"). A receipt handle opens nothing in another queue than its message's.
"""

from typing import Any

from tests.fuzz.calls import Call, Need, Put
from tests.fuzz.exchange import Outcome
from tests.fuzz.extras import ALL, FIFO, name_of, need_on, place_of
from tests.fuzz.names import Tenant
from tests.fuzz.pick import Pick
from tests.fuzz.world import Receipt, World

RECEIPTS = 30  # that a world remembers
_READ = {"VisibilityTimeout": 0, "MaxNumberOfMessages": 10}


def fifo_ids(queue: str, name: str) -> dict[str, str]:
    """Return what a message to a FIFO queue has to say beside its body."""
    if not queue.endswith(FIFO):
        return {}
    return {"MessageGroupId": "g", "MessageDeduplicationId": name}


def make_queue(world: World, tenant: Tenant, text: str) -> None:
    """Make the tenant's queue with two messages: `text`, and one that its owner never deletes."""
    name, made = name_of(world, tenant), world.exchange.made
    attributes = {"FifoQueue": "true"} if name.endswith(FIFO) else {}
    url = made("sqs", "create_queue", QueueName=name, tags={"repo": tenant.repo},
               Attributes=attributes)["QueueUrl"]  # fmt: skip
    world.ids[tenant.number] = url
    place, vault = place_of(world, tenant), world.canary(tenant)
    for body in (text, vault):
        made("sqs", "send_message", QueueUrl=url, MessageBody=body, **fifo_ids(name, body))
    world.put(Put(place, vault, views=frozenset({ALL})))
    world.messages[name] = vault


def pick_queue_call(pick: Pick, world: World, me: Tenant, target: Tenant) -> Call:
    """Return a call that reads or writes the target's queue, or tells of queues."""
    if pick.chance(3):
        return _pick_receipt_call(pick, world, me, target)
    name, url = name_of(world, target), world.ids[target.number]
    place, text = place_of(world, target), world.canary(me)
    bodies = [{"Id": "a", "MessageBody": text, **fifo_ids(name, text)},
              {"Id": "b", "MessageBody": "plain", **fifo_ids(name, f"{text}b")}]  # fmt: skip
    options: list[tuple[str, str, dict[str, Any]]] = [
        ("receive_message", "ReceiveMessage", dict(_READ)),
        ("receive_message", "ReceiveMessage", dict(_READ)),
        ("receive_message", "ReceiveMessage", {"VisibilityTimeout": 0, "WaitTimeSeconds": 1}),
        ("send_message", "SendMessage", {"MessageBody": text, **fifo_ids(name, text)}),
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
    return Call(
        "sqs", method, arguments, needs=(need_on(world, action, target),),
        shows=(place,) if method == "receive_message" else (),
        puts=(Put(place, text, views=frozenset({ALL})),) if method.startswith("send") else (),
        keeps=_others(world, target),
    )  # fmt: skip


def _pick_receipt_call(pick: Pick, world: World, me: Tenant, target: Tenant) -> Call:
    """Return a call on messages by receipt handles: this queue's, another's, or nobody's."""
    known = [one for one in world.receipts
             if target is not me or one.body != world.messages[name_of(world, me)]]  # fmt: skip
    handles = [one.handle for one in pick.some(known, most=3)] if known else ["none"]
    delete, batch = pick.chance(2), pick.chance(2)
    more = {} if delete else {"VisibilityTimeout": pick.one((0, 0, 1))}
    arguments: dict[str, Any] = {"QueueUrl": world.ids[target.number]}
    if batch:
        entries = enumerate(handles)
        arguments["Entries"] = [{"Id": f"e{n}", "ReceiptHandle": h, **more} for n, h in entries]
    else:
        arguments |= {"ReceiptHandle": handles[0], **more}
    action = "DeleteMessage" if delete else "ChangeMessageVisibility"
    method = "delete_message" if delete else "change_message_visibility"
    return Call("sqs", f"{method}_batch" if batch else method, arguments,
                needs=(need_on(world, action, target),), keeps=_others(world, target))  # fmt: skip


def _others(world: World, target: Tenant) -> tuple[str, ...]:
    return tuple(name_of(world, one) for one in world.tenants if one is not target)


def remember_receipts(world: World, call: Call, outcome: Outcome) -> None:
    """Keep the receipt handles of an answer, the newest ones."""
    queue = call.arguments["QueueUrl"].rpartition("/")[2]
    for message in outcome.parsed.get("Messages", ()):
        world.receipts.append(Receipt(queue, message["ReceiptHandle"], message["Body"]))
    del world.receipts[:-RECEIPTS]
