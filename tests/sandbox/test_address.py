"""Where a run token may be sent."""

import pytest

from valetkey.errors import ValetkeyError
from valetkey.sandbox.address import is_loopback, parse_address, split_url


@pytest.mark.parametrize(
    ("url", "host", "port", "path"),
    [
        ("http://127.0.0.1:8700", "127.0.0.1", 8700, ""),
        ("http://127.0.0.1:8700/", "127.0.0.1", 8700, ""),
        ("http://localhost:1/v1/credentials/a", "localhost", 1, "/v1/credentials/a"),
        ("http://[::1]:8700/x", "::1", 8700, "/x"),
        ("https://valetkey.example.com", "valetkey.example.com", 443, ""),
        ("https://valetkey.example.com:8443/sub/", "valetkey.example.com", 8443, "/sub"),
    ],
)
def test_a_url_is_split_into_host_port_and_path(url: str, host: str, port: int, path: str) -> None:
    address = parse_address(url)
    assert (address.host, address.port, address.path) == (host, port, path)
    assert address.is_tls == url.startswith("https")


@pytest.mark.parametrize(
    "url",
    [
        "http://broker.internal:8700",
        "http://host.docker.internal:8700",
        "http://10.0.0.1",
        "http://127.evil.example",
        "http://127.0.0.1.evil.example",
        "http://127.0.0.256",
        "http://127.0.0.010",  # 8 to a resolver
        "http://127.0.0.09",  # a name to a resolver
        "http://0.0.0.0:8700",
        "http://[fe80::1]:8700",
    ],
)
def test_plain_http_reaches_loopback_only(url: str) -> None:
    with pytest.raises(ValetkeyError) as caught:
        parse_address(url)
    assert caught.value.code == "broker-url-insecure"
    assert split_url(url).port > 0


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:8700",
        "ftp://127.0.0.1",
        "file:///etc/passwd",
        "http://",
        "http://:80",
        "http://127.0.0.1:0",
        "http://127.0.0.1:70000",
        "http://127.0.0.1:8 0",
        "http://127.0.0.1:" + "9" * 5_000,
        "http://127.0.0.1/".ljust(8_001, "x"),
        "http://127.0.0.1@evil.example",
        "http://evil.example#@127.0.0.1",
        "http://127.0.0.1/a?b=c",
        "http://127.0.0.1/\r\nHost: evil",
        "http://127.0.0.1\\evil.example",
        "http://[::1",
        "http://[::1]x",
        "http://[127.0.0.1]",
        "https://exämple.com",
    ],
)
def test_a_url_with_two_readings_is_refused(url: str) -> None:
    with pytest.raises(ValetkeyError) as caught:
        parse_address(url)
    assert caught.value.code == "broker-url-invalid"


def test_loopback_is_told_by_spelling_not_by_lookup() -> None:
    assert is_loopback("127.9.9.9")
    assert not is_loopback("localhost.evil.example")
