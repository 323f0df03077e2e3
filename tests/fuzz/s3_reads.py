"""Calls that read objects and listings, with what "Actions … for Amazon S3" asks of them."""

import re
from collections.abc import Mapping
from typing import Any

from tests.fuzz.calls import Call, Context, Holder, Need, Place
from tests.fuzz.names import Tenant
from tests.fuzz.pick import Pick
from tests.fuzz.world import World, object_place

SIGNED: Context = {
    "s3:signatureversion": "AWS4-HMAC-SHA256",
    "s3:authType": "REST-HEADER",
    "s3:x-amz-content-sha256": "0" * 64,  # a hash: conditions ask for UNSIGNED-PAYLOAD alone
}


def pick_target(pick: Pick, world: World, me: Tenant) -> Tenant:
    """Return whose data a call is after: an honest one's, its caller's."""
    return me if world.honest else pick.one(world.tenants)


def pick_key(pick: Pick, world: World, target: Tenant, *, missing: bool = True) -> str:
    """Return a key in the target's prefix, or one that only looks so."""
    prefix = f"traces/{target.user}/"
    there = [key for key in world.objects if key.startswith(prefix)]
    if not missing or not pick.chance(4):
        return pick.one(there)
    if world.honest:
        return f"{prefix}none"
    theirs = pick.one(sorted(world.objects)).removeprefix("traces/")
    return pick.one(
        (
            f"{prefix}none", f"{prefix}../{theirs}", f"traces/{target.user}", f"{prefix}*",
            f"{prefix}../{theirs}", f"/{prefix}x", f"{prefix}%2e%2e/{theirs}",
            f"traces//{target.user}/x", f"traces/{target.user.upper()}/x",
        )
    )  # fmt: skip


def on_bucket(world: World, action: str, context: Context | None = None) -> Need:
    """Return a decision on the bucket."""
    return Need(action, world.names.bucket_arn, {**SIGNED, **(context or {})}, Holder.BUCKET)


def on_object(world: World, action: str, key: str, context: Context | None = None) -> Need:
    """Return a decision on an object."""
    arn = f"{world.names.bucket_arn}/{key}"
    seen = dict(context or {})
    if not re.match(r"s3:(Get|(Put|Delete)Object(Version)?(Tagging|Acl)$)", action):
        # "Tagging and access control policies": not for PutObject, DeleteObject and uploads
        seen = {name: one for name, one in seen.items() if "ExistingObjectTag" not in name}
    return Need(action, arn, {**SIGNED, **seen}, Holder.BUCKET)


def existing(world: World, key: str, version: str | None = None) -> Context:
    """Return `s3:ExistingObjectTag/…` as the object has them at this moment."""
    tags = world.stored.object_tags(world.names.bucket, key, version)
    return {f"s3:ExistingObjectTag/{name}": value for name, value in tags.items()}


def named_version(version: str | None) -> dict[str, str]:
    """Return the argument that names a version."""
    return {} if version is None else {"VersionId": version}


def pick_version(pick: Pick, world: World, target: Tenant) -> tuple[str, str | None]:
    """Return a key, and at times the id of a version: its own, another's, or none's."""
    if world.versions and pick.chance(3):
        own = [one for one in world.versions if one[0].startswith(f"traces/{target.user}/")]
        key, version = pick.one(own or world.versions)
        return (key, version) if not pick.chance(5) else (pick_key(pick, world, target), version)
    return pick_key(pick, world, target), None


def _versioned(world: World, key: str, version: str | None) -> Context:
    context = existing(world, key, version)
    return context if version is None else {**context, "s3:VersionId": version}


def pick_read(pick: Pick, world: World, me: Tenant) -> Call:
    """Return a GET or HEAD of an object, its attributes, or its tags."""
    key, version = pick_version(pick, world, pick_target(pick, world, me))
    method, actions, versioned = pick.one(_READS)
    context = _versioned(world, key, version)
    arguments: dict[str, Any] = {
        "Bucket": world.names.bucket, "Key": key, **named_version(version)
    }  # fmt: skip
    if method == "get_object" and pick.chance(3):
        arguments["Range"] = pick.one(("bytes=0-3", "bytes=-8", "bytes=2-", "bytes=900-"))
    if method == "get_object_attributes":
        arguments["ObjectAttributes"] = ["ETag", "ObjectSize"]
    owner = pick.one(("", "", "", "", "", "111122223333", "999988887777"))
    if owner:
        arguments["ExpectedBucketOwner"] = owner
    return Call(
        "s3", method, arguments,
        needs=tuple(on_object(world, action, key, context)
                    for action in (actions if version is None else versioned)),
        shows=(object_place(key),),
        hidden=on_bucket(world, "s3:ListBucket"),
        reads=(object_place(key), version),
        refused=owner.startswith("9"),
    )  # fmt: skip


