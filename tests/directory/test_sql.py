"""A directory in a table: exact subjects, one row each, and a missing column is an error."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from valetkey.directory import DirectoryError, People, SqlDirectory

PEOPLE = People(issuer="people", match="subject", attributes=("department", "role"))
TEXT = "CREATE TABLE people (subject TEXT, department TEXT, role TEXT)"
ROWS = (("alice", "sales", "agent"), ("bob", "legal", "lead"))


def directory(
    folder: Path,
    rows: Sequence[Sequence[object]] = ROWS,
    *,
    schema: str = TEXT,
    people: People = PEOPLE,
) -> SqlDirectory:
    path = folder / "people.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(schema)
        connection.executemany("INSERT INTO people VALUES (?, ?, ?)", rows)
    return SqlDirectory(path, people, table="people")


async def code_of(made: SqlDirectory, subject: str = "alice") -> str:
    with pytest.raises(DirectoryError) as caught:
        await made.look_up("people", subject)
    return caught.value.code


async def test_a_subject_has_exactly_the_configured_attributes(tmp_path: Path) -> None:
    made = directory(tmp_path)
    await made.read()
    assert await made.look_up("people", "alice") == {"department": "sales", "role": "agent"}
    assert await made.look_up("people", "carol") is None
    assert await made.look_up("cluster", "alice") is None


async def test_who_is_unknown_gets_what_the_configuration_says(tmp_path: Path) -> None:
    people = People(issuer="people", match="subject", attributes=("role",), unknown={"role": "no"})
    made = directory(tmp_path, people=people)
    assert await made.look_up("people", "carol") == {"role": "no"}
    assert await made.look_up("cluster", "alice") == {"role": "no"}


async def test_a_subject_is_a_value_and_never_a_part_of_the_query(tmp_path: Path) -> None:
    made = directory(tmp_path)
    for subject in ("' OR '1'='1", 'alice" --', "alice\0", "ALICE", "alice ", "%", "a_ice"):
        assert await made.look_up("people", subject) is None
    assert await code_of(made, "\ud800") == "directory-unreadable"


async def test_two_rows_for_one_subject_are_an_error(tmp_path: Path) -> None:
    made = directory(tmp_path, (*ROWS, ("alice", "legal", "lead")))
    assert await code_of(made) == "directory-unreadable"


async def test_a_column_that_compares_loosely_joins_no_two_subjects(tmp_path: Path) -> None:
    schema = TEXT.replace("subject TEXT", "subject TEXT COLLATE NOCASE")
    made = directory(tmp_path, (("alice", "a", "b"), ("ALICE", "c", "d")), schema=schema)
    assert await made.look_up("people", "alice") == {"department": "a", "role": "b"}
    assert await made.look_up("people", "Alice") is None


async def test_a_column_of_numbers_joins_no_two_subjects(tmp_path: Path) -> None:
    schema = TEXT.replace("subject TEXT", "subject INTEGER")
    made = directory(tmp_path, ((7, "a", "b"),), schema=schema)
    assert await code_of(made, "07") == "directory-unreadable"
    assert await code_of(made, "7") == "directory-unreadable"


async def test_a_column_that_is_not_there_is_no_text_of_its_name(tmp_path: Path) -> None:
    people = People(issuer="people", match="subject", attributes=("dept",))
    made = directory(tmp_path, people=people)
    assert await code_of(made) == "directory-unreadable"
    with pytest.raises(DirectoryError):
        await made.read()
    people = People(issuer="people", match="subjekt", attributes=("role",))
    made = SqlDirectory(tmp_path / "people.db", people, table="people")
    assert await code_of(made, "subjekt") == "directory-unreadable"


async def test_an_attribute_is_never_defaulted_or_converted(tmp_path: Path) -> None:
    made = directory(tmp_path, (("alice", None, "x"), ("bob", "", "x"), ("carol", b"x", "y")))
    assert await code_of(made, "alice") == "directory-value-empty"
    assert await code_of(made, "bob") == "directory-value-empty"
    assert await code_of(made, "carol") == "directory-value-type"


async def test_what_can_not_be_read_is_not_the_same_as_unknown(tmp_path: Path) -> None:
    nowhere = tmp_path / "none.db"
    assert await code_of(SqlDirectory(nowhere, PEOPLE, table="people")) == "directory-unreadable"
    assert not nowhere.exists()
    (tmp_path / "text.db").write_text("no database, no database, no database\n" * 100)
    made = SqlDirectory(tmp_path / "text.db", PEOPLE, table="people")
    assert await code_of(made) == "directory-unreadable"


async def test_a_replaced_file_is_the_one_that_is_read(tmp_path: Path) -> None:
    made = directory(tmp_path)
    assert await made.look_up("people", "alice") is not None
    (tmp_path / "later").mkdir()
    directory(tmp_path / "later", ())
    (tmp_path / "later" / "people.db").replace(tmp_path / "people.db")
    assert await made.look_up("people", "alice") is None


@pytest.mark.parametrize("name", ["people; DROP TABLE people", "people]", "", "péople", "a" * 65])
def test_an_identifier_is_checked_before_it_is_in_a_query(tmp_path: Path, name: str) -> None:
    with pytest.raises(DirectoryError):
        SqlDirectory(tmp_path / "people.db", PEOPLE, table=name)


@pytest.mark.parametrize("column", ["subject", "subject BLOB", "subject TEXT", "subject NUMERIC"])
@pytest.mark.parametrize(("stored", "subject"), [(b"alice", "alice"), (7, "7"), (-7.0, "-7")])
async def test_whom_the_table_has_as_no_text_is_not_unknown(
    tmp_path: Path, column: str, stored: object, subject: str
) -> None:
    """With `unknown` the known would get what strangers get."""
    people = People(issuer="people", match="subject", attributes=("role",), unknown={"role": "no"})
    schema = TEXT.replace("subject TEXT", column)
    made = directory(tmp_path, ((stored, "a", "b"),), schema=schema, people=people)
    if column == "subject TEXT" and not isinstance(stored, bytes):
        assert await made.look_up("people", "7" if stored == 7 else "-7.0") == {"role": "b"}
    else:
        assert await code_of(made, subject) == "directory-unreadable"
    assert await made.look_up("people", "carol") == {"role": "no"}
    assert await made.look_up("people", "9" * 40) == {"role": "no"}


async def test_a_subject_that_looks_like_a_number_is_text(tmp_path: Path) -> None:
    made = directory(tmp_path, (("7", "a", "b"), ("07", "c", "d")))
    assert await made.look_up("people", "7") == {"department": "a", "role": "b"}
    assert await made.look_up("people", "07") == {"department": "c", "role": "d"}
    assert await made.look_up("people", "007") is None


async def test_a_view_that_does_not_end_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("valetkey.directory.sql.QUERY_SECONDS", 0.05)
    made = directory(tmp_path)
    with closing(sqlite3.connect(tmp_path / "people.db")) as connection, connection:
        connection.execute(
            "CREATE VIEW endless AS WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM n)"
            " SELECT 'x' || i AS subject, 'a' AS department, 'b' AS role FROM n"
        )
    assert await made.look_up("people", "alice") is not None
    endless = SqlDirectory(tmp_path / "people.db", PEOPLE, table="endless")
    assert await code_of(endless) == "directory-unreadable"


async def test_the_log_learns_which_file_it_is_and_the_caller_does_not(tmp_path: Path) -> None:
    for table in ("nobody", "people"):
        path = tmp_path / f"{table}.db"
        directory(tmp_path, (ROWS[0], ROWS[0])) if table == "people" else None
        with pytest.raises(DirectoryError) as caught:
            await SqlDirectory(path, PEOPLE, table=table).look_up("people", "alice")
        assert str(path) in str(caught.value.detail)
        assert str(path) not in f"{caught.value.message} {caught.value.hint}"
