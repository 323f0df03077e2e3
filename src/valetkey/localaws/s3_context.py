"""Which actions on which ARNs an S3 request needs, with its condition keys.

Standard: "Actions, resources, and condition keys for Amazon S3" (service authorization
reference) and each operation's "Permissions" in the S3 API reference.
"""

from collections.abc import Mapping
from typing import Any

from valetkey.iam import ContextValue
from valetkey.localaws.decisions import Ask
from valetkey.localaws.resource_policies import ResourcePolicies
from valetkey.localaws.s3_operations import CREATIONS, Level
from valetkey.localaws.s3_request import CopySource, S3Call
from valetkey.localaws.s3_xml import read_location
from valetkey.localaws.sigv4 import Signed
from valetkey.localaws.storage import Storage
from valetkey.localaws.surroundings import tag_context
from valetkey.localaws.tags import stored_tags

_LISTS = ("prefix", "delimiter", "max-keys")
_HEADER_KEYS = (
    "x-amz-acl",
    "x-amz-metadata-directive",
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-storage-class",
    "x-amz-website-redirect-location",
    "x-amz-object-ownership",
)

_WITH_EXISTING_TAGS = frozenset(
    {
        "s3:DeleteObjectTagging",
        "s3:DeleteObjectVersionTagging",
        "s3:GetObject",
        "s3:GetObjectAttributes",
        "s3:GetObjectTagging",
        "s3:GetObjectVersion",
        "s3:GetObjectVersionAttributes",
        "s3:GetObjectVersionTagging",
        "s3:PutObjectAcl",
        "s3:PutObjectTagging",
        "s3:PutObjectVersionTagging",
    }
)
"""Actions that see the tags of the stored object; PutObject and DeleteObject do not."""
_OF_WRITES = ("s3:ObjectCreationOperation", "s3:if-match", "s3:if-none-match")


class S3Asks:
    """Builds the decisions of S3 requests from the request and what is stored."""

    def __init__(self, storage: Storage, policies: ResourcePolicies) -> None:
        self._storage = storage
        self._policies = policies

    def of(self, call: S3Call, signed: Signed | None, *, now: float) -> tuple[Ask, ...]:
        """Return every decision that this call needs; `DeleteObjects` asks per key elsewhere."""
        context = signature_context(signed, now=now) | _call_context(call)
        if call.level is Level.SERVICE:
            return tuple(Ask(action, "*", context) for action in call.operation.actions)
        if call.key is None:
            actions = [*call.operation.actions, *_bucket_actions(call)]
            return tuple(
                self._ask(action, call.bucket_arn, call.bucket, context) for action in actions
            )
        versioned = call.version is not None and call.operation.versioned
        actions = list(call.operation.versioned if versioned else call.operation.actions)
        actions += _extra_actions(call)
        existing = self.existing_tags(call.bucket, call.key, call.version)
        context |= tag_context(existing, prefix="s3:ExistingObjectTag")
        arn = f"{call.bucket_arn}/{call.key}"
        asks = [self._ask(action, arn, call.bucket, context) for action in actions]
        around = signature_context(signed, now=now)
        if call.source is not None:
            asks += self._source_asks(call, call.source, around, arn)
        if call.method not in {"GET", "HEAD"} and call.headers.get("if-match", "*") != "*":
            asks.append(  # whether it matches tells what is stored
                self.of_object("s3:GetObject", call.bucket, call.key, version=None, context=around)
            )
        return tuple(asks)

    def of_tags(self, call: S3Call, signed: Signed | None, *, now: float) -> Ask | None:
        """Return the decision that lets the answer tell how many tags an object has."""
        if call.operation.name not in {"GetObject", "HeadObject"} or call.key is None:
            return None
        suffix = "" if call.version is None else "Version"
        return self.of_object(
            f"s3:GetObject{suffix}Tagging",
            call.bucket,
            call.key,
            version=call.version,
            context=signature_context(signed, now=now),
        )

    def of_object(
        self, action: str, bucket: str, key: str, *, version: str | None, context: dict[str, Any]
    ) -> Ask:
        """Return the decision on one object, with the tags that it has."""
        context = dict(context)
        if version is not None:
            context["s3:VersionId"] = version
        tags = self.existing_tags(bucket, key, version)
        context |= tag_context(tags, prefix="s3:ExistingObjectTag")
        return self._ask(action, f"arn:aws:s3:::{bucket}/{key}", bucket, context)

    def of_listing(self, bucket: str, context: Mapping[str, ContextValue]) -> Ask:
        """Return the decision that tells a missing key from a forbidden one."""
        return self._ask("s3:ListBucket", f"arn:aws:s3:::{bucket}", bucket, context)

    def _source_asks(
        self, call: S3Call, source: CopySource, context: dict[str, ContextValue], target: str
    ) -> list[Ask]:
        """A copy reads its source as its caller would, tags included where they travel."""
        suffix = "" if source.version is None else "Version"
        actions = [f"s3:GetObject{suffix}"]
        travels = call.headers.get("x-amz-tagging-directive", "COPY") != "REPLACE"
        tagged = self.existing_tags(source.bucket, source.key, source.version)
        asks: list[Ask] = []
        if travels and tagged and call.operation.name == "PutObject":
            actions.append(f"s3:GetObject{suffix}Tagging")
            copied: dict[str, ContextValue] = {**context, **_request_tags(tagged)}
            asks.append(self._ask("s3:PutObjectTagging", target, call.bucket, copied))
        return asks + [
            self.of_object(
                action, source.bucket, source.key, version=source.version, context=context
            )
            for action in actions
        ]

    def _ask(self, action: str, arn: str, bucket: str, context: Mapping[str, ContextValue]) -> Ask:
        policy = self._policies.policy(f"arn:aws:s3:::{bucket}")
        unseen: tuple[str, ...] = ("s3:ExistingObjectTag/",)
        if action in _WITH_EXISTING_TAGS:
            unseen = ()
        if action not in {"s3:PutObject", "s3:DeleteObject"}:
            unseen += _OF_WRITES
        context = {key: one for key, one in context.items() if not key.startswith(unseen)}
        return Ask(action, arn, context, resource_policy=policy)

    def existing_tags(self, bucket: str, key: str, version: str | None) -> dict[str, str]:
        """Return the tags of a stored object, none where it is not there."""
        store = self._storage.s3
        if bucket not in store.buckets:
            return {}
        found = store.get_object(bucket, key, version_id=version)
        if found is None:
            return {}
        return stored_tags(store.get_object_tagging(found)["Tags"])


