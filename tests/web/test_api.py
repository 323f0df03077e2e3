"""The HTTP API: every answer is the one that is documented, every refusal a problem."""

import json

import pytest

from tests.web.calling import Api
from valetkey.errors import ValetkeyError
from valetkey.secret import Secret


async def test_a_run_is_opened_and_its_token_leaves_once(here: Api) -> None:
    answer = await here.open()
    assert answer.status == 201
    assert answer.headers["cache-control"] == "no-store"
    run = answer.json["run"]
    assert run["subject"] == {"issuer": "https://people.example", "subject": "alice"}
    assert run["grants"][0] == {
        "name": "tenant-data",
        "credentials_url": "http://127.0.0.1:8700/v1/credentials/tenant-data",
        "region": "eu-west-1",
        "endpoint_url": None,
        "web_identity_role": None,
    }
    shown = await here.call("GET", f"/v1/runs/{run['id']}", here.platform.actor())
    assert shown.json == run
    assert answer.json["run_token"].encode() not in shown.body


async def test_the_raw_token_and_a_bearer_token_draw_credentials(here: Api) -> None:
    token = (await here.open()).json["run_token"]
    for authorization in (token, f"Bearer {token}", f"bearer {token}"):
        answer = await here.call("GET", "/v1/credentials/tenant-data", authorization)
        assert answer.status == 200
        assert set(answer.json) >= {"AccessKeyId", "SecretAccessKey", "Token", "Expiration"}
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer ", "Bearer", "Bearer é", "Basic abc", "x y z"]
)
async def test_an_empty_or_strange_authorization_opens_nothing(
    here: Api, authorization: str | None
) -> None:
    """Lesson 26."""
    await here.open()
    answer = await here.call("GET", "/v1/credentials/tenant-data", authorization)
    assert answer.status == 401
    assert "www-authenticate" in answer.headers
    if authorization in {None, "", "Bearer "}:
        assert answer.code == "not-authenticated"


async def test_two_authorization_headers_are_refused(here: Api) -> None:
    token = (await here.open()).json["run_token"].encode()
    answer = await here.call(
        "GET",
        "/v1/credentials/tenant-data",
        headers=((b"authorization", token), (b"authorization", token)),
    )
    assert (answer.status, answer.code) == (401, "not-authenticated")


async def test_credentials_are_fetched_by_get_alone(here: Api) -> None:
    token = (await here.open()).json["run_token"]
    for method in ("POST", "PUT", "DELETE", "HEAD"):
        answer = await here.call(method, "/v1/credentials/tenant-data", token)
        assert answer.status == 405


async def test_an_encoded_grant_name_is_the_same_grant_and_a_strange_one_is_none(here: Api) -> None:
    token = (await here.open()).json["run_token"]
    for name in ("nope", "", "tenant-data/", "../tenant-data", "%00", "x" * 5000):
        answer = await here.call("GET", f"/v1/credentials/{name}", token)
        assert (answer.status, answer.code) == (404, "grant-not-of-run")


async def test_a_denial_tells_the_sandbox_no_reasons(here: Api) -> None:
    """Invariant 9: which other grants the run has is for the log."""
    token = (await here.open(grants=["other"])).json["run_token"]
    answer = await here.call("GET", "/v1/credentials/tenant-data", token)
    assert answer.json["detail"] == "the run has no such grant"
    assert b"other" not in answer.body


async def test_awss_own_words_never_reach_the_sandbox(here: Api) -> None:
    """Lesson 41."""
    token = (await here.open()).json["run_token"]
    here.platform.sts.failure = ValetkeyError(
        "aws-access-denied",
        "AWS refused to assume the role",
        detail="User: arn:aws:iam::999988887777:user/secret-name is not authorized",
    )
    answer = await here.call("GET", "/v1/credentials/tenant-data", token)
    assert (answer.status, answer.code) == (503, "aws-access-denied")
    assert b"999988887777" not in answer.body


async def test_an_unforeseen_error_denies_without_its_text(here: Api) -> None:
    token = (await here.open()).json["run_token"]
    here.platform.sts.changes = {"no_such_field": 1}
    answer = await here.call("GET", "/v1/credentials/tenant-data", token)
    assert (answer.status, answer.code) == (500, "internal-error")
    assert b"no_such_field" not in answer.body


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "request-malformed"),
        (b"[]", "request-malformed"),
        (b"{", "request-malformed"),
        (b'{"subject_token": 1}', "request-malformed"),
        (b'{"subject_token": "x", "role": "admin"}', "request-malformed"),
        (b'{"subject_token": "x", "attributes": {"a": 1}}', "request-malformed"),
        (b'{"subject_token": "x", "expires_in": "1h"}', "request-malformed"),
        (b'{"subject_token": "\xff"}', "request-malformed"),
        (b'{"subject_token": "x", "subject_token": "y"}', "request-malformed"),
        (b" " * 70_000, "body-too-large"),
    ],
)
async def test_a_malformed_body_is_one_clear_problem(here: Api, raw: bytes, code: str) -> None:
    answer = await here.call("POST", "/v1/runs", here.platform.actor(), raw=raw)
    assert answer.code == code
    assert answer.status in {400, 413}


