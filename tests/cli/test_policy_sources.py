"""The files that people bring, as one set of policies."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.tenancy.forms import sets
from valetkey.cli.policy_sources import read_policy_set
from valetkey.errors import ValetkeyError
from valetkey.tenancy import Access, AgentRole, Kind, Owned, Tag, TenancyMap
from valetkey.tenancy.forms import template_files

MAP = TenancyMap(
    tags=("user_id",),
    roles=(AgentRole("data", sets.AGENT), AgentRole("tools", sets.TOOLS)),
    owned=(
        Owned(
            Kind.TABLE,
            "tenancy.tables[0]",
            (sets.TABLE,),
            frozenset({Access.READ}),
            key=(Tag("user_id"),),
        ),
    ),
    assumed_by=(sets.BROKER,),
)


def _files(folder: Path, files: dict[str, str]) -> list[Path]:
    for name, text in files.items():
        (folder / name).write_text(text)
    return [folder / name for name in files]


def test_account_and_region_are_those_of_the_map(tmp_path: Path) -> None:
    table = {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "Other"}}
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {"RoleName": "AgentTools", "AssumeRolePolicyDocument": sets.TRUST},
    }
    text = json.dumps({"Resources": {"Table": table, "Role": role}})
    one = replace(MAP, roles=MAP.roles[1:])
    read = read_policy_set([], _files(tmp_path, {"t.json": text}), [], tenancy_map=one)
    assert [role.arn for role in read.roles] == [sets.TOOLS]
    assert list(read.resource_policies) == [sets.TABLE.replace("Tasks", "Other")]
    assert read.unread == ()


def test_roles_and_a_template_add_up(tmp_path: Path) -> None:
    written = template_files(sets.WHOLE).files
    template = _files(tmp_path, {"template.json": written["template.json"]})
    apart = _files(tmp_path, {"apart.json": written["apart.json"]})
    assert read_policy_set(apart, template, [], tenancy_map=MAP) == sets.WHOLE


def test_a_role_of_the_map_whose_name_is_not_known_is_told(tmp_path: Path) -> None:
    properties = {"AssumeRolePolicyDocument": sets.TRUST}
    unnamed = {"Type": "AWS::IAM::Role", "Properties": properties}
    named = {**unnamed, "Properties": {**properties, "RoleName": "AgentTools"}}
    text = json.dumps({"Resources": {"Named": named, "Unnamed": unnamed}})
    files = _files(tmp_path, {"t.json": text})
    read = read_policy_set([], files, [], tenancy_map=MAP)
    assert "Unnamed" in read.unread[0]
    one = replace(MAP, roles=MAP.roles[1:])
    assert read_policy_set([], files, [], tenancy_map=one).unread == ()
    given = {"Unnamed": sets.AGENT}
    read = read_policy_set([], files, [], tenancy_map=MAP, parameters=given)
    assert [role.arn for role in read.roles] == [sets.TOOLS, sets.AGENT]


def test_sources_without_any_role_are_refused(tmp_path: Path) -> None:
    files = _files(tmp_path, {"t.json": '{"Resources": {}}'})
    with pytest.raises(ValetkeyError) as caught:
        read_policy_set([], files, [], tenancy_map=MAP)
    assert caught.value.code == "policy-source-role-missing"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValetkeyError) as caught:
        read_policy_set([tmp_path / "none.json"], [], [])
    assert caught.value.code == "file-unreadable"


def test_a_value_for_what_no_template_has_is_refused(tmp_path: Path) -> None:
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {"RoleName": "AgentTools", "AssumeRolePolicyDocument": sets.TRUST},
    }
    stage = {"Parameters": {"Stage": {"Type": "String", "Default": "dev"}}}
    files = _files(tmp_path, {"t.json": json.dumps({"Resources": {"Role": role}, **stage})})
    for name in ("Stage", "Role", "AWS::StackName"):
        read_policy_set([], files, [], tenancy_map=MAP, parameters={name: sets.TOOLS})
    for name in ("Stge", "AWS::Region"):
        with pytest.raises(ValetkeyError) as caught:
            read_policy_set([], files, [], tenancy_map=MAP, parameters={name: sets.TOOLS})
        assert caught.value.code == "bad-parameter"
