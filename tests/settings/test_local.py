"""The account's own grants: read strictly, from files that nobody else may write."""

import os
from pathlib import Path

import pytest

from valetkey.errors import ValetkeyError
from valetkey.settings.local import (
    LocalGrant,
    local_grant,
    local_grant_names,
    read_local_grants,
    valetkey_home,
)
from valetkey.settings.shape import GrantTable

ROLE = "arn:aws:iam::111122223333:role/AgentTenantData"
GOOD = f'[[grants]]\nname = "tenant-data"\nrole = "{ROLE}"\n'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with one good grant, closed to others whatever the umask is."""
    home = tmp_path / "home"
    folder = home / "grants.d"
    folder.mkdir(parents=True)
    home.chmod(0o700)
    folder.chmod(0o700)
    put(home, "tenant-data", GOOD)
    return home


def put(home: Path, name: str, text: str) -> Path:
    path = home / "grants.d" / f"{name}.toml"
    path.write_text(text)
    path.chmod(0o600)
    return path


def code_of(home: Path, **environ: str) -> str:
    with pytest.raises(ValetkeyError) as caught:
        read_local_grants(home, environ)
    return caught.value.code


def table(**changes: object) -> GrantTable:
    return GrantTable(**{"name": "g", "role": ROLE, **changes})  # type: ignore[arg-type]


def wrong(**changes: object) -> str:
    with pytest.raises(ValetkeyError) as caught:
        local_grant(table(**changes), {}, folder=Path("/"))
    return caught.value.code


@pytest.mark.parametrize(
    ("environ", "home"),
    [
        ({"HOME": "/h"}, "/h/.valetkey"),
        ({"HOME": "/h", "VALETKEY_HOME": "/v"}, "/v"),
        ({"VALETKEY_HOME": "/v"}, "/v"),
        ({"HOME": "/h", "VALETKEY_HOME": ""}, "/h/.valetkey"),
    ],
)
def test_the_home_is_the_variable_or_a_folder_of_the_account(
    environ: dict[str, str], home: str
) -> None:
    assert valetkey_home(environ) == Path(home)


def test_without_variables_the_system_knows_the_home() -> None:
    assert valetkey_home({}).is_absolute()


@pytest.mark.parametrize("environ", [{"HOME": "h"}, {"HOME": "/h", "VALETKEY_HOME": "v"}])
def test_a_home_that_depends_on_the_working_directory_is_refused(environ: dict[str, str]) -> None:
    with pytest.raises(ValetkeyError) as caught:
        valetkey_home(environ)
    assert caught.value.code == "home-unusable"


def test_no_folder_means_no_grants(tmp_path: Path) -> None:
    assert read_local_grants(tmp_path, {}) == {}
    assert local_grant_names(tmp_path / "nothing") == ()


def test_a_grant_is_read_with_its_profile_and_its_tags(home: Path) -> None:
    put(home, "other", GOOD.replace("tenant-data", "other") + 'profile = "dev"\ntags = {a = "b/c"}')
    found = read_local_grants(home, {})

    assert list(found) == ["other", "tenant-data"]
    assert (found["other"].grant.profile, dict(found["other"].tags)) == ("dev", {"a": "b/c"})
    assert (found["tenant-data"].grant.profile, dict(found["tenant-data"].tags)) == (None, {})
    assert found["tenant-data"].grant.duration == 3600


def test_drafts_and_other_files_are_no_grants(home: Path) -> None:
    put(home, ".hidden", "nonsense")
    (home / "grants.d" / ".tenant-data.toml.0123").write_text("nonsense")
    (home / "grants.d" / "README").write_text("nonsense")

    assert local_grant_names(home) == ("tenant-data",)
    assert list(read_local_grants(home, {})) == ["tenant-data"]


def test_what_is_no_regular_file_is_refused_and_not_waited_for(home: Path) -> None:
    os.mkfifo(home / "grants.d" / "pipe.toml", 0o600)

    assert code_of(home) == "config-unreadable"


def test_a_file_that_is_nested_too_deeply_is_one_clear_error(home: Path) -> None:
    put(home, "tenant-data", f"x = {'[' * 50_000}\n")

    assert code_of(home) == "config-invalid"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        GOOD.replace("tenant-data", "another"),
        GOOD + GOOD.replace("tenant-data", "another"),
        GOOD + "secret_access_key = 'x'\n",
        GOOD.replace(f'role = "{ROLE}"\n', ""),
    ],
)
def test_a_file_holds_exactly_the_grant_of_its_name(home: Path, text: str) -> None:
    put(home, "tenant-data", text)

    assert code_of(home) == "config-invalid"


def test_a_bad_grant_stops_no_other(home: Path) -> None:
    put(home, "bad", "nonsense")
    put(home, "unset", GOOD.replace("tenant-data", "unset") + 'external_id = "env:UNSET"\n')

    assert list(read_local_grants(home, {}, names=["tenant-data", "nobody"])) == ["tenant-data"]
    assert code_of(home) == "config-invalid"


def test_references_are_read_when_the_grant_is(home: Path, tmp_path: Path) -> None:
    (tmp_path / "id").write_text("from-file\n")
    put(home, "tenant-data", GOOD + 'external_id = "env:EXTERNAL"\n')
    put(home, "f", GOOD.replace("tenant-data", "f") + f'external_id = "file:{tmp_path}/id"\n')
    found = read_local_grants(home, {"EXTERNAL": "from-variable"})

    assert found["tenant-data"].grant.external_id == "from-variable"
    assert found["f"].grant.external_id == "from-file"
    assert code_of(home) == "config-reference"


def test_a_region_of_the_grant_wins_over_the_shells(home: Path) -> None:
    put(home, "other", GOOD.replace("tenant-data", "other") + 'region = "eu-central-1"\n')
    found = read_local_grants(home, {"AWS_REGION": "us-east-1"})

    assert found["other"].grant.region == "eu-central-1"
    assert found["tenant-data"].grant.region == "us-east-1"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"role": "arn:aws:iam::11112222333:role/a"}, "role-arn"),
        ({"duration": "14m"}, "grant-duration"),
        ({"duration": "13h"}, "grant-duration"),
        ({"duration": "899s"}, "grant-duration"),
        ({"duration": "43201s"}, "grant-duration"),
        ({"duration": "-1h"}, "config-invalid"),
        ({"duration": "soon"}, "config-invalid"),
        ({"duration": "1"}, "config-invalid"),
        ({"duration": ""}, "config-invalid"),
        ({"duration": "1.5h"}, "config-invalid"),
        ({"duration": "٣h"}, "config-invalid"),
        ({"name": "../up"}, "config-invalid"),
        ({"name": "Upper"}, "config-invalid"),
        ({"name": ""}, "config-invalid"),
        ({"name": "a" * 49}, "config-invalid"),
        ({"source": "web-identity"}, "config-unsupported"),
        ({"region": "europe"}, "region"),
        ({"external_id": "x"}, "grant-external-id"),
        ({"session_policy": "{}"}, "config-invalid"),
        ({"profile": ""}, "config-invalid"),
        ({"profile": "a\nb"}, "config-invalid"),
        ({"endpoint_url": "aws.example"}, "config-invalid"),
        ({"endpoint_url": "ftp://aws.example"}, "config-invalid"),
        ({"endpoint_url": "http://"}, "config-invalid"),
        ({"endpoint_url": "http://[::1"}, "config-invalid"),
        ({"endpoint_url": "http://a:99999"}, "config-invalid"),
        ({"endpoint_url": "http://a b/"}, "config-invalid"),
        ({"endpoint_url": "http://a/\nregion=x"}, "config-invalid"),
        ({"endpoint_url": "https://name@aws.example"}, "config-invalid"),
        ({"endpoint_url": "https://aws.example/?x=1"}, "config-invalid"),
        ({"endpoint_url": "https://aws.example/#f"}, "config-invalid"),
        ({"endpoint_url": "http://aws.example"}, "config-invalid"),
        ({"endpoint_url": "http://127.0.0.1.example"}, "config-invalid"),
        ({"tags": {"valetkey_run": "r-1"}}, "tag-key"),
        ({"tags": {"aws:x": "1"}}, "tag-key"),
        ({"tags": {"a": "1", "A": "2"}}, "tag-key"),
        ({"tags": {"a": ""}}, "tag-value-empty"),
        ({"tags": {"a": " x"}}, "tag-value-space"),
        ({"tags": {"a": "x" * 257}}, "tag-value-too-long"),
        ({"tags": {"a": "x!"}}, "tag-value-characters"),
        ({"tags": {str(n): "x" for n in range(50)}}, "tag-count"),
    ],
)
def test_a_wrong_value_is_found_before_aws_is_asked(changes: dict[str, object], code: str) -> None:
    assert wrong(**changes) == code


@pytest.mark.parametrize(
    "url",
    [
        "https://sts.eu-west-1.amazonaws.com",
        "https://aws.example:8443/prefix",
        "http://127.0.0.1:4566",
        "http://localhost:4566/",
        "http://[::1]:4566",
    ],
)
def test_aws_is_at_an_https_address_or_on_this_machine(url: str) -> None:
    found = local_grant(table(endpoint_url=url), {}, folder=Path("/"))

    assert found.grant.endpoint_url == url


def test_an_address_in_the_shell_is_checked_as_one_in_the_grant() -> None:
    with pytest.raises(ValetkeyError) as caught:
        local_grant(table(), {"AWS_ENDPOINT_URL": "http://aws.example"}, folder=Path("/"))

    assert caught.value.code == "config-invalid"


def test_a_password_in_an_address_is_not_shown() -> None:
    with pytest.raises(ValetkeyError) as caught:
        local_grant(table(endpoint_url="https://me:hunter2@aws.example"), {}, folder=Path("/"))

    assert "hunter2" not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize(("text", "seconds"), [("15m", 900), ("12h", 43_200), ("900s", 900)])
def test_the_bounds_of_a_session_are_good(text: str, seconds: int) -> None:
    assert local_grant(table(duration=text), {}, folder=Path("/")).grant.duration == seconds


def test_a_local_tag_may_hold_what_is_no_path_segment() -> None:
    found = local_grant(table(tags={"repo": "org/app"}), {}, folder=Path("/"))

    assert isinstance(found, LocalGrant)
    assert dict(found.tags) == {"repo": "org/app"}


def test_a_hint_about_a_tag_speaks_of_no_template() -> None:
    with pytest.raises(ValetkeyError) as caught:
        local_grant(table(tags={"a": " x"}), {}, folder=Path("/"))

    assert "template" not in (caught.value.hint or "")
