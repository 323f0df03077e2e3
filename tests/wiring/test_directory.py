"""What the file says of the directory and of signing in is what the broker has."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.web.calling import Api
from valetkey.errors import ValetkeyError
from valetkey.settings import read_settings
from valetkey.wiring.directory import open_directory
from valetkey.wiring.serving import running

CONFIG = """
[broker]
store = "sqlite:///valetkey.db"
[[issuers]]
name = "people"
url = "https://people.example"
audiences = ["valetkey"]
algorithms = ["ES256"]
[directory]
source = "{source}"
issuer = "people"
attributes = ["department"]
unknown = {{ department = "none" }}
{table}
[login]
issuer = "people"
client_id = "cli"
"""
CSV = CONFIG.format(source="file:people.csv", table="")
SQL = CONFIG.format(source="sqlite:///people.db", table='table = "people"')


@pytest.mark.parametrize("text", [CSV, SQL])
async def test_a_directory_is_read_beside_the_configuration(tmp_path: Path, text: str) -> None:
    (tmp_path / "valetkey.toml").write_text(text)
    settings = read_settings(tmp_path / "valetkey.toml", {})
    with pytest.raises(ValetkeyError) as caught:
        await open_directory(settings.directory)
    assert caught.value.code == "directory-unreadable"
    (tmp_path / "people.csv").write_text("subject,department\nalice,sales\n")
    with closing(sqlite3.connect(tmp_path / "people.db")) as connection, connection:
        connection.execute("CREATE TABLE people (subject TEXT, department TEXT)")
        connection.execute("INSERT INTO people VALUES ('alice', 'sales')")
    made = await open_directory(settings.directory)
    assert made is not None
    assert await made.look_up("people", "alice") == {"department": "sales"}
    assert await made.look_up("people", "bob") == {"department": "none"}


async def test_a_file_of_a_kind_that_is_not_known_is_told_at_the_start(tmp_path: Path) -> None:
    text = CSV.replace("people.csv", "people.json")
    (tmp_path / "valetkey.toml").write_text(text)
    (tmp_path / "people.json").write_text("{}\n")
    settings = read_settings(tmp_path / "valetkey.toml", {})
    with pytest.raises(ValetkeyError) as caught:
        await open_directory(settings.directory)
    assert caught.value.code == "directory-unreadable"


async def test_a_broker_that_runs_has_its_directory_and_its_place_to_sign_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    (tmp_path / "valetkey.toml").write_text(CSV)
    (tmp_path / "people.csv").write_text("subject,department\nalice,sales\n")
    settings = read_settings(tmp_path / "valetkey.toml", {})
    async with running(settings, url="http://127.0.0.1:1") as app:
        here = Api(_nothing(), app, _nothing())
        answer = await here.call("GET", "/v1/login")
        served: Any = app
        directory = served._broker.directory
        assert directory is not None
        assert await directory.look_up("people", "alice") == {"department": "sales"}
    assert answer.json == {
        "issuer": "https://people.example",
        "client_id": "cli",
        "scopes": ["openid"],
        "token": "id_token",
    }
    (tmp_path / "people.csv").unlink()
    with pytest.raises(ValetkeyError) as caught:
        async with running(settings, url="http://127.0.0.1:1"):
            pass
    assert caught.value.code == "directory-unreadable"


def _nothing() -> Any:
    """Nothing of it is asked."""
    return None


@pytest.mark.parametrize(
    ("text", "place"),
    [(CSV, "people.csv"), (SQL, "people.db")],
)
async def test_who_starts_a_broker_is_told_which_file_can_not_be_read(
    tmp_path: Path, text: str, place: str
) -> None:
    (tmp_path / "valetkey.toml").write_text(text)
    settings = read_settings(tmp_path / "valetkey.toml", {})
    with pytest.raises(ValetkeyError) as caught:
        await open_directory(settings.directory)
    assert str(tmp_path / place) in caught.value.message


async def test_the_log_says_which_file_a_running_broker_can_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("valetkey.wiring.serving.CHECK_SECONDS", 0.01)
    (tmp_path / "valetkey.toml").write_text(CSV + '[tags]\ndepartment = "{directory.department}"')
    path = tmp_path / "people.csv"
    path.write_text("subject,department\nalice,sales\n")
    settings = read_settings(tmp_path / "valetkey.toml", {})
    async with running(settings, url="http://127.0.0.1:1"):
        path.unlink()
        for _ in range(500):
            if caplog.records:
                break
            await asyncio.sleep(0.01)
    told = caplog.records[0].__dict__
    assert told["code"] == "directory-unreadable"
    assert str(path) in told["detail"]
    assert str(path) not in caplog.records[0].getMessage()
