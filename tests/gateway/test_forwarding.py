"""What a server asks while it works passes to a client that takes it, and the answer back."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.answered import Answered
from tests.gateway.calling import ASKS, REFUND, Gate, gate
from tests.gateway.changing import revoke
from tests.gateway.fake_upstreams import FakeServers, notification, request, result
from valetkey.gateway.revisions import Revision

CALL = {"name": "refund", "arguments": REFUND["arguments"]}


async def ask(made: Gate, session: str, path: str = "/mcp/billing") -> tuple[Answered, Any]:
    """Call a tool whose server asks something; the stream and the question."""
    params = CALL if path != "/mcp" else REFUND
    answer = await made.legacy("tools/call", params, session=session, path=path, hangs=True)
    return answer, (await answer.until(1))[0]


SAMPLES = request("sampling/createMessage", "theirs-1", {"messages": [], "maxTokens": 5})


@pytest.mark.parametrize("path", ["/mcp/billing", "/mcp"])
async def test_a_servers_question_goes_to_the_client_and_its_answer_back(
    tmp_path: Path, path: str
) -> None:
    servers = FakeServers(says={"tools/call": lambda _: [SAMPLES, result({"content": []})]})
    async with gate(tmp_path, servers=servers) as made:
        session = await made.begin(path, capabilities=ASKS)
        answer, question = await ask(made, session, path)
        assert question["method"] == "sampling/createMessage"
        assert question["id"] != "theirs-1"
        said = {"jsonrpc": "2.0", "id": question["id"], "result": {"role": "assistant", "n": 1.5}}
        assert (await made.say(said, session=session, path=path)).status == 202
        await answer.over()
        assert servers.links[0].answers == [("theirs-1", b'{"n":1.5,"role":"assistant"}', None)]
        assert answer.messages[-1]["result"] == {"content": []}
        assert (await made.say(said, session=session, path=path)).status == 202
        assert len(servers.links[0].answers) == 1


async def test_an_answer_counts_in_the_session_that_was_asked_alone(tmp_path: Path) -> None:
    servers = FakeServers(says={"tools/call": lambda _: [SAMPLES, result({})]})
    async with gate(tmp_path, servers=servers) as made:
        session = await made.begin("/mcp/billing", capabilities=ASKS)
        other = await made.begin("/mcp/billing", capabilities=ASKS)
        thief = await made.another("mallory", department="finance")
        answer, question = await ask(made, session)
        said = {"jsonrpc": "2.0", "id": question["id"], "result": {"role": "x"}}
        await made.say(said, session=other, path="/mcp/billing")
        stolen = await made.say(said, session=session, path="/mcp/billing", token=thief)
        assert stolen.status == 404
        for wrong in ("theirs-1", 1, "vk-2"):
            await made.say({**said, "id": wrong}, session=session, path="/mcp/billing")
        assert servers.links[0].answers == []
        refused = {"jsonrpc": "2.0", "id": question["id"], "error": {"code": -1, "message": "no"}}
        await made.say(refused, session=session, path="/mcp/billing")
        assert servers.links[0].answers == [("theirs-1", None, b'{"code":-1,"message":"no"}')]
        await answer.over()


async def test_a_revoked_run_answers_no_server(tmp_path: Path) -> None:
    servers = FakeServers(says={"tools/call": lambda _: [SAMPLES, result({})]})
    async with gate(tmp_path, servers=servers) as made:
        session = await made.begin("/mcp/billing", capabilities=ASKS)
        answer, question = await ask(made, session)
        await revoke(made)
        said = {"jsonrpc": "2.0", "id": question["id"], "result": {}}
        refused = await made.say(said, session=session, path="/mcp/billing")
        assert (refused.status, refused.code) == (401, "run-revoked")
        assert servers.links[0].answers == []
        servers.answered.set()
        await answer.over()


@pytest.mark.parametrize(
    ("capabilities", "method", "revision"),
    [
        ({}, "sampling/createMessage", Revision.LEGACY),
        ({"sampling": {}}, "elicitation/create", Revision.LEGACY),
        ({"sampling": {}}, "roots/list", Revision.LEGACY),
        (ASKS, "tasks/list", Revision.LEGACY),
        (ASKS, "sampling/createMessage", Revision.MODERN),
    ],
)
async def test_a_client_is_not_asked_what_it_does_not_take(
    tmp_path: Path, capabilities: dict[str, Any], method: str, revision: Revision
) -> None:
    said = [request(method, 5, {}), result({"content": []})]
    servers = FakeServers(revision, says={"tools/call": lambda _: said})
    async with gate(tmp_path, servers=servers) as made:
        session = await made.begin("/mcp/billing", capabilities=capabilities)
        answer = await made.legacy("tools/call", CALL, session=session, path="/mcp/billing")
        assert len(answer.messages) == 1
        [(theirs, ok, error)] = servers.links[-1].answers
        assert (theirs, ok, json.loads(error or b"")["code"]) == (5, None, -32601)


async def test_a_server_is_answered_its_ping_here(tmp_path: Path) -> None:
    said = [request("ping", 5, {}), result({"content": []})]
    servers = FakeServers(says={"tools/call": lambda _: said})
    async with gate(tmp_path, servers=servers) as made:
        answer = await made.legacy("tools/call", REFUND, session=await made.begin())
        assert len(answer.messages) == 1
        assert servers.links[0].answers == [(5, b"{}", None)]


async def test_a_question_that_is_taken_back_is_known_by_the_clients_id(tmp_path: Path) -> None:
    back = notification("notifications/cancelled", {"requestId": "theirs-1", "reason": "late"})
    other = notification("notifications/cancelled", {"requestId": 1})
    servers = FakeServers(says={"tools/call": lambda _: [SAMPLES, other, back, result({})]})
    servers.answered.set()
    async with gate(tmp_path, servers=servers) as made:
        session = await made.begin("/mcp/billing", capabilities=ASKS)
        answer = await made.legacy("tools/call", CALL, session=session, path="/mcp/billing")
        question, cancelled, _ = answer.messages
        assert cancelled["params"] == {"requestId": question["id"], "reason": "late"}
        late = {"jsonrpc": "2.0", "id": question["id"], "result": {}}
        assert (await made.say(late, session=session, path="/mcp/billing")).status == 202
        assert servers.links[0].answers == []


async def test_progress_of_a_client_goes_to_the_server_that_asked(tmp_path: Path) -> None:
    asks = request("sampling/createMessage", 7, {"_meta": {"progressToken": "t"}})
    servers = FakeServers(says={"tools/call": lambda _: [asks, result({})]})
    async with gate(tmp_path, servers=servers) as made:
        session = await made.begin("/mcp/billing", capabilities=ASKS)
        answer, question = await ask(made, session)
        for token in ("other", "t"):
            params = {"progressToken": token, "progress": 1, "more": 2}
            await made.legacy(
                "notifications/progress",
                params,
                session=session,
                path="/mcp/billing",
                message_id=None,
            )
        assert servers.reached[-1].params == {"progressToken": "t", "progress": 1}
        assert len(servers.reached) == 2
        said = {"jsonrpc": "2.0", "id": question["id"], "result": {}}
        await made.say(said, session=session, path="/mcp/billing")
        await answer.over()


async def test_a_question_in_the_other_revisions_form_is_not_passed_on(tmp_path: Path) -> None:
    asks = result({"resultType": "input_required", "inputRequests": {}})
    servers = FakeServers(Revision.MODERN, says={"tools/call": lambda _: [asks]})
    async with gate(tmp_path, servers=servers) as made:
        answer = await made.legacy("tools/call", REFUND, session=await made.begin())
        assert (answer.number, answer.code) == (-31002, "server-asks-back")
