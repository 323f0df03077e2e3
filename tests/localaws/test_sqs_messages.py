"""What a request may say of messages."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.localaws.world import World, code_of


@pytest.mark.parametrize(
    ("operation", "more", "code"),
    [
        ("send_message", {"MessageBody": "x", "DelaySeconds": -1}, "InvalidParameterValue"),
        ("send_message", {"MessageBody": "x", "DelaySeconds": 901}, "InvalidParameterValue"),
        ("send_message", {"MessageBody": "x\x01"}, "InvalidMessageContents"),
        ("send_message", {"MessageBody": "\uffff"}, "InvalidMessageContents"),
        ("send_message_batch", {"Entries": [{"Id": "a", "MessageBody": ""}]}, "MissingParameter"),
        ("receive_message", {"VisibilityTimeout": -1}, "InvalidParameterValue"),
        ("receive_message", {"VisibilityTimeout": 43_201}, "InvalidParameterValue"),
        ("receive_message", {"MaxNumberOfMessages": 11}, "InvalidParameterValue"),
        ("receive_message", {"WaitTimeSeconds": 21}, "InvalidParameterValue"),
    ],
)
def test_what_sqs_does_not_take_of_a_message_is_refused(
    world: World, operation: str, more: dict[str, Any], code: str
) -> None:
    sqs = world.client("sqs")
    url = sqs.create_queue(QueueName="strict")["QueueUrl"]
    with pytest.raises(ClientError) as caught:
        getattr(sqs, operation)(QueueUrl=url, **more)
    assert code_of(caught.value) == code


def test_every_letter_that_xml_allows_is_sent(world: World) -> None:
    sqs = world.client("sqs")
    url = sqs.create_queue(QueueName="letters")["QueueUrl"]
    text = "\t\n\r \ud7ff\ue000\ufffd\U0001f600"
    sqs.send_message(QueueUrl=url, MessageBody=text)
    assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == text
