"""S3 behind the gate: tenants by prefix, copies, versions, batches, hidden existence."""

import urllib.request
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.error import HTTPError

import pytest
from botocore.exceptions import ClientError

from tests.localaws.world import ACCOUNT, BUCKET, REGION, World, allow, code_of, document, trust

BROKER = f"arn:aws:iam::{ACCOUNT}:user/broker"


def refused(call: Callable[[], Any]) -> str:
    """Return the code with which the call is refused."""
    with pytest.raises(ClientError) as caught:
        call()
    return code_of(caught.value)


def new_bucket(world: World, name: str, *, versions: bool = False) -> Any:
    """Create a bucket and return root's client."""
    s3 = world.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    if versions:
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return s3


@pytest.mark.parametrize(("own", "other"), [("alice", "bob"), ("bob", "alice")])
def test_each_person_reaches_their_own_prefix_only(world: World, own: str, other: str) -> None:
    s3 = world.client("s3", world.tenant(own))
    assert s3.get_object(Bucket=BUCKET, Key=f"traces/{own}/a")["Body"].read() == own.encode()
    foreign = {"Bucket": BUCKET, "Key": f"traces/{other}/a"}
    assert refused(lambda: s3.get_object(**foreign)) == "AccessDenied"
    assert refused(lambda: s3.put_object(**foreign, Body=b"")) == "AccessDenied"
    assert refused(lambda: s3.head_object(**foreign)) == "403"
    assert refused(lambda: s3.delete_object(**foreign)) == "AccessDenied"


def test_listing_needs_the_persons_prefix(world: World) -> None:
    s3 = world.client("s3", world.tenant("alice"))
    found = s3.list_objects_v2(Bucket=BUCKET, Prefix="traces/alice/")
    assert {item["Key"] for item in found["Contents"]} >= {"traces/alice/a"}
    assert refused(lambda: s3.list_objects_v2(Bucket=BUCKET)) == "AccessDenied"
    assert refused(lambda: s3.list_objects(Bucket=BUCKET, Prefix="traces/")) == "AccessDenied"
    assert refused(lambda: s3.list_objects(Bucket=BUCKET, Prefix="traces/bob/")) == "AccessDenied"
    assert refused(s3.list_buckets) == "AccessDenied"


@pytest.mark.parametrize(
    "key",
    ["traces/alice/../bob/a", "traces/alice/%2e%2e/bob/a", "traces/alice//a", "traces/alice/./a"],
)
def test_a_key_is_what_it_says_and_is_not_resolved(world: World, key: str) -> None:
    s3 = world.client("s3", world.tenant("alice"))
    s3.put_object(Bucket=BUCKET, Key=key, Body=b"odd")
    assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == b"odd"
    root = world.client("s3")
    assert root.get_object(Bucket=BUCKET, Key="traces/bob/a")["Body"].read() == b"bob"
    listed = root.list_objects_v2(Bucket=BUCKET, Prefix=key)["Contents"]
    assert [item["Key"] for item in listed] == [key]


def test_a_missing_key_is_hidden_from_whoever_may_not_list(world: World) -> None:
    s3 = world.client("s3", world.tenant("alice"))
    assert refused(lambda: s3.get_object(Bucket=BUCKET, Key="traces/alice/none")) == "AccessDenied"
    root = world.client("s3")
    assert refused(lambda: root.get_object(Bucket=BUCKET, Key="traces/alice/none")) == "NoSuchKey"


def test_a_copy_reads_its_source_as_its_caller(world: World) -> None:
    s3 = world.client("s3", world.tenant("alice"))
    own = {"Bucket": BUCKET, "Key": "traces/alice/a"}
    foreign = {"Bucket": BUCKET, "Key": "traces/bob/a"}
    s3.copy_object(Bucket=BUCKET, Key="traces/alice/copy", CopySource=own)
    assert s3.get_object(Bucket=BUCKET, Key="traces/alice/copy")["Body"].read() == b"alice"
    target = {"Bucket": BUCKET, "Key": "traces/alice/stolen"}
    assert refused(lambda: s3.copy_object(**target, CopySource=foreign)) == "AccessDenied"
    quoted = f"/{BUCKET}/traces/%62ob/a"
    assert refused(lambda: s3.copy_object(**target, CopySource=quoted)) == "AccessDenied"


