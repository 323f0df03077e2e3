"""What an S3 request takes for granted of what is stored: looked up before the storage trips."""

from valetkey.localaws.faults import AwsError, Service, Trouble, fault
from valetkey.localaws.s3_request import S3Call
from valetkey.localaws.storage import Storage


def check_stored(call: S3Call, storage: Storage) -> None:
    """Return if upload, part, tagged object and page are there.

    Raises the AwsError that S3 gives otherwise. Where the whole object or bucket is missing it
    is the storage's to say, but for an object whose tags go: it breaks there.
    """
    _check_upload(call, storage)
    _check_tagged(call, storage)
    _check_part(call, storage)
    token = call.query.get("continuation-token")
    if token is not None and token not in storage.s3._pagination_tokens:
        raise fault(Service.S3, Trouble.INVALID, "The continuation token provided is incorrect")


def _check_upload(call: S3Call, storage: Storage) -> None:
    """An upload id is good for the key it was made for: the storage looks at the id alone."""
    upload_id = call.query.get("uploadId")
    if upload_id is None:
        return
    bucket = storage.s3.buckets.get(call.bucket)
    upload = None if bucket is None else bucket.multiparts.get(upload_id)
    if upload is None or upload.key_name != call.key:
        raise AwsError("NoSuchUpload", "The specified upload does not exist.", status=404)


def _check_tagged(call: S3Call, storage: Storage) -> None:
    tagging = call.operation.name in {"DeleteObjectTagging", "PutObjectTagging"}
    if not tagging or call.key is None:
        return
    if call.bucket not in storage.s3.buckets:
        raise AwsError("NoSuchBucket", "The specified bucket does not exist", status=404)
    if storage.s3.get_object(call.bucket, call.key, version_id=call.version) is None:
        raise AwsError("NoSuchKey", "The specified key does not exist.", status=404)


def _check_part(call: S3Call, storage: Storage) -> None:
    """An object that was written in one call has one part."""
    number = int(call.query.get("partNumber", "1"))
    if call.operation.name not in {"GetObject", "HeadObject"} or number == 1:
        return
    if call.bucket not in storage.s3.buckets or call.key is None:
        return
    found = storage.s3.get_object(call.bucket, call.key, version_id=call.version)
    if found is None:
        return
    parts = len(found.multipart.partlist) if found.multipart else 1
    if not 1 <= number <= parts:
        text = "The requested partnumber is not satisfiable"
        raise AwsError("InvalidPartNumber", text, status=416)
