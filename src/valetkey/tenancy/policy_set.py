"""Every policy that bears on agent roles, from wherever it was read: the prover's input.

The generator writes one of a map; the readers make one of what people bring. It holds documents
as values of JSON, not yet parsed: what reads them is the evaluator's own parser.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Attached:
    """A policy document and what answers call it: `permissions`, or the policy's own name."""

    name: str
    document: Document


@dataclass(frozen=True, slots=True)
class RolePolicies:
    """A role: what it may do, who may assume it, and its own tags, which are principal tags too."""

    arn: str
    trust: Document
    permissions: tuple[Attached, ...]
    boundary: Document | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    max_session_seconds: int = 3600


@dataclass(frozen=True, slots=True)
class PolicySet:
    """The agent roles with every policy that was supplied.

    `resource_policies` are by the ARN of the bucket, table, queue, secret, function or key; None
    is a resource known to have no policy, one that is not listed is not known. `service_control`
    and `resource_control` are levels (root, units, account), each of which must allow. `brokers`
    are the broker roles' own policies by role ARN, where known. `unread` are the reasons why no
    answer can be better than Unknown: what a source names and does not say. `taken` is what was
    taken as given though a deployment could make it otherwise, such as a parameter's default: the
    answer's assumptions. `unattached` are those with None of which only a template or plan says
    so, which defines them; another source may have their policy.
    """

    roles: tuple[RolePolicies, ...]
    resource_policies: Mapping[str, Document | None] = field(default_factory=dict)
    service_control: tuple[tuple[Attached, ...], ...] = ()
    resource_control: tuple[tuple[Attached, ...], ...] = ()
    brokers: Mapping[str, Document] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()
    unattached: frozenset[str] = frozenset()