def test_a_part_copy_reads_its_source_as_its_caller(world: World) -> None:
    s3 = world.client("s3", world.tenant("alice"))
    target = {"Bucket": BUCKET, "Key": "traces/alice/parts"}
    upload = s3.create_multipart_upload(**target)["UploadId"]
    foreign = {"Bucket": BUCKET, "Key": "traces/bob/a"}
    code = refused(
        lambda: s3.upload_part_copy(**target, UploadId=upload, PartNumber=1, CopySource=foreign)
    )
    assert code == "AccessDenied"


def test_a_multipart_upload_ends_in_one_object(world: World) -> None:
    s3 = world.client("s3", world.tenant("alice"))
    target = {"Bucket": BUCKET, "Key": "traces/alice/big"}
    upload = s3.create_multipart_upload(**target)["UploadId"]
    part = s3.upload_part(**target, UploadId=upload, PartNumber=1, Body=b"x" * 1000)
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(**target, UploadId=upload, MultipartUpload=parts)
    assert s3.head_object(**target)["ContentLength"] == 1000


def test_an_upload_id_is_good_for_its_own_key_only(world: World) -> None:
    bob = world.client("s3", world.tenant("bob"))
    upload = bob.create_multipart_upload(Bucket=BUCKET, Key="traces/bob/big")["UploadId"]
    alice = world.client("s3", world.tenant("alice"))
    own = {"Bucket": BUCKET, "Key": "traces/alice/big", "UploadId": upload}
    assert refused(lambda: alice.upload_part(**own, PartNumber=1, Body=b"x")) == "NoSuchUpload"
    parts = {"Parts": [{"PartNumber": 1, "ETag": "x"}]}
    assert refused(lambda: alice.complete_multipart_upload(**own, MultipartUpload=parts)) == (
        "NoSuchUpload"
    )


def test_a_multi_delete_answers_each_foreign_key_with_an_error(world: World) -> None:
    s3 = world.client("s3", world.tenant("alice"))
    s3.put_object(Bucket=BUCKET, Key="traces/alice/<&> gone", Body=b"")
    keys = ["traces/alice/<&> gone", "traces/bob/a"]
    answer = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": k} for k in keys]})
    assert [item["Key"] for item in answer["Deleted"]] == [keys[0]]
    assert [(e["Key"], e["Code"]) for e in answer["Errors"]] == [(keys[1], "AccessDenied")]
    root = world.client("s3")
    assert root.get_object(Bucket=BUCKET, Key=keys[1])["Body"].read() == b"bob"


def test_a_multi_delete_of_foreign_keys_alone_deletes_nothing(world: World) -> None:
    s3 = world.client("s3", world.tenant("alice"))
    answer = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "traces/bob/a"}]})
    assert "Deleted" not in answer
    assert answer["Errors"][0]["Code"] == "AccessDenied"


def test_versions_have_actions_of_their_own(world: World) -> None:
    root = new_bucket(world, "versioned", versions=True)
    old = root.put_object(Bucket="versioned", Key="k", Body=b"old")["VersionId"]
    root.put_object(Bucket="versioned", Key="k", Body=b"new")
    plain = world.client("s3", world.user("reads-plain", allow("s3:GetObject")))
    assert plain.get_object(Bucket="versioned", Key="k")["Body"].read() == b"new"
    named = {"Bucket": "versioned", "Key": "k", "VersionId": old}
    assert refused(lambda: plain.get_object(**named)) == "AccessDenied"
    versions = world.client("s3", world.user("reads-versions", allow("s3:GetObjectVersion")))
    assert versions.get_object(**named)["Body"].read() == b"old"
    assert refused(lambda: versions.get_object(Bucket="versioned", Key="k")) == "AccessDenied"
    deletes = world.client("s3", world.user("deletes-plain", allow("s3:DeleteObject")))
    assert refused(lambda: deletes.delete_object(**named)) == "AccessDenied"
    listed = refused(lambda: plain.list_object_versions(Bucket="versioned"))
    assert listed == "AccessDenied"


def test_a_version_id_can_be_a_condition(world: World) -> None:
    root = new_bucket(world, "pinned", versions=True)
    old = root.put_object(Bucket="pinned", Key="k", Body=b"old")["VersionId"]
    new = root.put_object(Bucket="pinned", Key="k", Body=b"new")["VersionId"]
    pinned = allow("s3:GetObjectVersion", StringEquals={"s3:VersionId": old})
    s3 = world.client("s3", world.user("pinned-reader", pinned))
    s3.get_object(Bucket="pinned", Key="k", VersionId=old)
    assert refused(lambda: s3.get_object(Bucket="pinned", Key="k", VersionId=new)) == "AccessDenied"


