"""A broker with tools comes up: its policy is active, its gateway in front, its warnings told."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.own_issuer import OWN_URL, SECRET
from tests.fakes.tools import GATEWAY, POLICIES, REFUND, rule
from valetkey.settings import read_settings
from valetkey.store import LogReader
from valetkey.tools import ToolsError
from valetkey.tools.lock import write_lock
from valetkey.wiring.serving import running

URL = "http://127.0.0.1:8700"
CONFIG = f"""
[broker]
listen = "127.0.0.1:8700"
[aws]
region = "eu-west-1"
[issuer]
url = "{OWN_URL}"
key_encryption = "file:issuer.secret"
[[issuers]]
name = "people"
url = "https://people.example"
audiences = ["valetkey"]
algorithms = ["ES256"]
[[trust]]
name = "end-users"
issuer = "people"
claims = {{ token_use = "id" }}
may = "be-worked-for"
[tags]
user_id = "{{subject.sub}}"
[tools]
gateway = "{GATEWAY}"
claims = ["department"]
token_duration = "10m"
#mode
[[tools.servers]]
name = "billing"
url = "https://billing.internal/mcp"
[[tools.servers]]
name = "search"
"""


def configured(folder: Path, *, policies: str = POLICIES, mode: str = "") -> Path:
    secret = folder / "issuer.secret"
    secret.write_text(SECRET.reveal())
    secret.chmod(0o600)
    (folder / "policies").mkdir(exist_ok=True)
    text = rule("permit", "billing___refund") if policies is POLICIES else policies
    (folder / "policies" / "tools.cedar").write_text(text)
    (folder / "tools.lock").write_text(write_lock((REFUND,)))
    path = folder / "valetkey.toml"
    path.write_text(CONFIG.replace("#mode", mode))
    return path


def records(folder: Path) -> list[dict[str, Any]]:
    with LogReader(folder / "valetkey.db") as reader:
        return [json.loads(leaf.leaf) for leaf in reader.leaves()]


async def status(app: Any, method: str, path: str) -> tuple[int, dict[str, str]]:
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"127.0.0.1:8700")],
        "server": ("127.0.0.1", 8700),
        "client": ("127.0.0.1", 40000),
    }
    messages: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def send(message: Any) -> None:
        messages.append(message)

    await app(scope, receive, send)
    headers = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
    return messages[0]["status"], headers


async def test_the_gateway_stands_in_front_of_the_api(tmp_path: Path) -> None:
    settings = read_settings(configured(tmp_path))
    async with running(settings, url=URL) as app:
        refused, headers = await status(app, "POST", "/mcp")
        assert refused == 401
        assert f"{URL}/.well-known/oauth-protected-resource" in headers["www-authenticate"]
        found = await status(app, "GET", "/.well-known/oauth-protected-resource/mcp")
        assert found[0] == 200
        assert (await status(app, "GET", "/healthz"))[0] == 200
        assert (await status(app, "POST", "/v1/decisions"))[0] == 401


async def test_without_tools_there_is_no_gateway(tmp_path: Path) -> None:
    path = configured(tmp_path)
    path.write_text(path.read_text().partition("[tools]")[0])
    async with running(read_settings(path), url=URL) as app:
        assert (await status(app, "POST", "/mcp"))[0] == 404


async def test_a_start_activates_its_policy_and_a_restart_records_nothing_new(
    tmp_path: Path,
) -> None:
    settings = read_settings(configured(tmp_path))
    for _ in range(2):
        async with running(settings, url=URL):
            pass
    found = [r for r in records(tmp_path) if r["kind"] == "policy-activated"]
    assert [(r["by"], r["running"]) for r in found] == [("start", "keep")]
    starts = [r for r in records(tmp_path) if r["kind"] == "broker-started"]
    assert {r["policy_version"] for r in starts} == {found[0]["policy_version"]}


async def test_a_start_with_other_policies_is_told_and_recorded(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(read_settings(configured(tmp_path)), url=URL):
        pass
    other = rule("permit", "billing___refund", "context.input.amount < 1")
    with caplog.at_level(logging.WARNING, logger="valetkey"):
        async with running(read_settings(configured(tmp_path, policies=other)), url=URL):
            pass
    found = [r for r in records(tmp_path) if r["kind"] == "policy-activated"]
    assert len({r["policy_version"] for r in found}) == len(found) == 2
    told = [vars(record) for record in caplog.records if hasattr(record, "previous")]
    assert [record["previous"] for record in told] == [found[0]["policy_version"]]


@pytest.mark.parametrize("where", ["gateway", "policy"])
async def test_log_only_is_said_loudly_at_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, where: str
) -> None:
    noted = rule("permit", "billing___refund", notes='@mode("log-only")\n')
    path = (
        configured(tmp_path, mode='mode = "log-only"')
        if where == "gateway"
        else configured(tmp_path, policies=noted)
    )
    with caplog.at_level(logging.WARNING, logger="valetkey"):
        async with running(read_settings(path), url=URL):
            pass
    assert any("log-only" in record.getMessage() for record in caplog.records)


async def test_a_mistaken_policy_starts_nothing_and_says_where_it_is(tmp_path: Path) -> None:
    typo = "\n" + rule("permit", "billing___refund", "context.input.amonut < 1")
    with pytest.raises(ToolsError) as refused:
        async with running(read_settings(configured(tmp_path, policies=typo)), url=URL):
            pass
    assert refused.value.code.startswith("policy-")
    assert "tools.cedar:" in refused.value.message
    assert records(tmp_path) == []
