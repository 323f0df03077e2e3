"""Every request's signature is verified, and errors have the codes that SDKs map."""

import urllib.request
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.error import HTTPError

import pytest
from botocore.exceptions import ClientError

from tests.localaws.world import (
    ACCOUNT,
    BUCKET,
    REGION,
    TABLE,
    World,
    allow,
    code_of,
    document,
    trust,
)

SERVICES = ("sts", "iam", "s3", "dynamodb")
CALLS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "sts": ("get_caller_identity", {}),
    "iam": ("list_roles", {}),
    "s3": ("get_object", {"Bucket": BUCKET, "Key": "traces/alice/a"}),
    "dynamodb": ("describe_table", {"TableName": TABLE}),
}


def refused(world: World, service: str, keys: Mapping[str, Any]) -> str:
    """Return the code with which this service refuses these keys."""
    name, arguments = CALLS[service]
    with pytest.raises(ClientError) as caught:
        getattr(world.client(service, keys), name)(**arguments)
    return code_of(caught.value)


@pytest.mark.parametrize(
    ("service", "code"),
    [
        ("sts", "SignatureDoesNotMatch"),
        ("iam", "SignatureDoesNotMatch"),
        ("s3", "SignatureDoesNotMatch"),
        ("dynamodb", "InvalidSignatureException"),
    ],
)
def test_a_wrong_secret_is_refused(world: World, service: str, code: str) -> None:
    assert refused(world, service, {**world.root, "SecretAccessKey": "x" * 40}) == code


@pytest.mark.parametrize(
    ("service", "code"),
    [
        ("sts", "InvalidClientTokenId"),
        ("iam", "InvalidClientTokenId"),
        ("s3", "InvalidAccessKeyId"),
        ("dynamodb", "UnrecognizedClientException"),
    ],
)
def test_an_unknown_access_key_is_refused(world: World, service: str, code: str) -> None:
    keys = {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "x" * 40}
    assert refused(world, service, keys) == code


TOKEN_CODES = [
    ("sts", "InvalidClientTokenId"),
    ("s3", "InvalidToken"),
    ("dynamodb", "UnrecognizedClientException"),
]


@pytest.mark.parametrize(("service", "code"), TOKEN_CODES)
def test_a_session_without_its_token_is_refused(world: World, service: str, code: str) -> None:
    assert refused(world, service, {**world.tenant("alice"), "SessionToken": None}) == code


@pytest.mark.parametrize(("service", "code"), TOKEN_CODES)
def test_a_foreign_session_token_is_refused(world: World, service: str, code: str) -> None:
    foreign = world.tenant("bob")["SessionToken"]
    assert refused(world, service, {**world.tenant("alice"), "SessionToken": foreign}) == code


def test_a_long_term_key_with_a_token_is_refused(world: World) -> None:
    foreign = world.tenant("bob")["SessionToken"]
    assert refused(world, "s3", {**world.broker, "SessionToken": foreign}) == "InvalidToken"


@pytest.mark.parametrize(
    ("service", "code"),
    [("sts", "ExpiredToken"), ("s3", "ExpiredToken"), ("dynamodb", "ExpiredTokenException")],
)
def test_an_expired_session_is_refused(moving: World, service: str, code: str) -> None:
    moving.clock.offset = -800
    keys = moving.assume(
        f"arn:aws:iam::{moving.aws.account}:role/AgentTenantData",
        {"user_id": "alice"},
        DurationSeconds=900,
    )
    moving.client("s3", keys).get_object(Bucket=BUCKET, Key="traces/alice/a")
    moving.clock.offset = 120
    assert refused(moving, service, keys) == code


@pytest.mark.parametrize(
    ("service", "code"),
    [
        ("sts", "SignatureDoesNotMatch"),
        ("s3", "RequestTimeTooSkewed"),
        ("dynamodb", "InvalidSignatureException"),
    ],
)
@pytest.mark.parametrize("offset", [-1000, 1000])
def test_a_clock_off_by_more_than_15_minutes_is_refused(
    moving: World, service: str, code: str, offset: float
) -> None:
    moving.clock.offset = offset
    assert refused(moving, service, moving.root) == code


