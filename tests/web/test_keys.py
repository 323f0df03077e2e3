"""The signing keys over HTTP: for who administers alone, and what is done is on record."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.platform import platform
from tests.web.calling import Answer, Api, api


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Api]:
    async with platform(tmp_path, signs=True) as made:
        yield api(made)


async def call(here: Api, method: str, path: str, body: object = None) -> Answer:
    return await here.call(method, path, here.platform.actor("administrator"), body=body)


async def listed(here: Api) -> list[dict[str, Any]]:
    answer = await call(here, "GET", "/v1/keys")
    assert answer.status == 200, answer
    keys: list[dict[str, Any]] = answer.json["keys"]
    return keys


async def test_the_keys_are_listed_without_their_private_parts(here: Api) -> None:
    [key] = await listed(here)
    assert (key["phase"], key["algorithm"]) == ("signing", "ES256")
    assert set(key) == {
        *("kid", "algorithm", "phase", "kms_key", "created_at", "signs_from"),
        *("signs_until", "published_until", "retired_at"),
    }


async def test_who_rotates_is_on_record_and_nothing_is_interrupted(here: Api) -> None:
    [old] = await listed(here)
    answer = await call(here, "POST", "/v1/keys/rotate")
    assert answer.status == 200
    assert answer.json["kid"] != old["kid"]
    assert answer.json["signs_from"] is not None
    assert [key["phase"] for key in await listed(here)] == ["signing", "next"]
    record = (await here.platform.audit())[-1]
    assert (record["kind"], record["by"]) == ("key-created", "cluster:administrator")
    assert record["key_id"] == answer.json["kid"]


async def test_who_retires_says_why_and_is_on_record(here: Api) -> None:
    [old] = await listed(here)
    path = f"/v1/keys/{old['kid']}/retire"
    answer = await call(here, "POST", path, {"because": " "})
    assert answer.code == "reason-missing"
    assert (await call(here, "POST", path, {"because": "lost"})).status == 204
    keys = {key["kid"]: key["phase"] for key in await listed(here)}
    assert keys.pop(old["kid"]) == "retired"
    assert list(keys.values()) == ["signing"]
    records = [r for r in await here.platform.audit() if r["kind"] == "key-retired"]
    assert [(r["by"], r["because"]) for r in records] == [("cluster:administrator", "lost")]
    answer = await call(here, "POST", path, {"because": "again"})
    assert (answer.status, answer.code) == (404, "signing-key-unknown")


@pytest.mark.parametrize("name", ["operator", "approver", "auditor", "orchestrator"])
async def test_no_other_power_touches_the_keys(here: Api, name: str) -> None:
    [key] = await listed(here)
    for method, path in (
        ("GET", "/v1/keys"),
        ("POST", "/v1/keys/rotate"),
        ("POST", f"/v1/keys/{key['kid']}/retire"),
    ):
        token = here.platform.actor(name)
        answer = await here.call(method, path, token, body={"because": "x"})
        assert (answer.status, answer.code) == (403, "not-permitted")
        record = (await here.platform.audit())[-1]
        assert record["kind"] == "request-refused"
        assert record["route"] == f"{method} {path.replace(key['kid'], '{kid}')}"
    assert await listed(here) == [key]
