"""What is wrong with the words of `valetkey grant aws` is said before anybody is asked."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.grant_world import role_arn
from valetkey.cli.grant_asking import Written, depends_on_shell, understand
from valetkey.errors import ValetkeyError

GOOD = Written(
    name="g",
    role=role_arn("Good"),
    profile="nobody",
    region=None,
    duration="1h",
    external_id=None,
    tags=(),
    session_policy=None,
    endpoint_url=None,
)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"role": "arn:aws:iam::11112222333:role/a"}, "role-arn"),
        ({"role": "arn:aws:iam:::role/a"}, "role-arn"),
        ({"role": "arn:aws:s3:::role/a"}, "role-arn"),
        ({"role": "arn:aws:iam::111122223333:role/"}, "role-arn"),
        ({"duration": "14m"}, "grant-duration"),
        ({"duration": "13h"}, "grant-duration"),
        ({"duration": "-1h"}, "config-invalid"),
        ({"duration": "soon"}, "config-invalid"),
        ({"name": "../up"}, "config-invalid"),
        ({"region": "europe"}, "region"),
        ({"external_id": "a b"}, "grant-external-id"),
        ({"external_id": "env:UNSET"}, "config-reference"),
        ({"external_id": "file:nowhere"}, "config-reference"),
        ({"session_policy": Path("nowhere.json")}, "file-unreadable"),
        ({"session_policy": Path("binary")}, "file-unreadable"),
        ({"session_policy": Path("text")}, "file-unreadable"),
        ({"session_policy": Path("empty.json")}, "config-invalid"),
        ({"endpoint_url": "aws.example"}, "config-invalid"),
        ({"tags": ("user_id",)}, "usage"),
        ({"tags": ("=alice",)}, "usage"),
        ({"tags": ("a=1", "a=2")}, "usage"),
        ({"tags": ("a=1", "A=2")}, "tag-key"),
        ({"tags": ("a=",)}, "tag-value-empty"),
        ({"tags": ("valetkey_run=r-1",)}, "tag-key"),
        ({"tags": ("a=b!",)}, "tag-value-characters"),
        ({}, "aws-profile-unknown"),
    ],
)
def test_the_first_thing_that_is_wrong_is_said_and_the_profile_comes_last(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, object],
    code: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    (tmp_path / "binary").write_bytes(b"\xff{")
    (tmp_path / "text").write_text("env:HOME")
    (tmp_path / "empty.json").write_text("{}")
    with pytest.raises(ValetkeyError) as caught:
        understand(replace(GOOD, **changes), {}, folder=tmp_path)  # type: ignore[arg-type]
    assert caught.value.code == code


def test_without_a_home_a_reference_is_found_or_not_as_it_is_written(tmp_path: Path) -> None:
    """A file that lies in a home that is not there is not there."""
    asked = replace(GOOD, external_id="file:~nobody-has-this-name/id")
    with pytest.raises(ValetkeyError) as caught:
        understand(asked, {}, folder=tmp_path)
    assert caught.value.code == "config-reference"


def test_a_tags_value_may_have_an_equals_sign(tmp_path: Path) -> None:
    table, wanted = understand(replace(GOOD, profile=None, tags=("a=b=c",)), {}, folder=tmp_path)

    assert table.tags == dict(wanted.tags) == {"a": "b=c"}


@pytest.mark.parametrize(
    ("profile", "environ", "depends"),
    [
        (None, {"AWS_ACCESS_KEY_ID": "AKIA"}, True),
        ("dev", {"AWS_ACCESS_KEY_ID": "AKIA"}, False),
        (None, {}, False),
    ],
)
def test_a_named_profile_wins_over_the_shells_keys(
    profile: str | None, environ: dict[str, str], depends: bool
) -> None:
    assert depends_on_shell(profile, environ) is depends


@pytest.mark.parametrize(
    ("config", "environ", "profile"),
    [
        ("[default]\nregion = eu-west-1\n", {}, "default"),
        ("[default]\nregion = eu-west-1\n", {"AWS_ACCESS_KEY_ID": "AKIA"}, None),
        ("[profile work]\nregion = eu-west-1\n", {}, None),  # a machine's own role, perhaps
    ],
)
def test_the_default_profile_is_named_so_that_no_later_shell_chooses_another(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    config: str,
    environ: dict[str, str],
    profile: str | None,
) -> None:
    """Lesson 27: AWS_PROFILE of the shell of a run must not decide who assumes the role."""
    (tmp_path / "config").write_text(config)
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ACCESS_KEY_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    asked = replace(GOOD, profile=None, region="eu-west-1")
    table, _ = understand(asked, environ, folder=tmp_path)
    assert table.profile == profile
