"""The command line as its pages say it: every word of help, every message, every exit code."""

import os
import re
from pathlib import Path

import pytest

from tests.transcripts.page import PAGES, play, written

pytestmark = pytest.mark.xdist_group("transcripts")
ALONE = ("audit", "help", "iam", "mistakes", "policy", "prove", "tools")
COLD = ("configuration", "credential-process")  # started as a shell does, with all their imports
WITH_BROKER = ("runs", "sandbox", "serve")
ON_A_LAPTOP = "laptop"


def compare(page: Path, folder: Path, env: dict[str, str]) -> None:
    said = list(play(page, folder, env))
    assert said, "a page without a command says nothing"
    for line, heard in said:
        assert "Traceback" not in heard.err + heard.out, line
        assert "\x1b" not in heard.err + heard.out, line
        assert heard.code in {0, 1, 2, 3, 126, 127}, line
    now = written(page, said)
    if os.environ.get("VALETKEY_WRITE_PAGES"):
        page.write_text(now, encoding="utf-8")
    assert now == page.read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("name", ALONE)
def test_the_command_line_says_what_its_page_says(
    name: str, tmp_path: Path, env: dict[str, str]
) -> None:
    compare(PAGES / f"{name}.txt", tmp_path, env)


@pytest.mark.slow
@pytest.mark.parametrize("name", COLD)
def test_a_command_that_starts_anew_says_what_its_page_says(
    name: str, tmp_path: Path, cold_env: dict[str, str]
) -> None:
    compare(PAGES / f"{name}.txt", tmp_path, cold_env)


@pytest.mark.slow
@pytest.mark.parametrize("name", WITH_BROKER)
def test_with_a_broker_the_command_line_says_what_its_page_says(
    name: str, tmp_path: Path, env: dict[str, str], broker_env: dict[str, str]
) -> None:
    compare(PAGES / f"{name}.txt", tmp_path, env | broker_env)


@pytest.mark.slow
def test_without_a_broker_the_command_line_says_what_its_page_says(
    tmp_path: Path, env: dict[str, str], laptop_env: dict[str, str]
) -> None:
    page, profiles = PAGES / f"{ON_A_LAPTOP}.txt", (tmp_path / "new-keys").read_text()
    compare(page, tmp_path, env | laptop_env)
    for secret in re.findall(r"(?:secret_access_key|session_token) = (\S+)", profiles):
        assert secret not in page.read_text(encoding="utf-8")


def test_no_page_is_forgotten() -> None:
    known = (*ALONE, *COLD, *WITH_BROKER, ON_A_LAPTOP)
    assert sorted(page.stem for page in PAGES.iterdir()) == sorted(known)
