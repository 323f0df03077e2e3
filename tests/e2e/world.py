"""A platform of real processes: local AWS, issuer, broker, and agents in each delivery."""

import http.client
import json
import os
import shlex
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

from tests.cli.warm import warm
from tests.e2e.processes import READY_SECONDS, VALETKEY, Server, bare, run
from valetkey.demo.issuer import AUDIENCE, DemoIssuer
from valetkey.demo.policies import broker_policy
from valetkey.demo.world import ROLE, Aws, World, build

AGENT = Path(__file__).with_name("agent.py")
GRANT = "tenant-data"
DELIVERIES = ("container", "credential-process", "run")


def free_port() -> int:
    """Return a port of the kernel's choice that a broker can be started at again and again."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def stored_leaves(store: Path) -> list[dict[str, Any]]:
    """Return the records of a store's audit log, which a broker may have open."""
    connection = sqlite3.connect(f"{store.as_uri()}?mode=ro", uri=True)
    try:
        rows = connection.execute("SELECT leaf FROM audit_leaves ORDER BY idx").fetchall()
    finally:
        connection.close()
    return [json.loads(leaf) for (leaf,) in rows]


class AwsSide:
    """The local AWS process, filled by its administrator as the demo's world."""

    def __init__(self, folder: Path, **environment: str) -> None:
        env = bare(folder, **environment)
        self.server = Server("aws", "--port", "0", "--json", log=folder / "aws.log", env=env)
        self.aws = Aws(**{name: self.server.said[name] for name in Aws.__dataclass_fields__})
        self.world: World = build(self.aws)

    def client(self, service: str) -> Any:
        """Return a client of the account's root."""
        return boto3.client(
            service,
            endpoint_url=self.aws.endpoint,
            region_name=self.aws.region,
            aws_access_key_id=self.aws.access_key_id,
            aws_secret_access_key=self.aws.secret_access_key,
        )

    def role(self, name: str, trusted: Mapping[str, str], *, most: int = 3600) -> str:
        """Make a role without permissions that `trusted` may assume with any tags."""
        trust = {
            "Version": "2012-10-17",
            "Statement": {
                "Effect": "Allow",
                "Principal": dict(trusted),
                "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
            },
        }
        made = self.client("iam").create_role(
            RoleName=name, AssumeRolePolicyDocument=json.dumps(trust), MaxSessionDuration=most
        )
        arn: str = made["Role"]["Arn"]
        return arn

    def broker_keys(self) -> dict[str, str]:
        """Return the broker's own identity, as its surroundings give it."""
        return {
            "AWS_ACCESS_KEY_ID": self.world.broker_key_id,
            "AWS_SECRET_ACCESS_KEY": self.world.broker_secret,
        }

    def let_broker_assume(self, *roles: str) -> None:
        """Let the broker's own policy allow these roles beside the demo's."""
        document = broker_policy(self.world.role_arn)
        document["Statement"][0]["Resource"] = [self.world.role_arn, *roles]
        self.client("iam").put_user_policy(
            UserName="valetkey-broker", PolicyName="vend", PolicyDocument=json.dumps(document)
        )

    def set_policy(self, name: str, document: Mapping[str, Any] | None) -> None:
        """Put one more inline policy on the agents' role, or take it away."""
        iam = self.client("iam")
        if document is None:
            iam.delete_role_policy(RoleName=ROLE, PolicyName=name)
        else:
            iam.put_role_policy(RoleName=ROLE, PolicyName=name, PolicyDocument=json.dumps(document))


@dataclass(frozen=True, slots=True)
class Grant:
    """A grant of the configuration."""

    role: str
    duration: str = "1h"
    name: str = GRANT


@dataclass(frozen=True, slots=True)
class OpenRun:
    """An acknowledged run: its id, and its token in a 0600 file of its own."""

    id: str
    token: str
    token_file: Path
    document: dict[str, Any] = field(repr=False)


