"""A directory in a file: what is broken is never unknown, what changed is read again."""

import os
from pathlib import Path

import pytest

from valetkey.directory import DirectoryError, FileDirectory, People

PEOPLE = People(issuer="people", match="subject", attributes=("department", "role"))
CSV = "subject,name,department,role\nalice,Alice,sales,agent\nbob,Bob,legal,lead\n"
TOML = """
[[people]]
subject = "alice"
department = "sales"
role = "agent"

[[people]]
subject = "bob"
department = "legal"
role = "lead"
"""
SALES = {"department": "sales", "role": "agent"}


def directory(path: Path, text: str | bytes = CSV, people: People = PEOPLE) -> FileDirectory:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return FileDirectory(path, people)


async def code_of(made: FileDirectory, subject: str = "alice") -> str:
    with pytest.raises(DirectoryError) as caught:
        await made.look_up("people", subject)
    return caught.value.code


@pytest.mark.parametrize(("name", "text"), [("people.csv", CSV), ("people.toml", TOML)])
async def test_a_subject_has_exactly_the_configured_attributes(
    tmp_path: Path, name: str, text: str
) -> None:
    made = directory(tmp_path / name, text)
    await made.read()
    assert await made.look_up("people", "alice") == SALES
    assert await made.look_up("people", "carol") is None
    assert await made.look_up("people", "Alice") is None


async def test_equal_subjects_of_two_issuers_are_two_people(tmp_path: Path) -> None:
    made = directory(tmp_path / "people.csv")
    assert await made.look_up("cluster", "alice") is None


async def test_who_is_unknown_gets_what_the_configuration_says(tmp_path: Path) -> None:
    nobody = {"department": "none", "role": "none"}
    people = People(
        issuer="people", match="subject", attributes=("department", "role"), unknown=nobody
    )
    made = directory(tmp_path / "people.csv", people=people)
    assert await made.look_up("people", "carol") == nobody
    assert await made.look_up("cluster", "alice") == nobody
    assert await made.look_up("people", "alice") == SALES


@pytest.mark.parametrize(
    "text",
    [
        "",
        "subject,department\nalice,sales\n",
        "subject,department,role,role\nalice,sales,a,b\n",
        "subject,department,role\nalice,sales\n",
        "subject,department,role\nalice,sales,agent,more\n",
        "subject,department,role\nalice,sales,agent",
        "subject,department,role\nalice,sales,agent\nalice,legal,lead\n",
        "subject,department,role\n,sales,agent\n",
        'subject,department,role\nalice,"sales"x,agent\n',
        'subject,department,role\nalice,"sales,agent\n',
        b"subject,department,role\nalice,\xff,agent\n",
    ],
)
async def test_a_broken_file_is_not_the_same_as_unknown(tmp_path: Path, text: str | bytes) -> None:
    made = directory(tmp_path / "people.csv", text)
    assert await code_of(made) == "directory-unreadable"
    assert await code_of(made, "carol") == "directory-unreadable"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "people = 1",
        "people = [1]",
        "[[people]]\ndepartment = 'sales'",
        "[[people]]\nsubject = 7",
        "[[people]]\nsubject = 'alice'\n[[others]]\nsubject = 'bob'",
        "[[people]]\nsubject = 'alice'\n[[people]]\nsubject = 'alice'",
        "[[people]]\nsubject = ",
    ],
)
async def test_broken_toml_is_not_the_same_as_unknown(tmp_path: Path, text: str) -> None:
    assert await code_of(directory(tmp_path / "people.toml", text)) == "directory-unreadable"


async def test_a_file_that_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "people.csv")
    assert await code_of(FileDirectory(tmp_path / "people.csv", PEOPLE)) == "directory-unreadable"
    assert await code_of(FileDirectory(tmp_path, PEOPLE)) == "directory-unreadable"
    assert await code_of(FileDirectory(tmp_path / "none.csv", PEOPLE)) == "directory-unreadable"