def test_a_deactivated_access_key_is_refused(world: World) -> None:
    keys = world.user("dormant", allow("s3:*"))
    world.client("s3", keys).list_buckets()
    iam = world.client("iam")
    iam.update_access_key(UserName="dormant", AccessKeyId=keys["AccessKeyId"], Status="Inactive")
    assert refused(world, "s3", keys) == "InvalidAccessKeyId"


def test_a_signature_for_another_region_is_refused(world: World) -> None:
    sts = world.client("sts")
    s3 = world.client("s3")
    elsewhere = {"region": "us-west-2"}
    s3.meta.events.register(
        "before-sign.s3", lambda request, **_: request.context.update(signing=elsewhere)
    )
    assert sts.get_caller_identity()["Account"] == world.aws.account
    with pytest.raises(ClientError) as caught:
        s3.get_object(Bucket=BUCKET, Key="traces/alice/a")
    assert code_of(caught.value) == "AuthorizationHeaderMalformed"


def fetch(url: str, *, method: str = "GET", headers: Mapping[str, str] | None = None) -> bytes:
    """Return the body that a client without an SDK gets."""
    request = urllib.request.Request(url, method=method, headers=dict(headers or {}))
    with urllib.request.urlopen(request) as answer:
        body: bytes = answer.read()
        return body


def test_a_presigned_url_works_without_an_sdk(world: World) -> None:
    s3 = world.client("s3", world.tenant("alice"), signature_version="s3v4")
    url = s3.generate_presigned_url(
        "get_object", Params={"Bucket": BUCKET, "Key": "traces/alice/a"}, ExpiresIn=60
    )
    assert fetch(url) == b"alice"


@pytest.mark.parametrize("change", [("alice", "bob"), ("Expires=60", "Expires=61")])
def test_a_tampered_presigned_url_is_refused(world: World, change: tuple[str, str]) -> None:
    s3 = world.client("s3", signature_version="s3v4")
    url = s3.generate_presigned_url(
        "get_object", Params={"Bucket": BUCKET, "Key": "traces/alice/a"}, ExpiresIn=60
    )
    with pytest.raises(HTTPError) as caught:
        fetch(url.replace(*change))
    with caught.value as answer:
        assert b"<Code>SignatureDoesNotMatch</Code>" in answer.read()


def test_a_presigned_url_expires(moving: World) -> None:
    s3 = moving.client("s3", signature_version="s3v4")
    url = s3.generate_presigned_url(
        "get_object", Params={"Bucket": BUCKET, "Key": "traces/alice/a"}, ExpiresIn=60
    )
    moving.clock.offset = 61
    with pytest.raises(HTTPError) as caught:
        fetch(url)
    with caught.value as answer:
        assert answer.code == 403
        assert b"Request has expired" in answer.read()


def test_an_unsigned_request_is_nobody_and_gets_nothing(world: World) -> None:
    with pytest.raises(HTTPError) as caught:
        fetch(f"{world.aws.endpoint}/{BUCKET}/traces/alice/a")
    with caught.value as answer:
        assert b"<Code>AccessDenied</Code>" in answer.read()


def test_an_unsigned_dynamodb_request_misses_its_token(world: World) -> None:
    with pytest.raises(HTTPError) as caught:
        fetch(
            world.aws.endpoint,
            method="POST",
            headers={"X-Amz-Target": "DynamoDB_20120810.ListTables"},
        )
    with caught.value as answer:
        assert b"MissingAuthenticationTokenException" in answer.read()


def test_an_unsigned_amz_header_is_refused(world: World) -> None:
    s3 = world.client("s3", signature_version="s3v4")
    url = s3.generate_presigned_url(
        "put_object", Params={"Bucket": BUCKET, "Key": "traces/alice/x"}, ExpiresIn=60
    )
    with pytest.raises(HTTPError) as caught:
        fetch(url, method="PUT", headers={"x-amz-copy-source": f"{BUCKET}/traces/bob/a"})
    with caught.value as answer:
        assert b"<Code>SignatureDoesNotMatch</Code>" in answer.read()


