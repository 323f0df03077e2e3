"""One call on the wire: written and parsed by botocore, read with a limit of size."""

from collections.abc import Mapping
from typing import Any

import aiohttp
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest
from botocore.credentials import ReadOnlyCredentials
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from valetkey.aws.chain import Endpoint
from valetkey.aws.errors import AwsError

MAX_ANSWER_BYTES = 65_536

Shape = Mapping[str, Any]


def written(
    parameters: Shape, model: Any, endpoint: Endpoint, *, keys: ReadOnlyCredentials | None
) -> AWSPreparedRequest:
    """Return the request that asks it, signed for the endpoint's region; without keys unsigned."""
    service = model.service_model
    wire = create_serializer(service.metadata["protocol"]).serialize_to_request(parameters, model)
    request = AWSRequest(
        method="POST", url=endpoint.url, data=wire["body"], headers=wire["headers"]
    )
    if keys is not None:
        SigV4Auth(keys, service.signing_name, endpoint.region).add_auth(request)
    return request.prepare()


def parsed(model: Any, status: int, headers: Mapping[str, str], *, body: bytes) -> Shape:
    """Return what an answer says, an error's body too. Raises `aws-failed` for another protocol."""
    raw = {"status_code": status, "headers": headers, "body": body}
    try:
        protocol = model.service_model.metadata["protocol"]
        answer: Shape = create_parser(protocol).parse(raw, model.output_shape)
        said = dict(answer)  # JSON's `null` is an answer of no members to botocore
    except Exception as error:  # noqa: BLE001  # botocore's parser raises many kinds on nonsense
        raise AwsError(
            "aws-failed",
            f"what answered is not {model.service_model.service_id.upper()}",
            detail=f"status {status}, {type(error).__name__}",
            retryable=status >= 500,
        ) from None
    return said


async def sent(
    http: aiohttp.ClientSession,
    request: AWSPreparedRequest,
    endpoint: Endpoint,
    *,
    seconds: float,
    of: str,
) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of what answers. Raises `AwsError` when nothing does."""
    try:
        async with http.request(
            request.method,
            request.url,
            data=request.body or None,
            headers=dict(request.headers.items()),
            allow_redirects=False,
            proxy=endpoint.proxy,
            ssl=endpoint.tls,
            timeout=aiohttp.ClientTimeout(total=seconds),
        ) as response:
            return response.status, dict(response.headers), await whole(response, of=of)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise unheard(error, endpoint.url, of=of) from None


def unheard(error: Exception, url: str, *, of: str) -> AwsError:
    """Say that no answer came from an address, apart for one that is too late."""
    if isinstance(error, TimeoutError):
        return AwsError(
            "aws-timeout",
            f"{of} at `{url}` did not answer in time",
            hint="check the network, then try again",
            detail=repr(error),
            retryable=True,
        )
    return AwsError(
        "aws-unreachable",
        f"{of} at `{url}` can't be reached",
        hint="check the network and the endpoint URL",
        detail=repr(error),
        retryable=True,
    )


async def whole(response: aiohttp.ClientResponse, *, of: str) -> bytes:
    """Read an answer to its end; `content.read(n)` would stop at the first packet."""
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > MAX_ANSWER_BYTES:
            raise AwsError("aws-failed", f"what answered is not {of}", detail="a huge answer")
    return bytes(body)
