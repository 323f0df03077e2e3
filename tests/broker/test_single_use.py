"""`single_use`: a token of such an issuer opens one run, whatever happens in between."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from tests.fakes.issuer import b64
from tests.fakes.platform import Clock, Platform, platform
from tests.web.calling import api
from valetkey.broker import Opened, open_run
from valetkey.broker.authenticate import authenticate
from valetkey.broker.single_use import token_uses
from valetkey.errors import ValetkeyError
from valetkey.identity import Principal
from valetkey.identity.base64url import decode_base64url
from valetkey.secret import Secret

TASK = {"task_id": "task-of-alice"}
ORDER_OF_P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@asynccontextmanager
async def single_use(
    folder: Path, *names: str, clock: Clock | None = None
) -> AsyncIterator[Platform]:
    """A platform where the issuers called `names` have tokens for one use."""
    async with platform(folder, clock=clock) as made:
        issuers = tuple(replace(i, single_use=i.name in names) for i in made.broker.issuers)
        made.broker = replace(made.broker, issuers=issuers)
        yield made


async def outcome(here: Platform, **changes: Any) -> str:
    try:
        answer = await open_run(here.broker, here.request(**changes))
    except ValetkeyError as error:
        return error.code
    return "opened" if isinstance(answer, Opened) else answer.code


def twin(token: Secret) -> Secret:
    """The same token with the other signature that is as good: (r, n - s)."""
    signed, _, text = token.reveal().rpartition(".")
    signature = decode_base64url(text)
    s = ORDER_OF_P256 - int.from_bytes(signature[32:], "big")
    return Secret(f"{signed}.{b64(signature[:32] + s.to_bytes(32, 'big'))}")


async def test_a_second_run_with_the_same_token_is_refused_and_on_record(tmp_path: Path) -> None:
    async with single_use(tmp_path, "people") as here:
        token = here.subject("alice")
        assert await outcome(here, subject_token=token) == "opened"
        assert await outcome(here, subject_token=token) == "token-replayed"
        assert await here.kinds() == ["run-opened", "open-refused"]
        assert (await here.audit())[-1]["code"] == "token-replayed"
        assert len(await here.store.runs()) == 1


async def test_another_token_of_the_same_subject_opens_another_run(tmp_path: Path) -> None:
    async with single_use(tmp_path, "people") as here:
        assert await outcome(here, subject_token=here.subject("alice", jti="1")) == "opened"
        assert await outcome(here, subject_token=here.subject("alice", jti="2")) == "opened"


async def test_an_issuer_without_single_use_may_show_a_token_again(tmp_path: Path) -> None:
    async with single_use(tmp_path) as here:
        token = here.subject("alice", jti=None)
        assert await outcome(here, subject_token=token) == "opened"
        assert await outcome(here, subject_token=token) == "opened"


async def test_single_use_is_for_actors_tokens_too(tmp_path: Path) -> None:
    async with single_use(tmp_path, "cluster") as here:
        token = here.actor()
        assert await outcome(here, actor_token=token) == "opened"
        assert await outcome(here, actor_token=token) == "token-replayed"


async def test_equal_ids_of_two_issuers_are_two_tokens(tmp_path: Path) -> None:
    async with single_use(tmp_path, "people", "cluster") as here:
        tokens = {"subject_token": here.subject(jti="same"), "actor_token": here.actor(jti="same")}
        assert await outcome(here, **tokens) == "opened"


async def test_a_token_without_an_id_is_refused(tmp_path: Path) -> None:
    async with single_use(tmp_path, "people") as here:
        assert await outcome(here, subject_token=here.subject(jti=None)) == "token-id-missing"
        assert await here.store.runs() == []


async def test_over_http_a_used_token_is_a_conflict(tmp_path: Path) -> None:
    async with single_use(tmp_path, "people") as here:
        http, body = api(here), {"subject_token": here.subject().reveal(), "attributes": TASK}
        assert (await http.call("POST", "/v1/runs", here.actor(), body=body)).status == 201
        answer = await http.call("POST", "/v1/runs", here.actor(), body=body)
        assert (answer.status, answer.code) == (409, "token-replayed")
        assert "people" not in answer.body.decode()


async def test_a_used_token_is_known_after_a_restart(tmp_path: Path) -> None:
    clock = Clock()
    async with single_use(tmp_path, "people", clock=clock) as before:
        token = before.subject("alice")
        assert await outcome(before, subject_token=token) == "opened"
    async with single_use(tmp_path, "people", clock=clock) as after:
        assert await outcome(after, subject_token=token) == "token-replayed"


async def test_the_second_spelling_of_a_signature_is_no_second_token(tmp_path: Path) -> None:
    async with single_use(tmp_path, "people") as here:
        assert isinstance(here.people.keys[0].private, ec.EllipticCurvePrivateKey)
        token = here.subject("alice")
        assert twin(token) != token
        assert await outcome(here, subject_token=twin(token)) == "opened"
        assert await outcome(here, subject_token=token) == "token-replayed"


async def test_of_many_runs_at_once_with_one_token_one_is_opened(tmp_path: Path) -> None:
    async with single_use(tmp_path, "people") as here:
        token = here.subject("alice")
        outcomes = await asyncio.gather(*(outcome(here, subject_token=token) for _ in range(8)))
        assert sorted(outcomes) == ["opened"] + ["token-replayed"] * 7


async def test_a_run_that_was_not_opened_has_used_no_token(tmp_path: Path) -> None:
    async with single_use(tmp_path, "people") as here:
        token = here.subject("alice")
        assert await outcome(here, subject_token=token, grants=("nothing",)) == "grant-unknown"
        assert await outcome(here, subject_token=token) == "opened"


async def test_a_claim_outlives_the_longest_leeway_and_not_only_todays(tmp_path: Path) -> None:
    """Else whoever raises `leeway` lets used tokens in again."""
    async with single_use(tmp_path, "people") as here:
        caller = await authenticate(here.broker, here.subject("alice"), now=here.clock())
        assert isinstance(caller, Principal)
        (use,) = token_uses([caller], here.broker.issuers)
        assert (use.issuer, use.token_id) == ("https://people.example", "t-1")
        assert use.until == int(here.clock()) + 600 + 300


async def test_a_clock_that_leapt_ahead_and_is_put_right_forgot_no_use(tmp_path: Path) -> None:
    clock = Clock()
    async with single_use(tmp_path, "people", clock=clock) as here:
        token = here.subject("alice")
        assert await outcome(here, subject_token=token) == "opened"
        clock.now += 29 * 86_400
        await here.open("bob", subject_token=here.subject("bob", jti="2"))
        clock.now -= 29 * 86_400
        assert await outcome(here, subject_token=token) == "token-replayed"
