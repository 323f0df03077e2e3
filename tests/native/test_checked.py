"""The static program with every undefined behaviour made a crash, on all that is hostile."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest
from native.build import build, host_target

from tests.native.answering import AnsweringServer
from tests.native.hostile import CASES, URLS
from tests.native.programs import start_program
from tests.sandbox.conftest import write_private

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("ziglang") is None,
    reason="no compiler here: `make native` installs it",
)


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("checked") / "checked-program"
    return build(host_target(), out, is_checked=True)


@pytest.fixture(scope="module")
def server() -> Iterator[AnsweringServer]:
    with AnsweringServer() as server:
        yield server


@pytest.mark.slow
def test_no_hostile_answer_leads_to_undefined_behaviour(
    checked: Path, server: AnsweringServer, tmp_path: Path
) -> None:
    token_file = write_private(tmp_path / "token", "t")
    for answer, code in CASES.items():
        server.answer = answer
        arguments = ["--url", server.url, "--token-file", str(token_file)]
        done = start_program([str(checked)], arguments, {})
        assert (done.exit_code, done.code) == (bool(code), code), answer


@pytest.mark.slow
def test_no_address_leads_to_undefined_behaviour(checked: Path, tmp_path: Path) -> None:
    token_file = write_private(tmp_path / "token", "t")
    for url, code in URLS.items():
        arguments = ["--url", url, "--token-file", str(token_file)]
        assert start_program([str(checked)], arguments, {}).code == code, url


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments", [[], ["\udcff" * 500], ["--url"], ["--timeout="], ["=", "="], ["x"] * 999]
)
def test_no_command_line_leads_to_undefined_behaviour(checked: Path, arguments: list[str]) -> None:
    assert start_program([str(checked)], arguments, {}).exit_code == 1
