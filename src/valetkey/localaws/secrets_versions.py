"""The versions of one secret and the stages that move between them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

CURRENT = "AWSCURRENT"
PREVIOUS = "AWSPREVIOUS"
MAX_VERSIONS = 100

Versions = Mapping[str, "Version"]


@dataclass(frozen=True, slots=True)
class Version:
    """One value of a secret. `content` has SecretString, or SecretBinary in base64."""

    id: str
    created: float
    content: Mapping[str, str] = field(repr=False)
    stages: tuple[str, ...] = ()


def holder(versions: Versions, stage: str) -> str | None:
    """Return the id of the version that has this stage."""
    return next((version.id for version in versions.values() if stage in version.stages), None)


def moved(versions: Versions, stage: str, to: str | None) -> dict[str, Version]:
    """Return the versions with `stage` on `to` alone, or on none of them.

    The version that AWSCURRENT leaves has AWSPREVIOUS afterwards ("UpdateSecretVersionStage").
    """
    before = holder(versions, stage)
    if before == to:
        return dict(versions)
    found = dict(versions)
    if before is not None:
        found[before] = _without(found[before], stage)
    if to is not None:
        found[to] = replace(found[to], stages=(*found[to].stages, stage))
    if stage == CURRENT and before is not None:
        return moved(found, PREVIOUS, before)
    return found


def added(versions: Versions, new: Version, stages: tuple[str, ...]) -> dict[str, Version]:
    """Return the versions with `new`, its stages moved to it, the oldest unlabelled dropped."""
    found = {**versions, new.id: new}
    for stage in stages if versions else dict.fromkeys((*stages, CURRENT)):
        found = moved(found, stage, new.id)
    spare = [version for version in found.values() if not version.stages and version.id != new.id]
    for version in spare[: max(0, len(found) - MAX_VERSIONS)]:
        del found[version.id]
    return found


def _without(version: Version, stage: str) -> Version:
    return replace(version, stages=tuple(one for one in version.stages if one != stage))
