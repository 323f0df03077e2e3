"""The S3 operations that are modelled: how a request names each, and the actions it needs.

An operation is found by level, method and the set of query parameters that select it. A request
with any other parameter is refused, so that the storage never sees what was not decided on.
"""

from dataclasses import dataclass
from enum import Enum


class Level(Enum):
    """What the path names."""

    SERVICE = "service"
    BUCKET = "bucket"
    OBJECT = "object"


@dataclass(frozen=True, slots=True)
class S3Operation:
    """One operation: its name, its actions, and what it may carry in the query string."""

    name: str
    actions: tuple[str, ...]
    versioned: tuple[str, ...] = ()  # the actions instead, where versionId is given
    query: frozenset[str] = frozenset()
    conditions: frozenset[str] = frozenset()  # preconditions on the stored object that it takes


_LIST = frozenset({"prefix", "delimiter", "max-keys", "encoding-type"})
_LIST_V1 = _LIST | {"marker"}
_LIST_V2 = _LIST | {"start-after", "continuation-token", "fetch-owner"}
_LIST_VERSIONS = _LIST | {"key-marker", "version-id-marker"}
_VERSION = frozenset({"versionId"})
_READ = _VERSION | {
    "partNumber",
    "response-content-type",
    "response-content-language",
    "response-expires",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
}

SELECTORS = frozenset(
    {
        "acl", "attributes", "cors", "delete", "encryption", "legal-hold", "lifecycle", "list-type",
        "location", "object-lock", "ownershipControls", "policy", "publicAccessBlock", "retention",
        "tagging", "uploadId", "uploads", "versioning", "versions",
    }
)  # fmt: skip
"""Parameters that select an operation; any that selects none makes the request unknown."""

CREATIONS = {
    "CompleteMultipartUpload": "true",
    "CreateMultipartUpload": "false",
    "PutObject": "true",  # a copy is one, too
    "UploadPart": "false",
}
"""What `s3:ObjectCreationOperation` says: "Enforce conditional writes" (S3 user guide)."""

_S, _B, _O = Level.SERVICE, Level.BUCKET, Level.OBJECT
_Key = tuple[Level, str, frozenset[str]]


def _at(level: Level, method: str, *selectors: str) -> _Key:
    return (level, method, frozenset(selectors))


_GET = ("s3:GetObject",)
_GET_V = ("s3:GetObjectVersion",)
_PUT = ("s3:PutObject",)
_MATCH, _NONE_MATCH = "if-match", "if-none-match"
_WRITE_IF = frozenset({_MATCH, _NONE_MATCH})
PRECONDITIONS = _WRITE_IF | {"if-modified-since", "if-unmodified-since"}

