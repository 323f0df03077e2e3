"""The container-credentials endpoint, as raw ASGI: the one route that every agent asks for ever.

Contract: AWS SDKs and Tools reference, "Container credential provider".
"""

from typing import Any

from starlette.types import Receive, Scope, Send

from valetkey.broker import Broker, hand_out
from valetkey.identity import Refusal
from valetkey.web.bearer import bearer_token
from valetkey.web.problem import Problem, problem_of_error, problem_of_refusal

PATH = "/v1/credentials/"
_OK = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]


class CredentialsEndpoint:
    """Answers `GET /v1/credentials/{grant}` and passes everything else on to `rest`."""

    def __init__(self, broker: Broker, rest: Any) -> None:
        self._broker = broker
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection's event, per ASGI 3."""
        if scope["type"] != "http" or not scope["path"].startswith(PATH):
            await self._rest(scope, receive, send)
            return
        if scope["method"] != "GET":
            problem = Problem(405, "method-not-allowed", "credentials are fetched by GET")
            await _send_problem(send, problem)
            return
        try:
            token = bearer_token(scope["headers"], raw=True)
            given = await hand_out(self._broker, token, scope["path"][len(PATH) :])
        except Exception as error:  # noqa: BLE001  # the edge: an unknown error denies
            await _send_problem(send, problem_of_error(error))
            return
        if isinstance(given, Refusal):
            await _send_problem(send, problem_of_refusal(given))
            return
        await _send(send, 200, given.body, [*_OK, (b"content-length", b"%d" % len(given.body))])


async def _send_problem(send: Send, problem: Problem) -> None:
    body = problem.body()
    await _send(
        send, problem.status, body, [*problem.headers(), (b"content-length", b"%d" % len(body))]
    )


async def _send(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