def test_a_missing_object_has_no_tags_to_delete(world: World) -> None:
    root = world.client("s3")
    for bucket, code in ((BUCKET, "NoSuchKey"), ("never-made", "NoSuchBucket")):
        missing = partial(root.delete_object_tagging, Bucket=bucket, Key="traces/alice/never")
        assert refused(missing) == code


def test_object_tags_decide_and_their_header_needs_permission(world: World) -> None:
    new_bucket(world, "tagged")
    seen = {"s3:ExistingObjectTag/team": "red"}
    s3 = world.client(
        "s3",
        world.user("red", allow("s3:GetObject", StringEquals=seen), allow("s3:PutObject")),
    )
    root = world.client("s3")
    root.put_object(Bucket="tagged", Key="red", Body=b"r", Tagging="team=red&x=y%3D")
    root.put_object(Bucket="tagged", Key="blue", Body=b"b", Tagging="team=blue")
    assert s3.get_object(Bucket="tagged", Key="red")["Body"].read() == b"r"
    assert refused(lambda: s3.get_object(Bucket="tagged", Key="blue")) == "AccessDenied"
    put = {"Bucket": "tagged", "Key": "new", "Body": b""}
    s3.put_object(**put)
    assert refused(lambda: s3.put_object(**put, Tagging="team=red")) == "AccessDenied"
    tags = root.get_object_tagging(Bucket="tagged", Key="red")["TagSet"]
    assert {"Key": "x", "Value": "y="} in tags


def test_a_canned_acl_needs_its_own_permission_and_is_a_condition(world: World) -> None:
    new_bucket(world, "acls")
    private = allow(["s3:PutObject", "s3:PutObjectAcl"], StringEquals={"s3:x-amz-acl": "private"})
    s3 = world.client("s3", world.user("acl-setter", private))
    s3.put_object(Bucket="acls", Key="k", Body=b"", ACL="private")
    put = {"Bucket": "acls", "Key": "k", "Body": b""}
    assert refused(lambda: s3.put_object(**put, ACL="public-read")) == "AccessDenied"
    plain = world.client("s3", world.user("no-acl-setter", allow("s3:PutObject")))
    assert refused(lambda: plain.put_object(**put, ACL="private")) == "AccessDenied"


