"""The audit log over HTTP: for who may read it, as it was written, and recorded first."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from tests.fakes.platform import TEMPLATES
from tests.web.calling import Api, api
from valetkey.audit import Head, StoredLeaf, Verified, canonical_json, read_leaf, verify
from valetkey.broker import read_audit
from valetkey.runs import parse_template


async def page(here: Api, query: str = "") -> Any:
    answer = await here.call("GET", f"/v1/audit{query}", here.platform.actor("auditor"))
    assert answer.status == 200, answer
    return answer.json


def stored(leaf: dict[str, Any]) -> StoredLeaf:
    return StoredLeaf(leaf["index"], canonical_json(leaf["record"]), bytes.fromhex(leaf["hash"]))


async def everything(here: Api, limit: int = 1000, run: str = "") -> tuple[Head, list[StoredLeaf]]:
    found = await page(here, f"?limit={limit}{run}")
    head = Head(found["head"]["size"], bytes.fromhex(found["head"]["root"]))
    leaves = list(map(stored, found["leaves"]))
    while found["next"] is not None:
        found = await page(here, f"?limit={limit}&after={found['next']}{run}")
        leaves += map(stored, found["leaves"])
    return head, leaves


async def test_the_leaves_are_what_the_root_is_of(here: Api) -> None:
    for name in ("alice", "bob", "carol"):
        await here.open(name)
    head, leaves = await everything(here, limit=2)
    assert head == Head(3, head.root)
    ours = [leaf for leaf in leaves if leaf.index < head.size]
    assert verify(ours, [head], head=head) == Verified(head)
    assert [leaf.leaf for leaf in ours] == [
        leaf.leaf for leaf in await here.platform.store.leaves(limit=3)
    ]


async def test_that_it_was_read_is_on_record(here: Api) -> None:
    await here.open()
    await here.open("bob")
    await page(here, "?limit=1&after=0")
    record = (await here.platform.audit())[-1]
    assert record["kind"] == "audit-read"
    assert (record["by"], record["by_issuer"]) == ("auditor", "https://cluster.example")
    assert (record["first"], record["count"]) == (1, 1)


async def test_nothing_is_shown_when_the_reading_can_not_be_recorded(
    here: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await here.open()
    token = here.platform.actor("auditor")
    with closing(sqlite3.connect(here.platform.path)) as other:
        other.execute(
            "CREATE TRIGGER full BEFORE INSERT ON audit_leaves BEGIN SELECT RAISE(FAIL, 'x'); END"
        )
        other.commit()
    answer = await here.call("GET", "/v1/audit", token)
    assert answer.status == 503
    assert b"alice" not in answer.body


async def test_who_follows_the_log_does_not_feed_it(here: Api) -> None:
    await here.open()
    last, kinds = -1, []
    for _ in range(4):
        found = await page(here, f"?after={last}")
        kinds.append([leaf["record"]["kind"] for leaf in found["leaves"]])
        last = max((leaf["index"] for leaf in found["leaves"]), default=last)
    assert kinds == [["run-opened"], ["audit-read"], [], []]
    assert (await here.platform.kinds()) == ["run-opened", "audit-read"]


async def test_a_page_holds_nothing_that_its_head_does_not_count(
    here: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await here.open("alice")
    before = await here.platform.store.head()
    await here.open("bob")

    async def head() -> Head:
        return before

    monkeypatch.setattr(here.platform.store, "head", head)
    found = await page(here)
    assert ([leaf["index"] for leaf in found["leaves"]], found["next"]) == ([0], None)


async def test_a_run_is_told_apart_from_a_tag_that_is_called_so(here: Api) -> None:
    """A run's id may stand in another run's tag, even in one that is called `run`."""
    templates = (*TEMPLATES, parse_template("run", "{request.task_id}"))
    here.platform.broker = replace(here.platform.broker, templates=templates)
    here = api(here.platform)
    first = (await here.open("alice")).json["run"]["id"]
    second = (await here.open("bob", attributes={"task_id": first})).json["run"]["id"]
    for run in (first, second):
        found = await page(here, f"?run={run}")
        kinds = [(leaf["record"]["kind"], leaf["record"]["run"]) for leaf in found["leaves"]]
        assert kinds == [("run-opened", run)]


async def test_a_page_of_one_run_goes_on_where_it_stopped(
    here: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_audit, "MAX_SCANNED", 2)
    for _ in range(4):
        await here.open("alice")
    run = (await here.open("bob")).json["run"]["id"]
    _, leaves = await everything(here, run=f"&run={run}")
    assert [read_leaf(leaf.leaf).members["run"] for leaf in leaves] == [run]


async def test_a_page_is_bounded_in_bytes(here: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_audit, "MAX_PAGE_BYTES", 1)
    await here.open("alice")
    await here.open("bob")
    found = await page(here)
    assert (len(found["leaves"]), found["next"]) == (1, 0)


async def test_a_leaf_that_is_no_record_is_shown_as_it_is(here: Api) -> None:
    await here.open()
    with closing(sqlite3.connect(here.platform.path)) as other:
        other.execute("UPDATE audit_leaves SET leaf = ?", (b'{"a": 1}',))
        other.commit()
    found = await page(here)
    assert found["leaves"][0]["record"] is None
    assert found["leaves"][0]["raw"] == "eyJhIjogMX0="


@pytest.mark.parametrize(
    "query",
    [
        "?after=-2",
        "?after=x",
        "?after=",
        "?after=" + "9" * 20,
        "?after=٣",
        "?after=%D9%A3",
        "?limit=0",
        "?limit=1001",
        "?run=x",
        '?run="},{',
    ],
)
async def test_a_query_is_read_strictly(here: Api, query: str) -> None:
    answer = await here.call("GET", f"/v1/audit{query}", here.platform.actor("auditor"))
    assert (answer.status, answer.code) == (400, "request-malformed")


@pytest.mark.parametrize("name", ["operator", "approver", "administrator", "orchestrator"])
async def test_no_other_power_reads_it_and_the_attempt_is_on_record(here: Api, name: str) -> None:
    """Powers do not contain each other: not even who administers reads."""
    answer = await here.call("GET", "/v1/audit", here.platform.actor(name))
    assert (answer.status, answer.code) == (403, "not-permitted")
    record = (await here.platform.audit())[-1]
    assert (record["kind"], record["route"]) == ("request-refused", "GET /v1/audit")
