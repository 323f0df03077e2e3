"""How long policies may be: AWS's limits, said before AWS does.

IAM and STS quotas (IAM User Guide) do not count white space; Amazon S3, DynamoDB and AWS KMS take
the document as it is sent, and forms send it without white space. A role's documents of one kind
count together.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from valetkey.tenancy.errors import TenancyError
from valetkey.tenancy.policy_set import Document, PolicySet

INLINE = 10_240
MANAGED = 6_144
TRUST = 2_048
TRUST_RAISED = 4_096
_OF_RESOURCES = {"s3": 20_480, "dynamodb": 20_480, "kms": 32_768}
_OTHER_RESOURCE = 20_480

_LESS_PERMISSION = (
    "give fewer tables and prefixes with conditions of their own, or split the map over two roles"
)
_LESS_TRUST = (
    "raise the quota `Role trust policy length` to 4,096, name fewer roles in `assumed_by`, or "
    "need fewer tags"
)
_LESS_RESOURCE = "need fewer tags, or split the map: each tag is a statement here"
_LESS_BROKER = "let each broker role assume fewer roles"


@dataclass(frozen=True, slots=True)
class Size:
    """The length of a policy beside its limit. `raised` is what the quota can be raised to."""

    policy: str
    characters: int
    limit: int
    cut: str
    raised: int | None = None

    @property
    def fits(self) -> bool:
        """Tell whether AWS takes it, without a quota raised."""
        return self.characters <= self.limit

    @property
    def fits_raised(self) -> bool:
        """Tell whether AWS takes it, at least where the quota was raised."""
        return self.characters <= (self.raised or self.limit)

    def sentence(self) -> str:
        """Return the number, the limit, and what to do where it is too long."""
        said = f"{self.policy}: {self.characters:,} of {self.limit:,} characters"
        return said if self.fits else f"{said}; {self.cut}"


def sizes(policies: PolicySet) -> tuple[Size, ...]:
    """Return every policy's size, in the set's order."""
    return tuple(_sizes(policies))


def check_sizes(policies: PolicySet) -> tuple[Size, ...]:
    """Return the sizes of those that fit only where a quota was raised. Raises
    `tenancy-size`, with the number and what to cut, for one that AWS never takes.
    """
    found = sizes(policies)
    for size in found:
        if not size.fits_raised:
            most = size.raised or size.limit
            raise TenancyError(
                "tenancy-size",
                f"{size.policy} has {size.characters:,} characters, AWS takes {most:,}",
                hint=size.cut,
            )
    return tuple(size for size in found if not size.fits)


def _sizes(policies: PolicySet) -> Iterator[Size]:
    for role in policies.roles:
        yield Size(
            f"trust of {role.arn}", length(role.trust), TRUST, _LESS_TRUST, raised=TRUST_RAISED
        )
        inline = sum(length(one.document) for one in role.permissions)
        yield Size(f"permissions of {role.arn}", inline, INLINE, _LESS_PERMISSION)
        if role.boundary is not None:
            boundary = length(role.boundary)
            yield Size(f"boundary of {role.arn}", boundary, MANAGED, _LESS_PERMISSION)
    for arn, document in policies.resource_policies.items():
        if document is not None:
            limit = _OF_RESOURCES.get(arn.split(":")[2], _OTHER_RESOURCE)
            yield Size(f"resource policy of {arn}", length(document), limit, _LESS_RESOURCE)
    for arn, document in policies.brokers.items():
        yield Size(f"permissions of {arn}", length(document), INLINE, _LESS_BROKER)


def length(document: Document) -> int:
    """Return the characters of a policy written without white space."""
    return len(json.dumps(document, separators=(",", ":"), ensure_ascii=False))
