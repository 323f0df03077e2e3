"""The configuration: understood or refused, with one sentence that names the place."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from valetkey.errors import ValetkeyError
from valetkey.identity import Power
from valetkey.settings import Settings, read_settings

GOOD = """
[broker]
listen = "127.0.0.1:8700"
store = "sqlite:///valetkey.db"

[[issuers]]
name = "cognito"
url = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example"
audiences = ["frontend"]
algorithms = ["RS256"]

[[issuers]]
name = "cluster"
url = "https://cluster.example"
audiences = ["valetkey"]
algorithms = ["ES256"]

[[trust]]
name = "end-users"
issuer = "cognito"
claims = { token_use = "id" }
may = "be-worked-for"

[[trust]]
name = "orchestrator"
issuer = "cluster"
claims = { sub = "system:serviceaccount:agents:orchestrator" }
may = "open-runs"
for = ["end-users"]
attributes = ["repo", "task_id"]

[tags]
user_id = "{subject.sub}"
repo = "{request.repo}"
task_id = "{request.task_id}"

[[grants]]
name = "tenant-data"
role = "arn:aws:iam::111122223333:role/AgentTenantData"
source = "assume-role"
duration = "1h"

[tenancy]
assumed_by = ["arn:aws:iam::111122223333:role/ValetkeyBroker"]
[[tenancy.tables]]
arn = "arn:aws:dynamodb:eu-west-1:111122223333:table/TaskEvents"
partition_key = "{task_id}"
[[tenancy.prefixes]]
bucket = "trace-artifacts"
prefix = "traces/{user_id}/"
access = ["read", "write", "list"]
[[tenancy.shared]]
arn = "arn:aws:s3:::public-assets/*"
access = ["read"]
[[tenancy.protected]]
arn = "arn:aws:dynamodb:eu-west-1:111122223333:table/TaskApprovals"
"""


def read(folder: Path, text: str = GOOD, environ: Mapping[str, str] | None = None) -> Settings:
    path = folder / "valetkey.toml"
    path.write_text(text)
    return read_settings(path, environ or {})


def code_of(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> str:
    with pytest.raises(ValetkeyError) as caught:
        read(folder, text, environ)
    return caught.value.code


def test_the_example_of_the_design_is_understood(tmp_path: Path) -> None:
    settings = read(tmp_path)
    assert (settings.host, settings.port) == ("127.0.0.1", 8700)
    assert settings.store == tmp_path / "valetkey.db"
    assert [r.may for r in settings.rules] == [Power.BE_WORKED_FOR, Power.OPEN_RUNS]
    assert settings.rules[1].subjects_of == ("end-users",)
    assert settings.grants[0].duration == 3600


def test_the_template_that_init_writes_is_good(tmp_path: Path) -> None:
    from importlib.resources import files

    text = files("valetkey.cli").joinpath("valetkey.toml").read_text()
    assert read(tmp_path, text).grants[0].name == "tenant-data"


def test_a_tag_is_a_path_segment_exactly_where_the_map_uses_it_as_one(tmp_path: Path) -> None:
    segments = {t.key: t.path_segment for t in read(tmp_path).templates}
    assert segments == {"user_id": True, "repo": False, "task_id": False}


PEOPLE = """
[directory]
source = "file:people.csv"
issuer = "cognito"
attributes = ["department"]
[tags]
department = "{directory.department}"
"""


def test_a_tag_may_come_from_the_directory(tmp_path: Path) -> None:
    settings = read(tmp_path, GOOD.replace("[tags]\n", PEOPLE))
    assert settings.directory is not None
    assert settings.directory.source == f"file:{tmp_path / 'people.csv'}"
    assert settings.directory.unknown is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{directory.department}", "{directory.role}"),
        (PEOPLE, '[tags]\ndepartment = "{directory.department}"\n'),
        ('attributes = ["department"]', "attributes = []"),
        ('attributes = ["department"]', 'attributes = ["subject"]'),
        ('attributes = ["department"]', 'attributes = ["department", "x]"]'),
        ("file:people.csv", "people.csv"),
        ("file:people.csv", "sqlite:///people.db"),
        ('attributes = ["department"]', 'attributes = ["department"]\ntable = "people"'),
        ('attributes = ["department"]', 'attributes = ["department"]\nunknown = "guest"'),
        (
            'attributes = ["department"]',
            'attributes = ["department"]\nunknown = { department = "" }',
        ),
        (
            'attributes = ["department"]',
            'attributes = ["department", "role"]\nunknown = { role = "none" }',
        ),
        ('issuer = "cognito"\nattributes', 'issuer = "nobody"\nattributes'),
    ],
)
def test_a_directory_that_can_not_fill_the_tags_is_refused(
    tmp_path: Path, old: str, new: str
) -> None:
    text = GOOD.replace("[tags]\n", PEOPLE)
    assert old in text
    assert code_of(tmp_path, text.replace(old, new)) == "config-invalid"


def test_without_a_map_every_tag_is_a_path_segment(tmp_path: Path) -> None:
    text = GOOD[: GOOD.index("[tenancy]")]
    assert all(t.path_segment for t in read(tmp_path, text).templates)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('listen = "127.0.0.1:8700"', 'listen = "8700"', "config-invalid"),
        ('listen = "127.0.0.1:8700"', 'listen = "127.0.0.1:x"', "config-invalid"),
        ('listen = "127.0.0.1:8700"', "lisen = 1", "config-invalid"),
        ("[broker]", "[brokr]", "config-invalid"),
        ('"sqlite:///valetkey.db"', '"valetkey.db"', "config-invalid"),
        ('"sqlite:///valetkey.db"', '"postgresql://db/x"', "config-unsupported"),
        ('algorithms = ["RS256"]', 'algorithms = ["HS256"]', "issuer-invalid"),
        ('algorithms = ["RS256"]', 'algorithms = ["none"]', "issuer-invalid"),
        ('algorithms = ["RS256"]', "algorithms = []", "issuer-invalid"),
        ('audiences = ["frontend"]', "audiences = []", "issuer-invalid"),
        ("https://cluster.example", "http://cluster.example", "issuer-invalid"),
        ("claims = { token_use", "claims = {} #", "trust-rule-empty"),
        ("{ token_use = ", "{ aud = ", "trust-rule-too-wide"),
        ('issuer = "cognito"', 'issuer = "nobody"', "trust-rule-unknown-issuer"),
        ('may = "be-worked-for"', 'may = "everything"', "config-invalid"),
        ('for = ["end-users"]', 'for = ["orchestrator"]', "trust-rule-unknown-subjects"),
        ('for = ["end-users"]', "", "config-invalid"),
        ('attributes = ["repo", "task_id"]', 'attributes = ["repo"]', "config-invalid"),
        ('"{subject.sub}"', '"{subject}"', "tag-template"),
        ("user_id =", "valetkey_run =", "tag-key"),
        ("user_id =", '"aws:user" =', "tag-key"),
        ("repo = ", "USER_ID = ", "tag-key"),
        ("role/AgentTenantData", "user/AgentTenantData", "role-arn"),
        ("111122223333:role/Agent", "11112222333:role/Agent", "role-arn"),
        ('duration = "1h"', 'duration = "14m"', "grant-duration"),
        ('duration = "1h"', 'duration = "13h"', "grant-duration"),
        ('duration = "1h"', 'duration = "-1h"', "config-invalid"),
        ('duration = "1h"', 'duration = "soon"', "config-invalid"),
        ('duration = "1h"', "duration = 3600", "config-invalid"),
        ('source = "assume-role"', 'source = "web-identity"', "config-invalid"),  # no [issuer]
        ('source = "assume-role"', 'source = "saml"', "config-unsupported"),
        ('name = "tenant-data"', 'name = "Tenant Data"', "config-invalid"),
        ('name = "cluster"', 'name = "cognito"', "issuer-duplicate"),
        ('name = "orchestrator"', 'name = "end-users"', "trust-rule-duplicate"),
        ('duration = "1h"', 'session_policy = "nonsense"', "config-invalid"),
        ('duration = "1h"', 'external_id = "env:NOT_SET"', "config-reference"),
        ('duration = "1h"', 'external_id = "file:/nonexistent"', "config-reference"),
        ('duration = "1h"', 'region = "Ireland"', "region"),
    ],
)
def test_one_wrong_thing_is_one_clear_error(tmp_path: Path, old: str, new: str, code: str) -> None:
    assert old in GOOD
    assert code_of(tmp_path, GOOD.replace(old, new, 1)) == code


def test_broken_toml_and_a_missing_file_are_clear_errors(tmp_path: Path) -> None:
    assert code_of(tmp_path, "[broker") == "config-invalid"
    with pytest.raises(ValetkeyError) as caught:
        read_settings(tmp_path / "absent.toml", {})
    assert caught.value.code == "config-unreadable"


def test_tools_without_a_gateway_are_refused_and_not_ignored(tmp_path: Path) -> None:
    assert code_of(tmp_path, GOOD + '\n[tools]\npolicies = "policies/"\n') == "config-invalid"


def test_a_subject_template_that_two_issuers_reach_must_name_the_issuer(tmp_path: Path) -> None:
    """Invariant 3, lesson 10."""
    second = """
