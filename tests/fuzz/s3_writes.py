"""Calls that write, copy, tag and delete objects, whole and in parts."""

from typing import Any

from tests.fuzz.calls import Call, Context, Need, Put
from tests.fuzz.names import Tenant
from tests.fuzz.pick import Pick
from tests.fuzz.s3_reads import (
    existing,
    named_version,
    on_bucket,
    on_object,
    pick_key,
    pick_target,
    pick_version,
)
from tests.fuzz.world import World, object_place

_TAGS = ({"owner": "a"}, {"owner": "alice", "state": "x y"}, {"state": "ä&b=c"})


def _requested(tags: dict[str, str]) -> Context:
    context: Context = {f"s3:RequestObjectTag/{key}": value for key, value in tags.items()}
    return {**context, "s3:RequestObjectTagKeys": tuple(tags)} if tags else context


def _header(tags: dict[str, str]) -> str:
    escapes = {" ": "%20", "&": "%26", "=": "%3D", "ä": "%C3%A4"}
    table = str.maketrans(escapes)
    return "&".join(f"{key}={value.translate(table)}" for key, value in tags.items())


def _write_key(pick: Pick, world: World, me: Tenant) -> str:
    """Return a key to write to: never the caller's own vault, which nobody changes."""
    target = pick_target(pick, world, me)
    key = pick_key(pick, world, target)
    own_vault = target is me and object_place(key) in world.vaults
    return f"traces/{me.user}/w{pick.below(3)}" if own_vault or pick.chance(2) else key


def _extras(pick: Pick, arguments: dict[str, Any], context: Context) -> list[str]:
    """Add tags, an ACL or a storage class; return the further actions that these need."""
    actions = []
    if pick.chance(4):
        acl = pick.one(("private", "public-read"))
        arguments["ACL"] = context["s3:x-amz-acl"] = acl
        actions.append("s3:PutObjectAcl")
    if pick.chance(4):
        tags = pick.one(_TAGS)
        arguments["Tagging"] = _header(tags)
        context.update(_requested(tags))
        actions.append("s3:PutObjectTagging")
    if pick.chance(5):
        arguments["StorageClass"] = context["s3:x-amz-storage-class"] = "STANDARD_IA"
    return actions


def pick_put(pick: Pick, world: World, me: Tenant) -> Call:
    """Return an upload in one piece, or the begin of one in parts."""
    key, body = _write_key(pick, world, me), world.canary(me)
    arguments: dict[str, Any] = {"Bucket": world.names.bucket, "Key": key}
    context: Context = {}
    more = _extras(pick, arguments, context)
    context |= existing(world, key)
    needs = tuple(on_object(world, a, key, context) for a in ("s3:PutObject", *more))
    place = object_place(key)
    if pick.chance(4):
        return Call("s3", "create_multipart_upload", arguments, needs=needs)
    arguments["Body"] = body.encode()
    return Call("s3", "put_object", arguments, needs=needs, puts=(Put(place, body),),
                touches=(place,))  # fmt: skip


def pick_delete(pick: Pick, world: World, me: Tenant) -> Call:
    """Return the removal of an object, of a version, or of tags."""
    key, version = pick_version(pick, world, pick_target(pick, world, me))
    if key.startswith(f"traces/{me.user}/vault"):
        key, version = f"traces/{me.user}/w0", None
    suffix = "" if version is None else "Version"
    method, action = pick.one(
        (("delete_object", f"s3:DeleteObject{suffix}"),
         ("delete_object_tagging", f"s3:DeleteObject{suffix}Tagging"))
    )  # fmt: skip
    context = existing(world, key, version)
    if version is not None:
        context["s3:VersionId"] = version
    arguments = {"Bucket": world.names.bucket, "Key": key, **named_version(version)}
    return Call("s3", method, arguments, needs=(on_object(world, action, key, context),),
                touches=(object_place(key),))  # fmt: skip


def pick_multi_delete(pick: Pick, world: World, me: Tenant) -> Call:
    """Return a removal of several keys, each of which is decided by itself."""
    objects: dict[str, dict[str, str]] = {}
    parts: dict[str, Need] = {}
    for _ in range(1 + pick.below(3)):
        key, version = pick_version(pick, world, pick_target(pick, world, me))
        if key.startswith(f"traces/{me.user}/vault"):
            continue
        context = existing(world, key, version)
        if version is not None:
            context["s3:VersionId"] = version
        action = "s3:DeleteObject" if version is None else "s3:DeleteObjectVersion"
        objects[key] = {"Key": key, **named_version(version)}
        parts[key] = on_object(world, action, key, context)
    if not objects:
        return pick_delete(pick, world, me)
    arguments = {"Bucket": world.names.bucket, "Delete": {"Objects": list(objects.values())}}
    return Call("s3", "delete_objects", arguments, needs=(), parts=parts,
                touches=tuple(map(object_place, objects)))  # fmt: skip


