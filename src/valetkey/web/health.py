"""Is it alive, and may it be sent work?"""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from valetkey.broker.readiness import Readiness


def health_routes(readiness: Readiness) -> list[Route]:
    """Return `/healthz` (the process answers) and `/readyz` (503 with what stands in the way)."""

    async def healthz(request: Request) -> Response:
        return _json({"status": "ok"}, 200)

    async def readyz(request: Request) -> Response:
        obstacles = readiness.obstacles()
        document = {
            "status": "not ready" if obstacles else "ready",
            "obstacles": [{"code": o.code, "detail": o.message, "hint": o.hint} for o in obstacles],
        }
        return _json(document, 503 if obstacles else 200)

    return [Route("/healthz", healthz), Route("/readyz", readyz)]


def _json(document: object, status: int) -> Response:
    return Response(
        msgspec.json.encode(document),
        status_code=status,
        media_type="application/json",
        headers={"cache-control": "no-store"},
    )
