"""The story, told by real processes: what is expected is compared with what happened."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from valetkey.demo.agent import LATER, NEXT_TASK
from valetkey.demo.agents import DENIED, NO_CREDENTIALS, OK, Agents, Attempt, write_tokens
from valetkey.demo.config import by_assume_role
from valetkey.demo.issuer import DemoIssuer
from valetkey.demo.processes import Server, valetkey
from valetkey.demo.tool_calls import ThirdPart
from valetkey.demo.web_identity import SecondHalf
from valetkey.demo.world import PEOPLE, Aws, World, build

SESSION_SECONDS = 906
"""STS's shortest session is 900 s, the SDKs' advisory window 900 s: a refresh after 6 seconds."""
REFRESH_SECONDS = 4.0
"""At least so far apart are two refreshes of one SDK: STS cuts `Expiration` to whole seconds."""
WORK_SECONDS = 6.5


@dataclass(slots=True)
class Report:
    """What happened. `failures` are the expectations that did not hold, in words.

    `by_web_identity` are the attempts of the second half, `tokens` those with a token for STS
    and its twin that lacks the tags claim, `issued` what the log says of those that valetkey
    signed. `at_the_gateway` are the attempts of the third part, `decided` its decisions on record.
    """

    attempts: list[Attempt] = field(default_factory=list)
    runs: dict[str, str] = field(default_factory=dict)
    hand_outs: dict[str, int] = field(default_factory=dict)
    audit: list[dict[str, Any]] = field(default_factory=list)
    verified: dict[str, Any] = field(default_factory=dict)
    by_web_identity: list[Attempt] = field(default_factory=list)
    tokens: list[Attempt] = field(default_factory=list)
    issued: list[dict[str, Any]] = field(default_factory=list)
    at_the_gateway: list[Attempt] = field(default_factory=list)
    decided: list[dict[str, Any]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def document(self) -> dict[str, Any]:
        """Return the report as data for programs."""
        return {
            "passed": not self.failures,
            "attempts": _documents(self.attempts),
            "runs": self.runs,
            "hand_outs": self.hand_outs,
            "audit": self.audit,
            "verified": self.verified,
            "by_web_identity": _documents(self.by_web_identity),
            "tokens": _documents(self.tokens),
            "issued": self.issued,
            "at_the_gateway": _documents(self.at_the_gateway),
            "decided": self.decided,
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
                write_tokens(self._folder, issuer)
                self._first_half(aws, world, issuer.url)
                self._second_half(aws, issuer.url)
                self._third_part(issuer)
        self._report.seconds = time.monotonic() - began
        return self._report

    def _first_half(self, aws: Aws, world: World, issuer_url: str) -> None:
        config = by_assume_role(
            self._folder / "valetkey.toml",
            aws,
            issuer=issuer_url,
            role=world.role_arn,
            seconds=SESSION_SECONDS,
        )
        broker_keys = {
            "AWS_ACCESS_KEY_ID": world.broker_key_id,
            "AWS_SECRET_ACCESS_KEY": world.broker_secret,
        }
        self._say("the broker starts: `valetkey serve`")
        serve = ["serve", "--config", str(config), "--json"]
        with Server(serve, folder=self._folder, extra=broker_keys) as broker:
            self._with_broker(broker.said["url"])
        self._read_audit(config)

    def _second_half(self, aws: Aws, issuer_url: str) -> None:
        half = SecondHalf(self._folder, aws, say=self._say)
        half.tell(issuer_url)
        self._report.by_web_identity = half.attempts
        self._report.tokens = half.tokens
        self._report.issued = half.issued
        self._report.failures += half.failures

    def _third_part(self, issuer: DemoIssuer) -> None:
        part = ThirdPart(self._folder, issuer, say=self._say)
        part.tell()
        self._report.at_the_gateway = part.attempts
        self._report.decided = part.decided
        self._report.failures += part.failures

    def _with_broker(self, url: str) -> None:
        agents = Agents(self._folder, url, expected=_expected, seconds=WORK_SECONDS)
        self._say("the orchestrator opens a run for each: `valetkey run -- python agent.py`")
        started = {person: agents.start(person) for person in PEOPLE}
        for person, agent in started.items():
            agents.watch(person, agent, until=LATER)
        listed = json.loads(agents.command("orchestrator", "runs", "list", "--json"))
        self._report.runs = {run["subject"]["subject"]: run["id"] for run in listed["runs"]}
        self._say("credentials were refreshed while they worked; now Alice's run is revoked")
        run = self._report.runs["alice"]
        agents.command("operator", "runs", "revoke", run, "--because", "end of the demo")
        for person, agent in started.items():
            agents.next_task(person, agent)
        self._report.attempts = agents.attempts
        self._report.failures += agents.failures

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


def _documents(attempts: list[Attempt]) -> list[dict[str, Any]]:
    return [asdict(each) | {"as_expected": each.as_expected} for each in attempts]
