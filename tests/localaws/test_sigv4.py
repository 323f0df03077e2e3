"""Our reading of a signature agrees with botocore's signer, and with it alone."""

from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from valetkey.localaws.http import Incoming, TargetError, decode_percent, decode_query
from valetkey.localaws.sigv4 import (
    SignatureError,
    Signed,
    read_signature,
    signature_matches,
    signing_key,
)

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
KEY = "AKIAIOSFODNN7EXAMPLE"


def signed_request(
    service: str, method: str, path: str, query: dict[str, str], body: bytes
) -> Incoming:
    """Return what arrives of a request that botocore signed."""
    text = "&".join(f"{quote(n, safe='')}={quote(v, safe='')}" for n, v in query.items())
    url = f"http://127.0.0.1:8080{quote(path, safe='/~')}" + (f"?{text}" if text else "")
    request = AWSRequest(method=method, url=url, data=body, headers={"x-amz-extra": "a  b "})
    signer = S3SigV4Auth if service == "s3" else SigV4Auth
    request.context["payload_signing_enabled"] = True
    signer(Credentials(KEY, SECRET), service, "eu-west-1").add_auth(request)
    headers = {name.lower(): str(value) for name, value in request.headers.items()}
    arrived = urlsplit(url)
    return Incoming(
        method=method,
        path=decode_percent(arrived.path),
        query=decode_query(arrived.query),
        headers={**headers, "host": "127.0.0.1:8080"},
        body=body,
        source_ip="127.0.0.1",
    )


def claims(request: Incoming) -> Signed:
    """Return the claims of a request that has some."""
    signed = read_signature(request)
    assert signed is not None
    return signed


def matches(request: Incoming, secret: str = SECRET) -> bool:
    """True if the request's signature was made with `secret`."""
    signed = claims(request)
    return signature_matches(request, signed, key=signing_key(secret, signed))


no_surrogates = st.characters(exclude_categories=["Cs"])


@given(
    path=st.text(no_surrogates, max_size=20),
    query=st.dictionaries(
        st.text(no_surrogates, min_size=1, max_size=8), st.text(no_surrogates, max_size=8),
        max_size=4,
    ),
    body=st.binary(max_size=50),
)  # fmt: skip
def test_what_botocore_signs_for_s3_matches(path: str, query: dict[str, str], body: bytes) -> None:
    if any(name.lower().startswith("x-amz-") for name in query):
        return
    assert matches(signed_request("s3", "PUT", f"/{path}", query, body))


@pytest.mark.parametrize("service", ["sts", "iam", "dynamodb"])
def test_what_botocore_signs_for_other_services_matches(service: str) -> None:
    request = signed_request(service, "POST", "/", {}, b"Action=GetCallerIdentity")
    assert matches(request)
    assert not matches(request, secret=SECRET + "x")


@pytest.mark.parametrize(
    "change",
    [
        {"method": "GET"},
        {"path": "/other"},
        {"query": {"a": "2"}},
        {"query": {"a": "1", "b": ""}},
        {"headers": {"x-amz-extra": "changed"}},
        {"headers": {"host": "elsewhere"}},
    ],
)
def test_a_change_of_any_signed_part_breaks_the_signature(change: dict[str, Any]) -> None:
    request = signed_request("s3", "PUT", "/b/k", {"a": "1"}, b"body")
    assert matches(request)
    if "headers" in change:
        change = {"headers": {**request.headers, **change["headers"]}}
    assert not matches(replace(request, **change))


AUTHORIZATION = (
    f"AWS4-HMAC-SHA256 Credential={KEY}/20261121/eu-west-1/s3/aws4_request, "
    f"SignedHeaders=host;x-amz-date, Signature={'0' * 64}"
)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"),
        ("AWS4-HMAC-SHA256", "AWS"),
        ("aws4_request", "aws5_request"),
        ("20261121", "20261122"),
        ("host;x-amz-date", "x-amz-date"),
        ("host;x-amz-date", "x-amz-date;host"),
        ("host;x-amz-date", "host;host;x-amz-date"),
        ("0" * 64, "0" * 63),
        ("Signature=", "Credential="),
        ("Signature=", "Other="),
    ],
)
def test_a_malformed_authorization_is_an_error_and_never_unsigned(old: str, new: str) -> None:
    request = Incoming(
        method="GET",
        path="/",
        query={},
        headers={
            "authorization": AUTHORIZATION.replace(old, new),
            "x-amz-date": "20261121T080000Z",
        },
        body=b"",
        source_ip="127.0.0.1",
    )
    with pytest.raises(SignatureError):
        read_signature(request)


def test_a_request_signed_in_two_ways_is_an_error() -> None:
    request = Incoming(
        method="GET",
        path="/",
        query={"X-Amz-Algorithm": "AWS4-HMAC-SHA256"},
        headers={"authorization": AUTHORIZATION, "x-amz-date": "20261121T080000Z"},
        body=b"",
        source_ip="127.0.0.1",
    )
    with pytest.raises(SignatureError):
        read_signature(request)


@pytest.mark.parametrize("query", ["a=1&a=2", "a=b+c", "a=%", "a=%zz", "a=%ff", "a b=1"])
def test_a_query_with_two_readings_is_refused(query: str) -> None:
    with pytest.raises(TargetError):
        decode_query(query)


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"authorization": "AWS AKIAIOSFODNN7EXAMPLE:c2ln"}, {}),
        ({}, {"AWSAccessKeyId": KEY, "Signature": "c2ln", "Expires": "1"}),
        ({}, {"AWSAccessKeyId": KEY, "Signature": "c2ln", "x-amz-security-token": "t"}),
    ],
)
def test_signature_version_2_is_refused_with_what_to_do(
    headers: dict[str, str], query: dict[str, str]
) -> None:
    request = Incoming("GET", "/b/k", query, {"host": "localhost", **headers}, b"", "127.0.0.1")
    with pytest.raises(SignatureError, match=r"signature_version='s3v4'"):
        read_signature(request)
