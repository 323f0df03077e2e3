"""The story, told by real processes: what is expected is compared with what happened."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from valetkey.demo.agent import LATER, NEXT_TASK
from valetkey.demo.issuer import AUDIENCE, DemoIssuer
from valetkey.demo.processes import VALETKEY, DemoError, Server, environment, valetkey
from valetkey.demo.world import BUCKET, PEOPLE, TABLE, Aws, World, build

GRANT = "tenant-data"
SESSION_SECONDS = 906
"""STS's shortest session is 900 s, the SDKs' advisory window 900 s: a refresh after 6 seconds."""
REFRESH_SECONDS = 4.0
"""At least so far apart are two refreshes of one SDK: STS cuts `Expiration` to whole seconds."""
WORK_SECONDS = 6.5
AGENT_SECONDS = 40
LEAKED_KEY = "AKIALEAKEDFROMPARENT"

OK, DENIED, NO_CREDENTIALS = "ok", "denied", "no credentials"
_DENIALS = frozenset({"AccessDenied", "AccessDeniedException"})
_NO_CREDENTIALS = frozenset({"CredentialRetrievalError", "NoCredentialsError"})


@dataclass(frozen=True, slots=True)
class Attempt:
    """One thing an agent did: what AWS or the SDK answered, and whether that was expected."""

    agent: str
    did: str
    expected: str
    answer: str

    @property
    def as_expected(self) -> bool:
        """Say whether the answer is of the expected kind."""
        if self.expected == DENIED:
            return self.answer in _DENIALS
        if self.expected == NO_CREDENTIALS:
            return self.answer in _NO_CREDENTIALS
        return self.answer == self.expected


@dataclass(slots=True)
class Report:
    """What happened. `failures` are the expectations that did not hold, in words."""

    attempts: list[Attempt] = field(default_factory=list)
    runs: dict[str, str] = field(default_factory=dict)
    hand_outs: dict[str, int] = field(default_factory=dict)
    audit: list[dict[str, Any]] = field(default_factory=list)
    verified: dict[str, Any] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def document(self) -> dict[str, Any]:
        """Return the report as data for programs."""
        return {
            "passed": not self.failures,
            "attempts": [asdict(a) | {"as_expected": a.as_expected} for a in self.attempts],
            "runs": self.runs,
            "hand_outs": self.hand_outs,
            "audit": self.audit,
            "verified": self.verified,
            "failures": self.failures,
            "seconds": round(self.seconds, 1),
        }


class Demo:
    """One telling, in its own folder. `say` gets a line whenever a step begins."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._say = say
        self._report = Report()

    def tell(self) -> Report:
        """Tell the whole story. Raises `DemoError` when a process fails."""
        began = time.monotonic()
        self._say("a local AWS starts: a table, a bucket, and a role that IAM policies limit")
        with Server(["aws", "--port", "0", "--json"], folder=self._folder) as local:
            aws = Aws(**{name: local.said[name] for name in Aws.__dataclass_fields__})
            world = build(aws)
            self._say("an OIDC issuer signs a token for Alice, Bob, the orchestrator, an operator")
            with DemoIssuer() as issuer:
                self._write_tokens(issuer)
                config = self._write_config(aws, world, issuer.url)
                broker_keys = {
                    "AWS_ACCESS_KEY_ID": world.broker_key_id,
                    "AWS_SECRET_ACCESS_KEY": world.broker_secret,
                }
                self._say("the broker starts: `valetkey serve`")
                serve = ["serve", "--config", str(config), "--json"]
                with Server(serve, folder=self._folder, extra=broker_keys) as broker:
                    self._with_broker(broker.said["url"])
                self._read_audit(config)
        self._report.seconds = time.monotonic() - began
        return self._report

    def _with_broker(self, url: str) -> None:
        self._say("the orchestrator opens a run for each: `valetkey run -- python agent.py`")
        agents = {person: self._start_agent(person, url) for person in PEOPLE}
        for person, agent in agents.items():
            self._watch(person, agent, until=LATER)
        listed = json.loads(self._command(url, "orchestrator", "runs", "list", "--json"))
        self._report.runs = {run["subject"]["subject"]: run["id"] for run in listed["runs"]}
        self._say("credentials were refreshed while they worked; now Alice's run is revoked")
        run = self._report.runs["alice"]
        self._command(url, "operator", "runs", "revoke", run, "--because", "end of the demo")
        for person, agent in agents.items():
            self._next_task(person, agent)

    def _write_tokens(self, issuer: DemoIssuer) -> None:
        people = {person: issuer.sign(person, {"token_use": "id"}) for person in PEOPLE}
        services = {name: issuer.sign(f"service:{name}") for name in ("orchestrator", "operator")}
        for name, token in {**people, **services}.items():
            descriptor = os.open(self._token(name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(token)

    def _token(self, name: str) -> str:
        return str(self._folder / f"{name}.jwt")

    def _write_config(self, aws: Aws, world: World, issuer_url: str) -> Path:
        path = self._folder / "valetkey.toml"
        path.write_text(
            CONFIG.format(
                issuer=issuer_url,
                audience=AUDIENCE,
                region=aws.region,
                endpoint=aws.endpoint,
                role=world.role_arn,
                grant=GRANT,
                seconds=SESSION_SECONDS,
            )
        )
        return path

    def _start_agent(self, person: str, url: str) -> "subprocess.Popen[str]":
        other = next(p for p in PEOPLE if p != person)
        program = Path(__file__).with_name("agent.py")
        agent = [str(program), person, other, TABLE, BUCKET, str(WORK_SECONDS)]
        tokens = ["--actor-token-file", self._token("orchestrator")]
        tokens += ["--subject-token-file", self._token(person)]
        return subprocess.Popen(  # noqa: S603 - our own command
            [*VALETKEY, "run", "--quiet", "--broker", url, *tokens, "--", sys.executable, *agent],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # The parent holds somebody's key: the child must not inherit it.
            env=environment(self._folder, {"AWS_ACCESS_KEY_ID": LEAKED_KEY}),
        )

    def _watch(self, person: str, agent: "subprocess.Popen[str]", *, until: str) -> None:
        assert agent.stdout is not None  # noqa: S101 - a pipe was asked for
        for line in agent.stdout:
            said = json.loads(line)
            self._note(person, said["did"], said["answer"])
            if said["did"] == until:
                return
        raise DemoError(f"{person}'s agent ended before it said `{until}`")

    def _next_task(self, person: str, agent: "subprocess.Popen[str]") -> None:
        try:
            output, _ = agent.communicate("\n", timeout=AGENT_SECONDS)
        except subprocess.TimeoutExpired:
            agent.kill()
            raise DemoError(f"{person}'s agent did not end") from None
        said = [json.loads(line) for line in output.splitlines()]
        for each in said:
            self._note(person, each["did"], each["answer"])
        if [each["did"] for each in said] != [NEXT_TASK]:
            self._fail(f"{person}'s agent did not come to its next task")

    def _note(self, person: str, did: str, answer: str) -> None:
        attempt = Attempt(person, did, _expected(person, did), answer)
        self._report.attempts.append(attempt)
        if not attempt.as_expected:
            self._fail(f"{person}: {did}: expected {attempt.expected}, got {answer}")

    def _command(self, url: str, caller: str, *arguments: str) -> str:
        extra = ["--broker", url, "--token-file", self._token(caller)]
        return valetkey(*arguments, *extra, folder=self._folder)

    def _read_audit(self, config: Path) -> None:
        self._say("the audit log is read and verified")
        where = ["--config", str(config)]
        lines = valetkey("audit", "show", "--json", *where, folder=self._folder).splitlines()
        self._report.audit = [json.loads(line) for line in lines]
        verified = valetkey("audit", "verify", "--json", *where, folder=self._folder)
        self._report.verified = json.loads(verified)
        for person in self._report.runs:
            self._count_hand_outs(person)
        if not any(leaf["kind"] == "hand-out-refused" for leaf in self._report.audit):
            self._fail("the refusal after the revocation is not on record")

    def _count_hand_outs(self, person: str) -> None:
        at = [
            leaf["at"] / 1000
            for leaf in self._report.audit
            if leaf.get("run") == self._report.runs[person]
            and leaf["kind"] == "credentials-handed-out"
        ]
        self._report.hand_outs[person] = len(at)
        # Bob's next task is in a new SDK session; Alice gets nothing for hers.
        for wrong in wrong_hand_outs(at, new_sessions=0 if person == "alice" else 1):
            self._fail(f"{person}: {wrong}")

    def _fail(self, what: str) -> None:
        self._report.failures.append(what)


def wrong_hand_outs(at: list[float], *, new_sessions: int) -> list[str]:
    """Say what is wrong with hand-outs at these Unix seconds: too few, or too close (lesson 20).

    An agent draws once, again in each refresh (a slow machine has more of them), and once in each
    further SDK session; two refreshes of one session are `REFRESH_SECONDS` apart.
    """
    wrong, least = [], 2 + new_sessions
    if len(at) < least:
        wrong.append(f"expected {least} hand-outs, counted {len(at)}")
    close = sum(after - before < REFRESH_SECONDS for before, after in pairwise(at))
    if close > new_sessions:
        wrong.append(f"{close} hand-outs came right after the one before, expected {new_sessions}")
    return wrong


def _expected(person: str, did: str) -> str:
    if did == NEXT_TASK:
        return NO_CREDENTIALS if person == "alice" else OK
    return OK if " my " in f" {did} " else DENIED


CONFIG = """\
[broker]
listen = "127.0.0.1:0"
store = "sqlite:///valetkey.db"

[aws]
region = "{region}"
endpoint_url = "{endpoint}"

[[issuers]]
name = "demo"
url = "{issuer}"
audiences = ["{audience}"]
algorithms = ["ES256"]

[[trust]]
name = "people"
issuer = "demo"
claims = {{ token_use = "id" }}
may = "be-worked-for"

[[trust]]
name = "orchestrator"
issuer = "demo"
claims = {{ sub = "service:orchestrator" }}
may = "open-runs"
for = ["people"]

[[trust]]
name = "operator"
issuer = "demo"
claims = {{ sub = "service:operator" }}
may = "revoke"

[tags]
user_id = "{{subject.sub}}"

[[grants]]
name = "{grant}"
role = "{role}"
source = "assume-role"
duration = "{seconds}s"
"""
