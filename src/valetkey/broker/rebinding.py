"""What an open run can't take along to another policy version: tools that ask what nobody asked.

A run's facts are made when it is opened, of the tags that its version names. A tag that was not
among them is not absent: it is not known, and no policy may be decided as if it were absent.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Final

from valetkey.broker.policy import Policy

_MOST_NAMED: Final = 8
"""Tags in the reason: it is in the row and in the record of each run."""
_NOT_READ: Final = "which tags the run was opened with can't be told: its version can't be read"
_NO_SERVER: Final = "`{}` is a server of tools now, and was none when the run was opened"
_UNASKED: Final = "the version asks for tags that were not asked for when the run was opened: {}"


def unfit_servers(policy: Policy, before: str | None) -> Mapping[str, str]:
    """Return the servers of `policy` that no run of an earlier version may have, each with why.

    `before` is that version's stored document, None where there is none. A server is fit where the
    earlier version had it, and all tags that `policy` names. So a run that is rebound again and
    again has been asked for every tag of its version, or has no server. It never raises.
    """
    if policy.tools is None:
        return {}
    earlier = _asked(before)
    if earlier is None:
        return dict.fromkeys(policy.servers, _NOT_READ)
    servers, tags = earlier
    unasked = sorted(set(policy.tools.source.tags) - tags)
    if unasked:
        named = ", ".join(f"`{name}`" for name in unasked[:_MOST_NAMED])
        rest = len(unasked) - _MOST_NAMED
        named += f" and {rest} more" if rest > 0 else ""
        return dict.fromkeys(policy.servers, _UNASKED.format(named))
    return {name: _NO_SERVER.format(name) for name in policy.servers if name not in servers}


def has_asked(document: str | None, tags: Iterable[str]) -> bool:
    """Say whether a run under a version with this stored document was asked for all of `tags`."""
    asked = _asked(document)
    return asked is not None and asked[1].issuperset(tags)


def _asked(document: str | None) -> tuple[frozenset[str], frozenset[str]] | None:
    """Return the servers and tags that a stored document names; None if it can't be read."""
    if document is None:
        return None
    try:
        tools = json.loads(document).get("tools")
        if tools is None:
            return frozenset(), frozenset()
        return frozenset(tools["servers"]), frozenset(tools["tags"])
    except (ValueError, TypeError, LookupError, AttributeError):
        return None