async def test_whose_token_is_bad_is_told_apart(here: Api) -> None:
    expired = here.platform.subject(exp=1_700_000_000, iat=1_699_999_000).reveal()
    answer = await here.open(subject_token=expired)
    assert (answer.status, answer.code) == (400, "token-expired")
    assert "subject token" in answer.json["detail"]
    answer = await here.call(
        "POST", "/v1/runs", Secret("nonsense"), body={"subject_token": expired}
    )
    assert (answer.status, answer.code) == (401, "token-malformed")


async def test_an_actor_sees_its_own_runs_and_no_others(here: Api) -> None:
    run_id = (await here.open()).json["run"]["id"]
    mine = await here.call("GET", "/v1/runs", here.platform.actor())
    assert [run["id"] for run in mine.json["runs"]] == [run_id]
    second = here.platform.actor("second")
    assert (await here.call("GET", "/v1/runs", second)).json["runs"] == []
    answer = await here.call("GET", f"/v1/runs/{run_id}", second)
    assert (answer.status, answer.code) == (404, "run-unknown")
    assert (await here.call("DELETE", f"/v1/runs/{run_id}", second)).status == 404
    operator = await here.call("GET", "/v1/runs", here.platform.actor("operator"))
    assert len(operator.json["runs"]) == 1


