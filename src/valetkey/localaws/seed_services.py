"""A seed's queues, secrets, parameters and functions as API calls."""

from collections.abc import Iterator
from typing import Any

from valetkey.iam import Layer
from valetkey.localaws.lambda_functions import JSON_HINT, NOT_JSON, written_json
from valetkey.localaws.seed_reading import Seed
from valetkey.localaws.seed_shape import MessageTable, ParameterTable, QueueTable, SecretTable
from valetkey.localaws.seed_steps import Call, NewFunction, Step
from valetkey.localaws.service_tags import tag_list


def service_steps(seed: Seed, *, account: str, region: str) -> Iterator[Step]:
    """Yield the steps that make them, each with its policy last."""
    for queue in seed.tables.queues:
        yield from _queue(queue, seed)
    for secret in seed.tables.secrets:
        yield from _secret(secret, seed)
    for parameter in seed.tables.parameters:
        prefix = f"arn:aws:ssm:{region}:{account}:parameter/"
        yield _parameter(parameter, seed, prefix)
    for function in seed.tables.functions:
        place = f"function `{function.name}`"
        if written_json(function.answer) is None:
            raise seed.refuse(place, NOT_JSON, hint=JSON_HINT)
        yield NewFunction(place, function.name, function.answer, function.tags, function.qualifiers)


def _queue(queue: QueueTable, seed: Seed) -> Iterator[Call]:
    place = f"queue `{queue.name}`"
    attributes = {name: _attribute(value) for name, value in queue.attributes.items()}
    if queue.name.endswith(".fifo"):
        attributes.setdefault("FifoQueue", "true")
    params: dict[str, Any] = {"QueueName": queue.name}
    if attributes:
        params["Attributes"] = attributes
    if queue.tags:
        params["tags"] = dict(queue.tags)
    yield Call(
        place, "sqs", "CreateQueue", params,
        kind="queue", name=queue.name, answer=("QueueUrl",),
    )  # fmt: skip
    for index, message in enumerate(queue.messages):
        here = f"{place}: messages[{index}]"
        sent = _message(message, seed, place=here)
        yield Call(here, "sqs", "SendMessage", sent, queue=queue.name)
    if queue.policy is not None:
        text = seed.policy(queue.policy, Layer.RESOURCE, place=f"{place}: policy")
        put = {"Attributes": {"Policy": text}}
        yield Call(place, "sqs", "SetQueueAttributes", put, queue=queue.name)


def _attribute(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _message(message: str | MessageTable, seed: Seed, *, place: str) -> dict[str, Any]:
    written = MessageTable(body=message) if isinstance(message, str) else message
    found: dict[str, Any] = {"MessageBody": seed.text(written.body, place=place)}
    if written.group is not None:
        found["MessageGroupId"] = written.group
    if written.deduplication is not None:
        found["MessageDeduplicationId"] = written.deduplication
    if written.attributes:
        found["MessageAttributes"] = {
            name: {"DataType": "String", "StringValue": value}
            for name, value in written.attributes.items()
        }
    return found


def _secret(secret: SecretTable, seed: Seed) -> Iterator[Call]:
    place = f"secret `{secret.name}`"
    if isinstance(secret.value, str):
        value = seed.text(secret.value, place=f"{place}: value")
    else:
        written = written_json(secret.value, default=str)
        if written is None:
            why = "it is not what JSON can say"
            raise seed.refuse(f"{place}: value", why, hint=JSON_HINT)
        value = written
    params: dict[str, Any] = {"Name": secret.name, "SecretString": value}
    if secret.description is not None:
        params["Description"] = secret.description
    if secret.tags:
        params["Tags"] = tag_list(secret.tags)
    yield Call(
        place, "secretsmanager", "CreateSecret", params,
        kind="secret", name=secret.name, answer=("ARN",),
    )  # fmt: skip
    if secret.policy is not None:
        text = seed.policy(secret.policy, Layer.RESOURCE, place=f"{place}: policy")
        put = {"SecretId": secret.name, "ResourcePolicy": text}
        yield Call(place, "secretsmanager", "PutResourcePolicy", put)


def _parameter(parameter: ParameterTable, seed: Seed, prefix: str) -> Call:
    place = f"parameter `{parameter.name}`"
    params: dict[str, Any] = {
        "Name": parameter.name,
        "Value": seed.text(parameter.value, place=f"{place}: value"),
        "Type": parameter.type,
    }
    if parameter.tags:
        params["Tags"] = tag_list(parameter.tags)
    return Call(
        place, "ssm", "PutParameter", params,
        kind="parameter", name=parameter.name,
        identifier=prefix + parameter.name.removeprefix("/"),
    )  # fmt: skip
