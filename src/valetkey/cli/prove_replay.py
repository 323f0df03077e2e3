"""Replay witnesses: a proof's values as those of the local AWS, and what came of them in words."""

from collections.abc import Iterator, Mapping

from valetkey.cli.prove_proof import Replayed
from valetkey.isolation.answer import Report, Theorem, Witness
from valetkey.localaws.replaying import play
from valetkey.localaws.replaying_outcome import Attempt, Outcome, Played, RolePlayed, Scene
from valetkey.tenancy.policy_set import PolicySet, RolePolicies
from valetkey.tenancy.tenancy_map import Owned, OwnedText, TenancyMap

ALLOW = "allow"
SOMEBODY = "of-another"  # stands for a tag of whom nobody named


def replays(tenancy: TenancyMap, policies: PolicySet, report: Report) -> tuple[Replayed, ...]:
    """Return what the local AWS did for each witness of the report, in its order."""
    return tuple(
        replay(tenancy, policies, answer.theorem, witness=witness)
        for answer in report.theorems
        for witness in answer.witnesses
    )


def replay(
    tenancy: TenancyMap, policies: PolicySet, theorem: Theorem, *, witness: Witness
) -> Replayed:
    """Return what a local AWS of its own does when it is asked for the witness's request.

    It is reproduced where the local AWS answers as the evaluator did; what it does not have, or
    what no SDK can ask for, is not, and `said` tells so.
    """
    played = play(_scene(tenancy, policies), _attempt(tenancy, witness))
    return Replayed(theorem, witness, _words(played), reproduced=_agrees(played, witness))


def _agrees(played: Played, witness: Witness) -> bool:
    if played.outcome is Outcome.NOT_PLAYED:
        return False
    return played.allowed == (witness.got == ALLOW)


def _words(played: Played) -> str:
    if played.outcome is Outcome.NOT_PLAYED:
        return f"not replayed: {played.said}"
    if played.outcome is Outcome.DENIED:
        return f"denied: {played.said}"
    return played.said


def _scene(tenancy: TenancyMap, policies: PolicySet) -> Scene:
    external = {role.arn: role.external_id for role in tenancy.roles}
    return Scene(
        roles=tuple(_role(role, external.get(role.arn)) for role in policies.roles),
        resource_policies=policies.resource_policies,
        brokers=tenancy.assumed_by,
    )


def _role(role: RolePolicies, external_id: str | None) -> RolePlayed:
    return RolePlayed(
        arn=role.arn,
        trust=role.trust,
        permissions=tuple((one.name, one.document) for one in role.permissions),
        boundary=role.boundary,
        tags=role.tags,
        external_id=external_id,
    )


def _attempt(tenancy: TenancyMap, witness: Witness) -> Attempt:
    asking = witness.runs[0] if witness.runs else {}
    owner = witness.runs[1] if len(witness.runs) > 1 else {}
    return Attempt(
        principal=witness.principal,
        role=witness.role,
        tags=asking,
        action=witness.action,
        resource=witness.resource,
        context=witness.context,
        theirs=tuple(_theirs(tenancy.owned, witness.resource, owner)),
    )


def _theirs(owned: tuple[Owned, ...], resource: str, owner: Mapping[str, str]) -> Iterator[str]:
    """Yield where the owner's keys begin in a bucket that is listed."""
    for entry in owned:
        if entry.key is not None and _filled(entry.arn, owner) == resource:
            yield _filled(entry.key, owner)


def _filled(text: OwnedText, tags: Mapping[str, str]) -> str:
    return "".join(part if isinstance(part, str) else tags.get(part.key, SOMEBODY) for part in text)
