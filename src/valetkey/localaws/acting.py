"""Act as anybody in a local AWS, for its tests: its root, a user, a session of a role.

A session of a role is made by a user whom the trust policy must admit, or by nobody: then only
what the role may do is under test, not who may take it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from valetkey.localaws.callers import CallerKind, root_caller
from valetkey.localaws.client_sessions import Clients
from valetkey.localaws.errors import LocalAwsError
from valetkey.localaws.faults import AwsError, Service
from valetkey.localaws.gate import Gate
from valetkey.localaws.models import check_params
from valetkey.localaws.seed import root_keys
from valetkey.localaws.service_tags import tag_list

Keys = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Acting:
    """Finds or makes credentials, as STS and IAM write them."""

    gate: Gate
    clients: Clients

    def root(self) -> Keys:
        """Return the root's credentials."""
        return root_keys(self.gate)

    def user(self, name: str) -> Keys:
        """Return a user's first active access key, made if there is none.

        Raises LocalAwsError `unknown-user`.
        """
        with self.gate.storage.active():
            known = self.gate.keyring.identities.user(name)
            key = self.gate.keyring.identities.active_key(name)
        if known is None:
            raise LocalAwsError("unknown-user", f"there is no user `{name}`")
        if key is None:
            iam = self.clients.session(self.root()).client("iam")
            made: Keys = iam.create_access_key(UserName=name)["AccessKey"]
            return made
        return {"AccessKeyId": key[0], "SecretAccessKey": key[1]}

    def role(
        self, role: str, tags: Mapping[str, str], *, by: str | None, asked: Mapping[str, Any]
    ) -> Keys:
        """Return a new session of a role, named by its name or ARN.

        `by` is the user who calls AssumeRole; what it refuses is botocore's ClientError. Without
        one nobody is asked, and the trust policy has no say. `asked` are other parameters of
        AssumeRole. Raises LocalAwsError `unknown-role`, `no-session`.
        """
        params = {"RoleArn": self._arn(role), "RoleSessionName": "local", **asked}
        if tags:
            params["Tags"] = tag_list(tags)
        if by is not None:
            sts = self.clients.session(self.user(by)).client("sts")
            taken: Keys = sts.assume_role(**params)["Credentials"]
            return taken
        return self._mint(params)

    def _arn(self, role: str) -> str:
        with self.gate.storage.active():
            identities = self.gate.keyring.identities
            found = identities.role_by_arn(role) or identities.role(role)
        if found is None:
            raise LocalAwsError("unknown-role", f"there is no role `{role}`")
        return found.arn

    def _mint(self, params: dict[str, Any]) -> Keys:
        """Make a session as STS would for somebody who may do all and whom every trust admits."""
        somebody = replace(root_caller(self.gate.storage.account), kind=CallerKind.USER)
        try:
            with self.gate.storage.active():
                check_params(Service.STS, "AssumeRole", params)
                made: Keys = self.gate.security_tokens.run(
                    "AssumeRole", params,
                    caller=somebody, require=lambda _: None, now=self.gate.clock(),
                )["Credentials"]  # fmt: skip
        except AwsError as error:
            raise LocalAwsError("no-session", f"{error.code}: {error.message}") from None
        return made
