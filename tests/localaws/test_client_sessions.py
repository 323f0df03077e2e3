"""Clients of a local AWS: at its endpoint alone, closed together, or without any socket."""

import botocore.config
import pytest

from tests.localaws.world import REGION
from valetkey.localaws.client_sessions import (
    Clients,
    in_process_client,
    in_process_session,
)
from valetkey.localaws.http import Answer, Incoming

KEYS = {"AccessKeyId": "AKIA" + "A" * 16, "SecretAccessKey": "x" * 40}
HERE = "http://127.0.0.1:1"


def test_a_client_keeps_what_its_maker_asks_for() -> None:
    session = Clients(HERE, REGION).session(KEYS)
    mine = botocore.config.Config(read_timeout=3)
    client = session.client("s3", config=mine)
    assert client.meta.endpoint_url == HERE
    assert client.meta.config.read_timeout == 3
    assert session.client("s3", endpoint_url="http://127.0.0.1:2").meta.endpoint_url.endswith(":2")


def test_loopback_is_not_asked_of_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://192.0.2.1")
    client = Clients(HERE, REGION).session(KEYS).client("s3")
    assert client._endpoint.http_session._proxy_config._proxies == {}


def test_an_in_process_client_needs_no_server() -> None:
    seen: list[Incoming] = []

    def ask(read: object, method: str, target: str) -> Answer:
        seen.append(read())  # type: ignore[operator]
        return Answer(200, (), b"a body" if method == "GET" else b"")

    client = in_process_client(in_process_session(ask), "s3", REGION, keys=KEYS)
    client.put_object(Bucket="b", Key="a b/ü", Body=b"content")
    assert client.get_object(Bucket="b", Key="k")["Body"].read() == b"a body"
    put, got = seen
    assert (put.method, put.path, put.header("host")) == ("PUT", "/b/a b/ü", "127.0.0.1")
    assert b"content" in put.body
    assert KEYS["AccessKeyId"] in str(got.header("authorization"))
