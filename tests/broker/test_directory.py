"""What the directory says: asked where a tag needs it, recorded, and never guessed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.fakes.platform import Platform, platform
from valetkey.broker import Opened, open_run
from valetkey.broker.ports import Directory
from valetkey.broker.readiness import Readiness
from valetkey.directory import DirectoryError, FileDirectory, People
from valetkey.errors import ValetkeyError
from valetkey.identity import Refusal
from valetkey.runs import parse_template

TEMPLATES = (
    parse_template("user_id", "{subject.sub}"),
    parse_template("department", "{directory.department}"),
)
SALES = {"department": "sales", "role": "agent"}


@dataclass
class FakeDirectory:
    known: Mapping[tuple[str, str], Mapping[str, str]] = field(
        default_factory=lambda: {("people", "alice"): SALES}
    )
    error: ValetkeyError | None = None
    asked: list[tuple[str, str]] = field(default_factory=list)

    async def read(self) -> None:
        if self.error is not None:
            raise self.error

    async def look_up(self, issuer_name: str, subject: str) -> Mapping[str, str] | None:
        self.asked.append((issuer_name, subject))
        if self.error is not None:
            raise self.error
        return self.known.get((issuer_name, subject))


def give(here: Platform, directory: Directory | None) -> None:
    here.broker = replace(here.broker, templates=TEMPLATES, directory=directory)


async def test_what_the_directory_says_is_in_the_tags_and_in_the_record(here: Platform) -> None:
    fake = FakeDirectory()
    give(here, fake)
    opened = await here.open("alice", attributes={})
    assert opened.run.tags == {"user_id": "alice", "department": "sales"}
    assert fake.asked == [("people", "alice")]
    record = (await here.audit())[-1]
    assert record["kind"] == "run-opened"
    assert record["directory"] == SALES
    assert record["tags"] == opened.run.tags


async def test_nobody_is_asked_where_no_tag_needs_it(here: Platform) -> None:
    fake = FakeDirectory(error=DirectoryError("directory-unreadable", "broken"))
    here.broker = replace(here.broker, directory=fake)
    await here.open("alice")
    assert fake.asked == []
    assert "directory" not in (await here.audit())[-1]


@pytest.mark.parametrize("directory", [FakeDirectory(known={}), None])
async def test_who_is_unknown_gets_no_run(here: Platform, directory: Directory | None) -> None:
    give(here, directory)
    outcome = await open_run(here.broker, here.request("alice", attributes={}))
    assert isinstance(outcome, Refusal)
    assert outcome.code == "subject-not-in-directory"
    record = (await here.audit())[-1]
    assert (record["kind"], record["code"]) == ("open-refused", outcome.code)
    assert record["subject"] == "alice"
    assert await here.store.runs() == []


async def test_a_directory_that_can_not_be_read_is_not_the_same_as_unknown(here: Platform) -> None:
    give(here, FakeDirectory(error=DirectoryError("directory-unreadable", "broken")))
    with pytest.raises(ValetkeyError) as caught:
        await open_run(here.broker, here.request("alice", attributes={}))
    assert caught.value.code == "directory-unreadable"
    record = (await here.audit())[-1]
    assert (record["kind"], record["code"]) == ("open-refused", "directory-unreadable")
    assert await here.store.runs() == []


async def test_the_agent_does_not_choose_what_the_directory_says(here: Platform) -> None:
    """Neither a claim nor a work attribute of that name stands in for it."""
    give(here, FakeDirectory())
    token = here.subject("alice", department="board", directory={"department": "board"})
    opened = await open_run(
        here.broker,
        here.request("alice", attributes={"task_id": "t"}, subject_token=token),
    )
    assert isinstance(opened, Opened)
    assert opened.run.tags["department"] == "sales"


@pytest.mark.parametrize(
    ("text", "status", "code"),
    [
        ("subject,department\nalice,sales\n", 201, None),
        ("subject,department\nbob,sales\n", 403, "subject-not-in-directory"),
        ("subject,department\nalice,\n", 422, "directory-value-empty"),
        ("subject,department\nalice,a|b\n", 422, "tag-value-characters"),
        ("subject,department\nalice,a/b\n", 422, "tag-value-path-segment"),
        ("subject,dept\nalice,sales\n", 503, "directory-unreadable"),
    ],
)
async def test_the_api_says_which_it_was(
    tmp_path: Path, text: str, status: int, code: str | None
) -> None:
    from tests.web.calling import api

    path = tmp_path / "people.csv"
    path.write_text(text)
    people = People(issuer="people", match="subject", attributes=("department",))
    async with platform(tmp_path) as made:
        give(made, FileDirectory(path, people))
        answer = await api(made).open("alice", attributes={})
    assert answer.status == status
    assert code is None or answer.code == code


async def test_a_broker_whose_directory_can_not_be_read_is_not_ready(here: Platform) -> None:
    fake = FakeDirectory()
    give(here, fake)
    readiness = Readiness(here.sts, here.store, broker=here.broker)
    await readiness.check()
    assert readiness.obstacles() == []
    fake.error = DirectoryError("directory-unreadable", "broken", detail="/srv/people.csv")
    await readiness.check()
    assert [each.code for each in readiness.obstacles()] == ["directory-unreadable"]
    fake.error = None
    await readiness.check()
    assert readiness.obstacles() == []


async def test_a_directory_that_no_tag_asks_keeps_no_broker_from_work(here: Platform) -> None:
    fake = FakeDirectory(error=DirectoryError("directory-unreadable", "broken"))
    here.broker = replace(here.broker, directory=fake)
    readiness = Readiness(here.sts, here.store, broker=here.broker)
    await readiness.check()
    assert readiness.obstacles() == []