OPERATIONS: dict[_Key, S3Operation] = {
    _at(_S, "GET"): S3Operation("ListBuckets", ("s3:ListAllMyBuckets",)),
    # buckets
    _at(_B, "PUT"): S3Operation("CreateBucket", ("s3:CreateBucket",)),
    _at(_B, "DELETE"): S3Operation("DeleteBucket", ("s3:DeleteBucket",)),
    _at(_B, "HEAD"): S3Operation("HeadBucket", ("s3:ListBucket",)),
    _at(_B, "GET"): S3Operation("ListObjects", ("s3:ListBucket",), query=_LIST_V1),
    _at(_B, "GET", "list-type"): S3Operation("ListObjectsV2", ("s3:ListBucket",), query=_LIST_V2),
    _at(_B, "GET", "versions"): S3Operation(
        "ListObjectVersions", ("s3:ListBucketVersions",), query=_LIST_VERSIONS
    ),
    _at(_B, "GET", "uploads"): S3Operation(
        "ListMultipartUploads", ("s3:ListBucketMultipartUploads",), query=frozenset({"prefix"})
    ),
    _at(_B, "GET", "location"): S3Operation("GetBucketLocation", ("s3:GetBucketLocation",)),
    _at(_B, "POST", "delete"): S3Operation("DeleteObjects", ()),
    _at(_B, "GET", "policy"): S3Operation("GetBucketPolicy", ("s3:GetBucketPolicy",)),
    _at(_B, "PUT", "policy"): S3Operation("PutBucketPolicy", ("s3:PutBucketPolicy",)),
    _at(_B, "DELETE", "policy"): S3Operation("DeleteBucketPolicy", ("s3:DeleteBucketPolicy",)),
    _at(_B, "GET", "versioning"): S3Operation("GetBucketVersioning", ("s3:GetBucketVersioning",)),
    _at(_B, "PUT", "versioning"): S3Operation("PutBucketVersioning", ("s3:PutBucketVersioning",)),
    _at(_B, "GET", "tagging"): S3Operation("GetBucketTagging", ("s3:GetBucketTagging",)),
    _at(_B, "PUT", "tagging"): S3Operation("PutBucketTagging", ("s3:PutBucketTagging",)),
    _at(_B, "DELETE", "tagging"): S3Operation("DeleteBucketTagging", ("s3:PutBucketTagging",)),
    _at(_B, "GET", "encryption"): S3Operation(
        "GetBucketEncryption", ("s3:GetEncryptionConfiguration",)
    ),
    _at(_B, "PUT", "encryption"): S3Operation(
        "PutBucketEncryption", ("s3:PutEncryptionConfiguration",)
    ),
    _at(_B, "DELETE", "encryption"): S3Operation(
        "DeleteBucketEncryption", ("s3:PutEncryptionConfiguration",)
    ),
    _at(_B, "GET", "publicAccessBlock"): S3Operation(
        "GetPublicAccessBlock", ("s3:GetBucketPublicAccessBlock",)
    ),
    _at(_B, "PUT", "publicAccessBlock"): S3Operation(
        "PutPublicAccessBlock", ("s3:PutBucketPublicAccessBlock",)
    ),
    _at(_B, "DELETE", "publicAccessBlock"): S3Operation(
        "DeletePublicAccessBlock", ("s3:PutBucketPublicAccessBlock",)
    ),
    _at(_B, "GET", "ownershipControls"): S3Operation(
        "GetBucketOwnershipControls", ("s3:GetBucketOwnershipControls",)
    ),
    _at(_B, "PUT", "ownershipControls"): S3Operation(
        "PutBucketOwnershipControls", ("s3:PutBucketOwnershipControls",)
    ),
    _at(_B, "DELETE", "ownershipControls"): S3Operation(
        "DeleteBucketOwnershipControls", ("s3:PutBucketOwnershipControls",)
    ),
    _at(_B, "GET", "lifecycle"): S3Operation(
        "GetBucketLifecycleConfiguration", ("s3:GetLifecycleConfiguration",)
    ),
    _at(_B, "PUT", "lifecycle"): S3Operation(
        "PutBucketLifecycleConfiguration", ("s3:PutLifecycleConfiguration",)
    ),
    _at(_B, "DELETE", "lifecycle"): S3Operation(
        "DeleteBucketLifecycle", ("s3:PutLifecycleConfiguration",)
    ),
    # objects
    _at(_O, "GET"): S3Operation("GetObject", _GET, _GET_V, _READ, PRECONDITIONS),
    _at(_O, "HEAD"): S3Operation("HeadObject", _GET, _GET_V, _READ, PRECONDITIONS),
    _at(_O, "GET", "attributes"): S3Operation(
        "GetObjectAttributes",
        (*_GET, "s3:GetObjectAttributes"),
        (*_GET_V, "s3:GetObjectVersionAttributes"),
        _VERSION,
    ),
    _at(_O, "PUT"): S3Operation("PutObject", _PUT, conditions=_WRITE_IF),
    _at(_O, "DELETE"): S3Operation(
        "DeleteObject",
        ("s3:DeleteObject",),
        ("s3:DeleteObjectVersion",),
        _VERSION,
        frozenset({_MATCH}),
    ),
    _at(_O, "GET", "tagging"): S3Operation(
        "GetObjectTagging", ("s3:GetObjectTagging",), ("s3:GetObjectVersionTagging",), _VERSION
    ),
    _at(_O, "PUT", "tagging"): S3Operation(
        "PutObjectTagging", ("s3:PutObjectTagging",), ("s3:PutObjectVersionTagging",), _VERSION
    ),
    _at(_O, "DELETE", "tagging"): S3Operation(
        "DeleteObjectTagging",
        ("s3:DeleteObjectTagging",),
        ("s3:DeleteObjectVersionTagging",),
        _VERSION,
    ),
    # multipart uploads
    _at(_O, "POST", "uploads"): S3Operation("CreateMultipartUpload", _PUT),
    _at(_O, "PUT", "uploadId"): S3Operation("UploadPart", _PUT, query=frozenset({"partNumber"})),
    _at(_O, "POST", "uploadId"): S3Operation("CompleteMultipartUpload", _PUT, conditions=_WRITE_IF),
    _at(_O, "DELETE", "uploadId"): S3Operation(
        "AbortMultipartUpload", ("s3:AbortMultipartUpload",)
    ),
    _at(_O, "GET", "uploadId"): S3Operation(
        "ListParts",
        ("s3:ListMultipartUploadParts",),
        query=frozenset({"max-parts", "part-number-marker"}),
    ),
}
