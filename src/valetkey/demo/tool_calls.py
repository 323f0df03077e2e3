"""The third part: the same broker decides which tools an agent may call, and with what.

Three people's agents meet one server of tools through the gateway. Finance may refund 500 and not
5,000; engineering may refund orders of the test shop alone; a guest's agent never sees the tool.
What counts at the end is what reached the server: the refunds that were allowed, and no other.
"""

import base64
import json
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from valetkey.demo.agents import OK, Attempt, unexpected
from valetkey.demo.billing import BillingServer
from valetkey.demo.gateway_client import GatewayClient, open_client
from valetkey.demo.issuer import DemoIssuer
from valetkey.demo.ports import free_port
from valetkey.demo.processes import Server, valetkey
from valetkey.demo.tool_config import POLICY, with_tools

TOOL = "billing___refund"
DEPARTMENTS = {"alice": "finance", "bob": "engineering", "carol": "guest"}
SEES = "see the tool"
SHOWN, HIDDEN = "shown", "not shown"
NOT_PERMITTED, UNKNOWN = "tool-not-permitted", "tool-unknown"
REFUNDS: dict[str, dict[str, Any]] = {
    "refund 500 for A-17": {"order": "A-17", "amount": 500},
    "refund 5,000 for A-17": {"order": "A-17", "amount": 5000},
    "refund 500 for TEST-1": {"order": "TEST-1", "amount": 500},
}
_ALLOWED = {
    ("alice", "refund 500 for A-17"),
    ("alice", "refund 500 for TEST-1"),
    ("bob", "refund 500 for TEST-1"),
}


class ThirdPart:
    """One telling of it. What came out is in `attempts`, `decided` and `failures`."""

    def __init__(
        self,
        folder: Path,
        issuer: DemoIssuer,
        *,
        say: Callable[[str], None],
        policy: str = POLICY,
    ) -> None:
        self._folder = folder
        self._issuer = issuer
        self._say = say
        self._policy = policy
        self.attempts: list[Attempt] = []
        self.decided: list[dict[str, Any]] = []
        self.failures: list[str] = []

    def tell(self) -> None:
        """Tell it. Raises `DemoError` when a process fails."""
        with BillingServer() as billing:
            config = with_tools(
                self._folder,
                listen=f"127.0.0.1:{free_port()}",
                issuer=self._issuer.url,
                billing=billing.url,
                secret=base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
                policy=self._policy,
            )
            self._say("a billing server's tools are pinned: `valetkey tools refresh`")
            where = ["--config", str(config)]
            valetkey("tools", "refresh", "--accept", *where, folder=self._folder)
            self._say("a broker with policies for tools starts; three agents call through it")
            with Server(["serve", *where, "--json"], folder=self._folder) as broker:
                for person in DEPARTMENTS:
                    self._work(person, broker.said["url"])
            self._compare(billing.refunds)
        self._read_audit(config)

    def _work(self, person: str, broker: str) -> None:
        client = self._client(person, broker)
        listed = SHOWN if TOOL in client.tools() else HIDDEN
        self._note(person, SEES, listed)
        for did, arguments in REFUNDS.items():
            self._note(person, did, client.call(TOOL, arguments))

    def _client(self, person: str, broker: str) -> GatewayClient:
        claims = {"token_use": "id", "department": DEPARTMENTS[person]}
        return open_client(
            broker,
            actor=self._issuer.sign("service:orchestrator"),
            subject=self._issuer.sign(person, claims),
        )

    def _note(self, person: str, did: str, answer: str) -> None:
        attempt = Attempt(person, did, expected(person, did), answer)
        self.attempts.append(attempt)
        self.failures += unexpected([attempt])

    def _compare(self, reached: list[dict[str, Any]]) -> None:
        """Compare what the server did with what was to be allowed: its word, not the gateway's."""
        allowed = [REFUNDS[did] for person in DEPARTMENTS for did in REFUNDS if _may(person, did)]
        if reached != allowed:
            self.failures.append(f"expected these refunds at the server: {allowed}, saw {reached}")

    def _read_audit(self, config: Path) -> None:
        lines = valetkey("audit", "show", "--json", "--config", str(config), folder=self._folder)
        leaves = [json.loads(line) for line in lines.splitlines()]
        self.decided = [leaf for leaf in leaves if leaf["kind"] == "tool-decided"]
        allowed = sum(leaf["decision"] == "allow" for leaf in self.decided)
        if allowed != len(_ALLOWED):
            self.failures.append(f"{allowed} allowed calls are on record, not {len(_ALLOWED)}")


def expected(person: str, did: str) -> str:
    """Return what a person's attempt should come to."""
    if DEPARTMENTS[person] == "guest":
        return HIDDEN if did == SEES else UNKNOWN
    if did == SEES:
        return SHOWN
    return OK if _may(person, did) else NOT_PERMITTED


def _may(person: str, did: str) -> bool:
    return (person, did) in _ALLOWED
