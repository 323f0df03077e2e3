"""The second half: the same agents by web identity, and a token that lacks the tags claim.

The broker of this half has no AWS keys. It signs a token for STS itself, with the run's tags in it.
Whoever signs the token decides the tags, so the story also asks what becomes of a token that lacks
nothing else: one role's trust policy refuses it, another's lets it in, and then nobody's data is
readable. With the claim both let it in.
"""

import base64
import json
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from valetkey.credentials import STS_AUDIENCE
from valetkey.demo.agent import LATER, NEXT_TASK
from valetkey.demo.agents import DENIED, OK, Agents, Attempt, unexpected
from valetkey.demo.config import GRANT, by_web_identity
from valetkey.demo.experiment import experiment
from valetkey.demo.policies import permission_policy, web_trust_policy
from valetkey.demo.ports import free_port
from valetkey.demo.processes import Server, valetkey
from valetkey.demo.untagged import twins
from valetkey.demo.world import BUCKET, PEOPLE, TABLE, Aws

ROLE, LAX_ROLE = "AgentByWebIdentity", "AgentThatTrustsTooMuch"
WORK_SECONDS = 0.1


class SecondHalf:
    """One telling of it. What came out is in `attempts`, `tokens`, `issued` and `failures`."""

    def __init__(self, folder: Path, aws: Aws, *, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._aws = aws
        self._say = say
        self.attempts: list[Attempt] = []
        self.tokens: list[Attempt] = []
        self.issued: list[dict[str, Any]] = []
        self.failures: list[str] = []

    def tell(self, issuer_url: str) -> None:
        """Tell it; `issuer_url` is where people sign in. Raises `DemoError`."""
        listen = f"127.0.0.1:{free_port()}"
        secret = self._folder / "issuer.secret"
        secret.touch(mode=0o600)
        secret.touch(mode=0o600)
        secret.write_text(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
        self._say("the same agents by web identity: valetkey's issuer is registered with IAM")
        role, lax_role = make_roles(self._aws, f"http://{listen}")
        config = by_web_identity(
            self._folder / "web-identity.toml",
            self._aws,
            issuer=issuer_url,
            role=role,
            listen=listen,
            secret=secret.name,
        )
        self._say("a broker without any AWS keys starts; it signs the tokens for STS itself")
        with Server(["serve", "--config", str(config), "--json"], folder=self._folder) as broker:
            self._work(broker.said["url"])
            self._say("now such a token, and the same without the tags claim: what do they reach?")
            made = twins(config, [role, lax_role], person=PEOPLE[0], now=time.time())
            self.tokens = experiment(self._aws, made, person=PEOPLE[0])
        self.failures += unexpected(self.tokens)
        self._read_audit(config)

    def _work(self, url: str) -> None:
        agents = Agents(self._folder, url, expected=_expected, seconds=WORK_SECONDS)
        started = {person: agents.start(person) for person in PEOPLE}
        for person, agent in started.items():
            agents.watch(person, agent, until=LATER)
            agents.next_task(person, agent)
        self.attempts = agents.attempts
        self.failures += agents.failures

    def _read_audit(self, config: Path) -> None:
        lines = valetkey("audit", "show", "--json", "--config", str(config), folder=self._folder)
        leaves = [json.loads(line) for line in lines.splitlines()]
        self.issued = [leaf for leaf in leaves if leaf["kind"] == "token-issued"]
        if {leaf["tags"].get("user_id") for leaf in self.issued} != set(PEOPLE):
            self.failures.append("the tokens on record do not carry Alice's and Bob's tags")


def make_roles(aws: Aws, issuer: str) -> tuple[str, str]:
    """Register the issuer, and return the ARNs of a role that asks for tags and one that does not.

    Their permission policies are the same.
    """
    iam = aws.client("iam", aws.root_keys)
    provider = iam.create_open_id_connect_provider(Url=issuer, ClientIDList=[STS_AUDIENCE])
    arn, host = provider["OpenIDConnectProviderArn"], issuer.removeprefix("http://")
    table_arn = f"arn:aws:dynamodb:{aws.region}:{aws.account}:table/{TABLE}"
    made = []
    for name, needs_tags in ((ROLE, True), (LAX_ROLE, False)):
        trust = web_trust_policy(arn, host, f"grant:{GRANT}", needs_tags=needs_tags)
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
        iam.put_role_policy(
            RoleName=name,
            PolicyName="own-data",
            PolicyDocument=json.dumps(permission_policy(table_arn, BUCKET)),
        )
        made.append(role["Role"]["Arn"])
    return made[0], made[1]


def _expected(person: str, did: str) -> str:
    return OK if did == NEXT_TASK or " my " in f" {did} " else DENIED
