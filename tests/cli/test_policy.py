"""`valetkey policy`: what it prints, writes and says."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.tenancy.forms.sets import in_order
from tests.tenancy.forms.terraform import plan_text
from valetkey.cli.policy import Form, policy
from valetkey.cli.policy_sources import read_policy_set
from valetkey.cli.tenancy_file import read_tenancy_map
from valetkey.errors import ValetkeyError
from valetkey.tenancy import PolicySet, boundary_of, generated

PLATFORM = Path(__file__).parents[2] / "examples" / "platform" / "valetkey.toml"
MAP = """
[tags]
user_id = "{subject.sub}"
[[grants]]
name = "data"
role = "arn:aws:iam::111122223333:role/AgentData"
[[grants]]
name = "files"
role = "arn:aws:iam::111122223333:role/AgentFiles"
[tenancy]
assumed_by = ["arn:aws:iam::111122223333:role/Broker"]
[[tenancy.prefixes]]
bucket = "trace-artifacts"
prefix = "traces/{user_id}/"
access = ["read"]
"""


@pytest.fixture
def map_file(tmp_path: Path) -> Path:
    path = tmp_path / "valetkey.toml"
    path.write_text(MAP)
    return path


def _json(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("form", list(Form))
def test_what_is_written_of_the_example_is_read_back_equal(form: Form, tmp_path: Path) -> None:
    tenancy = read_tenancy_map(PLATFORM)
    policy(map_file=PLATFORM, form=form, out=tmp_path, boundary=False)
    roles = [*tmp_path.glob("*.role.json"), *tmp_path.glob("apart.json")]
    templates = list(tmp_path.glob("template.json"))
    plans = []
    for written in tmp_path.glob("*.tf.json"):
        plans.append(tmp_path / "plan.json")
        plans[0].write_text(plan_text(json.loads(written.read_text())))
    read = read_policy_set(roles, templates, plans, tenancy_map=tenancy)
    assert in_order(replace(read, taken=())) == in_order(generated(tenancy))


@pytest.mark.parametrize("form", list(Form))
def test_the_same_map_is_the_same_bytes(form: Form, tmp_path: Path) -> None:
    for name in ("a", "b"):
        policy(map_file=PLATFORM, form=form, out=tmp_path / name)
    first = {one.name: one.read_bytes() for one in (tmp_path / "a").iterdir()}
    assert first == {one.name: one.read_bytes() for one in (tmp_path / "b").iterdir()}


def test_a_role_gets_a_boundary_unless_it_is_not_wanted(map_file: Path, tmp_path: Path) -> None:
    limit = boundary_of(read_tenancy_map(map_file))
    for wanted, expected in ((True, limit), (False, None)):
        folder = tmp_path / str(wanted)
        policy(map_file=map_file, out=folder, boundary=wanted)
        role = json.loads((folder / "AgentData.role.json").read_text())
        assert role["boundary"] == expected


def test_in_a_pipe_the_documents_are_one_json_object(
    map_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy(map_file=map_file)
    said = capsys.readouterr()
    assert set(json.loads(said.out)) == {
        "AgentData.trust.json",
        "AgentData.permissions.json",
        "AgentData.boundary.json",
        "AgentFiles.trust.json",
        "AgentFiles.permissions.json",
        "AgentFiles.boundary.json",
        "Broker.broker.json",
        "bucket-trace-artifacts.policy.json",
    }
    assert "--out" in said.err


@pytest.mark.parametrize(
    ("form", "member"), [(Form.CLOUDFORMATION, "Resources"), (Form.TERRAFORM, "resource")]
)
def test_a_template_and_a_configuration_are_printed_alone(
    form: Form, member: str, map_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy(map_file=map_file, form=form)
    assert member in _json(capsys)


def test_one_grant_is_its_role_with_all_policies_of_the_resources(
    map_file: Path, tmp_path: Path
) -> None:
    policy(map_file=map_file, grant="files", out=tmp_path)
    assert not list(tmp_path.glob("AgentData*"))
    bucket = json.loads((tmp_path / "bucket-trace-artifacts.policy.json").read_text())
    assert "AgentData" in json.dumps(bucket)  # else its untagged sessions would be let in


def test_a_grant_that_is_not_there_is_named(map_file: Path) -> None:
    with pytest.raises(ValetkeyError) as caught:
        policy(map_file=map_file, grant="other")
    assert caught.value.code == "grant-unknown"


def test_json_has_files_and_sizes(map_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy(map_file=map_file, as_json=True, form=Form.CLOUDFORMATION)
    said = _json(capsys)
    assert set(said) == {"form", "out", "files", "sizes", "left", "notes"}
    assert {"policy", "characters", "limit", "raised", "fits", "cut"} == set(said["sizes"][0])
    assert "Resources" in said["files"]["template.json"]


def test_what_is_left_to_do_is_said_on_the_other_stream(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy(map_file=PLATFORM, form=Form.CLOUDFORMATION, out=tmp_path)
    said = capsys.readouterr()
    assert "put-resource-policy" in said.err
    assert "put-resource-policy" not in said.out


def test_a_policy_longer_than_aws_takes_is_refused_before_anything_is_written(
    map_file: Path, tmp_path: Path
) -> None:
    brokers = ", ".join(f'"arn:aws:iam::111122223333:role/Broker{i}"' for i in range(90))
    map_file.write_text(MAP.replace('"arn:aws:iam::111122223333:role/Broker"', brokers))
    with pytest.raises(ValetkeyError) as caught:
        policy(map_file=map_file, out=tmp_path / "out")
    assert caught.value.code == "tenancy-size"
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_said_in_one_line(
    map_file: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ValetkeyError) as caught:
        policy(map_file=map_file, out=tmp_path / "file")
    assert caught.value.code == "file-unwritable"


def test_the_form_is_one_that_read_policy_set_reads(map_file: Path, tmp_path: Path) -> None:
    policy(map_file=map_file, out=tmp_path)
    found = read_policy_set(sorted(tmp_path.glob("*.role.json")), [], [])
    assert isinstance(found, PolicySet)
    assert len(found.roles) == 2


def test_the_map_is_not_written_over(map_file: Path, tmp_path: Path) -> None:
    (tmp_path / "template.json").write_bytes(map_file.read_bytes())
    with pytest.raises(ValetkeyError) as caught:
        policy(map_file=tmp_path / "template.json", form=Form.CLOUDFORMATION, out=tmp_path)
    assert caught.value.code == "output-is-an-input"


def test_what_the_policies_do_not_show_is_said_in_every_form(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for form in Form:
        policy(map_file=PLATFORM, form=form)
        said = capsys.readouterr().err
        assert "a `user_id` with `/` gets no session" in said
        assert "is replaced, so take its statements into the new one first" in said
