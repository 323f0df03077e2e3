"""What a queue may be told to be. The storage takes any name; here those alone that SQS has."""

import json
from collections.abc import Mapping

from valetkey.localaws.faults import AwsError
from valetkey.localaws.sqs_actions import CHOICES, NUMBERS
from valetkey.localaws.strict_json import read_json


def checked_attributes(
    attributes: Mapping[str, str], *, create: bool, queue_arn: str
) -> dict[str, str]:
    """Return the attributes in one spelling, `Policy` as it came. Raises AwsError otherwise.

    `queue_arn` says which account and region a dead-letter queue must be of. Encryption keys
    and `RedriveAllowPolicy`, which would need decisions of their own, are refused.
    """
    found: dict[str, str] = {}
    for name, value in attributes.items():
        if name in NUMBERS:
            found[name] = _number(name, value)
        elif name in CHOICES and (create or name != "FifoQueue"):
            found[name] = _choice(name, value)
        elif name == "RedrivePolicy":
            found[name] = _redrive(value, queue_arn)
        elif name == "Policy":
            found[name] = value
        else:
            raise AwsError("InvalidAttributeName", f"Attribute {name[:80]} is not modelled.")
    return found


def _number(name: str, value: str) -> str:
    low, high = NUMBERS[name]
    if not value.isascii() or not value.isdecimal() or len(value) > 10:
        raise _bad_value(name)
    if not low <= int(value) <= high:
        raise _bad_value(name)
    return str(int(value))


def _choice(name: str, value: str) -> str:
    if value not in CHOICES[name]:
        raise _bad_value(name)
    return value


def _redrive(value: str, queue_arn: str) -> str:
    if value == "":
        return value  # no dead-letter queue any more
    try:
        policy = read_json(value.encode("utf-8", "replace"))
    except AwsError as error:
        raise _bad_value("RedrivePolicy") from error
    target, times = policy.get("deadLetterTargetArn"), policy.get("maxReceiveCount")
    if set(policy) != {"deadLetterTargetArn", "maxReceiveCount"} or not isinstance(target, str):
        raise _bad_value("RedrivePolicy")
    if target.rpartition(":")[0] != queue_arn.rpartition(":")[0]:
        raise _bad_value("RedrivePolicy")
    text = str(times) if not isinstance(times, bool) else ""
    if not text.isascii() or not text.isdecimal() or not 1 <= len(text) <= 4:
        raise _bad_value("RedrivePolicy")
    if not 1 <= int(text) <= 1_000:
        raise _bad_value("RedrivePolicy")
    return json.dumps({"deadLetterTargetArn": target, "maxReceiveCount": int(text)})


def _bad_value(name: str) -> AwsError:
    return AwsError("InvalidAttributeValue", f"Invalid value for the parameter {name}.")
