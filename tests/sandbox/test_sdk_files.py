"""The config file as a real SDK reads it."""

import sys
from pathlib import Path

import botocore.session
import pytest

from valetkey.errors import ValetkeyError
from valetkey.sandbox.run_grant import RunGrant
from valetkey.sandbox.sdk_files import config_text, process_command

LOCAL = RunGrant(
    "tenant-data",
    "eu-west-1",
    endpoint_url="http://127.0.0.1:4566",
    credentials_url="https://broker.example/v1/credentials/tenant-data",
)
CLOUD = RunGrant(
    "reports",
    "us-gov-west-1",
    endpoint_url=None,
    credentials_url="https://broker.example/v1/credentials/reports",
)


def session_of(
    text: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> botocore.session.Session:
    (folder / "config").write_text(text)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / "config"))
    return botocore.session.Session()


def test_the_default_profile_leads_to_the_endpoint_and_holds_no_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = config_text([LOCAL, CLOUD], LOCAL, commands={"tenant-data": "x", "reports": "y"})
    session = session_of(text, tmp_path, monkeypatch)
    assert session.get_scoped_config() == {
        "region": "eu-west-1",
        "endpoint_url": "http://127.0.0.1:4566",
    }
    assert session.get_config_variable("region") == "eu-west-1"


def test_each_grant_has_its_own_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = config_text([LOCAL, CLOUD], LOCAL, commands={"tenant-data": "x", "reports": "y"})
    session = session_of(text, tmp_path, monkeypatch)
    session.set_config_variable("profile", "reports")
    assert session.get_scoped_config() == {"credential_process": "y", "region": "us-gov-west-1"}


def test_a_path_with_spaces_and_quotes_reaches_the_process_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / 'it\'s a % "fine" $HOME ; # place'
    folder.mkdir()
    program = folder / "p.py"
    program.write_text(
        "import json, sys\n"
        "print(json.dumps({'Version': 1, 'AccessKeyId': sys.argv[2],"
        " 'SecretAccessKey': sys.argv[4], 'SessionToken': sys.argv[0]}))\n"
    )
    words = [sys.executable, "-I", "-S", str(program)]
    command = process_command(words, url="http://127.0.0.1:1/x", token_file=str(folder / "t"))
    text = config_text([CLOUD], CLOUD, commands={"reports": command})
    session = session_of(text, tmp_path, monkeypatch)
    session.set_config_variable("profile", "reports")
    credentials = session.get_credentials()
    assert credentials.access_key == "http://127.0.0.1:1/x"
    assert credentials.secret_key == str(folder / "t")


def test_a_path_that_would_end_the_line_is_refused() -> None:
    with pytest.raises(ValetkeyError) as caught:
        process_command(["p"], url="http://127.0.0.1", token_file="/tmp/a\n[x]")
    assert caught.value.code == "path-illegal"


def test_a_grant_named_default_is_the_default_profile_or_refused() -> None:
    named = RunGrant("default", None, endpoint_url=None, credentials_url="https://b/x")
    assert config_text([named], named, commands={"default": "x"}) == "[default]\n"
    with pytest.raises(ValetkeyError) as caught:
        config_text([named, CLOUD], CLOUD, commands={"default": "x", "reports": "y"})
    assert caught.value.code == "grant-name-reserved"
