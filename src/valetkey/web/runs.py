"""The routes of runs: opened, shown, rotated, ended, revoked. Each calls one use case."""

from typing import Any

from starlette.requests import Request
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
    list_runs,
    open_run,
    revoke_run,
    rotate_token,
)
from valetkey.identity import Refusal
from valetkey.runs import Run, RunState
from valetkey.secret import Secret
from valetkey.web.answering import (
    Answer,
    body_of,
    guarded,
    json_response,
    page_limit,
    principal_of,
    token_of,
)
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
        actor_token = token_of(request)
        body = read_body(await body_of(request), OpenRunBody)
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
        return json_response(opened_document(outcome, public_url=self._public_url), status=201)

    async def _list(self, request: Request) -> Response | Refusal:
        principal = await principal_of(self._broker, request)
        if isinstance(principal, Refusal):
            return principal
        limit = page_limit(request)
        runs = await list_runs(
            self._broker,
            principal,
            state=_state(request.query_params.get("state")),
            after=request.query_params.get("after"),
            limit=limit,
        )
        documents = tuple([await self._document(run) for run in runs])
        return json_response(RunsDocument(documents, runs[-1].id if len(runs) == limit else None))

    async def _show(self, request: Request) -> Response | Refusal:
        principal = await principal_of(self._broker, request)
        if isinstance(principal, Refusal):
            return principal
        run = await find_run(self._broker, principal, request.path_params["id"])
        return _no_such_run() if run is None else json_response(await self._document(run))

    async def _end(self, request: Request) -> Response | Refusal:
        principal = await principal_of(self._broker, request)
        if isinstance(principal, Refusal):
            return principal
        outcome = await end_run(self._broker, principal, request.path_params["id"])
        return _finished(outcome)

    async def _revoke(self, request: Request) -> Response | Refusal:
        principal = await principal_of(self._broker, request)
        if isinstance(principal, Refusal):
            return principal
        body = read_body(await body_of(request), RevokeBody)
        outcome = await revoke_run(
            self._broker, principal, request.path_params["id"], because=body.because
        )
        return _finished(outcome)

    async def _show_self(self, request: Request) -> Response | Refusal:
        run = await find_own_run(self._broker, token_of(request))
        if isinstance(run, Refusal):
            return run
        policy = await self._broker.policy_of(run)
        tools = self._broker.tools
        document = own_run_document(
            run,
            policy,
            public_url=self._public_url,
            gateway=None if tools is None else tools.audience,
        )
        return json_response(document)

    async def _end_self(self, request: Request) -> Response | Refusal:
        outcome = await end_own_run(self._broker, token_of(request))
        return outcome if isinstance(outcome, Refusal) else Response(status_code=204)

    async def _rotate(self, request: Request) -> Response | Refusal:
        outcome = await rotate_token(self._broker, token_of(request))
        return outcome if isinstance(outcome, Refusal) else json_response(rotated_document(outcome))

    async def _document(self, run: Run) -> Any:
        policy = await self._broker.policy_of(run)
        return run_document(run, policy, public_url=self._public_url)


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