_READS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("get_object", ("s3:GetObject",), ("s3:GetObjectVersion",)),
    ("get_object", ("s3:GetObject",), ("s3:GetObjectVersion",)),
    ("head_object", ("s3:GetObject",), ("s3:GetObjectVersion",)),
    ("get_object_tagging", ("s3:GetObjectTagging",), ("s3:GetObjectVersionTagging",)),
    ("get_object_attributes", ("s3:GetObject", "s3:GetObjectAttributes"),
     ("s3:GetObjectVersion", "s3:GetObjectVersionAttributes")),
)  # fmt: skip


def _pick_prefix(pick: Pick, world: World, me: Tenant) -> str | None:
    target = pick_target(pick, world, me)
    if world.honest:
        return f"traces/{target.user}/"
    key = pick_key(pick, world, target, missing=False)
    return pick.one(
        (f"traces/{target.user}/", f"traces/{target.user}", "traces/", "", None, key, key[:-3],
         f"traces/{target.user}/*", f"traces/{target.user}/../", f"traces/{target.user.upper()}/")
    )  # fmt: skip


def pick_listing(pick: Pick, world: World, me: Tenant) -> Call:
    """Return a listing of objects (v1, v2) or versions."""
    prefix = _pick_prefix(pick, world, me)
    method = pick.one(("list_objects_v2", "list_objects", "list_object_versions"))
    arguments: dict[str, Any] = {"Bucket": world.names.bucket}
    context: Context = {}
    if prefix is not None:
        arguments["Prefix"] = context["s3:prefix"] = prefix
    if pick.chance(4):
        arguments["Delimiter"] = context["s3:delimiter"] = pick.one(("/", "cnry"))
    if pick.chance(3):
        arguments["MaxKeys"] = pick.one((1, 2, 1000))
        context["s3:max-keys"] = str(arguments["MaxKeys"])
    after = pick_key(pick, world, pick.one(world.tenants), missing=False)
    start = {"list_objects_v2": "StartAfter", "list_objects": "Marker"}.get(method, "KeyMarker")
    if pick.chance(5):
        arguments[start] = after
    action = "s3:ListBucketVersions" if method == "list_object_versions" else "s3:ListBucket"
    return Call(
        "s3", method, arguments, needs=(on_bucket(world, action, context),),
        shows=(Place("prefix", prefix or ""),),
    )  # fmt: skip


def pick_bucket_read(pick: Pick, world: World, me: Tenant) -> Call:
    """Return a call on the bucket that shows no data, or all uploads, or all buckets."""
    bucket: Mapping[str, Any] = {"Bucket": world.names.bucket}
    method, action = pick.one(
        (("head_bucket", "s3:ListBucket"), ("get_bucket_location", "s3:GetBucketLocation"),
         ("get_bucket_versioning", "s3:GetBucketVersioning"), ("list_buckets", ""),
         ("list_multipart_uploads", "s3:ListBucketMultipartUploads"),
         ("get_bucket_policy", "s3:GetBucketPolicy"))
    )  # fmt: skip
    if method == "list_buckets":
        return Call("s3", method, {}, needs=(Need("s3:ListAllMyBuckets", "*", SIGNED),))
    if method == "list_multipart_uploads":
        prefix = _pick_prefix(pick, world, me)
        named = {} if prefix is None else {"Prefix": prefix}
        context: Context = {} if prefix is None else {"s3:prefix": prefix}
        need = on_bucket(world, action, context)
        return Call("s3", method, {**bucket, **named}, needs=(need,),
                    shows=(Place("prefix", prefix or ""),))  # fmt: skip
    return Call("s3", method, bucket, needs=(on_bucket(world, action),))
