"""The routes of runs: opened, shown, rotated, ended, revoked. Each calls one use case."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from valetkey.broker import (
    Broker,
    FinishOutcome,
    OpenRequest,
    end_own_run,
    end_run,
    find_own_run,
    find_run,
    identify,
    list_runs,
    open_run,
    revoke_run,
    rotate_token,
)
from valetkey.broker.inspect import MAX_PAGE
from valetkey.identity import Principal, Refusal
from valetkey.runs import Run, RunState
from valetkey.secret import Secret
from valetkey.web.bearer import bearer_token
from valetkey.web.documents import (
    OpenRunBody,
    RequestError,
    RevokeBody,
    RunsDocument,
    opened_document,
    own_run_document,
    read_body,
    rotated_document,
    run_document,
)
from valetkey.web.problem import Problem, problem_of_error, problem_of_refusal

MAX_BODY = 65_536
Answer = Callable[[Request], Awaitable[Response | Refusal]]


class RunRoutes:
    """The routes over one broker. `public_url` is how sandboxes reach it."""

    def __init__(self, broker: Broker, public_url: str) -> None:
        self._broker = broker
        self._public_url = public_url

    def routes(self) -> list[Route]:
        """Return them in the order they are tried: `self` is no run's id."""
        table: list[tuple[str, str, Answer]] = [
            ("POST", "/v1/runs", self._open),
            ("GET", "/v1/runs", self._list),
            ("GET", "/v1/runs/self", self._show_self),
            ("DELETE", "/v1/runs/self", self._end_self),
            ("POST", "/v1/runs/self/token", self._rotate),
            ("GET", "/v1/runs/{id}", self._show),
            ("DELETE", "/v1/runs/{id}", self._end),
            ("POST", "/v1/runs/{id}/revoke", self._revoke),
        ]
        return [Route(path, guarded(answer), methods=[method]) for method, path, answer in table]

    async def _open(self, request: Request) -> Response | Refusal:
        actor_token = _token(request)
        body = read_body(await _body(request), OpenRunBody)
        outcome = await open_run(
            self._broker,
            OpenRequest(
                actor_token=actor_token,
                subject_token=Secret(body.subject_token),
                attributes=body.attributes,
                grants=body.grants,
                expires_in=body.expires_in,
            ),
        )
        if isinstance(outcome, Refusal):
            return outcome
        return _json(opened_document(outcome, public_url=self._public_url), status=201)

    async def _list(self, request: Request) -> Response | Refusal:
        principal = await self._principal(request)
        if isinstance(principal, Refusal):
            return principal
        limit = _limit(request.query_params.get("limit", "100"))
        runs = await list_runs(
            self._broker,
            principal,
            state=_state(request.query_params.get("state")),
            after=request.query_params.get("after"),
            limit=limit,
        )
        documents = tuple([await self._document(run) for run in runs])
        return _json(RunsDocument(documents, runs[-1].id if len(runs) == limit else None))

    async def _show(self, request: Request) -> Response | Refusal:
        principal = await self._principal(request)
        if isinstance(principal, Refusal):
            return principal
        run = await find_run(self._broker, principal, request.path_params["id"])
        return _no_such_run() if run is None else _json(await self._document(run))

    async def _end(self, request: Request) -> Response | Refusal:
        principal = await self._principal(request)
        if isinstance(principal, Refusal):
            return principal
        outcome = await end_run(self._broker, principal, request.path_params["id"])
        return _finished(outcome)

    async def _revoke(self, request: Request) -> Response | Refusal:
        principal = await self._principal(request)
        if isinstance(principal, Refusal):
            return principal
        body = read_body(await _body(request), RevokeBody)
        outcome = await revoke_run(
            self._broker, principal, request.path_params["id"], because=body.because
        )
        return _finished(outcome)

    async def _show_self(self, request: Request) -> Response | Refusal:
        run = await find_own_run(self._broker, _token(request))
        if isinstance(run, Refusal):
            return run
        policy = await self._broker.policy_of(run)
        return _json(own_run_document(run, policy, public_url=self._public_url))

    async def _end_self(self, request: Request) -> Response | Refusal:
        outcome = await end_own_run(self._broker, _token(request))
        return outcome if isinstance(outcome, Refusal) else Response(status_code=204)

    async def _rotate(self, request: Request) -> Response | Refusal:
        outcome = await rotate_token(self._broker, _token(request))
        return outcome if isinstance(outcome, Refusal) else _json(rotated_document(outcome))

    async def _principal(self, request: Request) -> Principal | Refusal:
        route = f"{request.method} {request.scope['route'].path}"
        return await identify(self._broker, _token(request), route=route)

    async def _document(self, run: Run) -> Any:
        policy = await self._broker.policy_of(run)
        return run_document(run, policy, public_url=self._public_url)


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


def _json(document: object, *, status: int = 200) -> Response:
    return Response(
        msgspec.json.encode(document),
        status_code=status,
        media_type="application/json",
        headers={"cache-control": "no-store"},
    )


def _token(request: Request) -> Secret:
    return bearer_token(request.scope["headers"])


async def _body(request: Request) -> bytes:
    """Read the body up to the limit, whatever its declared length says."""
    parts = bytearray()
    async for part in request.stream():
        parts += part
        if len(parts) > MAX_BODY:
            raise RequestError("body-too-large", f"the body has more than {MAX_BODY} bytes")
    return bytes(parts)


def _limit(text: str) -> int:
    if not (len(text) <= 4 and text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_PAGE):
        raise RequestError("request-malformed", "`limit` is a number from 1 to 1000")
    return int(text)


def _state(text: str | None) -> RunState | None:
    try:
        return None if text is None else RunState(text)
    except ValueError:
        raise RequestError("request-malformed", "`state` is `open`, `ended` or `revoked`") from None


def _finished(outcome: FinishOutcome | Refusal) -> Response | Refusal:
    if isinstance(outcome, Refusal):
        return outcome
    return _no_such_run() if outcome is FinishOutcome.UNKNOWN else Response(status_code=204)


def _no_such_run() -> Refusal:
    return Refusal(code="run-unknown", public="there is no such run", reasons=("unknown",))
