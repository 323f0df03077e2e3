"""What STS is asked for a run, and under which key the answer may be kept."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from valetkey.credentials.grant import Grant
from valetkey.credentials.role_arn import RoleArn

SESSION_NAME_PREFIX = "vk-"


@dataclass(frozen=True, slots=True)
class AssumeRoleRequest:
    """The parameters of STS `AssumeRole`, all chosen outside the sandbox. `duration` in seconds.

    `profile` names the identity that asks; None is the broker's own.

    Every tag is transitive: a session that chains onward can't drop or change one.
    """

    role: RoleArn
    session_name: str
    source_identity: str
    tags: Mapping[str, str]
    duration: int
    region: str | None
    external_id: str | None
    session_policy: str | None
    profile: str | None = None

    @property
    def transitive_tag_keys(self) -> tuple[str, ...]:
        """Return the keys that a chained session inherits: all of them."""
        return tuple(self.tags)


def assume_role_request(grant: Grant, *, run_id: str, tags: Mapping[str, str]) -> AssumeRoleRequest:
    """Ask for a run's session of a grant's role. `tags` are all session tags of the run.

    The session name is stable over refreshes, for a changing one drops long connections, and is
    never an input to a decision. The source identity leads from CloudTrail to the run.
    """
    return AssumeRoleRequest(
        role=grant.role,
        session_name=f"{SESSION_NAME_PREFIX}{run_id}",
        source_identity=run_id,
        tags=dict(sorted(tags.items())),
        duration=grant.duration,
        region=grant.region,
        external_id=grant.external_id,
        session_policy=grant.session_policy,
        profile=grant.profile,
    )


def cache_key(request: AssumeRoleRequest) -> bytes:
    """Return 32 bytes that differ whenever anything that shapes the credentials differs."""
    everything = [
        str(request.role),
        request.session_name,
        request.source_identity,
        list(request.tags.items()),
        request.duration,
        request.region,
        request.external_id,
        request.session_policy,
        request.profile,
    ]
    return hashlib.sha256(json.dumps(everything).encode()).digest()
