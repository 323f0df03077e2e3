"""One local AWS: an account and a region with nothing in it but a root that may do all."""

import re
import secrets
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from valetkey.localaws.acting import Acting
from valetkey.localaws.assume_with_web_identity import WebIdentities
from valetkey.localaws.authentication import Keyring
from valetkey.localaws.callers import Sessions
from valetkey.localaws.client_sessions import Clients
from valetkey.localaws.errors import LocalAwsError
from valetkey.localaws.gate import Gate
from valetkey.localaws.iam_service import IdentityService
from valetkey.localaws.identities import Identities
from valetkey.localaws.json_services import json_services
from valetkey.localaws.lambda_functions import Functions
from valetkey.localaws.lambda_service import FunctionService
from valetkey.localaws.models import is_region
from valetkey.localaws.resource_policies import ResourcePolicies
from valetkey.localaws.s3_service import ObjectService
from valetkey.localaws.seed import Seeded, sow
from valetkey.localaws.seed_reading import Seed, read_seed, seed_of
from valetkey.localaws.server import Server
from valetkey.localaws.storage import Storage
from valetkey.localaws.sts import SecurityTokens
from valetkey.localaws.web_identity_cache import KeyCache
from valetkey.localaws.web_identity_fetch import fetch_key_set
from valetkey.secret import Secret

DEFAULT_ACCOUNT = "111122223333"
DEFAULT_REGION = "eu-west-1"
LOOPBACK = "127.0.0.1"


class LocalAws:
    """A local AWS that really enforces IAM, for demos, tests and witnesses.

    `clock` gives Unix seconds and decides on every expiry. `secure_transport` is what
    `aws:SecureTransport` says to policies: the loopback stands in for AWS's https. `key_sets`
    gives the JWK Set of an OpenID Connect issuer by its URL; unless told it is asked over HTTP.
    Several of them in one process share nothing.
    """

    def __init__(
        self,
        *,
        account: str = DEFAULT_ACCOUNT,
        region: str = DEFAULT_REGION,
        clock: Callable[[], float] = time.time,
        secure_transport: bool = True,
        key_sets: Callable[[str], bytes] = fetch_key_set,
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
        self._policies = ResourcePolicies()
        self._functions = Functions(account, region)
        self._gate = self._build_gate(clock, secure_transport, key_sets)
        self._server: Server | None = None
        self._serving = False
        self._boto: Clients | None = None

    def _build_gate(
        self,
        clock: Callable[[], float],
        secure_transport: bool,
        key_sets: Callable[[str], bytes],
    ) -> Gate:
        identities = Identities(self._storage)
        sessions = Sessions(identities, self.account, {})
        policies = self._policies
        security_tokens = SecurityTokens(sessions)
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
            security_tokens=security_tokens,
            web_identities=WebIdentities(security_tokens, KeyCache(key_sets)),
            identities=IdentityService(identities),
            objects=ObjectService(self._storage, policies),
            functions=FunctionService(self._functions, policies),
            json_services=json_services(
                self._storage, policies, endpoint=lambda: self.endpoint, clock=clock
            ),
            clock=clock,
            secure_transport=secure_transport,
        )

    @property
    def root_secret_access_key(self) -> str:
        """The root's secret access key."""
        return self._root_secret.reveal()

    @property
    def endpoint(self) -> str:
        """The URL that every AWS SDK takes as its endpoint.

        Raises LocalAwsError before a start, bind or seed took a port.
        """
        if self._server is None:
            raise LocalAwsError("not-started", "the local AWS is not started")
        return f"http://{LOOPBACK}:{self._server.port}"

    def calls(self, operation: str) -> int:
        """Return how many requests for `operation` (as `sts:AssumeRole`) were understood.

        Counted after the signature was verified and before the decision.
        """
        return self._gate.calls[operation]

    def seed(self, what: Seed | Path | str | Mapping[str, object]) -> Seeded:
        """Make what a seed file, or a mapping of its shape, says; before the start or after it.

        A file's references are relative to it, a mapping's to the working directory. It takes a
        free port if there is none yet: queues have it in their URLs. Raises LocalAwsError
        `bad-seed`.
        """
        if self._server is None:
            self.bind()
        if isinstance(what, Mapping):
            seed = seed_of(what, Path())
        else:
            seed = what if isinstance(what, Seed) else read_seed(Path(what))
        return sow(seed, self._gate, add_function=self.add_function)

    def session(
        self,
        role: str | None = None,
        *,
        user: str | None = None,
        by: str | None = None,
        tags: Mapping[str, str] | None = None,
        **asked: Any,
    ) -> Any:
        """Return a boto3 session whose clients are all here: the root's, a user's or a role's.

        `role` is a name or an ARN; its session gets `tags`, and AssumeRole's other parameters as
        `asked` (`SourceIdentity="r-1"`). With `by`, a user's name, that user calls AssumeRole,
        and the trust policy decides; without it the trust policy is not asked. The clients are
        closed by `stop`. Raises LocalAwsError, and ClientError for what AssumeRole refuses.
        """
        acting = Acting(self._gate, self._clients())
        if role is not None:
            keys = acting.role(role, tags or {}, by=by, asked=asked)
        else:
            keys = acting.root() if user is None else acting.user(user)
        return self._clients().session(keys)

    def session_with(self, keys: Mapping[str, str]) -> Any:
        """Return a boto3 session with credentials of this AWS, as STS and IAM write them."""
        return self._clients().session(keys)

    def _clients(self) -> Clients:
        if not self._serving:
            raise LocalAwsError("not-started", "the local AWS is not started")
        if self._boto is None:
            self._boto = Clients(self.endpoint, self.region)
        return self._boto

    def bind(self, port: int = 0) -> "LocalAws":
        """Take a port on loopback, 0 for a free one; who connects waits until the start.

        Raises LocalAwsError.
        """
        if self._server is not None:
            raise LocalAwsError("already-started", "the local AWS has its port already")
        self._server = Server(self._gate, host=LOOPBACK, port=port)
        return self

    def add_function(
        self,
        name: str,
        answer: Any,
        *,
        tags: Mapping[str, str] | None = None,
        qualifiers: Collection[str] = (),
    ) -> str:
        """Register a Lambda function and return its ARN. Raises LocalAwsError.

        `answer` is called with the event (decoded JSON) and an `Invocation`, in a thread of its
        own, and returns what JSON can say; what can't be called is the answer to every event.
        `qualifiers` are the versions and aliases that it has, beside `$LATEST`.
        """
        return self._functions.add(name, answer, tags=tags, qualifiers=qualifiers)

    def start(self, port: int = 0) -> "LocalAws":
        """Listen on loopback and serve; port 0 takes a free one. Raises LocalAwsError."""
        if self._serving or (self._server is not None and port not in {0, self._server.port}):
            raise LocalAwsError("already-started", "the local AWS has its port already")
        if self._server is None:
            self.bind(port)
        if self._server is not None:
            self._server.start()
            self._serving = True
        return self

    def stop(self) -> None:
        """End serving and forget everything that was stored. Safe to call twice."""
        server, self._server, self._serving = self._server, None, False
        boto, self._boto = self._boto, None
        if boto is not None:
            boto.close()
        if server is not None:
            server.stop()
        self._storage.close()
        self._policies.documents.clear()
        self._functions.known.clear()

    def __enter__(self) -> "LocalAws":
        return self if self._serving else self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
