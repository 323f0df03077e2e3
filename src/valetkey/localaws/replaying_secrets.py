"""What is done with a secret for each action of Secrets Manager, and how it shows."""

import re
from collections.abc import Mapping
from typing import Any

from valetkey.localaws.replaying_outcome import NotPlayedError, Outcome, Played
from valetkey.localaws.replaying_stage import Perform, Stage, of_arn

OURS = "written by whoever asked"
_SUFFIX = re.compile(r"-[A-Za-z0-9]{6}", re.ASCII)


def _secret(stage: Stage) -> str:
    """Make the secret with another run's value; return its ARN, in which AWS chose six letters."""
    kind, _, named = of_arn(stage.attempt.resource).resource.partition(":")
    name = named[:-7] if _SUFFIX.fullmatch(named[-7:]) else named
    if kind != "secret" or not name:
        raise NotPlayedError(f"`{stage.attempt.resource}` is no secret")
    client = stage.root("secretsmanager")
    arn = str(client.create_secret(Name=name, SecretString=stage.marker)["ARN"])
    policy = stage.policy(stage.attempt.resource)
    if policy is not None:
        put = client.put_resource_policy
        stage.guards.append(lambda: put(SecretId=arn, ResourcePolicy=policy))
    return arn


def _read(stage: Stage) -> Played:
    found = stage.call("secretsmanager", "get_secret_value", SecretId=_secret(stage))
    if found["SecretString"] != stage.marker:
        raise NotPlayedError("another value came than the one that was put there")
    return Played(Outcome.ARRIVED, "the other run's secret came")


def _change(operation: str, said: str, outcome: Outcome = Outcome.LANDED, **more: Any) -> Perform:
    def perform(stage: Stage) -> Played:
        stage.call("secretsmanager", operation, SecretId=_secret(stage), **more)
        return Played(outcome, said)

    return perform


SECRET_CALLS: Mapping[str, Perform] = {
    "secretsmanager:GetSecretValue": _read,
    "secretsmanager:DescribeSecret": _change(
        "describe_secret", "the other run's secret is told about", Outcome.SHOWN
    ),
    "secretsmanager:PutSecretValue": _change(
        "put_secret_value", "the other run's secret has another value", SecretString=OURS
    ),
    "secretsmanager:UpdateSecret": _change(
        "update_secret", "the other run's secret has another value", SecretString=OURS
    ),
    "secretsmanager:DeleteSecret": _change("delete_secret", "the other run's secret is deleted"),
}
