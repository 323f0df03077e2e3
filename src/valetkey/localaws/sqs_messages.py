"""What a request may say of messages: the storage takes more than SQS does.

Standard: `SendMessage`, `ReceiveMessage` and `ChangeMessageVisibility` (SQS API reference).
"""

import re
from collections.abc import Mapping
from typing import Any

from valetkey.localaws.faults import AwsError
from valetkey.localaws.models import Params
from valetkey.localaws.sqs_actions import NUMBERS
from valetkey.localaws.sqs_queues import invalid

_BOUNDS = {
    "DelaySeconds": NUMBERS["DelaySeconds"],
    "VisibilityTimeout": NUMBERS["VisibilityTimeout"],
    "WaitTimeSeconds": NUMBERS["ReceiveMessageWaitTimeSeconds"],
    "MaxNumberOfMessages": (1, 10),
}  # seconds, but for the last
_NO_TEXT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def check_messages(params: Params) -> None:
    """Return if each number has its bounds and each body is a text, in a batch too.

    Raises AwsError InvalidParameterValue, MissingParameter or InvalidMessageContents.
    """
    for part in (params, *params.get("Entries", ())):
        _check_numbers(part)
        body = part.get("MessageBody")
        if body == "":
            raise AwsError("MissingParameter", "The request must contain a message body.")
        if body is not None and _NO_TEXT.search(body):
            raise AwsError(
                "InvalidMessageContents", "A message has characters that XML 1.0 does not allow."
            )


def _check_numbers(part: Mapping[str, Any]) -> None:
    for name, (low, high) in _BOUNDS.items():
        if name in part and not low <= part[name] <= high:
            raise invalid(f"{name} must be between {low} and {high}.")
