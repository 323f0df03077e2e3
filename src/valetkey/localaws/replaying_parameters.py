"""What is done with a parameter for each action of Systems Manager, and how it shows."""

from collections.abc import Mapping
from typing import Any

from valetkey.localaws.replaying_outcome import NotPlayedError, Outcome, Played
from valetkey.localaws.replaying_stage import Perform, Stage, of_arn

OURS = "written by whoever asked"
THEIRS = "of-another-run"


def _named(stage: Stage) -> str:
    """Return the name in the ARN: one with a path has a `/` before it."""
    kind, _, name = of_arn(stage.attempt.resource).resource.partition("/")
    if kind != "parameter" or not name:
        raise NotPlayedError(f"`{stage.attempt.resource}` is no parameter")
    return f"/{name}" if "/" in name else name


def _parameter(stage: Stage) -> str:
    """Make the parameter with another run's value; return its name."""
    name = _named(stage)
    if stage.policy(stage.attempt.resource) is not None:
        raise NotPlayedError("the local AWS keeps no policies of parameters")
    stage.root("ssm").put_parameter(Name=name, Value=stage.marker, Type="String")
    return name


def _read(operation: str) -> Perform:
    def perform(stage: Stage) -> Played:
        name = _parameter(stage)
        wanted: dict[str, Any] = (
            {"Names": [name]} if operation == "get_parameters" else {"Name": name}
        )
        answer = stage.call("ssm", operation, **wanted)
        found = answer["Parameter"] if "Parameter" in answer else answer["Parameters"][0]
        return _came(stage, found["Value"], name)

    return perform


def _by_path(stage: Stage) -> Played:
    path = "/" + _named(stage).strip("/")
    name = f"{path}/{THEIRS}"
    stage.root("ssm").put_parameter(Name=name, Value=stage.marker, Type="String")
    answer = stage.call("ssm", "get_parameters_by_path", Path=path, Recursive=True)
    return _came(stage, next(iter(answer["Parameters"]), {"Value": ""})["Value"], name)


def _came(stage: Stage, value: str, name: str) -> Played:
    if value != stage.marker:
        raise NotPlayedError("another value came than the one that was put there")
    return Played(Outcome.ARRIVED, f"the other run's parameter {name!r} came")


def _write(stage: Stage) -> Played:
    name = _parameter(stage)
    stage.call("ssm", "put_parameter", Name=name, Value=OURS, Type="String", Overwrite=True)
    if stage.root("ssm").get_parameter(Name=name)["Parameter"]["Value"] != OURS:
        raise NotPlayedError("AWS said yes, and the parameter is as it was")
    return Played(Outcome.LANDED, f"the other run's parameter {name!r} was overwritten")


def _delete(operation: str) -> Perform:
    def perform(stage: Stage) -> Played:
        name = _parameter(stage)
        wanted: dict[str, Any] = (
            {"Names": [name]} if operation == "delete_parameters" else {"Name": name}
        )
        stage.call("ssm", operation, **wanted)
        return Played(Outcome.LANDED, f"the other run's parameter {name!r} is gone")

    return perform


def _history(stage: Stage) -> Played:
    name = _parameter(stage)
    found = stage.call("ssm", "get_parameter_history", Name=name)["Parameters"]
    return _came(stage, found[0]["Value"], name)


PARAMETER_CALLS: Mapping[str, Perform] = {
    "ssm:GetParameter": _read("get_parameter"),
    "ssm:GetParameters": _read("get_parameters"),
    "ssm:GetParametersByPath": _by_path,
    "ssm:GetParameterHistory": _history,
    "ssm:PutParameter": _write,
    "ssm:DeleteParameter": _delete("delete_parameter"),
    "ssm:DeleteParameters": _delete("delete_parameters"),
}
