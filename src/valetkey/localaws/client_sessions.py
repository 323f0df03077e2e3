"""boto3 sessions and botocore clients that reach this local AWS and nothing else.

No profile, configuration file, environment variable or metadata service of the machine has a say.
"""

import functools
import io
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore.config
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from valetkey.localaws.bare_session import bare_session
from valetkey.localaws.http import Answer, Incoming, decode_headers, decode_percent, decode_query

IN_PROCESS = "http://127.0.0.1"
Ask = Callable[[Callable[[], Incoming], str, str], Answer]


class Clients:
    """Makes boto3 sessions whose clients are all at `endpoint`, and closes them together."""

    def __init__(self, endpoint: str, region: str) -> None:
        self._endpoint = endpoint
        self._region = region
        self._made: list[Any] = []

    def session(self, keys: Mapping[str, str]) -> Any:
        """Return a boto3 session with these credentials, as STS or IAM write them."""
        core = bare_session()
        core.create_client = functools.partial(self._client, core.create_client)
        return boto3.session.Session(
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys.get("SessionToken"),
            region_name=self._region,
            botocore_session=core,
        )

    def close(self) -> None:
        """Close the connections of every client that was made."""
        for client in self._made:
            client.close()
        self._made.clear()

    def _client(self, create: Callable[..., Any], *args: Any, **named: Any) -> Any:
        named["endpoint_url"] = named.get("endpoint_url") or self._endpoint
        direct = botocore.config.Config(proxies={})  # loopback is not for the machine's proxy
        named["config"] = direct.merge(named["config"]) if named.get("config") else direct
        client = create(*args, **named)
        self._made.append(client)
        return client


def in_process_session(ask: Ask) -> Any:
    """Return a botocore session whose signed requests go to `ask` alone: no socket, no server."""
    session = bare_session()
    session.register("before-send", functools.partial(_answered, ask))
    return session


def in_process_client(session: Any, service: str, region: str, *, keys: Mapping[str, str]) -> Any:
    """Return a client of a session that was made by `in_process_session`."""
    settled = botocore.config.Config(
        retries={"total_max_attempts": 1},
        use_dualstack_endpoint=False,
        use_fips_endpoint=False,
        s3={"addressing_style": "path"},
    )
    return session.create_client(
        service,
        region_name=region,
        endpoint_url=IN_PROCESS,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        config=settled,
    )


def _answered(ask: Ask, request: AWSPreparedRequest, **_: object) -> AWSResponse:
    url = urlsplit(request.url)
    answer = ask(functools.partial(_incoming, request), request.method, url.path)
    headers = {name: value for name, value in answer.headers}  # noqa: C416 - pairs of a tuple
    return AWSResponse(request.url, answer.status, headers, _Raw(answer.body))


def _incoming(request: AWSPreparedRequest) -> Incoming:
    """Return the request as the server would read it."""
    url = urlsplit(request.url)
    headers = [(b"host", url.netloc.encode())]
    for name, value in request.headers.items():
        text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
        headers.append((name.lower().encode("latin-1"), text.encode("latin-1")))
    body = request.body or b""
    if hasattr(body, "read"):
        body = body.read()
    return Incoming(
        method=request.method,
        path=decode_percent(url.path or "/"),
        query=decode_query(url.query),
        headers=decode_headers(headers),
        body=body.encode() if isinstance(body, str) else bytes(body),
        source_ip="127.0.0.1",
    )


class _Raw(io.BytesIO):
    """A body as botocore reads it from urllib3."""

    def stream(self, **_: object) -> Iterator[bytes]:
        """Yield the whole body."""
        content = self.read()
        if content:
            yield content