def test_a_body_that_was_not_signed_is_refused(world: World) -> None:
    ddb = world.client("dynamodb")
    ddb.meta.events.register(
        "before-send.dynamodb", lambda request, **_: setattr(request, "body", b'{"Limit":1}')
    )
    with pytest.raises(ClientError) as caught:
        ddb.list_tables()
    assert code_of(caught.value) == "InvalidSignatureException"


def test_a_body_with_another_hash_than_the_signed_one_is_refused(world: World) -> None:
    s3 = world.client(
        "s3",
        request_checksum_calculation="when_required",
        s3={"payload_signing_enabled": True},
    )
    s3.meta.events.register(
        "before-send.s3", lambda request, **_: setattr(request, "body", b"changed")
    )
    with pytest.raises(ClientError) as caught:
        s3.put_object(Bucket=BUCKET, Key="hashed", Body=b"correct")
    assert code_of(caught.value) == "XAmzContentSHA256Mismatch"


def test_a_forwarded_for_header_does_not_change_the_source_ip(world: World) -> None:
    condition = {"IpAddress": {"aws:SourceIp": "203.0.113.7/32"}}
    keys = world.user("faraway", allow("s3:ListAllMyBuckets", condition=condition))
    s3 = world.client("s3", keys)
    s3.meta.events.register(
        "before-send.s3",
        lambda request, **_: request.headers.update({"X-Forwarded-For": "203.0.113.7"}),
    )
    with pytest.raises(ClientError) as caught:
        s3.list_buckets()
    assert code_of(caught.value) == "AccessDenied"


@pytest.mark.parametrize("service", ["sns", "kms", "logs"])
def test_a_service_that_is_not_modelled_is_refused(world: World, service: str) -> None:
    name = {"sns": "list_topics", "kms": "list_keys", "logs": "describe_log_groups"}[service]
    with pytest.raises(ClientError):
        getattr(world.client(service), name)()


def test_a_session_of_a_deleted_or_remade_role_is_nobody(world: World) -> None:
    """Not even a bucket policy that names the session, or everybody, lets it pass."""
    broker = f"arn:aws:iam::{ACCOUNT}:user/broker"
    role = world.role("mortal", [trust(broker)])
    keys = world.assume(role)
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/mortal/vk-run"
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
    named = {**everybody, "Principal": {"AWS": session}}
    root = world.client("s3")
    root.create_bucket(
        Bucket="mortal-bucket", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    root.put_object(Bucket="mortal-bucket", Key="k", Body=b"")
    resource = {"Resource": "arn:aws:s3:::mortal-bucket/*"}
    root.put_bucket_policy(
        Bucket="mortal-bucket", Policy=document({**named, **resource}, {**everybody, **resource})
    )
    read = {"Bucket": "mortal-bucket", "Key": "k"}
    world.client("s3", keys).get_object(**read)
    iam = world.client("iam")
    for fate in ("deleted", "made anew"):
        if fate == "deleted":
            iam.delete_role(RoleName="mortal")
        else:
            world.role("mortal", [trust(broker)])
        with pytest.raises(ClientError) as caught:
            world.client("s3", keys).get_object(**read)
        assert code_of(caught.value) == "InvalidToken"
        with pytest.raises(ClientError) as caught:
            world.client("sts", keys).get_caller_identity()
        assert code_of(caught.value) == "InvalidClientTokenId"
        with pytest.raises(ClientError) as caught:
            world.client("dynamodb", keys).list_tables()
        assert code_of(caught.value) == "UnrecognizedClientException"


def test_expired_sessions_are_forgotten_in_the_end(moving: World) -> None:
    sessions = moving.aws._gate.keyring.sessions
    moving.tenant("alice")
    (first,) = sessions.live.values()
    second = replace(first, access_key_id="ASIAZZZZZZZZZZZZZZZZ", expires_at=first.expires_at + 9)
    sessions.add(second, now=first.expires_at + 3599)
    assert list(sessions.live.values()) == [first, second]
    sessions.add(second, now=first.expires_at + 3600)
    assert list(sessions.live.values()) == [second]
