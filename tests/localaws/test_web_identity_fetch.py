"""What an issuer publishes is fetched from where it is registered, whole, small and in time."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

import valetkey.localaws.web_identity_fetch as fetching
from tests.localaws.web_issuer import DISCOVERY, WebIssuer, web_issuer
from valetkey.localaws.faults import AwsError
from valetkey.localaws.web_identity_fetch import MAX_DISCOVERY, MAX_KEY_SET, fetch_key_set

UNREACHABLE, UNBELIEVED = "IDPCommunicationError", "InvalidIdentityToken"


@pytest.fixture
def issuer() -> Iterator[WebIssuer]:
    """An issuer that a test may break."""
    with web_issuer() as made:
        yield made


def why(url: str) -> str:
    """Return the code with which an issuer's documents are refused."""
    with pytest.raises(AwsError) as caught:
        fetch_key_set(url)
    return caught.value.code


def says(issuer: WebIssuer, /, **document: object) -> None:
    """Let the discovery document say this."""
    members = {"issuer": issuer.url, "jwks_uri": f"{issuer.url}/keys", **document}
    issuer.answers[DISCOVERY] = (200, {}, json.dumps(members).encode())


def test_the_keys_are_where_the_discovery_document_says(issuer: WebIssuer) -> None:
    says(issuer, jwks_uri=f"{issuer.url}/else?a=b#c")
    assert fetch_key_set(issuer.url) == issuer.issuer.jwks()
    assert issuer.asked == [DISCOVERY, "/else?a=b"]


def test_a_path_is_part_of_the_issuer(issuer: WebIssuer) -> None:
    url = f"{issuer.url}/tenant"
    members = {"issuer": url, "jwks_uri": f"{issuer.url}/keys"}
    issuer.answers[f"/tenant{DISCOVERY}"] = (200, {}, json.dumps(members).encode())
    assert fetch_key_set(url) == issuer.issuer.jwks()


@pytest.mark.parametrize("path", [DISCOVERY, "/keys"])
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_redirect_is_followed(issuer: WebIssuer, path: str, status: int) -> None:
    issuer.answers[path] = (status, {"Location": f"{issuer.url}/secret"}, b"{}")
    assert why(issuer.url) == UNBELIEVED
    assert "/secret" not in issuer.asked


@pytest.mark.parametrize(
    "said", ["https://issuer.example", "", None, 1, "http://127.0.0.1", "ISSUER/"]
)
def test_the_document_is_the_issuers_own(issuer: WebIssuer, said: object) -> None:
    said = said.replace("ISSUER", issuer.url) if isinstance(said, str) else said
    says(issuer, issuer=said)
    assert why(issuer.url) == UNBELIEVED


@pytest.mark.parametrize(
    "address",
    [None, 1, "", "/keys", "//127.0.0.1/keys", "http://issuer.example/keys", "file:///etc/passwd",
     "ftp://127.0.0.1/keys", "http://127.0.0.1:99999/keys", "http://127.0.0.1.example.com/keys",
     "http://169.254.169.254/keys", "http://u@127.0.0.1/keys", "http://[::1/keys",
     "http://127.0.0.1/a b", "http://127.0.0.1/\r\nHost: x", "https:///keys"],
)  # fmt: skip
def test_keys_are_at_https_or_loopback_alone(issuer: WebIssuer, address: object) -> None:
    says(issuer, jwks_uri=address)
    assert why(issuer.url) == UNBELIEVED


def test_an_issuer_at_https_has_no_keys_at_http(monkeypatch: pytest.MonkeyPatch) -> None:
    document = {"issuer": "https://id.example.com", "jwks_uri": "http://127.0.0.1/keys"}

    def fetch(address: str, *, limit: int) -> bytes:
        assert address == f"https://id.example.com{DISCOVERY}" and limit == MAX_DISCOVERY
        return json.dumps(document).encode()

    monkeypatch.setattr(fetching, "fetch", fetch)
    assert why("https://id.example.com") == UNBELIEVED


def test_what_is_no_providers_url_is_not_asked() -> None:
    for url in ("http://issuer.example", "ftp://127.0.0.1", "https://", "https://127.0.0.1:8443"):
        assert why(url) == UNBELIEVED


@pytest.mark.parametrize(("path", "limit"), [(DISCOVERY, MAX_DISCOVERY), ("/keys", MAX_KEY_SET)])
def test_a_document_is_small(issuer: WebIssuer, path: str, limit: int) -> None:
    _, headers, body = issuer.answer(path)
    issuer.answers[path] = (200, headers, body.ljust(limit))
    assert fetch_key_set(issuer.url).strip() == issuer.issuer.jwks()
    issuer.answers[path] = (200, headers, body.ljust(limit + 1))
    assert why(issuer.url) == UNBELIEVED


def test_nothing_is_decompressed(issuer: WebIssuer) -> None:
    issuer.answers["/keys"] = (200, {"Content-Encoding": "gzip"}, b"x")
    assert why(issuer.url) == UNBELIEVED


@pytest.mark.parametrize(
    ("status", "code"), [(404, UNBELIEVED), (403, UNBELIEVED), (204, UNBELIEVED),
                         (500, UNREACHABLE), (503, UNREACHABLE)]
)  # fmt: skip
def test_an_issuer_that_fails_may_be_asked_again(issuer: WebIssuer, status: int, code: str) -> None:
    issuer.answers["/keys"] = (status, {}, b"")
    assert why(issuer.url) == code


def test_what_is_not_http_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            peer, _ = listening.accept()
            with peer:
                peer.recv(4096)
                peer.sendall(b"hello\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        assert why(f"http://127.0.0.1:{listening.getsockname()[1]}") == UNREACHABLE
        thread.join()


@pytest.mark.parametrize(
    "begin",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX: ",
        b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 900\r\n\r\n{",
        b"HTTP/1.0 200 OK\r\n\r\n{",
    ],
)
def test_an_issuer_that_takes_its_time_is_left(
    begin: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "SECONDS", 0.2)
    done, was_read = threading.Event(), threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            peer, _ = listening.accept()
            with peer, suppress(OSError):
                peer.sendall(begin)
                for _ in range(100 if begin else 0):  # a byte now and then keeps no one waiting
                    if done.wait(0.05):
                        return
                    peer.sendall(b" ")
                if begin:
                    was_read.set()
                done.wait()

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            assert why(f"http://127.0.0.1:{listening.getsockname()[1]}") == UNREACHABLE
        finally:
            done.set()
            thread.join()
        assert not was_read.is_set(), "it waited for the last byte"
