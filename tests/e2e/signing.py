"""A broker process that is an issuer of its own, and the roles that trust it, well and badly."""

import asyncio
import http.client
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.e2e.world import AwsSide, Broker, Grant
from valetkey.broker.local_signer import LocalSigner
from valetkey.credentials import Algorithm, SigningKey
from valetkey.credentials.own_token import compact, header_text, signing_input
from valetkey.credentials.sealing import new_secret
from valetkey.demo.issuer import DemoIssuer
from valetkey.store import SqliteStore

STRICT, CARELESS = "WebTenant", "WebCareless"
AUDIENCE = "sts.amazonaws.com"
SECRET = new_secret(lambda size: bytes(range(size)))


class SigningBroker(Broker):
    """A broker whose grants are all by web identity, with no AWS credentials in its reach."""

    def __init__(self, folder: Path, aws: AwsSide, issuer: DemoIssuer) -> None:
        super().__init__(folder, aws, issuer, keys={})
        self.name = self.url.partition("://")[2]
        self.provider = f"arn:aws:iam::{aws.aws.account}:oidc-provider/{self.name}"

    def configure(self, grants: Sequence[Grant]) -> None:
        super().configure(())
        secret = self.folder / "issuer.secret"
        secret.write_text(SECRET.reveal())
        secret.chmod(0o600)
        role = f"arn:aws:iam::{self.aws.aws.account}:role/{STRICT}"
        with self.config.open("a") as file:
            file.write(
                f'[issuer]\nurl = "http://127.0.0.1:{self.port}"\n'
                'key_encryption = "file:issuer.secret"\n\n'
                f'[[grants]]\nname = "tenant-data"\nrole = "{role}"\nsource = "web-identity"\n'
                f'duration = "2h"\nendpoint_url = "{self.aws.aws.endpoint}"\n'
            )

    def exchange(self, form: str) -> tuple[int, dict[str, Any]]:
        """Ask `/oauth/token` as an OAuth client does."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            connection.request("POST", "/oauth/token", body=form, headers=kind)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def sign(self, **claims: Any) -> str:
        """Sign a token by hand with the broker's own key; a claim None is left out."""
        now = int(time.time())
        members = {"iss": self.url, "aud": AUDIENCE, "iat": now, "exp": now + 300, **claims}
        said = {name: value for name, value in members.items() if value is not None}
        return asyncio.run(self._sign(said))

    async def _sign(self, claims: Mapping[str, Any]) -> str:
        store = await SqliteStore.open(self.store)
        try:
            keys: list[SigningKey] = await store.signing_keys()
        finally:
            await store.close()
        (key,) = [each for each in keys if each.algorithm is Algorithm.ES256]
        message = signing_input(header_text("ES256", key.kid, "JWT"), dict(claims))
        return compact(message, await LocalSigner(SECRET).sign(key, message))


def trust(broker: SigningBroker) -> str:
    """Return a trust policy that pins audience and subject as the guide says."""
    pins = {f"{broker.name}:aud": AUDIENCE, f"{broker.name}:sub": "grant:tenant-data"}
    tags = {"aws:RequestTag/user_id": "?*", "aws:RequestTag/valetkey_run": "r-*"}
    statements = [
        {
            "Effect": "Allow",
            "Principal": {"Federated": broker.provider},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringEquals": pins,
                "StringLike": tags,
                "Bool": {"sts:RoleAuthorizedByIdp": "true"},
            },
        },
        {
            "Effect": "Allow",
            "Principal": {"Federated": broker.provider},
            "Action": "sts:TagSession",
            "Condition": {"StringEquals": pins, "StringLike": tags},
        },
        {
            "Effect": "Allow",
            "Principal": {"Federated": broker.provider},
            "Action": "sts:SetSourceIdentity",
            "Condition": {"StringLike": {"sts:SourceIdentity": "r-*"}},
        },
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def careless_trust(broker: SigningBroker) -> str:
    """Return the trust policy of lessons 4 and 17: any token of the issuer, tagged or not."""
    actions = ["sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": broker.provider},
        "Action": actions,
        "Condition": {"StringEquals": {f"{broker.name}:aud": AUDIENCE}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": statement})
