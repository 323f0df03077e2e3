"""What does not arrive whole is not a request."""

import asyncio
import socket
import time
from collections.abc import Iterator, MutableMapping
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from tests.localaws.world import BUCKET, World, code_of
from valetkey.localaws.faults import AwsError
from valetkey.localaws.http import Answer, TargetError
from valetkey.localaws.server import AsgiApp

KEY = "traces/alice/half"


def presigned_target(world: World) -> str:
    """Return path and query of an upload that root may do."""
    s3 = world.client("s3", signature_version="s3v4")
    url = urlsplit(s3.generate_presigned_url("put_object", Params={"Bucket": BUCKET, "Key": KEY}))
    return f"{url.path}?{url.query}"


def send_raw(world: World, head: str, body: bytes) -> bytes:
    """Send a head and a body, end the sending side, and return what comes back."""
    place = urlsplit(world.aws.endpoint)
    with socket.create_connection((place.hostname, place.port), timeout=10) as peer:
        peer.sendall(f"{head}\r\nhost: {place.netloc}\r\n\r\n".encode() + body)
        peer.shutdown(socket.SHUT_WR)
        found = b""
        while part := peer.recv(65536):
            found += part
    return found


@pytest.mark.parametrize(
    ("framing", "body"),
    [
        ("content-length: 100", b"half"),
        ("transfer-encoding: chunked", b"4\r\nhalf\r\n"),
        ("transfer-encoding: chunked", b"4\r\nhalf\r\nzz\r\n"),
        ("transfer-encoding: chunked", b"4\r\nhalfmore\r\n0\r\n\r\n"),
    ],
)
def test_half_an_upload_is_not_stored(world: World, framing: str, body: bytes) -> None:
    send_raw(world, f"PUT {presigned_target(world)} HTTP/1.1\r\n{framing}", body)
    time.sleep(0.05)
    with pytest.raises(ClientError) as caught:
        world.client("s3").get_object(Bucket=BUCKET, Key=KEY)
    assert code_of(caught.value) == "NoSuchKey"


class CountingGate:
    """Stands where the gate does, and counts what reaches it and can be read."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.problems: list[str] = []

    def answer(self, read: Any, *, method: str, target: str) -> Answer:
        try:
            self.bodies.append(read().body)
        except (AwsError, TargetError) as error:
            self.problems.append(type(error).__name__)
        return Answer(200, (), f"{method} {target}".encode())


def served(headers: list[tuple[bytes, bytes]], *messages: dict[str, Any]) -> CountingGate:
    """Run one request of these ASGI messages through the app."""
    gate = CountingGate()
    scope: MutableMapping[str, Any] = {
        "type": "http",
        "method": "PUT",
        "raw_path": b"/b/k",
        "query_string": b"",
        "headers": headers,
    }
    arriving: Iterator[dict[str, Any]] = iter(messages)

    async def receive() -> MutableMapping[str, Any]:
        return next(arriving)

    async def send(_: MutableMapping[str, Any]) -> None:
        return

    asyncio.run(AsgiApp(gate)(scope, receive, send))  # type: ignore[arg-type]
    return gate


def part(body: bytes, *, more: bool) -> dict[str, Any]:
    """Return one piece of a body."""
    return {"type": "http.request", "body": body, "more_body": more}


def test_a_request_that_breaks_off_never_reaches_the_gate() -> None:
    gate = served([], part(b"half", more=True), {"type": "http.disconnect"})
    assert gate.bodies == [] and gate.problems == []
    assert served([], part(b"ha", more=True), part(b"lf", more=False)).bodies == [b"half"]


@pytest.mark.parametrize("declared", [b"3", b"5", b"-4", b"4 4", b"\xb2"])
def test_a_body_of_another_length_than_declared_is_refused(declared: bytes) -> None:
    gate = served([(b"content-length", declared)], part(b"half", more=False))
    assert gate.bodies == [] and gate.problems == ["AwsError"]


def test_a_length_stated_in_two_ways_is_refused() -> None:
    both = [(b"content-length", b"4"), (b"transfer-encoding", b"chunked")]
    assert served(both, part(b"half", more=False)).problems == ["TargetError"]
