"""Real SDK clients whose credentials change from call to call, and every byte of an answer."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import botocore.loaders
import botocore.session
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError, ConnectionClosedError

from tests.fuzz.places import REGION
from valetkey.localaws import LocalAws

DENIED = frozenset({"AccessDenied", "AccessDeniedException", "403"})
FORGED = frozenset({"SignatureDoesNotMatch", "InvalidToken", "InvalidAccessKeyId", "400"})
_MODELS: Any = botocore.loaders.Loader()  # reading a service's model costs 50 ms
_NO_RETRY = Config(retries={"total_max_attempts": 1})
_PRESIGNING = Config(
    signature_version="s3v4",
    s3={"addressing_style": "path"},
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """An answer: its error's code (empty for success), all its text, and its parsed form."""

    code: str
    text: str
    parsed: Mapping[str, Any]

    @property
    def denied(self) -> bool:
        """Whether the answer says that a policy does not allow it."""
        return self.code in DENIED

    @property
    def unbelieved(self) -> bool:
        """Whether the answer says that the signature is not the caller's."""
        return self.denied or self.code in FORGED

    @property
    def succeeded(self) -> bool:
        """Whether the answer is no error."""
        return not self.code


class Exchange:
    """Clients of one local AWS. They are made once: making one costs more than a call."""

    def __init__(self, aws: LocalAws) -> None:
        self.root = {
            "AccessKeyId": aws.root_access_key_id,
            "SecretAccessKey": aws.root_secret_access_key,
        }
        self.aws = aws
        self.sent = 0
        self._endpoint = aws.endpoint
        self._keys = Credentials("", "")
        self._session: Any = botocore.session.Session()
        self._session.register_component("data_loader", _MODELS)
        self._session._credentials = self._keys
        self._clients: dict[tuple[str, Config], Any] = {}
        self._raw: list[str] = []
        self.broker = self._make_broker()

    def close(self) -> None:
        """Close every client's connections."""
        for client in self._clients.values():
            client.close()

    def send(
        self,
        service: str,
        method: str,
        *,
        arguments: Mapping[str, Any],
        keys: Mapping[str, Any] | None = None,
    ) -> Outcome:
        """Return the answer to one call signed with `keys`, root's where none are given."""
        self._use(self.root if keys is None else keys)
        self._raw.clear()
        self.sent += 1
        try:
            parsed = self._called(service, method, arguments)
        except ClientError as error:
            code = str(error.response["Error"]["Code"])
            return Outcome(code, "\n".join([*self._raw, str(error.response)]), error.response)
        for name in ("Body", "Payload"):
            if name in parsed:
                parsed[name] = parsed[name].read()
                self._raw.append(parsed[name].decode("utf-8", "replace"))
        return Outcome("", "\n".join(self._raw), parsed)

    def made(self, service: str, method: str, **arguments: Any) -> Mapping[str, Any]:
        """Return root's answer, which must be a success."""
        outcome = self.send(service, method, arguments=arguments)
        assert outcome.succeeded, f"{method}: {outcome.text}"
        return outcome.parsed

    def _called(self, service: str, method: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        call = getattr(self._client(service), method)
        try:
            found: dict[str, Any] = call(**arguments)
        except ConnectionClosedError:  # it was idle for too long; nothing was read of the request
            found = call(**arguments)
        return found

    def presigner(self, keys: Mapping[str, Any]) -> Any:
        """Return a client of S3 that presigns with `keys`."""
        self._use(keys)
        return self._client("s3", _PRESIGNING)

    def _use(self, keys: Mapping[str, Any]) -> None:
        self._keys.access_key = keys["AccessKeyId"]
        self._keys.secret_key = keys["SecretAccessKey"]
        self._keys.token = keys.get("SessionToken")

    def _make_broker(self) -> Mapping[str, Any]:
        """Return the keys of a user who assumes roles, which root may not."""
        may = {"Effect": "Allow", "Action": "sts:*", "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [may]})
        self.made("iam", "create_user", UserName="broker")
        self.made("iam", "put_user_policy", UserName="broker", PolicyName="p",
                  PolicyDocument=policy)  # fmt: skip
        keys: Mapping[str, Any] = self.made("iam", "create_access_key", UserName="broker")
        return dict(keys["AccessKey"])

    def _client(self, service: str, config: Config = _NO_RETRY) -> Any:
        client = self._clients.get((service, config))
        if client is None:
            client = self._session.create_client(
                service, region_name=REGION, endpoint_url=self._endpoint, config=config
            )
            client.meta.events.register("before-parse", self._keep)
            self._clients[service, config] = client
        return client

    def _keep(self, response_dict: Mapping[str, Any], **_: Any) -> None:
        """Keep what arrived before anything parses it; a stream is read by `send`."""
        self._raw.append(str(dict(response_dict["headers"])))
        if isinstance(response_dict["body"], bytes):
            self._raw.append(response_dict["body"].decode("utf-8", "replace"))
