"""What a run draws by one of its grants: made once, for it never changes while the run lives."""

from dataclasses import dataclass

from valetkey.credentials import AssumeRoleRequest, Grant, assume_role_request, cache_key
from valetkey.runs import Run, session_tags


@dataclass(frozen=True, slots=True)
class Draw:
    """A grant of a run under the run's own policy, what STS is asked for it, and its cache key."""

    run: Run
    grant: Grant
    request: AssumeRoleRequest
    key: bytes


def make_draw(run: Run, grant: Grant) -> Draw:
    """Work out what is asked of STS. The sandbox chooses none of it."""
    request = assume_role_request(grant, run_id=run.id, tags=session_tags(run.tags, run.id))
    return Draw(run, grant, request, cache_key(request))
