"""Every modelled operation as calls of real clients, in a world where what they name is there.

Everything in that world is tagged, and roles and users have a boundary, so that the calls bring
every condition key that the local AWS can say.
"""

import contextlib
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tests.fakes.issuer import FakeIssuer
from tests.localaws.reference_params import FURTHER, ISSUER, NAMED, OWN_TAGS, ROLE_ARN
from tests.localaws.web_issuer import AUDIENCE, ROLES, SOURCE, tags_claim
from tests.localaws.world import ACCOUNT, BUCKET, TABLE_ARN, World, allow
from valetkey.localaws import (
    dynamodb_actions,
    iam_actions,
    lambda_request,
    s3_operations,
    secrets_actions,
    sqs_actions,
    ssm_actions,
    sts,
)

OPERATIONS: dict[str, frozenset[str]] = {
    "s3": frozenset(op.name for op in s3_operations.OPERATIONS.values()) | {"CopyObject"},
    "dynamodb": dynamodb_actions.OPERATIONS,
    "iam": frozenset(iam_actions.OPERATIONS),
    "sts": sts.OPERATIONS,
    "sqs": frozenset(sqs_actions.OPERATIONS),
    "lambda": frozenset(lambda_request.ACTIONS),
    "secretsmanager": secrets_actions.OPERATIONS,
    "ssm": ssm_actions.OPERATIONS,
}

_BOUNDARIES = "Delete.*PermissionsBoundary"
_WHOLE = "Delete(Table|Queue|Bucket|Secret|Role|User|Group|Policy|Parameters?|OpenID.*)"


def filled_world() -> World:
    """Return a world with one of each resource, by the names that the calls use."""
    world = World()
    trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
    bounded = {"boundary": "some", "policies": {"kept": allow("*")}, "tags": OWN_TAGS}
    world.aws.seed(
        {
            "policies": [{"name": "some", "document": allow("*"), "tags": OWN_TAGS}],
            "users": [{"name": "some", **bounded}],
            "roles": [{"name": "Some", "trust": trust, **bounded}],
            "queues": [{"name": "some", "tags": OWN_TAGS}],
            "secrets": [{"name": "some", "value": "x", "tags": OWN_TAGS}],
            "parameters": [
                {"name": name, "value": "x", "tags": OWN_TAGS} for name in ("plain", "/some/name")
            ],
        }
    )
    world.aws.add_function("some", 1, tags=OWN_TAGS, qualifiers=["live"])
    tags = [{"Key": key, "Value": value} for key, value in OWN_TAGS.items()]
    world.client("dynamodb").tag_resource(ResourceArn=TABLE_ARN, Tags=tags)
    world.client("iam").create_open_id_connect_provider(
        Url=f"https://{ISSUER}",
        ClientIDList=[AUDIENCE],
        ThumbprintList=NAMED["ThumbprintList"],
        Tags=tags,
    )
    world.aws._gate.web_identities.keys.fetch = lambda _: FakeIssuer().jwks()
    for key in ("traces/alice/a", "versioned"):
        world.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"x", Tagging="tenant=alice")
    return world


def web_token() -> str:
    """Return a token that brings every condition key that a token can."""
    now = int(time.time())
    claims = {
        "iss": f"https://{ISSUER}",
        "sub": "some",
        "aud": ["some", "other"],
        "azp": AUDIENCE,
        "iat": now,
        "exp": now + 300,
        "amr": ["mfa"],
        "email": "some@example.com",
        ROLES: ROLE_ARN,
        SOURCE: "some",
        **tags_claim("user_id", user_id="alice"),
    }
    return FakeIssuer().sign(claims).reveal()


def minimal(shape: Any, name: str = "") -> Any:
    """Return a value of a botocore shape with nothing but what is required."""
    if name in NAMED and shape.type_name in {"string", "list"}:
        return NAMED[name]
    if shape.type_name == "structure":
        return {one: minimal(shape.members[one], one) for one in shape.required_members}
    if shape.type_name == "list":
        return [minimal(shape.member)]
    if shape.type_name == "map":
        return {}
    if shape.type_name == "string":
        return shape.enum[0] if shape.enum else "x" * max(1, shape.metadata.get("min", 1))
    return {"boolean": True, "blob": b"x"}.get(shape.type_name, shape.metadata.get("min", 1))


def method_of(client: Any, operation: str) -> Any:
    """Return the client's method for an operation."""
    names: Mapping[str, str] = client.meta.method_to_api_mapping
    return getattr(client, next(name for name, one in names.items() if one == operation))


def in_order(operations: frozenset[str]) -> list[str]:
    """Return the operations so that what is made is there until it is deleted."""
    stages = ("(Create|Put|Send|Add|Attach).*", "(?!Delete|Detach|Remove|Un).*", "(?!Delete).*",
              f"(?!({_BOUNDARIES}|{_WHOLE})$).*", _WHOLE, _BOUNDARIES)  # fmt: skip

    def stage(name: str) -> int:
        return next(at for at, one in enumerate(stages) if re.fullmatch(one, name))

    return sorted(operations, key=lambda name: (stage(name), name))


def send_all(world: World, service: str) -> Iterator[str]:
    """Send every operation of a service, and yield each before it is sent."""
    keys = world.broker if service == "sts" else None  # the root may not assume a role
    client = world.client(service, keys, parameter_validation=False)
    for operation in in_order(OPERATIONS[service]):
        yield operation
        shape = client.meta.service_model.operation_model(operation).input_shape
        required = {} if shape is None else minimal(shape)
        if "QueueUrl" in required:
            required["QueueUrl"] = f"{world.aws.endpoint}/{ACCOUNT}/some"
        if "WebIdentityToken" in required:
            required["WebIdentityToken"] = web_token()
        for more in FURTHER.get(f"{service}:{operation}", ({},)):
            with contextlib.suppress(ClientError, BotoCoreError):
                method_of(client, operation)(**{**required, **more})
