"""The doctor's last links: a session, and what it reaches with its tags and without them.

AWS's answer does not show a session's tags, nor does GetCallerIdentity: what the session may read
does.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from valetkey.aws.probe import DynamoItem, Reading, S3Object
from valetkey.cli.doctor_step import Outcome, Step, of_error
from valetkey.cli.output import AWS_DENIAL
from valetkey.credentials import AssumedRole
from valetkey.errors import ValetkeyError
from valetkey.wiring.doctor import Examination

SESSION, EFFECT, UNTAGGED = "session", "tags by effect", "without tags"
Target = S3Object | DynamoItem
_NAME_BOTH = "name both, such as --own s3://BUCKET/alice/x --foreign s3://BUCKET/bob/x"
_USE_TAGS = "write ${aws:PrincipalTag/…} into every statement that reaches it"


@dataclass(frozen=True, slots=True)
class Targets:
    """What is the run's own, and what is not; None: not named. Both must exist."""

    own: Target | None
    foreign: Target | None


async def effect_steps(examination: Examination, targets: Targets) -> AsyncIterator[Step]:
    """Give what a session of the run reaches, then what one without its tags does."""
    try:
        session = await examination.session()
    except ValetkeyError as error:
        yield of_error(SESSION, error)
        yield Step(EFFECT, Outcome.UNKNOWN, "not tried: there is no session")
        return
    yield Step(SESSION, Outcome.HOLDS, f"AWS gives a session of {examination.grant.role}")
    if targets.own is None or targets.foreign is None:
        said = "that tags arrive and that policies use them was not shown by a read"
        yield Step(EFFECT, Outcome.UNKNOWN, said, _NAME_BOTH)
    for target, is_own in ((targets.own, True), (targets.foreign, False)):
        if target is not None:
            yield await _tried(examination, session, target, is_own=is_own)
    yield await _untagged(examination, targets)


async def _tried(
    examination: Examination, session: AssumedRole, target: Target, *, is_own: bool
) -> Step:
    try:
        found = await examination.probe.read(target, session, region=examination.grant.region)
    except ValetkeyError as error:
        return of_error(EFFECT, error)
    if is_own:
        return _of_own(found, target)
    if found is Reading.DENIED:
        return Step(EFFECT, Outcome.HOLDS, f"{target}, another's, is denied")
    return Step(EFFECT, Outcome.BROKEN, f"{target}, another's, may be read", _USE_TAGS)


def _of_own(found: Reading, target: Target) -> Step:
    if found is Reading.READ:
        return Step(EFFECT, Outcome.HOLDS, f"{target}, the run's own, is read")
    if found is Reading.ABSENT:
        said = f"{target} may be read, but there is nothing"
        return Step(EFFECT, Outcome.UNKNOWN, said, "name with --own what is there")
    said = f"{target}, the run's own, is denied"
    fix = (
        "is it there, and does --tag name its owner? Then look at the role's policies:"
        " `valetkey iam explain`"
    )
    return Step(EFFECT, Outcome.BROKEN, said, fix)


async def _untagged(examination: Examination, targets: Targets) -> Step:
    try:
        session = await examination.untagged_session()
    except ValetkeyError as error:
        if error.code.startswith(AWS_DENIAL):
            return Step(UNTAGGED, Outcome.HOLDS, "AWS gives no session where the tags are missing")
        return of_error(UNTAGGED, error)
    named = [target for target in (targets.own, targets.foreign) if target is not None]
    if not named:
        said = "AWS gives a session without tags; what it reaches was not tried"
        return Step(UNTAGGED, Outcome.UNKNOWN, said, _NAME_BOTH)
    for target in named:
        try:
            found = await examination.probe.read(target, session, region=examination.grant.region)
        except ValetkeyError as error:
            return of_error(UNTAGGED, error)
        if found is not Reading.DENIED:
            said = f"a session without tags may read {target}: the policies do not use the tags"
            return Step(UNTAGGED, Outcome.BROKEN, said, _USE_TAGS)
    return Step(UNTAGGED, Outcome.HOLDS, "a session without tags is denied all of it")
