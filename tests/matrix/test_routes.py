"""The whole authorization surface on one page: every route × every kind of caller.

A new route without a row fails; so does a row without a route. What stands here is the status
that the caller gets; `401` and `403` open nothing.
"""

from pathlib import Path
from urllib.parse import urlencode

from starlette.applications import Starlette

from tests.fakes.platform import platform
from tests.fakes.tokens import token_platform
from tests.web.calling import Api, api
from valetkey.secret import Secret
from valetkey.web.openapi import openapi_document

CALLERS = (
    *("nobody", "run token", "subject", "opener", "other opener"),
    *("revoker", "auditor", "approver", "administrator"),
)
MATRIX = {
    #                            nobody run  subj open  oth  rev  aud  app  adm
    "POST /v1/runs": (401, 401, 403, 201, 201, 403, 403, 403, 403),
    "GET /v1/runs": (401, 401, 200, 200, 200, 200, 200, 200, 200),
    "GET /v1/runs/self": (401, 200, 401, 401, 401, 401, 401, 401, 401),
    "DELETE /v1/runs/self": (401, 204, 401, 401, 401, 401, 401, 401, 401),
    "POST /v1/runs/self/token": (401, 200, 401, 401, 401, 401, 401, 401, 401),
    # 404: the broker has no tools; tests/web/test_decisions.py has the answers
    "POST /v1/decisions": (401, 404, 401, 401, 401, 401, 401, 401, 401),
    "GET /v1/runs/{id}": (401, 401, 404, 200, 404, 200, 404, 404, 200),
    "DELETE /v1/runs/{id}": (401, 401, 404, 204, 404, 204, 404, 404, 204),
    "POST /v1/runs/{id}/revoke": (401, 401, 403, 403, 403, 204, 403, 403, 204),
    "GET /v1/audit": (401, 401, 403, 403, 403, 403, 200, 403, 403),
    "GET /v1/keys": (401, 401, 403, 403, 403, 403, 403, 403, 200),
    "POST /v1/keys/rotate": (401, 401, 403, 403, 403, 403, 403, 403, 200),
    # 404: there is no key of that name; one is retired in tests/web/test_keys.py
    "POST /v1/keys/{kid}/retire": (401, 401, 403, 403, 403, 403, 403, 403, 404),
    "GET /v1/whoami": (401, 401, 200, 200, 200, 200, 200, 200, 200),
    # 200 where the broker names a place: tests/web/test_login.py
    "GET /v1/login": (404,) * 9,
    "GET /v1/credentials/{grant}": (401, 200, 401, 401, 401, 401, 401, 401, 401),
    # of a broker that is an issuer and publishes: tests/web/test_issuer_documents.py has the others
    "GET /.well-known/openid-configuration": (200,) * 9,
    "GET /.well-known/jwks.json": (200,) * 9,
    "GET /.well-known/oauth-authorization-server": (200,) * 9,
    "POST /oauth/token": (400, 200, 400, 400, 400, 400, 400, 400, 400),
    "GET /healthz": (200,) * 9,
    "GET /readyz": (503,) * 9,
    "GET /openapi.json": (200,) * 9,
}
BODIES: dict[str, object] = {
    "POST /v1/decisions": {"server": "billing", "tool": "refund", "arguments": {}},
    "POST /v1/runs/{id}/revoke": {"because": "matrix"},
    "POST /v1/keys/{kid}/retire": {"because": "matrix"},
}


async def status(here: Api, route: str, caller: str) -> int:
    """Ask as one caller, each time about a new run of Alice's."""
    opened = (await here.open()).json
    tokens = {
        "nobody": None,
        "run token": Secret(opened["run_token"]),
        "subject": here.platform.subject(),
        "opener": here.platform.actor(),
        "other opener": here.platform.actor("second"),
        "revoker": here.platform.actor("operator"),
        "auditor": here.platform.actor("auditor"),
        "approver": here.platform.actor("approver"),
        "administrator": here.platform.actor("administrator"),
    }
    method, path = route.split(" ")
    path = path.replace("{id}", opened["run"]["id"]).replace("{grant}", "tenant-data")
    body: object = BODIES.get(route)
    if route == "POST /v1/runs":
        subject = here.platform.subject().reveal()
        body = {"subject_token": subject, "attributes": {"task_id": "task-of-alice"}}
    if route == "POST /oauth/token":  # the token is in the form, as the subject token
        return await exchanged(here, tokens[caller])
    return (await here.call(method, path, tokens[caller], body=body)).status


async def exchanged(here: Api, token: Secret | None) -> int:
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": "" if token is None else token.reveal(),
        "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "audience": "billing",
    }
    content_type = (b"content-type", b"application/x-www-form-urlencoded")
    raw = urlencode(form).encode()
    return (await here.call("POST", "/oauth/token", raw=raw, headers=(content_type,))).status


async def test_every_route_answers_every_caller_as_the_page_says(tmp_path: Path) -> None:
    async with token_platform(tmp_path) as made:
        here = api(made)
        found = {
            route: tuple([await status(here, route, caller) for caller in CALLERS])
            for route in MATRIX
        }
    assert found == MATRIX


async def test_a_list_shows_others_runs_to_revokers_alone(tmp_path: Path) -> None:
    async with platform(tmp_path) as made:
        here = api(made)
        await here.open()
        seen = {
            name: len((await here.call("GET", "/v1/runs", made.actor(name))).json["runs"])
            for name in ("orchestrator", "second", "operator", "auditor")
        }
    assert seen == {"orchestrator": 1, "second": 0, "operator": 1, "auditor": 0}


async def test_no_route_is_without_a_row_and_no_row_without_a_route(tmp_path: Path) -> None:
    async with platform(tmp_path) as made:
        app = api(made).app
    starlette: Starlette = app._rest._rest
    served = {
        f"{method} {route.path}"  # type: ignore[attr-defined]
        for route in starlette.routes
        for method in route.methods - {"HEAD"}  # type: ignore[attr-defined]
    }
    assert served | {"GET /v1/credentials/{grant}", "POST /oauth/token"} == set(MATRIX)


def test_openapi_describes_exactly_these_routes() -> None:
    described = {
        f"{method.upper()} {path}"
        for path, item in openapi_document("0")["paths"].items()
        for method in item
        if method != "parameters"
    }
    assert described == set(MATRIX)