class Broker:
    """A real `valetkey serve` process with a folder of its own; it can be killed and restarted."""

    def __init__(
        self,
        folder: Path,
        aws: AwsSide,
        issuer: DemoIssuer,
        *,
        grants: Sequence[Grant] | None = None,
        sts: str | None = None,
        keys: Mapping[str, str] | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.aws, self.issuer = folder, aws, issuer
        self.port = free_port()
        self.config = folder / "valetkey.toml"
        self.store = folder / "valetkey.db"
        self._sts = sts or aws.aws.endpoint
        self.configure(grants or (Grant(aws.world.role_arn),))
        identity = aws.broker_keys() if keys is None else keys
        self.server = Server(
            "serve",
            "--config",
            str(self.config),
            "--json",
            log=folder / "serve.log",
            env=bare(folder, **identity),
        )
        self.url: str = self.server.said["url"]
        self.orchestrator = self._token_file("orchestrator", issuer.sign("service:orchestrator"))
        self.operator = self._token_file("operator", issuer.sign("service:operator"))

    def configure(self, grants: Sequence[Grant]) -> None:
        """Write the configuration; a running broker keeps the one it has read."""
        aws = self.aws.aws
        text = _CONFIG.format(
            port=self.port,
            region=aws.region,
            sts=self._sts,
            issuer=self.issuer.url,
            audience=AUDIENCE,
        )
        for grant in grants:
            text += (
                f'[[grants]]\nname = "{grant.name}"\nrole = "{grant.role}"\n'
                f'duration = "{grant.duration}"\nendpoint_url = "{aws.endpoint}"\n\n'
            )
        self.config.write_text(text)

    def call(
        self, method: str, target: str, *, bearer: str | None = None, body: Any = None
    ) -> tuple[int, dict[str, Any]]:
        """Make one request; return the status and the JSON document."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=40)
        try:
            headers = {} if bearer is None else {"Authorization": bearer}
            content = None if body is None else json.dumps(body)
            connection.request(method, target, body=content, headers=headers)
            answer = connection.getresponse()
            said = answer.read()
            return answer.status, json.loads(said) if said else {}
        finally:
            connection.close()

    def obstacles(self) -> list[str]:
        """Return the codes of what `/readyz` names, once the broker has asked AWS who it is."""
        until = time.monotonic() + READY_SECONDS
        while True:
            status, said = self.call("GET", "/readyz")
            codes = [obstacle["code"] for obstacle in said["obstacles"]]
            assert status == (503 if codes else 200)
            if codes != ["not-checked"] or time.monotonic() > until:
                return codes
            time.sleep(0.05)

    def open(self, person: str = "alice", **asked: Any) -> OpenRun:
        """Open a run for a person."""
        subject = self.issuer.sign(person, {"token_use": "id"})
        status, document = self.call(
            "POST",
            "/v1/runs",
            bearer=f"Bearer {self.orchestrator.read_text()}",
            body={"subject_token": subject, **asked},
        )
        assert status == 201, document
        run_id, token = document["run"]["id"], document["run_token"]
        return OpenRun(run_id, token, self._token_file(run_id, token), document)

    def draw(self, opened: OpenRun, grant: str = GRANT) -> tuple[int, dict[str, Any]]:
        """Ask for a run's credentials, as an SDK's container provider does."""
        return self.call("GET", f"/v1/credentials/{grant}", bearer=opened.token)

    def revoke(self, opened: OpenRun) -> None:
        """Revoke a run through the command line."""
        done = self.command("runs", "revoke", opened.id, "--because", "test", caller=self.operator)
        assert done.returncode == 0, done.stderr

    def command(
        self, *arguments: str, caller: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command of ours that speaks to this broker."""
        extra = [] if caller is None else ["--broker", self.url, "--token-file", str(caller)]
        environ = bare(self.folder)
        return warm().run(*arguments, *extra, folder=Path.cwd(), environ=environ)

    def verify_log(self) -> int:
        """Verify the audit log by the command line; return the number of its leaves."""
        done = self.command("audit", "verify", "--json", "--config", str(self.config))
        assert done.returncode == 0, done.stdout + done.stderr
        leaves: int = json.loads(done.stdout)["leaves"]
        return leaves

    def leaves(self, kind: str | None = None, run_id: str | None = None) -> list[dict[str, Any]]:
        """Return the records of the log, of a kind and a run, as they lie in the store."""
        return [
            leaf
            for leaf in stored_leaves(self.store)
            if kind in {None, leaf["kind"]} and run_id in {None, leaf.get("run")}
        ]

    def hand_outs(self, opened: OpenRun) -> int:
        """Return how many hand-outs to a run are on record."""
        return len(self.leaves("credentials-handed-out", opened.id))

    def deliver(self, opened: OpenRun, way: str, *command: str) -> "Delivered":
        """Return how to start `command` so that a delivery gives it the run's credentials."""
        env = bare(self.folder)
        if way == "run":
            join = ["--broker", self.url, "--run-token-file", str(opened.token_file), "--quiet"]
            return Delivered((*VALETKEY, "run", *join, "--", *command), env)
        if way == "container":
            tell = ["--broker", self.url, "--run-token-file", str(opened.token_file)]
            said = run(*VALETKEY, "env", *tell, "--format", "json", env=env)
            assert said.returncode == 0, said.stderr
            return Delivered(command, env | json.loads(said.stdout))
        draw = [*VALETKEY, "credential-process", GRANT, "--broker", self.url]
        draw += ["--run-token-file", str(opened.token_file)]
        profile = self.folder / f"{opened.id}.config"
        profile.write_text(
            f"[profile agent]\ncredential_process = {shlex.join(draw)}\n"
            f"region = {self.aws.aws.region}\nendpoint_url = {self.aws.aws.endpoint}\n"
        )
        names = {"AWS_CONFIG_FILE": str(profile), "AWS_PROFILE": "agent"}
        return Delivered(command, env | names)

    def agent(self, opened: OpenRun, way: str) -> "Agent":
        """Start the boto3 program in a run."""
        delivered = self.deliver(opened, way, sys.executable, str(AGENT))
        return Agent(delivered.command, delivered.env)

    def _token_file(self, name: str, token: str) -> Path:
        path = self.folder / f"{name}.token"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(token)
        return path


@dataclass(frozen=True, slots=True)
class Delivered:
    """A command line and the environment that it gets."""

    command: tuple[str, ...]
    env: dict[str, str]


class Agent:
    """A boto3 program at work: one task, one answer."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=dict(env),
        )

    def tell(self, task: str) -> None:
        """Give the program a task without waiting for the answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(task + "\n")
        self.process.stdin.flush()

    def hear(self) -> dict[str, Any]:
        """Return the answer to the earliest task that is unanswered."""
        assert self.process.stdout is not None and self.process.stderr is not None
        line = self.process.stdout.readline()
        assert line, f"the agent ended: {self.process.stderr.read()}"
        answer: dict[str, Any] = json.loads(line)
        return answer

    def ask(self, task: str) -> Any:
        """Return what AWS said to a task, or the error's code."""
        self.tell(task)
        answer = self.hear()
        return answer.get("error", answer.get("said"))

    def end(self) -> int:
        """Let the program come to its end; return the exit code."""
        try:
            self.process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
        return self.process.returncode

    def __enter__(self) -> "Agent":
        return self

    def __exit__(self, *_: object) -> None:
        self.end()


_CONFIG = """\
[broker]
listen = "127.0.0.1:{port}"
store = "sqlite:///valetkey.db"

[aws]
region = "{region}"
endpoint_url = "{sts}"

[[issuers]]
name = "platform"
url = "{issuer}"
audiences = ["{audience}"]
algorithms = ["ES256"]

[[trust]]
name = "people"
issuer = "platform"
claims = {{ token_use = "id" }}
may = "be-worked-for"

[[trust]]
name = "orchestrator"
issuer = "platform"
claims = {{ sub = "service:orchestrator" }}
may = "open-runs"
for = ["people"]

[[trust]]
name = "operator"
issuer = "platform"
claims = {{ sub = "service:operator" }}
may = "revoke"

[tags]
user_id = "{{subject.sub}}"

"""
