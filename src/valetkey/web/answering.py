"""What every route does alike: it reads within bounds and gives a document or a problem."""

from collections.abc import Awaitable, Callable

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from valetkey.broker import Broker, identify
from valetkey.broker.inspect import MAX_PAGE
from valetkey.identity import Principal, Refusal
from valetkey.secret import Secret
from valetkey.web.bearer import bearer_token
from valetkey.web.documents import RequestError
from valetkey.web.problem import Problem, problem_of_error, problem_of_refusal

MAX_BODY = 65_536
Answer = Callable[[Request], Awaitable[Response | Refusal]]


def guarded(answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    """Return an endpoint from which only answers and problems come."""

    async def endpoint(request: Request) -> Response:
        try:
            outcome = await answer(request)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody reads it
        except Exception as error:  # noqa: BLE001  # the edge: an unknown error denies
            return problem_response(problem_of_error(error))
        if isinstance(outcome, Refusal):
            return problem_response(problem_of_refusal(outcome))
        return outcome

    return endpoint


def problem_response(problem: Problem) -> Response:
    """Return a problem as Starlette sends it."""
    response = Response(problem.body(), status_code=problem.status)
    for name, value in problem.headers():
        response.headers[name.decode()] = value.decode()
    return response


def json_response(document: object, *, status: int = 200) -> Response:
    """Return a document that no cache keeps."""
    return Response(
        msgspec.json.encode(document),
        status_code=status,
        media_type="application/json",
        headers={"cache-control": "no-store"},
    )


def token_of(request: Request) -> Secret:
    """Return the bearer token. Raises `not-authenticated`."""
    return bearer_token(request.scope["headers"])


async def principal_of(broker: Broker, request: Request) -> Principal | Refusal:
    """Return who calls; that nobody was admitted is on record before it is said."""
    route = f"{request.method} {request.scope['route'].path}"
    return await identify(broker, token_of(request), route=route)


async def body_of(request: Request, *, most: int = MAX_BODY) -> bytes:
    """Read the body up to the limit, whatever its declared length says."""
    parts = bytearray()
    async for part in request.stream():
        parts += part
        if len(parts) > most:
            raise RequestError("body-too-large", f"the body has more than {most} bytes")
    return bytes(parts)


def page_limit(request: Request) -> int:
    """Return how many a page may hold at most."""
    text = request.query_params.get("limit", "100")
    if not (len(text) <= 4 and text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_PAGE):
        raise RequestError("request-malformed", "`limit` is a number from 1 to 1000")
    return int(text)
