"""Policies on buckets, tables, queues, secrets and functions: kept here, not in the storage.

The storage must decide nothing.
"""

from dataclasses import dataclass, field

from valetkey.iam import Layer, Policy
from valetkey.localaws.documents import RESOURCE_LIMIT, check_document, compiled
from valetkey.localaws.faults import AwsError


@dataclass(slots=True)
class ResourcePolicies:
    """Documents by the ARN of the resource that they protect."""

    documents: dict[str, str] = field(default_factory=dict)

    def put(self, arn: str, document: str) -> None:
        """Keep `document` for `arn`. Raises AwsError MalformedPolicyDocument or LimitExceeded."""
        size = len(document.encode("utf-8", "replace"))
        if size > RESOURCE_LIMIT:
            raise AwsError("LimitExceeded", f"A policy has {RESOURCE_LIMIT} bytes, not {size}.")
        check_document(document, Layer.RESOURCE)
        self.documents[arn] = document

    def drop(self, arn: str) -> bool:
        """Forget the policy of `arn`; False if it had none."""
        return self.documents.pop(arn, None) is not None

    def policy(self, arn: str) -> Policy | None:
        """Return the policy in force on `arn`."""
        document = self.documents.get(arn)
        name = f"resource/{arn}"
        return None if document is None else compiled(document, name, Layer.RESOURCE)
