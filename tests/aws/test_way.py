"""STS behind a corporate proxy and behind a private CA, as AWS's SDKs reach it."""

import asyncio
import datetime
import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.aws.serving import FakeEndpoint, sts_at
from valetkey.aws import AwsError
from valetkey.aws.way import proxy_to

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY")


@pytest.fixture
def proxied(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setattr("valetkey.aws.sts.FIRST_PAUSE", 0.001)
    return monkeypatch


@pytest.mark.parametrize(
    ("url", "environment", "proxy"),
    [
        ("https://sts.eu-west-1.amazonaws.com/", {}, None),
        ("https://sts.eu-west-1.amazonaws.com/", {"HTTPS_PROXY": "http://p:3128"}, "http://p:3128"),
        ("https://sts.eu-west-1.amazonaws.com/", {"HTTPS_PROXY": "p:3128"}, "http://p:3128"),
        ("https://sts.eu-west-1.amazonaws.com/", {"HTTP_PROXY": "http://p:3128"}, None),
        ("http://sts.test/", {"HTTP_PROXY": "http://p:3128"}, "http://p:3128"),
        ("https://sts.test/", {"HTTPS_PROXY": "http://p", "NO_PROXY": "sts.test"}, None),
        ("http://127.0.0.1:4566/", {"HTTP_PROXY": "http://p:3128"}, None),
        ("http://localhost:4566/", {"HTTP_PROXY": "http://p:3128"}, None),
        ("http://[::1]:4566/", {"HTTP_PROXY": "http://p:3128"}, None),
    ],
)
def test_the_proxy_is_the_one_that_sdks_take(
    url: str, environment: dict[str, str], proxy: str | None, proxied: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        proxied.setenv(name, value)
    assert proxy_to(url) == proxy


async def test_a_call_goes_through_the_proxy(proxied: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []

    async def stand_in(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readline())
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(stand_in, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    proxied.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
    async with server, sts_at(FakeEndpoint(), proxied, endpoint_url="https://sts.test/") as sts:
        with pytest.raises(AwsError) as caught:
            await sts.caller_arn()
    assert caught.value.code == "aws-unreachable"
    assert asked[0] == b"CONNECT sts.test:443 HTTP/1.1\r\n"


async def test_a_private_ca_is_believed_where_the_configuration_names_it(
    proxied: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with serving_tls(tmp_path) as url, sts_at(FakeEndpoint(), proxied, endpoint_url=url):
        pass
    code = {}
    for name, bundle in (("ours", tmp_path / "ca.pem"), ("none", None)):
        proxied.delenv("AWS_CA_BUNDLE", raising=False)
        if bundle is not None:
            proxied.setenv("AWS_CA_BUNDLE", str(bundle))
        async with (
            serving_tls(tmp_path) as url,
            sts_at(FakeEndpoint(), proxied, endpoint_url=url) as sts,
        ):
            with pytest.raises(AwsError) as caught:
                await sts.caller_arn()
            code[name] = caught.value.code
    assert code == {"ours": "aws-failed", "none": "aws-unreachable"}


async def test_a_ca_bundle_that_is_none_is_one_clear_error(
    proxied: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    proxied.setenv("AWS_CA_BUNDLE", str(tmp_path / "absent.pem"))
    async with sts_at(FakeEndpoint(), proxied) as sts:
        with pytest.raises(AwsError) as caught:
            await sts.caller_arn()
    assert caught.value.code == "aws-configuration"


@asynccontextmanager
async def serving_tls(folder: Path) -> AsyncIterator[str]:
    """A server that proves to be 127.0.0.1 by a CA of our own, and answers what STS never does."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 418 No\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx")
        await writer.drain()
        writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_certificate(folder))
    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


def _certificate(folder: Path) -> Path:
    """Write a self-signed certificate as `ca.pem`, and with its key as `server.pem`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test's own CA")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / "ca.pem").write_bytes(pem)
    (folder / "server.pem").write_bytes(secret + pem)
    return folder / "server.pem"