[[trust]]
name = "partners"
issuer = "cluster"
claims = { token_use = "id" }
may = "be-worked-for"
"""
    assert code_of(tmp_path, GOOD + second) == "tag-template-issuer"
    named = (GOOD + second).replace('"{subject.sub}"', '"{issuer}:{subject.sub}"')
    assert read(tmp_path, named).templates[0].names_issuer()


def test_grants_without_tags_are_refused(tmp_path: Path) -> None:
    """Lesson 5: an empty tag set is not a scope."""
    a, b = GOOD.index("user_id ="), GOOD.index("[[grants]]")
    assert code_of(tmp_path, GOOD[:a] + GOOD[b:]) == "config-invalid"


def test_grants_of_the_folder_beside_it_are_read_too(tmp_path: Path) -> None:
    (tmp_path / "grants.d").mkdir()
    (tmp_path / "grants.d" / "more.toml").write_text(
        '[[grants]]\nname = "more"\nrole = "arn:aws:iam::111122223333:role/More"\n'
    )
    before = read(tmp_path).digest
    assert [g.name for g in read(tmp_path).grants] == ["tenant-data", "more"]
    (tmp_path / "grants.d" / "more.toml").write_text("[[grants]]\nnam = 1\n")
    assert code_of(tmp_path, GOOD) == "config-invalid"
    (tmp_path / "grants.d" / "more.toml").unlink()
    assert read(tmp_path).digest != before


def test_a_broker_refuses_tags_of_a_grant_and_takes_its_profile(tmp_path: Path) -> None:
    own = 'duration = "1h"\nprofile = "partner"\n'
    (found,) = read(tmp_path, GOOD.replace('duration = "1h"\n', own)).grants
    assert found.profile == "partner"
    tagged = own + 'tags = { user_id = "alice" }\n'
    assert code_of(tmp_path, GOOD.replace('duration = "1h"\n', tagged)) == "config-invalid"


def test_values_by_reference_are_read(tmp_path: Path) -> None:
    text = GOOD.replace('duration = "1h"', 'external_id = "env:EXTERNAL_ID"')
    assert read(tmp_path, text, {"EXTERNAL_ID": "abc-123"}).grants[0].external_id == "abc-123"


def test_where_aws_is_comes_from_the_environment_as_for_every_sdk(tmp_path: Path) -> None:
    environ = {"AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}
    grant = read(tmp_path, GOOD, environ).grants[0]
    assert (grant.region, grant.endpoint_url) == ("eu-west-1", "http://127.0.0.1:4566")


def test_a_file_by_reference_is_beside_the_configuration_wherever_we_are_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "external").write_text("abc-123\n")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    text = GOOD.replace('duration = "1h"', 'external_id = "file:external"')
    assert read(tmp_path, text).grants[0].external_id == "abc-123"
    (tmp_path / "external").write_bytes(b"\xff\xfe")
    assert code_of(tmp_path, text) == "config-reference"


def test_a_folder_among_the_grants_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "grants.d" / "x.toml").mkdir(parents=True)
    assert code_of(tmp_path, GOOD) == "config-unreadable"
