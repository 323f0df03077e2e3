"""The map of a file: no broker's settings are needed, and none are looked at."""

from pathlib import Path

import pytest

from tests.tenancy.maps import platform_map
from valetkey.cli import source_bytes
from valetkey.cli.tenancy_file import read_tenancy_map
from valetkey.errors import ValetkeyError
from valetkey.tenancy import Kind, Source, TenancyMap

MAP = """
[[grants]]
name = "tenant-data"
role = "arn:aws:iam::111122223333:role/agents/Data"
external_id = "env:EXTERNAL_ID"
duration = "2h"
session_policy = "file:not-here.json"
[[grants]]
name = "web"
role = "arn:aws:iam::111122223333:role/Web"
source = "web-identity"
audience = "sts.example.com"
[[grants]]
name = "tool"
audience = "https://tool.example.com"
[tenancy]
assumed_by = ["arn:aws:iam::111122223333:role/ValetkeyBroker"]
oidc_provider = "arn:aws:iam::111122223333:oidc-provider/id.example.com"
[[tenancy.tables]]
arn = "arn:aws:dynamodb:eu-west-1:111122223333:table/Events"
partition_key = "{task_id}"
[[tenancy.queues]]
arn = "arn:aws:sqs:eu-west-1:111122223333:work-{user_id}"
access = ["send"]
[[tenancy.functions]]
arn = "arn:aws:lambda:eu-west-1:111122223333:function:tool-{user_id}"
[[tenancy.keys]]
arn = "arn:aws:kms:eu-west-1:111122223333:key/1a"
encryption_context = { user_id = "{user_id}" }
access = ["decrypt"]
"""


def read(folder: Path, text: str = MAP) -> TenancyMap:
    path = folder / "valetkey.toml"
    path.write_text(text)
    return read_tenancy_map(path, {"EXTERNAL_ID": "an-id"})


def test_a_file_of_roles_and_a_map_is_enough(tmp_path: Path) -> None:
    found = read(tmp_path)
    assert found.tags == ("task_id", "user_id")
    assert [entry.kind for entry in found.owned] == [
        Kind.TABLE,
        Kind.QUEUE,
        Kind.FUNCTION,
        Kind.KEY,
    ]


def test_the_tags_of_the_file_are_the_runs_tags(tmp_path: Path) -> None:
    tags = '[tags]\nteam = "{request.team}"\ntask_id = "{request.task_id}"\n'
    found = read(tmp_path, f'{tags}user_id = {{ template = "{{subject.sub}}" }}\n{MAP}')
    assert found.tags == ("team", "task_id", "user_id")
    with pytest.raises(ValetkeyError) as caught:
        read(tmp_path, tags + MAP)
    assert caught.value.code == "tenancy-unknown-tag"


def test_roles_are_those_of_the_grants_with_what_their_trust_policies_ask(tmp_path: Path) -> None:
    by_role, by_token = read(tmp_path).roles
    assert (by_role.grant, by_role.arn) == (
        "tenant-data",
        "arn:aws:iam::111122223333:role/agents/Data",
    )
    assert (by_role.external_id, by_role.max_session_seconds) == ("an-id", 7200)
    assert (by_token.source, by_token.audience) == (Source.WEB_IDENTITY, "sts.example.com")
    assert by_token.subject == "grant:web"


def test_grants_of_the_folder_beside_it_count_too(tmp_path: Path) -> None:
    (tmp_path / "grants.d").mkdir()
    more = '[[grants]]\nname = "more"\nrole = "arn:aws:iam::111122223333:role/More"\n'
    (tmp_path / "grants.d" / "more.toml").write_text(more)
    assert [role.grant for role in read(tmp_path).roles] == ["tenant-data", "web", "more"]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("[tenancy]", "[tenancie]", "config-invalid"),
        ('partition_key = "{task_id}"', "", "config-invalid"),
        ("access = [", "acces = [", "config-invalid"),
        ("env:EXTERNAL_ID", "env:NOT_SET", "config-reference"),
        ('name = "web"', 'name = "tenant-data"', "config-invalid"),
        ("role/Web", "Web", "role-arn"),
    ],
)
def test_a_mistake_is_refused_by_its_code(tmp_path: Path, old: str, new: str, code: str) -> None:
    assert MAP.count(old)
    with pytest.raises(ValetkeyError) as caught:
        read(tmp_path, MAP.replace(old, new, 1))
    assert caught.value.code == code


def test_a_file_without_a_map_or_no_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(ValetkeyError) as caught:
        read(tmp_path, MAP[: MAP.index("[tenancy]")])
    assert caught.value.code == "tenancy-missing"
    with pytest.raises(ValetkeyError) as caught:
        read_tenancy_map(tmp_path / "no.toml", {})
    assert caught.value.code == "config-unreadable"


def test_a_byte_order_mark_before_a_map_is_passed_by(tmp_path: Path) -> None:
    assert read(tmp_path, "\ufeff" + MAP) == read(tmp_path)


def test_a_map_without_an_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_bytes, "MAX_FILE", 10)
    with pytest.raises(ValetkeyError) as caught:
        read(tmp_path)
    assert caught.value.code == "source-too-large"


def test_the_map_of_the_example_has_about_twenty_lines_and_is_the_seed_platform() -> None:
    found = platform_map()
    names = [str(entry.arn[0]).rpartition(":")[2] for entry in found.owned]
    assert len(names) == 7 and names[0] == "table/Tasks"
    assert found.tags == ("user_id", "task_id")
    assert found.protected[0].arn.endswith("table/TaskApprovals")
