"""A stream over TLS: words of TLS itself are no words of the answer, and silence is not an end."""

import datetime
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from valetkey.sandbox.address import parse_address
from valetkey.sandbox.connecting import tls_context
from valetkey.sandbox.errors import BrokerUnavailableError
from valetkey.sandbox.streaming import StreamRequest, open_stream

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
REQUEST = StreamRequest("GET", "/mcp", ())


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A certificate of 127.0.0.1 and its key, believed by this process."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "certificate.pem"
    pem = serialization.Encoding.PEM
    form = serialization.PrivateFormat.PKCS8
    path.write_bytes(
        made.public_bytes(pem) + key.private_bytes(pem, form, serialization.NoEncryption())
    )
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return path


@contextmanager
def tls_server(certificate: Path, answer: Callable[[ssl.SSLSocket], None]) -> Iterator[str]:
    """Give the URL of a server that answers one request."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)

        def serve() -> None:
            bare, _ = listener.accept()
            bare.settimeout(10)
            try:
                with context.wrap_socket(bare, server_side=True) as connection:
                    connection.recv(65_536)
                    answer(connection)
            except OSError:
                pass  # a client that does not believe us, or has enough

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"https://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            thread.join(10)


def test_events_come_over_tls_one_by_one(certificate: Path) -> None:
    go_on = threading.Event()

    def answer(connection: ssl.SSLSocket) -> None:
        connection.sendall(HEAD + b"1\r\na\r\n")
        assert go_on.wait(10)
        connection.sendall(b"1\r\nb\r\n")
        connection.sendall(b"20000\r\n" + b"c" * 0x20000 + b"\r\n0\r\n\r\n")

    with tls_server(certificate, answer) as url:
        streamed = open_stream(parse_address(url), REQUEST, tls=tls_context(), silent_seconds=10)
        pieces = streamed.pieces()
        assert next(pieces) == b"a"
        go_on.set()
        assert b"".join(pieces) == b"b" + b"c" * 0x20000
        streamed.close()


def test_silence_over_tls_is_silence(certificate: Path) -> None:
    """TLS 1.3 sends tickets after the handshake: the connection is readable, and says nothing."""
    over = threading.Event()

    def answer(_: ssl.SSLSocket) -> None:
        over.wait(10)

    with tls_server(certificate, answer) as url:
        with pytest.raises(BrokerUnavailableError) as slow:
            open_stream(parse_address(url), REQUEST, silent_seconds=0.3)
        over.set()
    assert slow.value.code == "broker-slow"


def test_who_does_not_prove_its_name_gets_no_request(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    asked: list[ssl.SSLSocket] = []
    with (
        tls_server(certificate, asked.append) as url,
        pytest.raises(BrokerUnavailableError) as refused,
    ):
        open_stream(parse_address(url), REQUEST, silent_seconds=5)
    assert (refused.value.code, asked) == ("broker-tls-refused", [])
