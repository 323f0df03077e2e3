"""What a request may say of messages."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.localaws.world import World, code_of
from valetkey.localaws.faults import AwsError
from valetkey.localaws.sqs_messages import check_messages


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


@pytest.mark.parametrize(
    "attribute",
    [
        {"DataType": "Number", "StringValue": "abc"},
        {"DataType": "Number", "StringValue": "NaN"},
        {"DataType": "Number", "BinaryValue": b"1"},
        {"DataType": "String", "StringValue": ""},
        {"DataType": "String", "StringValue": "\x01"},
        {"DataType": "Other", "StringValue": "x"},
        {"DataType": "Binary", "StringValue": "x"},
    ],
)
def test_a_message_attribute_is_of_its_type(world: World, attribute: dict[str, Any]) -> None:
    sqs = world.client("sqs")
    url = sqs.create_queue(QueueName="typed")["QueueUrl"]
    message = {"MessageBody": "x", "MessageAttributes": {"a": attribute}}
    with pytest.raises(ClientError) as caught:
        sqs.send_message(QueueUrl=url, **message)
    assert code_of(caught.value) == "InvalidParameterValue"
    with pytest.raises(ClientError) as caught:
        sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": "a", **message}])
    assert code_of(caught.value) == "InvalidParameterValue"


def test_a_binary_message_attribute_is_base64() -> None:
    with pytest.raises(AwsError) as refused:
        check_messages({"MessageAttributes": {"a": {"DataType": "Binary", "BinaryValue": "%%%"}}})
    assert refused.value.code == "InvalidParameterValue"


def test_message_attributes_of_each_type_are_kept(world: World) -> None:
    sqs = world.client("sqs")
    url = sqs.create_queue(QueueName="kept-types")["QueueUrl"]
    attributes = {
        "s": {"DataType": "String.note", "StringValue": "x"},
        "n": {"DataType": "Number", "StringValue": "-1.5e3"},
        "b": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
    }
    sqs.send_message(QueueUrl=url, MessageBody="x", MessageAttributes=attributes)
    found = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"][0]
    assert found["MessageAttributes"] == attributes
