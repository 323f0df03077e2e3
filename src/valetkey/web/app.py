"""The HTTP API as one ASGI application: the hot route in front, Starlette behind it."""

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from valetkey.broker import Broker
from valetkey.broker.readiness import Readiness
from valetkey.web.credentials import CredentialsEndpoint
from valetkey.web.health import health_routes
from valetkey.web.openapi import openapi_document
from valetkey.web.problem import Problem
from valetkey.web.runs import RunRoutes, problem_response


def make_app(
    broker: Broker, readiness: Readiness, *, public_url: str, version: str
) -> CredentialsEndpoint:
    """Return the ASGI application. What no route knows is a problem, too."""
    description = msgspec.json.encode(openapi_document(version))

    async def openapi(request: Request) -> Response:
        return Response(description, media_type="application/json")

    routes = [
        *RunRoutes(broker, public_url).routes(),
        *health_routes(readiness),
        Route("/openapi.json", openapi),
    ]
    rest = Starlette(routes=routes, exception_handlers={HTTPException: _no_route})
    rest.router.redirect_slashes = False  # it would redirect to whatever the Host header says
    return CredentialsEndpoint(broker, rest)


async def _no_route(request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException) and error.status_code == 405:
        return problem_response(
            Problem(405, "method-not-allowed", f"`{request.method}` is not a method of this route")
        )
    return problem_response(
        Problem(404, "not-found", "there is no such route", "see /openapi.json")
    )