def test_a_bucket_policy_grants_denies_and_is_ours_alone(world: World) -> None:
    root = new_bucket(world, "shared")
    root.put_object(Bucket="shared", Key="k", Body=b"k")
    keys = world.user("guest")
    arn = f"arn:aws:iam::{ACCOUNT}:user/guest"
    s3 = world.client("s3", keys)
    assert refused(lambda: s3.get_object(Bucket="shared", Key="k")) == "AccessDenied"
    grant = {
        "Effect": "Allow",
        "Principal": {"AWS": arn},
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::shared/*",
    }
    root.put_bucket_policy(Bucket="shared", Policy=document(grant))
    assert s3.get_object(Bucket="shared", Key="k")["Body"].read() == b"k"
    deny = {**grant, "Effect": "Deny", "Principal": "*"}
    deny["Condition"] = {"StringEquals": {"aws:PrincipalType": "Account"}}
    root.put_bucket_policy(Bucket="shared", Policy=document(grant, deny))
    assert s3.get_object(Bucket="shared", Key="k")["Body"].read() == b"k"
    assert refused(lambda: root.get_object(Bucket="shared", Key="k")) == "AccessDenied"
    assert document(grant, deny) == root.get_bucket_policy(Bucket="shared")["Policy"]
    root.delete_bucket_policy(Bucket="shared")
    assert refused(lambda: root.get_bucket_policy(Bucket="shared")) == "NoSuchBucketPolicy"


def test_a_bucket_policy_dies_with_its_bucket(world: World) -> None:
    root = new_bucket(world, "reborn")
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:ListBucket"}
    root.put_bucket_policy(
        Bucket="reborn", Policy=document({**deny, "Resource": "arn:aws:s3:::reborn"})
    )
    root.delete_bucket(Bucket="reborn")
    new_bucket(world, "reborn").list_objects_v2(Bucket="reborn")


def test_a_malformed_bucket_policy_is_refused(world: World) -> None:
    root = world.client("s3")
    broken = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow"}]}'
    assert refused(lambda: root.put_bucket_policy(Bucket=BUCKET, Policy=broken)) == (
        "MalformedPolicy"
    )


def test_virtual_hosted_and_path_style_mean_the_same(world: World) -> None:
    keys = world.tenant("alice")
    s3 = world.client("s3", keys)
    port = world.aws.endpoint.rsplit(":", 1)[1]

    def hosted(request: Any, **_: Any) -> None:
        request.url = request.url.replace(f"/{BUCKET}/", "/")
        request.headers["Host"] = f"{BUCKET}.localhost:{port}"

    s3.meta.events.register("before-sign.s3", hosted)
    assert s3.get_object(Bucket=BUCKET, Key="traces/alice/a")["Body"].read() == b"alice"
    assert refused(lambda: s3.get_object(Bucket=BUCKET, Key="traces/bob/a")) == "AccessDenied"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("get_object_torrent", {"Key": "k"}),
        ("get_bucket_logging", {}),
        ("get_bucket_notification_configuration", {}),
        ("get_object_retention", {"Key": "k"}),
        ("get_bucket_website", {}),
        ("restore_object", {"Key": "k", "RestoreRequest": {"Days": 1}}),
    ],
)
def test_an_operation_that_is_not_modelled_is_refused(
    world: World, name: str, arguments: dict[str, Any]
) -> None:
    s3 = world.client("s3")
    assert refused(lambda: getattr(s3, name)(Bucket=BUCKET, **arguments)) in {
        "NotImplemented",
        "InvalidArgument",
    }


def test_metadata_and_content_headers_survive(world: World) -> None:
    s3 = world.client("s3")
    meta = {"a_b": "1", "plain": "two words"}
    s3.put_object(
        Bucket=BUCKET, Key="meta", Body=b"{}", Metadata=meta, ContentType="application/json"
    )
    head = s3.head_object(Bucket=BUCKET, Key="meta")
    assert head["Metadata"] == meta
    assert head["ContentType"] == "application/json"
    assert s3.get_object(Bucket=BUCKET, Key="meta", Range="bytes=1-1")["Body"].read() == b"}"


def test_a_session_named_in_a_bucket_policy_gets_in(world: World) -> None:
    root = new_bucket(world, "for-session")
    root.put_object(Bucket="for-session", Key="k", Body=b"k")
    role = world.role("bare", [trust(BROKER)])
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/bare/vk-run"
    grant = {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "s3:GetObject"}
    root.put_bucket_policy(
        Bucket="for-session", Policy=document({**grant, "Resource": "arn:aws:s3:::for-session/*"})
    )
    s3 = world.client("s3", world.assume(role))
    assert s3.get_object(Bucket="for-session", Key="k")["Body"].read() == b"k"
    other = world.client("s3", world.assume(role, RoleSessionName="vk-other"))
    assert refused(lambda: other.get_object(Bucket="for-session", Key="k")) == "AccessDenied"


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; b=1"])
def test_an_upload_may_have_the_type_of_a_form(world: World, kind: str) -> None:
    """Command-line clients send it with a presigned PUT; the body stays what it is."""
    s3 = world.client("s3", signature_version="s3v4")
    place = {"Bucket": BUCKET, "Key": "traces/alice/form"}
    body = b"acl=public-read&a=%41;b"
    url = s3.generate_presigned_url("put_object", Params=place)
    headers = {"Content-Type": kind}
    request = urllib.request.Request(url, data=body, method="PUT", headers=headers)
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200
    found = s3.get_object(**place)
    assert (found["Body"].read(), found["ContentType"]) == (body, kind)
    s3.put_object(**place, Body=body, ContentType=kind, RequestPayer="requester")
    assert s3.head_object(**place)["ContentType"] == kind


def test_a_form_by_post_is_refused(world: World) -> None:
    s3 = world.client("s3")
    with pytest.raises(ClientError) as caught:
        s3.create_multipart_upload(
            Bucket=BUCKET, Key="traces/alice/f", ContentType="multipart/form-data"
        )
    assert code_of(caught.value) == "NotImplemented"


def test_a_presigned_url_of_signature_version_2_says_what_to_do(world: World) -> None:
    s3 = world.client("s3", signature_version="s3")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": "k"})
    with pytest.raises(HTTPError) as caught, urllib.request.urlopen(url):
        pass
    assert b"signature_version='s3v4'" in caught.value.read().replace(b"&#x27;", b"'")
