"""What is done in a bucket for each action of S3, and how it shows."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from valetkey.localaws.replaying_outcome import NotPlayedError, Outcome, Played
from valetkey.localaws.replaying_stage import Perform, Stage, beside, of_arn

OURS = b"written by whoever asked"
THEIR_NAME = "of-another-run"


def _placed(stage: Stage) -> tuple[str, str]:
    """Return bucket and key of the request's resource."""
    bucket, _, key = of_arn(stage.attempt.resource).resource.partition("/")
    return bucket, key


def _bucket(stage: Stage, *, versioned: bool = False) -> tuple[str, str]:
    """Make the bucket; return its name and the request's key."""
    bucket, key = _placed(stage)
    s3, region = stage.root("s3"), stage.aws.region
    where = {} if region == "us-east-1" else {"LocationConstraint": region}
    s3.create_bucket(Bucket=bucket, **({"CreateBucketConfiguration": where} if where else {}))
    if versioned:
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    policy = stage.policy(beside(stage.attempt.resource, bucket))
    if policy is not None:
        stage.guards.append(lambda: s3.put_bucket_policy(Bucket=bucket, Policy=policy))
    return bucket, key


def _object(stage: Stage, *, versioned: bool = False) -> dict[str, str]:
    """Make the object with another run's bytes in it; return the parameters that name it."""
    bucket, key = _bucket(stage, versioned=versioned)
    if not key:
        raise NotPlayedError(f"`{stage.attempt.resource}` names no object")
    made = stage.root("s3").put_object(Bucket=bucket, Key=key, Body=stage.marker.encode())
    version = {"VersionId": made["VersionId"]} if versioned else {}
    return {"Bucket": bucket, "Key": key, **version}


def _read(stage: Stage, *, versioned: bool) -> Played:
    where = _object(stage, versioned=versioned)
    body = stage.call("s3", "get_object", **where)["Body"].read()
    if stage.marker.encode() not in body:
        raise NotPlayedError("the object came without the bytes that were put there")
    return Played(Outcome.ARRIVED, f"the other run's {len(body)} bytes in {where['Key']!r} came")


def _write(stage: Stage) -> Played:
    where = _object(stage)
    stage.call("s3", "put_object", **where, Body=OURS)
    return _changed(stage, where, "was overwritten")


def _delete(stage: Stage, *, versioned: bool) -> Played:
    where = _object(stage, versioned=versioned)
    stage.call("s3", "delete_object", **where)
    return _changed(stage, where, "is gone")


def _changed(stage: Stage, where: Mapping[str, str], how: str) -> Played:
    """Say that the object is no longer what it was, and look first."""
    s3 = stage.root("s3")
    s3.delete_bucket_policy(Bucket=where["Bucket"])  # it may refuse the administrator, too
    listed = s3.list_object_versions(Bucket=where["Bucket"], Prefix=where["Key"])
    latest = [one for one in listed.get("Versions", ()) if one["Key"] == where["Key"]]
    for one in latest:
        found = s3.get_object(Bucket=where["Bucket"], Key=where["Key"], VersionId=one["VersionId"])
        if found["Body"].read() == stage.marker.encode():
            raise NotPlayedError("AWS said yes, and the object is as it was")
    return Played(Outcome.LANDED, f"the other run's object {where['Key']!r} {how}")


def _theirs(stage: Stage, prefix: str) -> str:
    """Return the key of an object of another run's that a listing of `prefix` would show."""
    for name in stage.attempt.theirs:
        if name.startswith(prefix):
            return name + THEIR_NAME
    return prefix + THEIR_NAME


def _list(stage: Stage, operation: str, part: str) -> Played:
    bucket, _ = _bucket(stage)
    prefix = stage.attempt.key("s3:prefix")
    theirs = f"{_theirs(stage, prefix or '')}-{stage.marker}"
    _put_listed(stage, bucket, theirs, operation)
    wanted: dict[str, Any] = {} if prefix is None else {"Prefix": prefix}
    if (delimiter := stage.attempt.key("s3:delimiter")) is not None:
        wanted["Delimiter"] = delimiter
    answer = stage.call("s3", operation, Bucket=bucket, **wanted)
    shown = [one["Key"] for one in answer.get(part, ())]
    shown += [one["Prefix"] for one in answer.get("CommonPrefixes", ())]
    if not any(theirs.startswith(one) for one in shown):
        return Played(Outcome.DONE, "the listing came, without another run's key in it")
    return Played(Outcome.SHOWN, f"the listing shows the other run's key {theirs!r}")


