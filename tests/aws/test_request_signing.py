"""Requests to servers of tools, signed: each part that is sent is part of what was signed."""

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

import pytest

from valetkey.aws import SigV4Signer
from valetkey.credentials import AssumedRole
from valetkey.secret import Secret

SESSION = AssumedRole(
    access_key_id="ASIAEXAMPLE",
    secret_access_key=Secret("secret-key"),
    session_token=Secret("session-token"),
    expiration=2_000_000_000,
    assumed_role_arn="arn:aws:sts::111122223333:assumed-role/r/s",
    source_identity=None,
    packed_policy_size=None,
    request_id="1",
    answered_at=1_999_996_400,
)
URL = "https://abc.execute-api.eu-west-1.amazonaws.com/prod/mcp"
BODY = b'{"jsonrpc":"2.0","id":1,"method":"tools/call"}'
HEADERS = {"Content-Type": "application/json", "Mcp-Method": "tools/call"}


def _signed(url: str = URL, body: bytes = BODY) -> Mapping[str, str]:
    return SigV4Signer().sign(
        SESSION,
        method="POST",
        url=url,
        headers=HEADERS,
        body=body,
        service="execute-api",
        region="eu-west-1",
    )


def _signature(headers: Mapping[str, str], url: str, body: bytes) -> str:
    """The signature that AWS computes (Signature Version 4 signing process), by the book."""
    named = headers["Authorization"].split("SignedHeaders=")[1].split(",")[0]
    split = urlsplit(url)
    known = {name.lower(): value.strip() for name, value in headers.items()} | {
        "host": split.netloc
    }
    canonical = "\n".join(
        [
            "POST",
            quote(split.path),
            split.query,
            *(f"{name}:{known[name]}" for name in named.split(";")),
            "",
            named,
            hashlib.sha256(body).hexdigest(),
        ]
    )
    at = headers["X-Amz-Date"]
    scope = f"{at[:8]}/eu-west-1/execute-api/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = b"AWS4secret-key"
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    text = f"AWS4-HMAC-SHA256\n{at}\n{scope}\n{digest}"
    return hmac.digest(key, text.encode(), "sha256").hex()


@pytest.mark.parametrize("url", [URL, "http://127.0.0.1:8080/mcp", "https://x.example/mcp?a=1&b=2"])
def test_the_signature_is_the_one_that_aws_computes(url: str) -> None:
    headers = _signed(url)
    assert headers["Authorization"].endswith(f"Signature={_signature(headers, url, BODY)}")


def test_the_body_and_the_headers_that_route_are_signed() -> None:
    headers = _signed()
    assert not headers["Authorization"].endswith(_signature(headers, URL, BODY + b" "))
    named = headers["Authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    assert {"host", "content-type", "mcp-method", "x-amz-security-token"} <= set(named)


def test_what_was_given_stays_and_no_secret_is_in_it() -> None:
    headers = _signed()
    assert HEADERS.items() <= headers.items()
    assert headers["X-Amz-Security-Token"] == "session-token"
    assert "secret-key" not in str(headers)
