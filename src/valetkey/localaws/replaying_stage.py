"""The account of one replay: its roles, its administrator, and the session that asks."""

import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from valetkey.iam.arn import Arn, split_arn
from valetkey.localaws.errors import LocalAwsError
from valetkey.localaws.local_aws import LocalAws
from valetkey.localaws.replaying_outcome import (
    Attempt,
    DeniedError,
    NotPlayedError,
    Played,
    RolePlayed,
    Scene,
)
from valetkey.localaws.replaying_tokens import TokenIssuer

RUN_TAG = "valetkey_run"
SESSION_NAME = "vk-replay"
MAY_ASSUME = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:*", "Resource": "*"}],
}
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_RUN = re.compile(r"r-[\w+=,.@-]{1,62}", re.ASCII)


def of_arn(text: str) -> Arn:
    """Return the parts of an ARN. Raises NotPlayedError where it has not six."""
    found = split_arn(text)
    if found is None:
        raise NotPlayedError(f"`{text}` is not the ARN of one resource")
    return found


def beside(arn: str, resource: str) -> str:
    """Return the ARN with another resource in it."""
    return ":".join(of_arn(arn)._replace(resource=resource))


@dataclass(eq=False)
class Stage:
    """Makes the account as the scene says, at the first call; `how` says who made the request."""

    aws: LocalAws
    scene: Scene
    attempt: Attempt
    issuer: TokenIssuer
    how: str = ""
    marker: str = field(default_factory=lambda: secrets.token_hex(16))
    guards: list[Callable[[], object]] = field(default_factory=list)
    _roots: dict[str, Any] = field(default_factory=dict)

    def root(self, service: str) -> Any:
        """Return a client of the account's administrator."""
        if service not in self._roots:
            self._roots[service] = _Told(self._administrator.client(service))
        return self._roots[service]

    @cached_property
    def _administrator(self) -> Any:
        return self.aws.session()

    def policy(self, arn: str) -> str | None:
        """Return the policy of the resource of this ARN, as JSON, if it has one."""
        document = self.scene.resource_policies.get(arn)
        return None if document is None else json.dumps(document)

    def call(self, service: str, operation: str, **params: Any) -> Any:
        """Make the request itself, after the resource's policy was put.

        Raises DeniedError for a denial, NotPlayedError for whatever else comes in between.
        """
        session = self.asking  # made before the resources' policies are in force
        for guard in self.guards:
            guard()
        return asked(session.client(service), operation, **params)

    @cached_property
    def asking(self) -> Any:
        """The boto3 session that the witness names."""
        self.make_roles()
        role = self._role_of(self.attempt.role)
        if role is None:
            return self.stranger()
        found = self._by_trust(role)
        if found is not None:
            return found
        self.how = "(the session was made past the trust policy, which was not asked)"
        return self.session_of(role.arn, self.attempt.tags)

    def make_roles(self) -> None:
        """Make the roles, the brokers that may assume, and the boundaries."""
        played = self.scene.roles
        roles = [_seeded(role, f"boundary-{number}") for number, role in enumerate(played)]
        known = {role.arn for role in played}
        brokers = [_broker(arn) for arn in dict.fromkeys(self.scene.brokers) if arn not in known]
        boundaries = [
            {"name": f"boundary-{number}", "document": dict(role.boundary)}
            for number, role in enumerate(played)
            if role.boundary is not None
        ]
        self.aws.seed({"policies": boundaries, "roles": [*roles, *brokers]})

    def stranger(self) -> Any:
        """Return a session of a caller that is no agent role: it has no policy of its own."""
        arn = of_arn(self.attempt.principal)
        if arn.account != self.aws.account:
            raise NotPlayedError(f"`{self.attempt.principal}` is of another account")
        kind, _, rest = arn.resource.partition("/")
        name = rest.split("/")[-1] if kind in {"role", "user"} else rest.split("/")[0]
        if kind == "user":
            self.aws.seed({"users": [{"name": name}]})
            return self.aws.session(user=name)
        if kind not in {"assumed-role", "role"} or not name:
            raise NotPlayedError(f"nobody can ask as `{self.attempt.principal}` here")
        if not self.is_broker(name):
            self.aws.seed({"roles": [{"name": name}]})
        return self.session_of(name, self.attempt.tags)

    def is_broker(self, name: str) -> bool:
        """Tell whether the role of this name stands here already, as one that may assume."""
        return any(arn.rpartition("/")[2] == name for arn in self.scene.brokers)

    def session_of(self, role: str, tags: Mapping[str, str], **asked_for: Any) -> Any:
        """Return a session that no trust policy is asked for."""
        try:
            return self.aws.session(role, tags=tags, RoleSessionName=self.session_name, **asked_for)
        except LocalAwsError as error:
            raise NotPlayedError(f"no session can be so: {error.message}") from None

    @property
    def session_name(self) -> str:
        """The name of the witness's session, where AWS would take it."""
        found = self.attempt.principal.rpartition("/")[2]
        return found if _SESSION_NAME.fullmatch(found) else SESSION_NAME

    def _role_of(self, arn: str | None) -> RolePlayed | None:
        return next((role for role in self.scene.roles if role.arn == arn), None)

    def _by_trust(self, role: RolePlayed) -> Any | None:
        """Return a session as a broker gets it; None where the trust policy admits none."""
        tags = [{"Key": key, "Value": value} for key, value in self.attempt.tags.items()]
        params: dict[str, Any] = {"RoleArn": role.arn, "RoleSessionName": self.session_name}
        if role.external_id is not None:
            params["ExternalId"] = role.external_id
        if tags:
            params["Tags"] = tags
        run = self.attempt.tags.get(RUN_TAG, "")
        named = [{"SourceIdentity": run}] if _RUN.fullmatch(run) else []
        for broker in self.scene.brokers:
            if of_arn(broker).account != self.aws.account:
                continue
            client = self.session_of(broker, {}).client("sts")
            for more in (*named, {}):
                try:
                    keys = client.assume_role(**params, **more)["Credentials"]
                except (ClientError, BotoCoreError):
                    continue
                self.how = f"(by a session that {broker} got through the role's trust policy)"
                return self.aws.session_with(keys)
        return None


