"""A broker's configuration whose whole chain is good: a local AWS, published documents, a key."""

import asyncio
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fakes.own_issuer import SECRET, key_ring
from tests.localaws.web_issuer import ACTIONS, AUDIENCE, DISCOVERY, WebIssuer, web_issuer
from tests.localaws.world import ACCOUNT, REGION
from valetkey.cli.doctor import examine
from valetkey.cli.doctor_effect import Targets
from valetkey.cli.doctor_step import Step
from valetkey.credentials import Algorithm
from valetkey.credentials.issuer_documents import discovery_document, key_set_document
from valetkey.localaws import LocalAws
from valetkey.settings import read_settings
from valetkey.store import SqliteStore

KEYS = "/.well-known/jwks.json"
BUCKET, TABLE = "web-data", "WebItems"
OWN = {
    "Effect": "Allow",
    "Action": "s3:GetObject",
    "Resource": f"arn:aws:s3:::{BUCKET}/${{aws:PrincipalTag/user_id}}/*",
}
OWN_ITEMS = {
    "Effect": "Allow",
    "Action": "dynamodb:GetItem",
    "Resource": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{TABLE}",
    "Condition": {
        "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "${aws:PrincipalTag/user_id}"},
        "Null": {"dynamodb:LeadingKeys": "false"},
    },
}


@dataclass
class Chain:
    """One AWS account, one issuer, one store; every test adds a role and a grant of its own."""

    folder: Path
    aws: LocalAws
    issuer: WebIssuer
    documents: Mapping[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)

    def trust(
        self, grant: str, *, actions: list[str] | None = None, **equals: str | None
    ) -> list[Any]:
        """Return a grant's trust statements; `sub` or `aud` None leaves that claim open."""
        assumes, *others = actions or ACTIONS
        wanted = {"aud": AUDIENCE, "sub": f"grant:{grant}", **equals}
        condition = {
            "StringEquals": {f"{self.issuer.name}:{k}": v for k, v in wanted.items() if v},
            "StringLike": {"aws:RequestTag/user_id": "?*", "sts:SourceIdentity": "r-*"},
            "ForAllValues:StringEquals": {"aws:TagKeys": ["user_id", "valetkey_run"]},
        }
        allow = {"Effect": "Allow", "Principal": {"Federated": self.issuer.provider}}
        named = {**condition, "Bool": {"sts:RoleAuthorizedByIdp": "true"}}
        return [
            {**allow, "Action": assumes, "Condition": named},
            {**allow, "Action": others, "Condition": condition},
        ]

    def grant(self, name: str, *policies: Any, trust: list[Any] | None = None, **more: str) -> str:
        """Add a role and its grant, each named `name`; return the name."""
        documents = {f"own{number}": policy for number, policy in enumerate(policies or (OWN,))}
        role = {"name": name, "trust": trust or self.trust(name), "policies": documents}
        self.aws.seed({"roles": [role]})
        self.configure(name, role=f"arn:aws:iam::{ACCOUNT}:role/{name}", **more)
        return name

    def configure(self, name: str, **members: str) -> None:
        """Write the configuration of one grant."""
        table = {"source": "web-identity", **members}
        lines = "\n".join(f'{key} = "{value}"' for key, value in table.items())
        (self.folder / f"{name}.toml").write_text(
            f"""
[broker]
store = "sqlite:///valetkey.db"
[aws]
region = "{REGION}"
endpoint_url = "{self.aws.endpoint}"
[tags]
user_id = "{{subject.sub}}"
[[issuers]]
name = "people"
url = "https://people.example.com"
audiences = ["frontend"]
algorithms = ["ES256"]
[[trust]]
name = "people"
issuer = "people"
claims = {{ token_use = "id" }}
may = "be-worked-for"
[issuer]
url = "{self.issuer.url}"
key_encryption = "file:issuer.secret"
[[grants]]
name = "{name}"
{lines}
"""
        )

    def publish(self) -> None:
        """Make the keys that are due, and serve the documents."""

        async def made() -> bytes:
            store = await SqliteStore.open(self.folder / "valetkey.db")
            try:
                ring = key_ring(store, url=self.issuer.url)
                now = time.time()
                await ring.keep_up(now=now)
                return key_set_document(await ring.published(now=now))
            finally:
                await store.close()

        (self.folder / "issuer.secret").write_text(SECRET.reveal())
        (self.folder / "issuer.secret").chmod(0o600)
        discovery = discovery_document(
            self.issuer.url, algorithms=[Algorithm.ES256], token_endpoint=None
        )
        self.documents = {
            DISCOVERY: (200, {}, discovery),
            KEYS: (200, {}, asyncio.run(made())),
        }
        self.issuer.answers.update(self.documents)

    @contextmanager
    def answering(self, path: str, body: bytes, status: int = 200) -> Iterator[None]:
        """Let the issuer say something else for a while."""
        self.issuer.answers[path] = (status, {}, body)
        try:
            yield
        finally:
            self.issuer.answers.update(self.documents)

    def walk(self, name: str, targets: Targets, **tags: str) -> list[Step]:
        """Return every step for a grant, as a run with these tags; `user_id` is Alice's."""

        async def walked() -> list[Step]:
            settings = read_settings(self.folder / f"{name}.toml")
            tags.setdefault("user_id", "alice")
            steps = examine(settings, settings.grants[0], tags=tags, targets=targets)
            return [step async for step in steps]

        return asyncio.run(walked())


@contextmanager
def chain(folder: Path) -> Iterator[Chain]:
    """Start a local AWS with two people's data, whose account trusts the issuer."""
    with ExitStack() as stack:
        issuer = stack.enter_context(web_issuer())
        aws = stack.enter_context(LocalAws(account=ACCOUNT, region=REGION))
        made = Chain(folder, aws, issuer)
        made.publish()
        aws.seed(
            {
                "oidc_providers": [{"url": issuer.url, "client_ids": [AUDIENCE]}],
                "buckets": [{"name": BUCKET, "objects": {"alice/1": "a", "bob/1": "b"}}],
                "tables": [
                    {
                        "name": TABLE,
                        "key": "owner:S",
                        "items": [{"owner": "alice"}, {"owner": "bob"}],
                    }
                ],
                "users": [{"name": "nobody"}, {"name": "broker"}],
            }
        )
        yield made


def said(steps: list[Step]) -> str:
    """Return the outcomes by link, for a look at once."""
    return json.dumps([[step.outcome.value, step.link, step.said] for step in steps], indent=1)