async def test_an_attribute_is_never_defaulted_or_converted(tmp_path: Path) -> None:
    empty = directory(tmp_path / "a.csv", "subject,department,role\nalice,sales,\nbob,a,b\n")
    assert await code_of(empty) == "directory-value-empty"
    assert await empty.look_up("people", "bob") == {"department": "a", "role": "b"}
    absent = directory(tmp_path / "b.toml", "[[p]]\nsubject = 'alice'\nrole = 'x'")
    assert await code_of(absent) == "directory-value-empty"
    number = directory(tmp_path / "c.toml", "[[p]]\nsubject = 'alice'\ndepartment = 7\nrole='x'")
    assert await code_of(number) == "directory-value-type"


async def test_values_are_taken_as_they_are(tmp_path: Path) -> None:
    text = '﻿subject,department,role\r\nalice," sales\u2028\x0b""x"" ",ö\r\n\r\n'
    made = directory(tmp_path / "people.csv", text)
    found = await made.look_up("people", "alice")
    assert found == {"department": ' sales\u2028\x0b"x" ', "role": "ö"}


async def test_a_changed_file_is_read_again_and_a_broken_one_not_served_from_memory(
    tmp_path: Path,
) -> None:
    path = tmp_path / "people.csv"
    made = directory(path)
    assert await made.look_up("people", "alice") == SALES
    path.write_text("subject,department,role\nalice,legal,agent\n")
    found = await made.look_up("people", "alice")
    assert found is not None
    assert found["department"] == "legal"
    path.write_text("subject\n")
    assert await code_of(made) == "directory-unreadable"
    path.write_text(CSV)
    assert await made.look_up("people", "alice") == SALES
    path.unlink()
    assert await code_of(made) == "directory-unreadable"


async def test_a_settled_file_is_read_once_and_a_replaced_one_anew(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(CSV)
    made = FileDirectory(path, PEOPLE, clock_ns=lambda: path.stat().st_ctime_ns + 3 * 10**9)
    await made.read()
    first = made._content
    assert await made.look_up("people", "alice") == SALES
    assert made._content is first
    other = tmp_path / "new.csv"
    other.write_text(CSV.replace("sales", "legal"))  # as long as before
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    other.replace(path)
    found = await made.look_up("people", "alice")
    assert found is not None
    assert found["department"] == "legal"


async def test_a_file_that_changed_just_now_is_read_at_the_next_look_up_too(tmp_path: Path) -> None:
    """Two writes within one tick of the file system's clock leave the same stamp."""
    path = tmp_path / "people.csv"
    path.write_text(CSV)
    made = FileDirectory(path, PEOPLE, clock_ns=lambda: path.stat().st_ctime_ns)
    await made.read()
    first = made._content
    await made.read()
    assert made._content is not first


@pytest.mark.parametrize("number", ["9" * 5_000, "0x" + "f" * 5_000])
async def test_a_number_of_any_length_is_no_text_and_no_fault_of_ours(
    tmp_path: Path, number: str
) -> None:
    text = f"[[p]]\nsubject = 'alice'\ndepartment = {number}\nrole = 'x'"
    code = await code_of(directory(tmp_path / "people.toml", text))
    assert code in {"directory-unreadable", "directory-value-type"}


async def test_blanks_are_no_value(tmp_path: Path) -> None:
    made = directory(tmp_path / "people.csv", "subject,department,role\nalice,sales, \t \n")
    assert await code_of(made) == "directory-value-empty"


@pytest.mark.parametrize("text", ["subject\n", "subject,department,role\nalice,,x\n"])
async def test_the_log_learns_which_file_it_is_and_the_caller_does_not(
    tmp_path: Path, text: str
) -> None:
    path = tmp_path / "people.csv"
    with pytest.raises(DirectoryError) as caught:
        await directory(path, text).look_up("people", "alice")
    error = caught.value
    assert str(path) in str(error.detail)
    assert str(path) not in f"{error.message} {error.hint}"