def _put_listed(stage: Stage, bucket: str, key: str, operation: str) -> None:
    s3 = stage.root("s3")
    if operation == "list_multipart_uploads":
        s3.create_multipart_upload(Bucket=bucket, Key=key)
    else:
        s3.put_object(Bucket=bucket, Key=key, Body=stage.marker.encode())


def _upload(stage: Stage, operation: str) -> Played:
    bucket, key = _bucket(stage)
    s3 = stage.root("s3")
    upload = s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
    where = {"Bucket": bucket, "Key": key, "UploadId": upload}
    s3.upload_part(**where, PartNumber=1, Body=stage.marker.encode())
    stage.call("s3", operation, **where)
    if operation == "list_parts":
        return Played(Outcome.SHOWN, f"the parts of the other run's upload of {key!r} are shown")
    return Played(Outcome.LANDED, f"the other run's upload of {key!r} is aborted")


def _on_object(operation: str, **more: Any) -> Perform:
    def perform(stage: Stage) -> Played:
        stage.call("s3", operation, **_object(stage), **more)
        return Played(Outcome.DONE, f"{operation} was done on the other run's object")

    return perform


def _on_bucket(operation: str, **more: Any) -> Perform:
    def perform(stage: Stage) -> Played:
        bucket, _ = _bucket(stage)
        stage.call("s3", operation, Bucket=bucket, **more)
        return Played(Outcome.DONE, f"{operation} was done on the bucket")

    return perform


def _put_policy(stage: Stage) -> Played:
    bucket, _ = _bucket(stage)
    everybody = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": "*",
                "Action": "s3:GetObject",
                "Resource": f"{stage.attempt.resource}/*",
            }
        ],
    }
    stage.call("s3", "put_bucket_policy", Bucket=bucket, Policy=json.dumps(everybody))
    return Played(Outcome.LANDED, "the bucket's policy now lets everybody read")


def _with(perform: Callable[..., Played], *given: Any, **named: Any) -> Perform:
    return lambda stage: perform(stage, *given, **named)


TAGGING = {"TagSet": [{"Key": "written", "Value": "by-whoever-asked"}]}
BUCKET_CALLS: Mapping[str, Perform] = {
    "s3:GetObject": _with(_read, versioned=False),
    "s3:GetObjectVersion": _with(_read, versioned=True),
    "s3:PutObject": _write,
    "s3:DeleteObject": _with(_delete, versioned=False),
    "s3:DeleteObjectVersion": _with(_delete, versioned=True),
    "s3:ListBucket": _with(_list, "list_objects_v2", "Contents"),
    "s3:ListBucketVersions": _with(_list, "list_object_versions", "Versions"),
    "s3:ListBucketMultipartUploads": _with(_list, "list_multipart_uploads", "Uploads"),
    "s3:AbortMultipartUpload": _with(_upload, "abort_multipart_upload"),
    "s3:ListMultipartUploadParts": _with(_upload, "list_parts"),
    "s3:GetObjectTagging": _on_object("get_object_tagging"),
    "s3:PutObjectTagging": _on_object("put_object_tagging", Tagging=TAGGING),
    "s3:DeleteObjectTagging": _on_object("delete_object_tagging"),
    "s3:GetObjectAcl": _on_object("get_object_acl"),
    "s3:GetBucketLocation": _on_bucket("get_bucket_location"),
    "s3:GetBucketVersioning": _on_bucket("get_bucket_versioning"),
    "s3:DeleteBucketPolicy": _on_bucket("delete_bucket_policy"),
    "s3:DeleteBucket": _on_bucket("delete_bucket"),
    "s3:PutBucketPolicy": _put_policy,
}
