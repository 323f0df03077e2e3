"""What policies may ask of a principal: exactly what was said of it, or no run."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.broker.test_directory import SALES, FakeDirectory
from tests.fakes.platform import TERMS, Platform, platform
from tests.fakes.tools import BOUND
from valetkey.broker import Opened, open_own_run, open_run
from valetkey.broker.facts import MAX_FACTS
from valetkey.identity import Refusal

CLAIMS = ("department", "groups", "level", "guest", "address", "absent", "nothing")
OWN = {"actor": "orchestrator", "issuer": "people", "user_id": "alice"}


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Platform]:
    async with platform(tmp_path, tools=BOUND, terms=replace(TERMS, claims=CLAIMS)) as made:
        yield made


async def facts_of(here: Platform, **claims: Any) -> dict[str, str]:
    opened = await here.open(subject_token=here.subject(**claims))
    stored = await here.store.run(opened.run.id)
    assert stored == opened.run
    return dict(opened.run.facts)


async def refused(here: Platform, **claims: Any) -> str:
    outcome = await open_run(here.broker, here.request(subject_token=here.subject(**claims)))
    assert isinstance(outcome, Refusal), outcome
    assert await here.store.runs() == []
    return outcome.code


async def test_claims_are_as_the_token_says_them(here: Platform) -> None:
    facts = await facts_of(
        here,
        department=" Finance ",
        groups=["a", 'b"c'],
        level=7,
        guest=False,
        address={"city": "Zürich", "at": [1.5, None]},
        nothing=None,
    )
    run = facts.pop("run")
    assert run.startswith("r-")
    assert facts == {
        **OWN,
        "task_id": "task-of-alice",
        "department": " Finance ",
        "groups": '["a","b\\"c"]',
        "level": "7",
        "guest": "false",
        "address": '{"city":"Zürich","at":[1.5,null]}',
    }


async def test_a_claim_that_is_not_listed_is_no_fact(here: Platform) -> None:
    assert "email" not in await facts_of(here, email="alice@example.com")


async def test_a_claim_that_a_name_finds_twice_is_refused(tmp_path: Path) -> None:
    terms = replace(TERMS, claims=("department", "org.unit"))
    async with platform(tmp_path, tools=BOUND, terms=terms) as here:
        claims: dict[str, Any] = {"org.unit": "finance", "org": {"unit": "guest"}}
        assert await refused(here, **claims) == "claim-ambiguous"
        facts = await facts_of(here, org={"unit": "finance"})
    assert facts["org.unit"] == "finance"


async def test_a_tag_that_is_not_looked_up_here_does_not_pass_for_absent(tmp_path: Path) -> None:
    asked = replace(BOUND, tags=(*BOUND.tags, "suspended"))
    async with platform(tmp_path, tools=asked) as here:
        assert await refused(here, suspended="yes") == "facts-unasked"
        assert (await here.audit())[-1]["code"] == "facts-unasked"
        opened = await here.open(grants=("tenant-data",))  # no tools, nothing is asked
    assert "suspended" not in opened.run.facts


@pytest.mark.parametrize("name", ["run", "actor", "issuer", "user_id", "task_id"])
async def test_a_name_from_two_places_is_refused(tmp_path: Path, name: str) -> None:
    async with platform(tmp_path, tools=BOUND, terms=replace(TERMS, claims=(name,))) as here:
        assert await refused(here) == "facts-collide"


async def test_facts_are_refused_where_they_are_too_long_never_cut(here: Platform) -> None:
    length = len("".join(f"{k}{v}" for k, v in (await facts_of(here)).items() if k != "run"))
    room = MAX_FACTS - length - len("department")
    assert len((await facts_of(here, department="x" * room))["department"]) == room
    outcome = await open_run(
        here.broker, here.request(subject_token=here.subject(department="x" * (room + 1)))
    )
    assert isinstance(outcome, Refusal)
    assert outcome.code == "facts-too-long"


async def test_the_record_of_opening_has_what_is_nowhere_else_on_it(here: Platform) -> None:
    await facts_of(here, department="finance")
    record = (await here.audit())[-1]
    assert record["facts"] == {"department": "finance", "issuer": "people"}


async def test_the_directory_is_asked_for_facts_alone(tmp_path: Path) -> None:
    terms = replace(TERMS, claims=(), directory=("department", "unknown"))
    async with platform(tmp_path, tools=BOUND, terms=terms) as here:
        here.broker = replace(here.broker, directory=FakeDirectory())
        facts = await facts_of(here)
        record = (await here.audit())[-1]
        outcome = await open_run(here.broker, here.request("bob"))
    assert facts["department"] == "sales"
    assert "unknown" not in facts
    assert "role" not in facts  # an attribute that no policy may ask for
    assert record["directory"] == SALES
    assert isinstance(outcome, Refusal)
    assert outcome.code == "subject-not-in-directory"


async def test_a_broker_without_tools_keeps_no_facts(tmp_path: Path) -> None:
    async with platform(tmp_path) as here:
        assert await facts_of(here, department="finance") == {}
        assert "facts" not in (await here.audit())[-1]


async def test_a_run_of_the_own_account_has_no_facts(here: Platform) -> None:
    opened = await open_own_run(here.broker, "me", tags={"user_id": "me"})
    assert isinstance(opened, Opened)
    assert opened.run.facts == {}