class _Told:
    """A client of the administrator's: an error of its is no answer, but a scene that can't be."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**params: Any) -> Any:
            try:
                return getattr(self._client, name)(**params)
            except (ClientError, BotoCoreError) as error:
                raise NotPlayedError(f"the scene can't be set: {error}") from None

        return call


Perform = Callable[[Stage], Played]


def asked(client: Any, operation: str, **params: Any) -> Any:
    """Return AWS's answer. Raises DeniedError, and NotPlayedError for any other refusal."""
    try:
        return getattr(client, operation)(**params)
    except ClientError as error:
        told, code = error.response["Error"], str(error.response["Error"].get("Code", ""))
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        said = f"{code}: {told.get('Message', '')}".rstrip(": ")
        if status == 403 or "AccessDenied" in code:
            raise DeniedError(said) from None
        raise NotPlayedError(f"AWS neither allowed nor denied it: {said}") from None
    except BotoCoreError as error:
        raise NotPlayedError(f"the SDK can't ask for it: {error}") from None


def _seeded(role: RolePlayed, boundary: str) -> dict[str, object]:
    """Return a role's table of a seed."""
    name, path = _named(role.arn)
    found: dict[str, object] = {
        "name": name,
        "path": path,
        "trust": dict(role.trust),
        "policies": {
            _policy_name(number, named): dict(document)
            for number, (named, document) in enumerate(role.permissions)
        },
        "tags": dict(role.tags),
    }
    return found if role.boundary is None else {**found, "boundary": boundary}


def _broker(arn: str) -> dict[str, object]:
    name, path = _named(arn)
    return {"name": name, "path": path, "policies": {"assume": MAY_ASSUME}}


def _named(arn: str) -> tuple[str, str]:
    """Return a role's name and path."""
    path, _, name = of_arn(arn).resource.removeprefix("role").rpartition("/")
    return name, f"{path}/"


def _policy_name(number: int, named: str) -> str:
    return f"{number}-" + re.sub(r"[^\w+=,.@-]", "-", named, flags=re.ASCII)[:100]
