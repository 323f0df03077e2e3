"""S3 operations: decided, then run by the storage, with AWS's way of hiding what is missing."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from valetkey.localaws.checksums import CHECKSUMS
from valetkey.localaws.decisions import Ask, is_allowed
from valetkey.localaws.faults import AwsError, Service, Trouble, fault
from valetkey.localaws.http import Answer, Incoming, encode_percent
from valetkey.localaws.query_protocol import xml_text
from valetkey.localaws.resource_policies import ResourcePolicies
from valetkey.localaws.s3_bodies import canonical_body, has_xml
from valetkey.localaws.s3_context import S3Asks, signature_context
from valetkey.localaws.s3_headers import is_form
from valetkey.localaws.s3_preconditions import settled
from valetkey.localaws.s3_request import S3Call, read_s3
from valetkey.localaws.s3_stored import check_stored
from valetkey.localaws.s3_xml import (
    Deletion,
    read_deletions,
    read_tags,
    write_deletions,
    write_tags,
)
from valetkey.localaws.sigv4 import Signed
from valetkey.localaws.storage import Storage

Require = Callable[[Ask], None]
TAG_COUNT = "x-amz-tagging-count"

_READS = frozenset({"GetObject", "HeadObject", "GetObjectAttributes", "GetObjectTagging"})


def s3_operation(request: Incoming) -> S3Call:
    """Return the understood request, its XML written anew, its tags read where they stand there."""
    call = read_s3(request)
    name = call.operation.name
    if not has_xml(name) or name == "DeleteObjects":
        return call
    body = canonical_body(name, call.body)
    if name == "PutObjectTagging":
        tags = read_tags(body)
        if not tags:  # the storage breaks at an empty set
            return replace(call, method="DELETE", body=b"")
        return replace(call, tags=tags, body=write_tags(tags))
    if name == "PutBucketTagging":
        body = write_tags(read_tags(body))
    return replace(call, body=body)


@dataclass(frozen=True, slots=True)
class ObjectService:
    """Answers S3 operations for verified callers and for nobody."""

    storage: Storage
    policies: ResourcePolicies

    def run(self, call: S3Call, signed: Signed | None, *, require: Require, now: float) -> Answer:
        """Return S3's answer. Raises AwsError for a denial."""
        asks = S3Asks(self.storage, self.policies)
        if call.expected_owners - {self.storage.account}:
            raise fault(Service.S3, Trouble.DENIED, "Access Denied: another bucket owner")
        if call.operation.name == "DeleteObjects":
            return self._delete(call, signed, asks, require=require, now=now)
        for ask in asks.of(call, signed, now=now):
            require(ask)
        check_stored(call, self.storage)
        if call.operation.name.endswith("BucketPolicy"):
            return self._policy(call)
        answer = self._store(settled(call, self.storage))
        if call.operation.name == "PutObjectTagging" and answer.status == 204:
            answer = replace(answer, status=200)
        if answer.status == 404 and (call.operation.name in _READS or call.source is not None):
            bucket = call.source.bucket if call.source is not None else call.bucket
            if bucket in self.storage.s3.buckets:
                require(asks.of_listing(bucket, signature_context(signed, now=now)))
        if TAG_COUNT in dict(answer.headers):
            told = asks.of_tags(call, signed, now=now)
            if told is None or not is_allowed(told, require):
                kept = tuple(pair for pair in answer.headers if pair[0] != TAG_COUNT)
                answer = replace(answer, headers=kept)
        if call.operation.name == "DeleteBucket" and answer.status < 300:
            self.policies.drop(call.bucket_arn)
        return answer

    def _store(self, call: S3Call) -> Answer:
        headers = dict(call.headers)
        form = headers.pop("content-type") if is_form(headers) else None
        if call.source is not None:
            headers["x-amz-copy-source"] = call.source.header
        if call.tags and call.operation.name != "PutObjectTagging":
            headers["x-amz-tagging"] = "&".join(
                f"{encode_percent(k)}={encode_percent(v)}" for k, v in call.tags.items()
            )
        for name in call.headers:
            if name in CHECKSUMS:
                headers["x-amz-sdk-checksum-algorithm"] = name.rsplit("-", 1)[1].upper()
        answer = self.storage.call_s3(
            call.method,
            call.bucket,
            key=call.key,
            query=call.query,
            headers=headers,
            body=call.body,
        )
        copies = call.source is not None and headers.get("x-amz-metadata-directive") != "REPLACE"
        if form and call.operation.name == "PutObject" and answer.status == 200 and not copies:
            # the storage would have parsed the body: it learns of the type only now
            self.storage.s3.get_object(call.bucket, call.key).set_metadata({"Content-Type": form})
        return answer

    def _policy(self, call: S3Call) -> Answer:
        if call.bucket not in self.storage.s3.buckets:
            raise AwsError("NoSuchBucket", "The specified bucket does not exist", status=404)
        if call.method == "PUT":
            try:
                self.policies.put(call.bucket_arn, call.body.decode("utf-8"))
            except UnicodeDecodeError as error:
                raise AwsError("MalformedPolicy", "The policy is not UTF-8.") from error
            except AwsError as error:
                raise AwsError("MalformedPolicy", error.message) from error
            return Answer(204, (), b"")
        document = self.policies.documents.get(call.bucket_arn)
        if call.method == "DELETE":
            self.policies.drop(call.bucket_arn)
            return Answer(204, (), b"")
        if document is None:
            raise AwsError("NoSuchBucketPolicy", "The bucket policy does not exist", status=404)
        return Answer(200, (("content-type", "application/json"),), document.encode())

    def _delete(
        self,
        call: S3Call,
        signed: Signed | None,
        asks: S3Asks,
        *,
        require: Require,
        now: float,
    ) -> Answer:
        """Each key is its own decision; the storage sees only those that were allowed."""
        wanted, quiet = read_deletions(call.body)
        allowed: list[Deletion] = []
        errors = ""
        context = signature_context(signed, now=now)
        for deletion in wanted:
            action = "s3:DeleteObject" if deletion.version is None else "s3:DeleteObjectVersion"
            ask = asks.of_object(
                action, call.bucket, deletion.key, version=deletion.version, context=context
            )
            try:
                require(ask)
                allowed.append(deletion)
            except AwsError as error:
                errors += _delete_error(deletion, error)
        if call.bucket not in self.storage.s3.buckets and allowed:
            raise AwsError("NoSuchBucket", "The specified bucket does not exist", status=404)
        body = b'<DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></DeleteResult>'
        if allowed:
            rebuilt = replace(call, body=write_deletions(tuple(allowed), quiet=quiet), headers={})
            answer = self._store(rebuilt)
            if answer.status != 200:
                return answer
            body = answer.body
        body = body.replace(b"</DeleteResult>", f"{errors}</DeleteResult>".encode())
        return Answer(200, (("content-type", "application/xml"),), body)


def _delete_error(deletion: Deletion, error: AwsError) -> str:
    version = ""
    if deletion.version is not None:
        version = f"<VersionId>{xml_text(deletion.version)}</VersionId>"
    return (
        f"<Error><Key>{xml_text(deletion.key)}</Key>{version}<Code>{error.code}</Code>"
        f"<Message>{xml_text(error.message)}</Message></Error>"
    )


def s3_fault(error: AwsError, *, method: str, resource: str, request_id: str) -> Answer:
    """Return an S3 error answer; HEAD carries no body."""
    fields = "".join(f"<{name}>{xml_text(text)}</{name}>" for name, text in error.fields.items())
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{error.code}</Code><Message>{xml_text(error.message)}</Message>{fields}"
        f"<Resource>{xml_text(resource)}</Resource><RequestId>{request_id}</RequestId></Error>"
    )
    headers = (("content-type", "application/xml"),)
    return Answer(error.status, headers, b"" if method == "HEAD" else text.encode())