def signature_context(signed: Signed | None, *, now: float) -> dict[str, ContextValue]:
    """Return the condition keys that say how the request was signed."""
    if signed is None:
        return {}
    context: dict[str, ContextValue] = {
        "s3:signatureversion": "AWS4-HMAC-SHA256",
        "s3:authType": "REST-QUERY-STRING" if signed.presigned else "REST-HEADER",
        "s3:x-amz-content-sha256": signed.payload,
    }
    if signed.presigned:
        context["s3:signatureAge"] = str(max(0, int((now - signed.signed_at) * 1000)))
    return context


def _call_context(call: S3Call) -> dict[str, ContextValue]:
    context: dict[str, ContextValue] = {}
    if call.key is None:
        context |= {f"s3:{name}": call.query[name] for name in _LISTS if name in call.query}
    if call.version is not None:
        context["s3:VersionId"] = call.version
    context |= {f"s3:{name}": call.headers[name] for name in _HEADER_KEYS if name in call.headers}
    if call.method not in {"GET", "HEAD"}:
        matched = [name for name in ("if-match", "if-none-match") if name in call.headers]
        context |= {f"s3:{name}": call.headers[name] for name in matched}
    if call.operation.name in CREATIONS:
        context["s3:ObjectCreationOperation"] = CREATIONS[call.operation.name]
    if call.source is not None:
        context["s3:x-amz-copy-source"] = f"{call.source.bucket}/{call.source.key}"
    context |= _request_tags(call.tags)
    if call.operation.name == "CreateBucket":
        location = read_location(call.body)
        if location is not None:
            context["s3:locationconstraint"] = location
    return context


def _request_tags(tags: Mapping[str, str]) -> dict[str, ContextValue]:
    context: dict[str, ContextValue] = {
        f"s3:RequestObjectTag/{key}": value for key, value in tags.items()
    }
    if tags:
        context["s3:RequestObjectTagKeys"] = tuple(tags)
    return context


def _bucket_actions(call: S3Call) -> list[str]:
    actions = []
    if call.operation.name == "CreateBucket":
        if "x-amz-object-ownership" in call.headers:
            actions.append("s3:PutBucketOwnershipControls")
        if call.headers.get("x-amz-acl", "private") != "private":
            actions.append("s3:PutBucketAcl")
    return actions


def _extra_actions(call: S3Call) -> list[str]:
    if call.operation.name not in {"PutObject", "CreateMultipartUpload"}:
        return []
    actions = []
    if "x-amz-acl" in call.headers:
        actions.append("s3:PutObjectAcl")
    if call.tags:
        actions.append("s3:PutObjectTagging")
    return actions
