"""What `valetkey prove` reads: files as they are, as they were, and hostile ones."""

import json
import os
import subprocess
import threading
from pathlib import Path

import pytest

from tests.cli.proof_world import BROAD, ROLE, TENANCY, document, role_text
from valetkey.cli import prove_running, source_bytes
from valetkey.cli.prove_inputs import Inputs, read, read_at
from valetkey.cli.prove_making import Wanted, make
from valetkey.cli.prove_proof import Form
from valetkey.cli.prove_running import Limits
from valetkey.cli.tenancy_file import read_tenancy_map
from valetkey.errors import ValetkeyError
from valetkey.isolation.answer import Answer
from valetkey.tenancy import PolicySet, generated
from valetkey.tenancy.forms.role_files import role_file


def committed(folder: Path) -> None:
    """Make a repository of the folder, with all that is in it."""
    names = ("-c", "user.name=n", "-c", "user.email=e@example.com", "-c", "commit.gpgsign=false")
    for arguments in (("init", "-q"), ("add", "."), (*names, "commit", "-q", "-m", "one")):
        subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True)


MAP = f"""
[[grants]]
name = "tenant-data"
role = "{ROLE}"
[tenancy]
assumed_by = ["{TENANCY.assumed_by[0]}"]
[[tenancy.prefixes]]
bucket = "trace-artifacts"
prefix = "traces/{{user_id}}/"
access = ["read"]
"""


def test_without_a_source_the_generators_policies_are_read(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(MAP)
    found = read(Inputs(tmp_path / "m.toml"))

    assert [role.arn for role in found.policies.roles] == [ROLE]
    assert [file.form for file in found.files] == [Form.MAP]


def test_policies_of_files_are_read_and_no_others(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(MAP)
    (tmp_path / "r.json").write_text(role_text())
    found = read(Inputs(tmp_path / "m.toml", (tmp_path / "r.json",)))

    (role,) = found.policies.roles
    assert role.permissions[0].document["Statement"] == []
    assert [file.form for file in found.files] == [Form.MAP, Form.ROLE]


@pytest.mark.parametrize(
    "text",
    ["", "{", "[" * 100_000, '{"role": ' * 50_000, "\x00\x1b[2J", "[1]", '{"a": 1, "a": 2}'],
)
def test_hostile_sources_are_one_sentence(text: str, tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(MAP)
    (tmp_path / "r.json").write_text(text)
    for inputs in (
        Inputs(tmp_path / "m.toml", roles=(tmp_path / "r.json",)),
        Inputs(tmp_path / "m.toml", templates=(tmp_path / "r.json",)),
        Inputs(tmp_path / "m.toml", plans=(tmp_path / "r.json",)),
        Inputs(tmp_path / "r.json"),
    ):
        with pytest.raises(ValetkeyError) as raised:
            read(inputs)
        assert "\n" not in raised.value.message
        assert len(raised.value.message) < 1_000


def test_a_huge_file_is_refused_before_anything_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_bytes, "MAX_FILE", 10)
    (tmp_path / "m.toml").write_text(MAP)
    with pytest.raises(ValetkeyError) as raised:
        read(Inputs(tmp_path / "m.toml"))
    assert raised.value.code == "source-too-large"


def test_a_file_that_can_not_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(MAP)
    for inputs in (Inputs(tmp_path / "no.toml"), Inputs(tmp_path / "m.toml", (tmp_path,))):
        with pytest.raises(ValetkeyError) as raised:
            read(inputs)
        assert raised.value.code == "file-unreadable"


def test_a_change_is_told_from_what_git_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prove_running, "FEW", 1_000)  # in this process: pytest has threads
    map_file, role = tmp_path / "m.toml", tmp_path / "r.json"
    map_file.write_text(MAP)
    policies = generated(read_tenancy_map(map_file))
    good = role_file(policies.roles[0], policies)
    role.write_text(json.dumps(good))
    committed(tmp_path)
    good["policies"].append(document(BROAD))
    role.write_text(json.dumps(good))
    inputs = Inputs(map_file, (role,))
    made = make(inputs, Limits(10_000), Wanted(mend=False, since="HEAD")).proof

    assert made.report.answer is Answer.REFUTED
    assert made.change is not None
    assert made.change.before is Answer.PROVED
    assert "isolation was proved and is refuted now" in made.change.opened
    assert any("it was denied and is allowed now" in one for one in made.change.opened)
    assert made.change.closed == ()


def test_what_was_wrong_at_a_revision_is_said_of_that_revision(tmp_path: Path) -> None:
    map_file, role = tmp_path / "m.toml", tmp_path / "r.json"
    map_file.write_text(MAP)
    role.write_text("{")
    committed(tmp_path)
    role.write_text(role_text())
    with pytest.raises(ValetkeyError) as raised:
        read_at(Inputs(map_file, (role,)), "HEAD")

    assert raised.value.message.startswith("at `HEAD`: ")

    map_file.write_text("[tenancy]\nassumed = 1\n")
    committed(tmp_path)
    map_file.write_text(MAP)
    with pytest.raises(ValetkeyError) as raised:
        read_at(Inputs(map_file), "HEAD")
    assert raised.value.message.startswith("at `HEAD`: ")


def test_each_file_is_read_once_so_a_pipe_will_do(tmp_path: Path) -> None:
    texts = {"m.toml": MAP, "r.json": role_text()}
    for name in texts:
        os.mkfifo(tmp_path / name)
    writers = [
        threading.Thread(target=(tmp_path / name).write_text, args=(text,), daemon=True)
        for name, text in texts.items()
    ]
    for writer in writers:
        writer.start()
    role = tmp_path / "r.json"
    found = read(Inputs(tmp_path / "m.toml", (role, role)))

    assert [each.arn for each in found.policies.roles] == [ROLE]
    assert [file.text for file in found.files] == [MAP, role_text(), role_text()]


def test_a_pipe_in_the_folder_of_grants_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(MAP)
    (tmp_path / "grants.d").mkdir()
    os.mkfifo(tmp_path / "grants.d" / "g.toml")
    with pytest.raises(ValetkeyError) as raised:
        read(Inputs(tmp_path / "m.toml"))
    assert raised.value.code == "config-unreadable"


def test_of_a_source_that_was_not_there_then_nothing_was_there(tmp_path: Path) -> None:
    map_file, role = tmp_path / "m.toml", tmp_path / "r.json"
    map_file.write_text(MAP)
    committed(tmp_path)
    role.write_text(role_text())
    found = read_at(Inputs(map_file, (role,)), "HEAD")

    assert (found.policies, found.missing) == (PolicySet(()), (role,))
    with pytest.raises(ValetkeyError) as raised:
        read_at(Inputs(tmp_path / "new.toml", (role,)), "HEAD")
    assert raised.value.code == "not-in-revision"


def test_grants_beside_the_map_are_those_of_the_revision(tmp_path: Path) -> None:
    (tmp_path / "grants.d").mkdir()
    (tmp_path / "m.toml").write_text(MAP)
    grant = tmp_path / "grants.d" / "g.toml"
    grant.write_text(f'[[grants]]\nname = "other"\nrole = "{ROLE}Other"\n')
    committed(tmp_path)
    grant.unlink()

    found = read_at(Inputs(tmp_path / "m.toml"), "HEAD")
    assert [role.arn for role in found.tenancy.roles] == [ROLE, f"{ROLE}Other"]