def pick_tagging(pick: Pick, world: World, me: Tenant) -> Call:
    """Return a change of an object's tags."""
    key, version = pick_version(pick, world, pick_target(pick, world, me))
    tags = pick.one(_TAGS)
    context = {**existing(world, key, version), **_requested(tags)}
    if version is not None:
        context["s3:VersionId"] = version
    action = "s3:PutObjectTagging" if version is None else "s3:PutObjectVersionTagging"
    arguments = {
        "Bucket": world.names.bucket, "Key": key, **named_version(version),
        "Tagging": {"TagSet": [{"Key": name, "Value": text} for name, text in tags.items()]},
    }  # fmt: skip
    return Call(
        "s3", "put_object_tagging", arguments, needs=(on_object(world, action, key, context),)
    )


def pick_copy(pick: Pick, world: World, me: Tenant) -> Call:
    """Return a copy: what it reads, its caller must be allowed to read."""
    source, version = pick_version(pick, world, pick_target(pick, world, me))
    key = _write_key(pick, world, me)
    named: dict[str, str] = {"Bucket": world.names.bucket, "Key": source, **named_version(version)}
    arguments: dict[str, Any] = {"Bucket": world.names.bucket, "Key": key, "CopySource": named}
    context: Context = {"s3:x-amz-copy-source": f"{world.names.bucket}/{source}"}
    more: list[str] = []
    if pick.chance(3):
        arguments["MetadataDirective"] = context["s3:x-amz-metadata-directive"] = "REPLACE"
    replaced = pick.chance(3)
    if replaced:
        tags = pick.one(_TAGS)
        arguments |= {"TaggingDirective": "REPLACE", "Tagging": _header(tags)}
        context |= _requested(tags)
        more.append("s3:PutObjectTagging")
    context |= existing(world, key)
    needs = [on_object(world, action, key, context) for action in ("s3:PutObject", *more)]
    needs += _source_needs(world, source, version)
    travelling = {} if replaced else world.stored.object_tags(world.names.bucket, source, version)
    if travelling:
        suffix = "" if version is None else "Version"
        needs.append(on_object(world, "s3:PutObjectTagging", key, _requested(travelling)))
        needs.append(_source_need(world, f"s3:GetObject{suffix}Tagging", source, version))
    place, read = object_place(key), object_place(source)
    return Call(
        "s3", "copy_object", arguments, needs=tuple(needs), puts=(Put(place, source=read),),
        hidden=on_bucket(world, "s3:ListBucket"), reads=(read, version), touches=(place,),
    )  # fmt: skip


def _source_needs(world: World, source: str, version: str | None) -> list[Need]:
    action = "s3:GetObject" if version is None else "s3:GetObjectVersion"
    return [_source_need(world, action, source, version)]


def _source_need(world: World, action: str, source: str, version: str | None) -> Need:
    context = existing(world, source, version)
    if version is not None:
        context["s3:VersionId"] = version
    return on_object(world, action, source, context)


def pick_part(pick: Pick, world: World, me: Tenant) -> Call:
    """Return a call on an upload in parts: the caller's own, or one that is another's."""
    target = pick_target(pick, world, me)
    own = [one for one in world.uploads if one[0].startswith(f"traces/{target.user}/")]
    key, upload = pick.one(own or world.uploads)
    if pick.chance(6):
        key = pick_key(pick, world, me, missing=False)
    arguments: dict[str, Any] = {"Bucket": world.names.bucket, "Key": key, "UploadId": upload}
    place, kind = object_place(key), pick.below(5)
    if kind == 0:
        need = on_object(world, "s3:ListMultipartUploadParts", key, existing(world, key))
        return Call("s3", "list_parts", arguments, needs=(need,))
    if kind == 1:
        body = world.canary(me)
        need = on_object(world, "s3:PutObject", key, existing(world, key))
        arguments |= {"PartNumber": 1, "Body": body.encode()}
        return Call("s3", "upload_part", arguments, needs=(need,), puts=(Put(place, body),))
    if kind == 2:
        parts = {"Parts": [{"PartNumber": 1, "ETag": world.etags.get(upload, '"0"')}]}
        need = on_object(world, "s3:PutObject", key, existing(world, key))
        return Call("s3", "complete_multipart_upload", {**arguments, "MultipartUpload": parts},
                    needs=(need,), touches=(place,))  # fmt: skip
    if kind == 3:
        need = on_object(world, "s3:AbortMultipartUpload", key, existing(world, key))
        return Call("s3", "abort_multipart_upload", arguments, needs=(need,))
    return _part_copy(pick, world, me, arguments)


def _part_copy(pick: Pick, world: World, me: Tenant, arguments: dict[str, Any]) -> Call:
    source, version = pick_version(pick, world, pick_target(pick, world, me))
    key = str(arguments["Key"])
    named = {"Bucket": world.names.bucket, "Key": source, **named_version(version)}
    context = {"s3:x-amz-copy-source": f"{world.names.bucket}/{source}", **existing(world, key)}
    read = object_place(source)
    return Call(
        "s3", "upload_part_copy", {**arguments, "PartNumber": 2, "CopySource": named},
        needs=(on_object(world, "s3:PutObject", key, context),
               *_source_needs(world, source, version)),
        puts=(Put(object_place(key), source=read),),
        hidden=on_bucket(world, "s3:ListBucket"), reads=(read, version),
    )  # fmt: skip
