"""The coding agents themselves, where this machine has them, with what `valetkey connect` prints.

They are not installed for these tests: `claude` and `codex` on the PATH, or skipped.
"""

import re
import shutil
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.e2e.person import Person
from tests.e2e.processes import VALETKEY, run
from tests.e2e.world import AwsSide, stored_leaves

pytestmark = [pytest.mark.xdist_group("e2e-coding-agents"), pytest.mark.slow]
GRANT = "notes"
RUN = (*VALETKEY, "run", "--grant", GRANT, "--")
WHO = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"


class Bedrock:
    """Stands where Claude Code looks for its models: answers nothing, and notes who signed."""

    def __init__(self) -> None:
        self.signed_by: set[str] = set()
        seen = self.signed_by

        class Request(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                seen.update(re.findall(r"Credential=(\w+)/", self.headers["Authorization"] or ""))
                self.send_response(400)
                self.send_header("x-amzn-errortype", "ValidationException")
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            do_GET = do_POST  # noqa: N815

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Request)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def bedrock() -> Iterator[Bedrock]:
    started = Bedrock()
    yield started
    started.close()


@pytest.fixture
def person(aws: AwsSide, tmp_path: Path) -> Person:
    made = Person(tmp_path, aws)
    made.grant(GRANT)
    return made


def write_settings(person: Person, agent: str, name: str) -> None:
    """Paste what `valetkey connect` prints into the agent's own file."""
    folder = person.home / f".{agent}"
    folder.mkdir()
    said = person.run("connect", agent)
    assert said.returncode == 0, said.stderr
    (folder / name).write_text(said.stdout)


@pytest.mark.skipif(shutil.which("claude") is None, reason="there is no Claude Code here")
@pytest.mark.parametrize(
    ("in_a_run", "with_settings"), [(True, False), (True, True), (False, True)]
)
def test_claude_code_signs_with_what_was_handed_out(
    in_a_run: bool, with_settings: bool, person: Person, bedrock: Bedrock
) -> None:
    if with_settings:
        write_settings(person, "claude", "settings.json")
    env = person.env | {
        "CLAUDE_CODE_USE_BEDROCK": "1",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
        "ANTHROPIC_BEDROCK_BASE_URL": bedrock.url,
    }
    done = run(*(RUN if in_a_run else ()), "claude", "-p", "hello", env=env, seconds=120)
    leaves = stored_leaves(person.valetkey / "valetkey.db")
    handed_out = {leaf["access_key_id"] for leaf in leaves if "access_key_id" in leaf}
    assert bedrock.signed_by, done.stdout + done.stderr
    assert bedrock.signed_by <= handed_out
    if in_a_run:
        assert [leaf["kind"] for leaf in leaves].count("run-opened") == 1


@pytest.mark.skipif(shutil.which("codex") is None, reason="there is no Codex here")
def test_a_command_in_codex_own_sandbox_has_the_run(person: Person) -> None:
    write_settings(person, "codex", "config.toml")
    sandbox = ["codex", "sandbox", "-c", "sandbox_mode=workspace-write", "--"]
    env = person.env | {"OPENAI_API_KEY": "not-for-commands"}
    ask = f"import os; print(os.environ.get('OPENAI_API_KEY')); {WHO}"
    done = run(*RUN, *sandbox, sys.executable, "-c", ask, env=env)
    key, arn = done.stdout.splitlines()
    leaves = stored_leaves(person.valetkey / "valetkey.db")
    assert key == "None"
    assert arn.endswith(f"/vk-{leaves[-1]['run']}"), done.stderr


@pytest.mark.skipif(shutil.which("codex") is None, reason="there is no Codex here")
def test_without_that_configuration_the_sandbox_keeps_the_run_out(person: Person) -> None:
    """What the test above stands on."""
    sandbox = ["codex", "sandbox", "-c", "sandbox_mode=workspace-write", "--"]
    done = run(*RUN, *sandbox, sys.executable, "-c", WHO, env=person.env)
    assert done.returncode != 0
    assert done.stdout == ""
