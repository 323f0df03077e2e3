"""One local AWS: an account and a region with nothing in it but a root that may do all."""

import re
import secrets
import time
from collections.abc import Callable
from types import TracebackType

from valetkey.localaws.authentication import Keyring
from valetkey.localaws.callers import Sessions
from valetkey.localaws.dynamodb_service import TableService
from valetkey.localaws.errors import LocalAwsError
from valetkey.localaws.gate import Gate
from valetkey.localaws.iam_service import IdentityService
from valetkey.localaws.identities import Identities
from valetkey.localaws.models import is_region
from valetkey.localaws.resource_policies import ResourcePolicies
from valetkey.localaws.s3_service import ObjectService
from valetkey.localaws.server import Server
from valetkey.localaws.storage import Storage
from valetkey.localaws.sts import SecurityTokens
from valetkey.secret import Secret

DEFAULT_ACCOUNT = "111122223333"
DEFAULT_REGION = "eu-west-1"
LOOPBACK = "127.0.0.1"


class LocalAws:
    """A local AWS that really enforces IAM, for demos, tests and witnesses.

    `clock` gives Unix seconds and decides on every expiry. `secure_transport` is what
    `aws:SecureTransport` says to policies: the loopback stands in for AWS's https.
    Several of them in one process share nothing.
    """

    def __init__(
        self,
        *,
        account: str = DEFAULT_ACCOUNT,
        region: str = DEFAULT_REGION,
        clock: Callable[[], float] = time.time,
        secure_transport: bool = True,
    ) -> None:
        if not re.fullmatch(r"[0-9]{12}", account):
            raise LocalAwsError("bad-account", f"`{account}` is not an account id of 12 digits")
        if not is_region(region):
            raise LocalAwsError("bad-region", f"`{region}` is not a region of AWS")
        self.account = account
        self.region = region
        self.root_access_key_id = "AKIA" + "".join(
            secrets.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(16)
        )
        self._root_secret = Secret(secrets.token_urlsafe(30))
        self._storage = Storage(account=account, region=region)
        self._gate = self._build_gate(clock, secure_transport)
        self._server: Server | None = None

    def _build_gate(self, clock: Callable[[], float], secure_transport: bool) -> Gate:
        identities = Identities(self._storage)
        sessions = Sessions(identities, self.account, {})
        policies = ResourcePolicies()
        return Gate(
            storage=self._storage,
            keyring=Keyring(
                account=self.account,
                region=self.region,
                root_access_key_id=self.root_access_key_id,
                root_secret=self._root_secret,
                identities=identities,
                sessions=sessions,
            ),
            security_tokens=SecurityTokens(sessions),
            identities=IdentityService(identities),
            objects=ObjectService(self._storage, policies),
            tables=TableService(self._storage, policies),
            clock=clock,
            secure_transport=secure_transport,
        )

    @property
    def root_secret_access_key(self) -> str:
        """The root's secret access key."""
        return self._root_secret.reveal()

    @property
    def endpoint(self) -> str:
        """The URL that every AWS SDK takes as its endpoint. Raises LocalAwsError before start."""
        if self._server is None:
            raise LocalAwsError("not-started", "the local AWS is not started")
        return f"http://{LOOPBACK}:{self._server.port}"

    def calls(self, operation: str) -> int:
        """Return how many requests for `operation` (as `sts:AssumeRole`) were understood.

        Counted after the signature was verified and before the decision.
        """
        return self._gate.calls[operation]

    def start(self, port: int = 0) -> "LocalAws":
        """Listen on loopback and serve; port 0 takes a free one. Raises LocalAwsError."""
        if self._server is not None:
            raise LocalAwsError("already-started", "the local AWS is started already")
        server = Server(self._gate, host=LOOPBACK, port=port)
        server.start()
        self._server = server
        return self

    def stop(self) -> None:
        """End serving and forget everything that was stored. Safe to call twice."""
        server, self._server = self._server, None
        if server is not None:
            server.stop()
            self._storage.close()

    def __enter__(self) -> "LocalAws":
        return self if self._server is not None else self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
