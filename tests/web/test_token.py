"""`POST /oauth/token`: RFC 8693 as other people's clients speak it, and strict with all else."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.tokens import BILLING_URL, STS_ROLE, accepted_by, token_platform
from tests.web.calling import Answer, Api, api
from valetkey.broker import end_own_run
from valetkey.secret import Secret
from valetkey.web.form import MAX_FORM, read_form

FORM = (b"content-type", b"application/x-www-form-urlencoded")
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS = "urn:ietf:params:oauth:token-type:access_token"
JWT = "urn:ietf:params:oauth:token-type:jwt"
TEXT = st.text(st.characters(codec="utf-8"), max_size=20)


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Api]:
    async with token_platform(tmp_path) as made:
        yield api(made)


async def run_token(here: Api) -> str:
    return (await here.platform.open()).token.reveal()


def parameters(token: str, **changes: str | None) -> dict[str, str]:
    members = {
        "grant_type": GRANT_TYPE,
        "subject_token": token,
        "subject_token_type": ACCESS,
        "audience": "billing",
        **changes,
    }
    return {name: value for name, value in members.items() if value is not None}


async def post(here: Api, raw: bytes, *headers: tuple[bytes, bytes], query: str = "") -> Answer:
    return await here.call("POST", f"/oauth/token{query}", raw=raw, headers=(headers or (FORM,)))


async def asked(here: Api, token: str, **changes: str | None) -> Answer:
    return await post(here, urlencode(parameters(token, **changes)).encode())


def verdict(answer: Answer) -> tuple[int, str, str]:
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert set(answer.json) <= {"error", "error_description", "code", "hint"}
    return answer.status, answer.json["error"], answer.json["code"]


# ---- what a client gets ------------------------------------------------------------------------


async def test_a_run_token_becomes_a_token_of_one_audience(here: Api) -> None:
    answer = await asked(here, await run_token(here), scope="read")
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
    document = answer.json
    token = Secret(document.pop("access_token"))
    assert document == {
        "issued_token_type": ACCESS,
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "read",
    }
    assert (await accepted_by(here.platform, token, BILLING_URL)).subject == "alice"


async def test_a_role_by_opt_in_gives_a_jwt_that_is_no_bearer_token(here: Api) -> None:
    answer = await asked(here, await run_token(here), audience="direct")
    document = answer.json
    token = Secret(document.pop("access_token"))
    assert document == {"issued_token_type": JWT, "token_type": "N_A", "expires_in": 300}
    assert (await accepted_by(here.platform, token, "sts.amazonaws.com")).subject == "grant:direct"


async def test_a_jwt_may_be_asked_for_and_the_resource_named_as_well(here: Api) -> None:
    answer = await asked(
        here, await run_token(here), requested_token_type=JWT, resource=BILLING_URL
    )
    assert (answer.status, answer.json["issued_token_type"]) == (200, JWT)
    assert answer.json["token_type"] == "Bearer"


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "anything", "unknown": "x"},
        {"scope": "", "resource": "", "actor_token": "", "requested_token_type": ""},
        {"audience": "", "resource": BILLING_URL},
    ],
)
async def test_unknown_and_empty_parameters_are_as_if_left_out(
    here: Api, changes: dict[str, str | None]
) -> None:
    """RFC 6749 §3.2."""
    assert (await asked(here, await run_token(here), **changes)).status == 200


@pytest.mark.parametrize(
    "content_type",
    [
        b"application/x-www-form-urlencoded",
        b"application/x-www-form-urlencoded;charset=UTF-8",
        b"Application/X-WWW-Form-Urlencoded ; charset=utf-8",
    ],
)
async def test_a_form_in_utf_8_is_taken(here: Api, content_type: bytes) -> None:
    form = urlencode(parameters(await run_token(here))).encode()
    assert (await post(here, form, (b"content-type", content_type))).status == 200


# ---- what it refuses, by RFC 6749 §5.2 and RFC 8693 §2.2.2 -------------------------------------


@pytest.mark.parametrize(
    ("changes", "error", "code"),
    [
        ({"grant_type": None}, "unsupported_grant_type", "grant-type-unsupported"),
        ({"grant_type": "client_credentials"}, "unsupported_grant_type", "grant-type-unsupported"),
        ({"subject_token": None}, "invalid_request", "request-malformed"),
        ({"subject_token": "nonsense"}, "invalid_request", "run-token"),
        ({"subject_token_type": None}, "invalid_request", "request-malformed"),
        ({"subject_token_type": JWT}, "invalid_request", "request-malformed"),
        ({"actor_token": "x"}, "invalid_request", "actor-token-unsupported"),
        ({"actor_token_type": ACCESS}, "invalid_request", "actor-token-unsupported"),
        ({"audience": None}, "invalid_request", "request-malformed"),
        ({"audience": "nobody"}, "invalid_target", "token-target-unknown"),
        ({"audience": "tenant-data"}, "invalid_target", "token-target-unknown"),
        ({"resource": "https://nobody"}, "invalid_target", "token-target-unknown"),
        ({"resource": BILLING_URL + "#x"}, "invalid_target", "token-target-unknown"),
        ({"scope": "admin"}, "invalid_scope", "token-scope"),
        ({"scope": "read  write"}, "invalid_scope", "token-scope-malformed"),
        ({"scope": " read"}, "invalid_scope", "token-scope-malformed"),
        ({"scope": "read\twrite"}, "invalid_scope", "token-scope"),
        ({"audience": "direct", "scope": "read"}, "invalid_scope", "token-scope"),
        ({"requested_token_type": "urn:x"}, "invalid_request", "token-type-unsupported"),
        (
            {"audience": "direct", "requested_token_type": ACCESS},
            "invalid_request",
            "token-type-unsupported",
        ),
    ],
)
async def test_each_fault_has_its_own_code(
    here: Api, changes: dict[str, str | None], error: str, code: str
) -> None:
    answer = await asked(here, await run_token(here), **changes)
    assert verdict(answer) == (400, error, code)


@pytest.mark.parametrize(
    ("extra", "error", "code"),
    [
        ("audience=search", "invalid_target", "token-target-several"),
        ("audience=billing", "invalid_target", "token-target-several"),
        ("resource=https://a&resource=https://b", "invalid_target", "token-target-several"),
        ("scope=read&scope=read", "invalid_request", "request-malformed"),
        ("subject_token=other", "invalid_request", "request-malformed"),
        ("subject_token=", "invalid_request", "request-malformed"),
        ("%67rant_type=x", "invalid_request", "request-malformed"),
        ("unknown=1&unknown=1", "invalid_request", "request-malformed"),
    ],
)
async def test_a_parameter_that_is_there_twice_is_refused(
    here: Api, extra: str, error: str, code: str
) -> None:
    """RFC 6749 §3.2; two targets are legal (RFC 8693 §2.1) and more than one token has."""
    form = urlencode(parameters(await run_token(here))) + "&" + extra
    assert verdict(await post(here, form.encode())) == (400, error, code)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda form: form + b"&x=%",
        lambda form: form + b"&x=%4",
        lambda form: form + b"&x=%zz",
        lambda form: form + b"&x=%ff",
        lambda form: form + b"&x=%C0%80",
        lambda form: form + b"&x=\xc3\xa9",
        lambda form: form + b"&x=a b",
        lambda form: form + b"\n",
        lambda form: form + b"\x00",
        lambda form: form + b"".join(b"&p%d=1" % n for n in range(40)),
        lambda _: b"",
        lambda _: b'{"grant_type": "x"}',
    ],
)
async def test_a_body_that_is_no_form_is_refused(here: Api, spoil: Any) -> None:
    form = urlencode(parameters(await run_token(here))).encode()
    answer = await post(here, spoil(form))
    assert answer.status == 400
    assert answer.json["error"] in {"invalid_request", "unsupported_grant_type"}


@pytest.mark.parametrize(
    "headers",
    [
        ((b"x", b"y"),),
        ((b"content-type", b""),),
        ((b"content-type", b"application/json"),),
        ((b"content-type", b"multipart/form-data; boundary=x"),),
        ((b"content-type", b"application/x-www-form-urlencoded; charset=utf-16"),),
        ((b"content-type", b"application/x-www-form-urlencoded, application/json"),),
        (FORM, FORM),
        (FORM, (b"content-encoding", b"gzip")),
        (FORM, (b"content-encoding", b"")),
    ],
)
async def test_another_media_type_is_refused(
    here: Api, headers: tuple[tuple[bytes, bytes], ...]
) -> None:
    form = urlencode(parameters(await run_token(here))).encode()
    answer = await post(here, form, *headers)
    assert verdict(answer) == (400, "invalid_request", "request-media-type")


@given(st.dictionaries(TEXT.filter(bool), TEXT, min_size=1, max_size=8))
def test_a_form_reads_as_it_was_written(form: dict[str, str]) -> None:
    """Whatever is escaped, and by whichever of the two ways to write a space."""
    for quote in (quote_plus, lambda text, *_: "".join(f"%{b:02X}" for b in text.encode())):
        written = urlencode(form, quote_via=quote).encode()

        async def receive(body: bytes = written) -> dict[str, Any]:
            return {"type": "http.request", "body": body}

        read = asyncio.run(read_form([FORM], receive))
        assert read == {name: [value] for name, value in form.items()}


async def test_an_escaped_percent_sign_escapes_nothing_more(here: Api) -> None:
    form = urlencode(parameters(await run_token(here))).replace("%3A", "%253A").encode()
    assert verdict(await post(here, form))[2] == "grant-type-unsupported"


async def test_a_body_has_a_bound_whatever_it_declares(here: Api) -> None:
    form = urlencode(parameters(await run_token(here))).encode()
    fits = form + b"&x=" + b"a" * (MAX_FORM - len(form) - 3)
    assert (await post(here, fits)).status == 200
    assert verdict(await post(here, fits + b"a")) == (413, "invalid_request", "body-too-large")


async def test_parameters_in_the_url_are_refused(here: Api) -> None:
    token = await run_token(here)
    answer = await post(here, b"", FORM, query="?" + urlencode(parameters(token)))
    assert verdict(answer) == (400, "invalid_request", "request-malformed")


@pytest.mark.parametrize("value", [b"Basic YTpi", b"Bearer x", b""])
async def test_a_client_that_tries_to_prove_itself_is_not_let_believe_that_it_did(
    here: Api, value: bytes
) -> None:
    form = urlencode(parameters(await run_token(here))).encode()
    answer = await post(here, form, FORM, (b"authorization", value))
    assert verdict(answer) == (401, "invalid_client", "client-authentication")
    assert answer.headers["www-authenticate"].startswith("Basic")


@pytest.mark.parametrize(
    "proof",
    [
        {"client_id": "x", "client_secret": "wrong"},
        {"client_secret": "x"},
        {"client_assertion": "x"},
        {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
    ],
)
async def test_nor_is_a_client_that_does_so_in_the_form(
    here: Api, proof: dict[str, str | None]
) -> None:
    answer = await asked(here, await run_token(here), **proof)
    assert verdict(answer) == (401, "invalid_client", "client-authentication")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
async def test_tokens_are_asked_for_by_post_alone(here: Api, method: str) -> None:
    assert (await here.call(method, "/oauth/token")).status == 405


async def test_a_run_that_is_over_gets_the_answer_of_an_invalid_subject_token(here: Api) -> None:
    """RFC 8693 §2.2.2: `invalid_request` for any reason; the code says which."""
    opened = await here.platform.open()
    await end_own_run(here.platform.broker, opened.token)
    answer = await asked(here, opened.token.reveal())
    assert verdict(answer) == (400, "invalid_request", "run-ended")


async def test_a_caller_that_hangs_up_in_the_middle_is_not_answered(here: Api) -> None:
    sent: list[object] = []
    parts: Iterator[dict[str, object]] = iter(
        [
            {"type": "http.request", "body": b"grant_type=", "more_body": True},
            {"type": "http.disconnect"},
        ]
    )

    async def receive() -> dict[str, object]:
        return next(parts)

    async def send(message: object) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/oauth/token",
        "query_string": b"",
        "root_path": "",
        "headers": [FORM],
    }
    await here.app(scope, receive, send)
    assert sent == []


async def test_a_body_in_pieces_is_one_body(here: Api) -> None:
    form = urlencode(parameters(await run_token(here))).encode()
    sent: list[dict[str, Any]] = []
    pieces = [form[i : i + 7] for i in range(0, len(form), 7)]
    parts = iter(
        [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
        + [{"type": "http.request"}]
    )

    async def receive() -> dict[str, Any]:
        return next(parts)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/oauth/token",
        "query_string": b"",
        "root_path": "",
        "headers": [FORM],
    }
    await here.app(scope, receive, send)
    assert sent[0]["status"] == 200


# ---- what never leaves -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"audience": "<script>"},
        {"scope": "s3cret"},
        {"subject_token": "vkr_s3cret"},
        {"actor_token": "s3cret"},
        {"grant_type": "s3cret"},
        {"requested_token_type": "s3cret"},
    ],
)
async def test_nothing_that_was_sent_comes_back_or_is_logged(
    here: Api, changes: dict[str, str | None], caplog: pytest.LogCaptureFixture
) -> None:
    token = await run_token(here)
    with caplog.at_level(logging.DEBUG):
        answer = await asked(here, token, **changes)
    logged = " ".join(str(record.__dict__) for record in caplog.records)
    said = answer.body.decode() + str(answer.headers) + logged
    assert answer.status == 400
    assert token not in said
    assert not any(value in said for value in changes.values() if value)


async def test_a_store_that_fails_means_no_token(here: Api) -> None:
    token = await run_token(here)
    await here.platform.store.close()
    answer = await asked(here, token)
    status, error, code = verdict(answer)
    assert (status, error) == (503, "temporarily_unavailable")
    assert code.startswith("store-")
    assert "retry-after" in answer.headers


async def test_an_unforeseen_error_denies_without_its_text(here: Api) -> None:
    token = await run_token(here)
    broken = replace(here.platform.broker, entropy=lambda _: 1 / 0)  # type: ignore[arg-type,return-value]
    answer = await asked(api(replace(here.platform, broker=broken)), token)
    assert verdict(answer) == (500, "server_error", "internal-error")
    assert "zero" not in answer.body.decode()


# ---- what a run is told ------------------------------------------------------------------------


async def test_a_run_is_told_its_tokens_and_where_to_get_them(here: Api) -> None:
    opened = (await here.open()).json
    assert opened["run"]["token_url"] == "http://127.0.0.1:8700/oauth/token"
    assert opened["run"]["tokens"] == [
        {"name": "billing", "audience": BILLING_URL, "scopes": ["read", "write"]},
        {"name": "search", "audience": "https://search.internal/mcp", "scopes": []},
        {"name": "reports", "audience": "reports", "scopes": ["read"]},
    ]
    roles = {each["name"]: each["web_identity_role"] for each in opened["run"]["grants"]}
    assert roles == {"tenant-data": None, "direct": str(STS_ROLE.role), "brokered": None}
    shown = await here.call("GET", "/v1/runs/self", Secret(opened["run_token"]))
    assert shown.json["tokens"] == opened["run"]["tokens"]
    assert shown.json["token_url"] == opened["run"]["token_url"]


async def test_a_run_with_nothing_to_narrow_to_is_told_no_place(here: Api) -> None:
    run = (await here.open(grants=["tenant-data", "brokered"])).json["run"]
    assert (run["tokens"], run["token_url"]) == ([], None)
    run = (await here.open(grants=["direct"])).json["run"]
    assert run["tokens"] == []
    assert run["token_url"] is not None
    run = (await here.open(grants=["search"])).json["run"]
    assert run["grants"] == []