async def test_runs_are_paged(here: Api) -> None:
    for person in "abcde":
        await here.open(person)
    actor = here.platform.actor()
    seen: list[str] = []
    after = ""
    while True:
        page = (await here.call("GET", f"/v1/runs?limit=2{after}", actor)).json
        seen += [run["subject"]["subject"] for run in page["runs"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert seen == ["e", "d", "c", "b", "a"]


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=1001", "limit=x", "limit=-1", f"limit={'0' * 5000}1", "state=lost"],
)
async def test_a_bad_query_is_refused(here: Api, query: str) -> None:
    answer = await here.call("GET", f"/v1/runs?{query}", here.platform.actor())
    assert (answer.status, answer.code) == (400, "request-malformed")


async def test_the_opener_ends_a_run_and_only_a_revoker_revokes(here: Api) -> None:
    run_id = (await here.open()).json["run"]["id"]
    body = {"because": "test"}
    actor = here.platform.actor()
    answer = await here.call("POST", f"/v1/runs/{run_id}/revoke", actor, body=body)
    assert (answer.status, answer.code) == (403, "not-permitted")
    assert (await here.call("DELETE", f"/v1/runs/{run_id}", actor)).status == 204
    operator = here.platform.actor("operator")
    answer = await here.call("POST", f"/v1/runs/{run_id}/revoke", operator, body={"because": " "})
    assert answer.code == "reason-missing"
    answer = await here.call("POST", f"/v1/runs/{run_id}/revoke", operator, body=body)
    assert answer.status == 204
    shown = await here.call("GET", f"/v1/runs/{run_id}", operator)
    assert (shown.json["state"], shown.json["because"]) == ("revoked", "test")


async def test_a_run_token_opens_extends_and_approves_nothing(here: Api) -> None:
    """Invariant 14: it is taken at no route but those of the run itself."""
    token = Secret((await here.open()).json["run_token"])
    run_id = (await here.call("GET", "/v1/runs/self", token)).json["id"]
    subject = here.platform.subject().reveal()
    attempts = [
        ("POST", "/v1/runs", {"subject_token": subject}),
        ("GET", "/v1/runs", None),
        ("GET", f"/v1/runs/{run_id}", None),
        ("DELETE", f"/v1/runs/{run_id}", None),
        ("POST", f"/v1/runs/{run_id}/revoke", {"because": "x"}),
    ]
    for method, path, body in attempts:
        answer = await here.call(method, path, token, body=body)
        assert answer.status == 401, path


async def test_a_run_knows_no_tags_and_no_subject_of_itself(here: Api) -> None:
    token = Secret((await here.open()).json["run_token"])
    answer = await here.call("GET", "/v1/runs/self", token)
    assert set(answer.json) == {
        *("id", "state", "expires_at", "grants", "tokens", "token_url"),
        *("servers", "mcp_url"),
    }
    assert b"alice" not in answer.body


async def test_a_rotated_token_takes_over_and_the_last_one_dies_after_its_grace(here: Api) -> None:
    """Invariant 14: it rotates."""
    old = Secret((await here.open()).json["run_token"])
    new = Secret((await here.call("POST", "/v1/runs/self/token", old)).json["run_token"])
    path = "/v1/credentials/tenant-data"
    assert (await here.call("GET", path, new)).status == 200
    assert (await here.call("GET", path, old)).status == 200
    here.platform.clock.now += 61
    assert (await here.call("GET", path, old)).code == "run-token"
    assert (await here.call("POST", "/v1/runs/self/token", old)).code == "run-token"
    assert (await here.call("GET", path, new)).status == 200


async def test_a_rotation_whose_answer_was_lost_is_asked_again(here: Api) -> None:
    old = Secret((await here.open()).json["run_token"])
    await here.call("POST", "/v1/runs/self/token", old)  # nobody heard the answer
    answer = await here.call("POST", "/v1/runs/self/token", old)
    assert answer.status == 200
    new = Secret(answer.json["run_token"])
    assert (await here.call("GET", "/v1/credentials/tenant-data", new)).status == 200


async def test_a_run_may_end_itself(here: Api) -> None:
    token = Secret((await here.open()).json["run_token"])
    assert (await here.call("DELETE", "/v1/runs/self", token)).status == 204
    answer = await here.call("GET", "/v1/credentials/tenant-data", token)
    assert (answer.status, answer.code) == (403, "run-ended")


@pytest.mark.parametrize("state", ["ended", "revoked", "expired"])
async def test_a_run_that_is_over_is_told_so_before_it_starts_anything(
    here: Api, state: str
) -> None:
    """`valetkey run` and `valetkey env` ask this first."""
    opened = (await here.open()).json
    token = Secret(opened["run_token"])
    if state == "ended":
        await here.call("DELETE", "/v1/runs/self", token)
    elif state == "revoked":
        path = f"/v1/runs/{opened['run']['id']}/revoke"
        operator = here.platform.actor("operator")
        await here.call("POST", path, operator, body={"because": "a test"})
    else:
        here.platform.clock.now += 9 * 3600
    answer = await here.call("GET", "/v1/runs/self", token)
    assert (answer.status, answer.code) == (403, f"run-{state}")


async def test_readiness_tells_what_stands_in_the_way(here: Api) -> None:
    assert (await here.call("GET", "/healthz")).status == 200
    assert (await here.call("GET", "/readyz")).status == 503
    await here.readiness.check()
    assert (await here.call("GET", "/readyz")).json["status"] == "ready"


async def test_a_clock_that_is_a_minute_off_is_not_ready(here: Api) -> None:
    await here.readiness.check()
    for skew, ready in ((60.0, 200), (61.0, 503), (-61.0, 503)):
        here.platform.sts.clock_skew = skew
        answer = await here.call("GET", "/readyz")
        assert answer.status == ready
    assert answer.json["obstacles"][0]["code"] == "clock-skew"


async def test_a_broker_whose_own_session_is_tagged_is_not_ready(here: Api) -> None:
    here.platform.sts.tagged = True
    await here.readiness.check()
    answer = await here.call("GET", "/readyz")
    assert answer.json["obstacles"][0]["code"] == "aws-broker-session-tagged"
    assert "pod identity" in answer.json["obstacles"][0]["hint"]


async def test_a_broker_that_can_write_nothing_down_is_not_ready(here: Api) -> None:
    await here.readiness.check()
    await here.platform.store.close()
    answer = await here.call("GET", "/readyz")
    assert (answer.status, answer.json["obstacles"][0]["code"]) == (503, "store-stopped")


async def test_an_unknown_route_is_a_problem_too(here: Api) -> None:
    assert (await here.call("GET", "/nope")).code == "not-found"
    assert (await here.call("GET", "/v1/runs/")).code == "not-found"
    assert (await here.call("PATCH", "/v1/runs")).code == "method-not-allowed"


async def test_a_refused_caller_is_on_record(here: Api) -> None:
    for method, path, code in (
        ("GET", "/v1/runs", "token-malformed"),
        ("GET", "/v1/runs/self", "run-token"),
        ("DELETE", "/v1/runs/self", "run-token"),
        ("POST", "/v1/runs/self/token", "run-token"),
    ):
        await here.call(method, path, Secret("nonsense"))
        record = (await here.platform.audit())[-1]
        assert (record["kind"], record["code"]) == ("request-refused", code)
        assert record["route"] == f"{method} {path}"


async def test_openapi_is_served_and_names_its_documents(here: Api) -> None:
    document = (await here.call("GET", "/openapi.json")).json
    text = json.dumps(document)
    for name in document["components"]["schemas"]:
        assert f"#/components/schemas/{name}" in text
