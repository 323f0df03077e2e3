"""Make a request that a proof found with real SDK calls against a local AWS, and see what comes.

What the request reaches is put there first, with a text in it that nobody could guess: if that
text comes back, another run's data has been read. What the local AWS does not have is said to be
so, never taken for an answer.
"""

from collections.abc import Mapping

from valetkey.localaws.errors import LocalAwsError
from valetkey.localaws.local_aws import DEFAULT_REGION, LocalAws
from valetkey.localaws.replaying_dynamodb import TABLE_CALLS
from valetkey.localaws.replaying_functions import FUNCTION_CALLS
from valetkey.localaws.replaying_keys import not_carried
from valetkey.localaws.replaying_names import fitted
from valetkey.localaws.replaying_outcome import (
    Attempt,
    DeniedError,
    NotPlayedError,
    Outcome,
    Played,
    Scene,
)
from valetkey.localaws.replaying_parameters import PARAMETER_CALLS
from valetkey.localaws.replaying_queues import QUEUE_CALLS
from valetkey.localaws.replaying_s3 import BUCKET_CALLS
from valetkey.localaws.replaying_secrets import SECRET_CALLS
from valetkey.localaws.replaying_stage import Perform, Stage, of_arn
from valetkey.localaws.replaying_tokens import TokenIssuer
from valetkey.localaws.replaying_trust import TRUST_CALLS

CALLS: Mapping[str, Perform] = {
    name.lower(): perform
    for calls in (
        BUCKET_CALLS,
        TABLE_CALLS,
        QUEUE_CALLS,
        SECRET_CALLS,
        PARAMETER_CALLS,
        FUNCTION_CALLS,
        TRUST_CALLS,
    )
    for name, perform in calls.items()
}
"""What is done for each action that can be played, by its name in lower case."""


def play(scene: Scene, attempt: Attempt) -> Played:
    """Set the scene up in a local AWS of its own, make the request, and say what came of it.

    Nothing raises: what can't be set up or asked for is `Outcome.NOT_PLAYED`, with the reason.
    """
    perform = CALLS.get(attempt.action.lower())
    if perform is None:
        return Played(Outcome.NOT_PLAYED, f"the local AWS has no {attempt.action} to replay")
    longer = fitted(attempt)
    try:
        played = _played(scene, longer, perform)
    except NotPlayedError as error:
        return Played(Outcome.NOT_PLAYED, error.reason)
    except LocalAwsError as error:
        return Played(Outcome.NOT_PLAYED, f"the local AWS can't be set up so: {error.message}")
    return _judged(played, attempt, longer)


def _judged(played: Played, attempt: Attempt, longer: Attempt) -> Played:
    """Return what came, where it came of the request of the witness and of no other."""
    denied = played.outcome is Outcome.DENIED
    unlike = "; ".join(not_carried(attempt))
    if denied and unlike:
        why = f"no request here can have {unlike}; without it {played.said}"
        return Played(Outcome.NOT_PLAYED, why)
    if longer is attempt:
        return played
    if denied:
        return Played(Outcome.NOT_PLAYED, f"AWS takes no name so short as in {attempt.resource}")
    return played.made_by(f"(of {longer.resource}: AWS takes no shorter name)")


def _played(scene: Scene, attempt: Attempt, perform: Perform) -> Played:
    """Set up and ask. Raises NotPlayedError and LocalAwsError."""
    issuer = TokenIssuer()
    account, region = _where(scene, attempt)
    with LocalAws(account=account, region=region, key_sets=issuer.key_set) as aws:
        stage = Stage(aws, scene, attempt, issuer)
        try:
            return perform(stage).made_by(stage.how)
        except DeniedError as denied:
            return Played(Outcome.DENIED, f"AWS answered {denied.said}").made_by(stage.how)


def _where(scene: Scene, attempt: Attempt) -> tuple[str, str]:
    """Return account and region of the AWS: the roles' own, and the resource's."""
    account = of_arn(scene.roles[0].arn).account if scene.roles else ""
    region = of_arn(attempt.resource).region
    known = account or of_arn(attempt.resource).account
    return known, region if region and "*" not in region else DEFAULT_REGION
