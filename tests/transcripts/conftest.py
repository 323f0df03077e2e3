"""A broker for the pages that speak to one, and the environment in which a page is played."""

import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.warm import warm
from tests.e2e.processes import AWS_CLI, bare
from tests.e2e.world import AwsSide, Broker
from tests.transcripts.laptop import persons_machine
from valetkey.demo.issuer import DemoIssuer

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    aws = AwsSide(tmp_path_factory.mktemp("aws"))
    with DemoIssuer() as issuer:
        started = Broker(tmp_path_factory.mktemp("broker"), aws, issuer)
        yield started
        started.server.end()
    aws.server.end()


@pytest.fixture
def cold_env(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """No AWS, no valetkey, and on the PATH the commands that pages use."""
    programs = tmp_path_factory.mktemp("bin")
    for name, module in (("valetkey", "valetkey"), ("tool", "tests.transcripts.tool")):
        program = programs / name
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m {module} "$@"\n')
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    found = bare(tmp_path, COLUMNS="100", PYTHONPATH=str(ROOT))
    return found | {"PATH": f"{programs}:{found['PATH']}"}


@pytest.fixture
def env(cold_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The same, with a `valetkey` that needs no time to start."""
    programs = tmp_path_factory.mktemp("warm")
    warm().program(programs / "valetkey")
    return cold_env | {"PATH": f"{programs}:{cold_env['PATH']}"}


@pytest.fixture
def broker_env(broker: Broker, tmp_path: Path) -> dict[str, str]:
    """Names of what a page says to a broker: an open run of Alice's, and everybody's tokens."""
    opened = broker.open("alice")
    tokens = {
        "ALICE": broker.issuer.sign("alice", {"token_use": "id"}),
        "STRANGER": broker.issuer.sign("service:stranger"),
        "ORCHESTRATOR": broker.orchestrator.read_text(),
        "OPERATOR": broker.operator.read_text(),
        "RUN_TOKEN": opened.token,
    }
    files = {}
    for name, token in tokens.items():
        path = tmp_path / f"{name.lower()}.token"
        path.write_text(token)
        path.chmod(0o600)
        files[name] = path.name
    return {
        "BROKER": broker.url,
        "RUN": opened.id,
        "LISTEN": f"127.0.0.1:{broker.port}",
        **files,
    }


@pytest.fixture
def laptop_env(
    env: dict[str, str], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """A person's machine: the page's folder is the home, with profiles; the AWS CLI is there."""
    programs = tmp_path_factory.mktemp("aws-cli")
    (programs / "aws").symlink_to(AWS_CLI)
    with persons_machine(tmp_path):
        yield {"PATH": f"{programs}:{env['PATH']}"}
