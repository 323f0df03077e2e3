"""What is done with a queue for each action of SQS, and how it shows."""

from collections.abc import Mapping
from typing import Any

from valetkey.localaws.replaying_outcome import NotPlayedError, Outcome, Played
from valetkey.localaws.replaying_stage import Perform, Stage, of_arn

OURS = "sent by whoever asked"
FIFO = ".fifo"


def _queue(stage: Stage) -> tuple[str, dict[str, str]]:
    """Make the queue with another run's message in it; return its URL and what sending takes."""
    name = of_arn(stage.attempt.resource).resource
    is_fifo = name.endswith(FIFO)
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"} if is_fifo else {}
    grouped = {"MessageGroupId": "replay"} if is_fifo else {}
    sqs = stage.root("sqs")
    url = str(sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"])
    sqs.send_message(QueueUrl=url, MessageBody=stage.marker, **grouped)
    policy = stage.policy(stage.attempt.resource)
    if policy is not None:
        put = sqs.set_queue_attributes
        stage.guards.append(lambda: put(QueueUrl=url, Attributes={"Policy": policy}))
    return url, grouped


def _receive(stage: Stage) -> Played:
    url, _ = _queue(stage)
    found = stage.call("sqs", "receive_message", QueueUrl=url).get("Messages", ())
    if not any(one["Body"] == stage.marker for one in found):
        raise NotPlayedError("no message came, though one was sent")
    return Played(Outcome.ARRIVED, "the other run's message came")


def _send(stage: Stage) -> Played:
    url, grouped = _queue(stage)
    sent = stage.call("sqs", "send_message", QueueUrl=url, MessageBody=OURS, **grouped)
    return Played(Outcome.LANDED, f"message {sent['MessageId']} lies in the other run's queue")


def _with_receipt(operation: str, said: str, **more: Any) -> Perform:
    """Return what needs a receipt handle, which the administrator got by receiving."""

    def perform(stage: Stage) -> Played:
        url, _ = _queue(stage)
        found = stage.root("sqs").receive_message(QueueUrl=url)["Messages"][0]
        handle = found["ReceiptHandle"]
        stage.call("sqs", operation, QueueUrl=url, ReceiptHandle=handle, **more)
        return Played(Outcome.LANDED, said)

    return perform


def _plain(operation: str, said: str, outcome: Outcome = Outcome.DONE) -> Perform:
    def perform(stage: Stage) -> Played:
        url, _ = _queue(stage)
        more = {"AttributeNames": ["All"]} if operation == "get_queue_attributes" else {}
        stage.call("sqs", operation, QueueUrl=url, **more)
        return Played(outcome, said)

    return perform


def _find(stage: Stage) -> Played:
    _queue(stage)
    stage.call("sqs", "get_queue_url", QueueName=of_arn(stage.attempt.resource).resource)
    return Played(Outcome.SHOWN, "the other run's queue is told")


QUEUE_CALLS: Mapping[str, Perform] = {
    "sqs:ReceiveMessage": _receive,
    "sqs:SendMessage": _send,
    "sqs:DeleteMessage": _with_receipt("delete_message", "the other run's message is gone"),
    "sqs:ChangeMessageVisibility": _with_receipt(
        "change_message_visibility", "the other run's message is hidden", VisibilityTimeout=60
    ),
    "sqs:GetQueueAttributes": _plain("get_queue_attributes", "the queue's attributes are told"),
    "sqs:PurgeQueue": _plain("purge_queue", "the other run's messages are gone", Outcome.LANDED),
    "sqs:DeleteQueue": _plain("delete_queue", "the other run's queue is gone", Outcome.LANDED),
    "sqs:GetQueueUrl": _find,
}
