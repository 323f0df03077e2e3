"""The HTTP API as one ASGI application: the two hot routes in front, Starlette behind them."""

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from valetkey.broker import Broker
from valetkey.broker.readiness import Readiness
from valetkey.web.answering import problem_response
from valetkey.web.audit import AuditRoutes
from valetkey.web.credentials import CredentialsEndpoint
from valetkey.web.decisions import DecisionRoutes
from valetkey.web.documents import TOKEN_PATH
from valetkey.web.health import health_routes
from valetkey.web.issuer_documents import IssuerDocuments
from valetkey.web.keys import KeyRoutes
from valetkey.web.login import LoginPlace, LoginRoutes
from valetkey.web.openapi import openapi_document
from valetkey.web.problem import Problem
from valetkey.web.runs import RunRoutes
from valetkey.web.token import TokenEndpoint


def make_app(
    broker: Broker,
    readiness: Readiness,
    *,
    public_url: str,
    version: str,
    login: LoginPlace | None = None,
) -> CredentialsEndpoint:
    """Return the ASGI application. What no route knows is a problem, too.

    `login` is where people who operate valetkey sign in.
    """
    description = msgspec.json.encode(openapi_document(version))

    async def openapi(request: Request) -> Response:
        return Response(description, media_type="application/json")

    routes = [
        *RunRoutes(broker, public_url).routes(),
        *DecisionRoutes(broker).routes(),
        *AuditRoutes(broker).routes(),
        *KeyRoutes(broker).routes(),
        *LoginRoutes(broker, login).routes(),
        *IssuerDocuments(broker, public_url + TOKEN_PATH).routes(),
        *health_routes(readiness),
        Route("/openapi.json", openapi),
    ]
    rest = Starlette(routes=routes, exception_handlers={HTTPException: _no_route})
    rest.router.redirect_slashes = False  # it would redirect to whatever the Host header says
    return CredentialsEndpoint(broker, TokenEndpoint(broker, rest))


async def _no_route(request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException) and error.status_code == 405:
        return problem_response(
            Problem(405, "method-not-allowed", f"`{request.method}` is not a method of this route")
        )
    return problem_response(
        Problem(404, "not-found", "there is no such route", "see /openapi.json")
    )
