"""What is done with a function for the actions of Lambda, and how it shows."""

from collections.abc import Mapping

from valetkey.localaws.replaying_outcome import NotPlayedError, Outcome, Played
from valetkey.localaws.replaying_stage import Perform, Stage, of_arn


def _function(stage: Stage) -> dict[str, str]:
    """Make the function, whose answer nobody could guess; return the parameters that name it."""
    kind, _, rest = of_arn(stage.attempt.resource).resource.partition(":")
    name, _, qualifier = rest.partition(":")
    if kind != "function" or not name:
        raise NotPlayedError(f"`{stage.attempt.resource}` is no function")
    if stage.policy(stage.attempt.resource) is not None:
        raise NotPlayedError("the local AWS takes a function's policy by AddPermission alone")
    stage.aws.add_function(name, stage.marker, qualifiers=[qualifier] if qualifier else ())
    return {"FunctionName": name, **({"Qualifier": qualifier} if qualifier else {})}


def _invoke(stage: Stage) -> Played:
    where = _function(stage)
    answer = stage.call("lambda", "invoke", **where)["Payload"].read()
    if stage.marker.encode() not in answer:
        raise NotPlayedError("the function's own answer did not come")
    return Played(Outcome.ARRIVED, "the other run's function ran, and its answer came")


def _look(stage: Stage) -> Played:
    stage.call("lambda", "get_function", **_function(stage))
    return Played(Outcome.DONE, "the other run's function is told about")


FUNCTION_CALLS: Mapping[str, Perform] = {
    "lambda:InvokeFunction": _invoke,
    "lambda:GetFunction": _look,
}
