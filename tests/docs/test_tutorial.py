"""The tutorial is run, command by command, as a newcomer would."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, page

LIMIT_SECONDS = 120


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _script() -> str:
    """Return the page's commands as one script, on ports that nobody has."""
    script = "set -u\n" + "".join(page("docs/tutorial.md").blocks("sh"))
    for written in ("4566", "8700", "8900"):
        script = re.sub(rf"\b{written}\b", str(_free_port()), script)
    end = "trap 'kill $(jobs -p) 2>/dev/null' EXIT\n"
    return f"{end}export VALETKEY_BROKER={_broker(script)}\n{script}"


def _broker(script: str) -> str:
    found = re.search(r"http://127\.0\.0\.1:\d+(?=/readyz)", script)
    assert found is not None
    return found[0]


@pytest.mark.slow
def test_every_step_of_the_tutorial_does_what_the_page_says(tmp_path: Path) -> None:
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    work = tmp_path / "tutorial-work"
    work.mkdir()
    environ = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "VALETKEY_"))
    }
    path = f"{Path(sys.executable).parent}{os.pathsep}{environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", _script()],
        cwd=work,
        env={**environ, "PATH": path, "HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    said = done.stdout
    for wanted in (
        "arn:aws:iam::111122223333:root",
        "valetkey.toml is good",
        '{"status":"ready","obstacles":[]}',
        "a note of alice",
        "the actor may not open runs [actor-not-admitted]",
        "assumed-role/AgentTenantData/vk-r-",
        "is revoked; what AWS issued to it before lives until it expires",
        '"code":"run-revoked"',
        "hand-out-refused",
        "verified: ",
    ):
        assert wanted in said, f"no `{wanted}` in:\n{said}"
    assert said.count("AccessDeniedException") == 2, said
    assert "a note of bob" not in said
