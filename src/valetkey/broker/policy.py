"""The policy a run keeps: the grants as they were when it was opened, under a version.

The version is a digest of the text, so two replicas with one configuration agree on it, and an
edited configuration can't pass for the old one.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from valetkey.credentials import Grant, GrantSource, parse_role_arn

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Policy:
    """What runs of one version may draw, by the grant's name."""

    version: str
    document: str
    grants: Mapping[str, Grant]


def make_policy(grants: Iterable[Grant]) -> Policy:
    """Write the grants down as the document that is stored with their runs."""
    by_name = {grant.name: grant for grant in grants}
    document = json.dumps(
        {"format": _FORMAT, "grants": {name: _write(g) for name, g in by_name.items()}},
        sort_keys=True,
        separators=(",", ":"),
    )
    return Policy(version_of(document), document, by_name)


def version_of(document: str) -> str:
    """Return the version of a policy document: 32 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(document.encode()).hexdigest()[:32]


def read_policy(version: str, document: str) -> Policy | None:
    """Read a stored document back; None if it is not the one that `version` names."""
    if version_of(document) != version:
        return None
    content = json.loads(document)
    if content.get("format") != _FORMAT:
        return None
    return Policy(version, document, {n: _read(n, g) for n, g in content["grants"].items()})


def _write(grant: Grant) -> dict[str, Any]:
    written = {
        "role": str(grant.role),
        "source": grant.source.value,
        "duration": grant.duration,
        "region": grant.region,
        "external_id": grant.external_id,
        "session_policy": grant.session_policy,
        "endpoint_url": grant.endpoint_url,
    }
    # Only where there is one: the version of every policy before it stays what it was.
    return written if grant.profile is None else {**written, "profile": grant.profile}


def _read(name: str, content: Mapping[str, Any]) -> Grant:
    return Grant(
        name=name,
        role=parse_role_arn(content["role"]),
        source=GrantSource(content["source"]),
        duration=content["duration"],
        region=content["region"],
        external_id=content["external_id"],
        session_policy=content["session_policy"],
        endpoint_url=content["endpoint_url"],
        profile=content.get("profile"),
    )
