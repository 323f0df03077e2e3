"""What a queue is told of another is checked before anything is set."""

import json

import pytest

from tests.localaws.refusals import refused
from tests.localaws.world import ACCOUNT, REGION, World

ARN = f"arn:aws:sqs:{REGION}:{ACCOUNT}:"


@pytest.mark.parametrize("target", ["never-was", "ordered-dead.fifo"])
def test_a_dead_letter_queue_that_is_refused_is_not_set(world: World, target: str) -> None:
    sqs = world.client("sqs")
    sqs.create_queue(QueueName="ordered-dead.fifo", Attributes={"FifoQueue": "true"})
    name = f"source-of-{target.partition('.')[0]}"
    url = sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "7"})["QueueUrl"]
    redrive = json.dumps({"deadLetterTargetArn": f"{ARN}{target}", "maxReceiveCount": 1})
    wanted = {"RedrivePolicy": redrive, "VisibilityTimeout": "99"}
    setting = {"QueueUrl": url, "Attributes": wanted}
    assert refused(lambda: sqs.set_queue_attributes(**setting)) == "InvalidParameterValue"
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert found["VisibilityTimeout"] == "7" and "RedrivePolicy" not in found
    other = {"QueueName": f"other-{name}", "Attributes": wanted}
    assert refused(lambda: sqs.create_queue(**other)) == "InvalidParameterValue"
    assert refused(lambda: sqs.get_queue_url(QueueName=f"other-{name}")) in {
        "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue",
    }  # fmt: skip
