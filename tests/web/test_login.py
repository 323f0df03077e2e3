"""Where people sign in, and who they are then."""

import pytest

from tests.fakes.platform import PEOPLE
from tests.web.calling import Api
from valetkey.identity import IssuerUrl
from valetkey.web.app import make_app
from valetkey.web.login import LoginPlace

PLACE = LoginPlace(IssuerUrl(PEOPLE.url), "cli", ("openid", "email"), "id_token")


async def test_the_place_is_told_to_everybody_and_holds_no_secret(here: Api) -> None:
    app = make_app(
        here.platform.broker, here.readiness, public_url="http://x", version="0", login=PLACE
    )
    answer = await Api(here.platform, app, here.readiness).call("GET", "/v1/login")
    assert answer.status == 200
    assert answer.json == {
        "issuer": PEOPLE.url,
        "client_id": "cli",
        "scopes": ["openid", "email"],
        "token": "id_token",
    }


async def test_without_a_place_there_is_none(here: Api) -> None:
    answer = await here.call("GET", "/v1/login")
    assert (answer.status, answer.code) == (404, "login-not-configured")


@pytest.mark.parametrize(
    ("name", "powers"),
    [
        ("operator", ["revoke"]),
        ("approver", ["approve"]),
        ("auditor", ["read-audit"]),
        ("administrator", ["administer"]),
        ("orchestrator", ["open-runs"]),
    ],
)
async def test_a_principal_is_told_who_it_is(here: Api, name: str, powers: list[str]) -> None:
    answer = await here.call("GET", "/v1/whoami", here.platform.actor(name))
    assert answer.status == 200
    issuer = "https://cluster.example"
    assert answer.json == {"issuer": issuer, "subject": name, "powers": powers}


async def test_a_stranger_is_on_record(here: Api) -> None:
    answer = await here.call("GET", "/v1/whoami", here.platform.actor("stranger"))
    assert answer.status == 403
    record = (await here.platform.audit())[-1]
    assert (record["kind"], record["route"]) == ("request-refused", "GET /v1/whoami")
