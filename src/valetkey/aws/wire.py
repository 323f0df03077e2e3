"""One call on the wire: signed and parsed by botocore, read with a limit of size."""

from collections.abc import Mapping
from typing import Any

import aiohttp
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from valetkey.aws.chain import Endpoint
from valetkey.aws.errors import AwsError

MAX_ANSWER_BYTES = 65_536

Shape = Mapping[str, Any]


def signed(
    parameters: Shape, model: Any, endpoint: Endpoint, *, keys: ReadOnlyCredentials
) -> AWSRequest:
    """Return the request that asks it, signed for the endpoint's region."""
    wire = create_serializer("query").serialize_to_request(parameters, model)
    request = AWSRequest(
        method="POST", url=endpoint.url, data=wire["body"], headers=wire["headers"]
    )
    SigV4Auth(keys, "sts", endpoint.region).add_auth(request)
    return request.prepare()


def parsed(model: Any, status: int, headers: Mapping[str, str], *, body: bytes) -> Shape:
    """Return what an answer says, an error's body too. Raises `aws-failed` for another protocol."""
    raw = {"status_code": status, "headers": headers, "body": body}
    try:
        parsed: Shape = create_parser("query").parse(raw, model.output_shape)
    except Exception as error:  # noqa: BLE001  # botocore's parser raises many kinds on nonsense
        raise AwsError(
            "aws-failed",
            "what answered is not STS",
            detail=f"status {status}, {type(error).__name__}",
            retryable=status >= 500,
        ) from None
    return parsed


def unheard(error: Exception, url: str) -> AwsError:
    """Say that no answer came from an address, apart for one that is too late."""
    if isinstance(error, TimeoutError):
        return AwsError(
            "aws-timeout",
            f"STS at `{url}` did not answer in time",
            hint="check the network, then try again",
            detail=repr(error),
            retryable=True,
        )
    return AwsError(
        "aws-unreachable",
        f"STS at `{url}` can't be reached",
        hint="check the network and the endpoint URL",
        detail=repr(error),
        retryable=True,
    )


async def whole(response: aiohttp.ClientResponse) -> bytes:
    """Read an answer to its end; `content.read(n)` would stop at the first packet."""
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > MAX_ANSWER_BYTES:
            raise AwsError("aws-failed", "what answered is not STS", detail="a huge answer")
    return bytes(body)
