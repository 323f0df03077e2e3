"""What a request may say of messages: the storage takes more than SQS does.

Standard: `SendMessage`, `ReceiveMessage` and `ChangeMessageVisibility` (SQS API reference).
"""

import base64
import re
from collections.abc import Mapping
from typing import Any

from valetkey.localaws.faults import AwsError
from valetkey.localaws.models import Params
from valetkey.localaws.query_protocol import NOT_XML
from valetkey.localaws.sqs_actions import NUMBERS
from valetkey.localaws.sqs_queues import invalid

_BOUNDS = {
    "DelaySeconds": NUMBERS["DelaySeconds"],
    "VisibilityTimeout": NUMBERS["VisibilityTimeout"],
    "WaitTimeSeconds": NUMBERS["ReceiveMessageWaitTimeSeconds"],
    "MaxNumberOfMessages": (1, 10),
}  # seconds, but for the last
_VALUES = {"String": "StringValue", "Number": "StringValue", "Binary": "BinaryValue"}
_NUMBER = re.compile(r"[+-]?([0-9]{1,38}(\.[0-9]{0,38})?|\.[0-9]{1,38})([eE][+-]?[0-9]{1,3})?")


def check_messages(params: Params) -> None:
    """Return if each number has its bounds and each body is a text, in a batch too.

    Raises AwsError InvalidParameterValue, MissingParameter or InvalidMessageContents.
    """
    for part in (params, *params.get("Entries", ())):
        _check_numbers(part)
        for name in ("MessageAttributes", "MessageSystemAttributes"):
            for attribute in part.get(name, {}).values():
                _check_attribute(attribute)
        body = part.get("MessageBody")
        if body == "":
            raise AwsError("MissingParameter", "The request must contain a message body.")
        if body is not None and NOT_XML.search(body):
            raise AwsError(
                "InvalidMessageContents", "A message has characters that XML 1.0 does not allow."
            )


def _check_attribute(attribute: Mapping[str, Any]) -> None:
    """Return if the value is of the type that it is said to be ("Message metadata")."""
    kind = str(attribute.get("DataType", "")).partition(".")[0]
    name = _VALUES.get(kind)
    if name is None or name not in attribute:
        raise invalid("A message attribute is a String, a Number or a Binary, with its value.")
    value = attribute[name]
    if kind == "Number" and not _NUMBER.fullmatch(value):
        raise invalid("A message attribute cannot be converted into a number.")
    if kind == "Binary":
        try:
            base64.b64decode(value, validate=True)
        except (ValueError, TypeError):
            raise invalid("A binary message attribute must be base64.") from None
    if not value or (kind == "String" and NOT_XML.search(value)):
        raise invalid("A message attribute must have a value, of characters of XML 1.0.")


def _check_numbers(part: Mapping[str, Any]) -> None:
    for name, (low, high) in _BOUNDS.items():
        if name in part and not low <= part[name] <= high:
            raise invalid(f"{name} must be between {low} and {high}.")
