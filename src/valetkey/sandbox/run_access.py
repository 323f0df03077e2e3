"""One grant of one run at one broker, and the token that opens it now.

A run token says which run it is of, so a token that rotates stays the same run's. Any other token
(the sidecar's of `valetkey run`) is its own run. That a token says so proves nothing: `prove` asks
the broker.
"""

from datetime import datetime
from hmac import compare_digest
from typing import Protocol

from valetkey.errors import ValetkeyError
from valetkey.sandbox.document import parse_credentials, problem_in
from valetkey.sandbox.errors import BrokerUnavailableError, RunChangedError
from valetkey.sandbox.run_credentials import Held
from valetkey.sandbox.run_grant import RunGrant, RunView, choose_grant
from valetkey.sandbox.run_token import HeldRunToken, RunToken
from valetkey.secret import Secret

_TOKEN_PREFIX = "vkr"  # noqa: S105 - the published form: vkr_<run id>_<secret>
_ASK_AGAIN = frozenset({"broker-slow", "aws-slow"})  # the answer comes, and it is not for waiting
_TRIES = 3  # as many as the SDKs' container provider makes


class RunBroker(Protocol):
    """What is needed of a broker; `BrokerClient` has it."""

    def describe_run(self, run_token: Secret) -> RunView:
        """Return what the token's run is."""
        ...

    def draw(self, grant: str, run_token: Secret) -> tuple[int, bytes]:
        """Return the status and the body of the grant's credentials."""
        ...


def claimed_run(token: Secret) -> str:
    """Return the run that `token` claims to be of: its id, or the token's digest."""
    prefix, _, rest = token.reveal().partition("_")
    run_id, underscore, _ = rest.partition("_")
    if prefix == _TOKEN_PREFIX and run_id and underscore:
        return run_id
    return f"sha256:{token.digest().hex()}"


class RunAccess:
    """A grant's credentials at the broker, as long as the token is of the run that it began with.

    Make it by `prove`.
    """

    def __init__(
        self, broker: RunBroker, token: RunToken, *, run: str, grant: RunGrant, proven: bytes
    ) -> None:
        self._broker = broker
        self._token = token
        self._run = run
        self.grant = grant
        self._proven = proven

    def knows(self, token: Secret) -> bool:
        """Say in constant time whether the broker took just this token at its last answer."""
        return compare_digest(self._proven, token.digest())

    def adopt(self, other: "RunAccess") -> None:
        """Go on with the token of `other`, which is proven and of the same run.

        A file is kept: whoever rotates the token writes it there.
        """
        self._proven = other._proven
        if isinstance(self._token, HeldRunToken) or not isinstance(other._token, HeldRunToken):
            self._token = other._token

    def draw(self, now: float) -> Held:
        """Draw credentials at the instant `now`.

        Raises `run-changed` where the token is another run's by now, what the token's file is
        wrong about, or the broker's error.
        """
        token = self._token.current()
        if claimed_run(token) != self._run:
            raise RunChangedError(
                "run-changed",
                "the run token is another run's than the one that this session was made for",
                hint="call aws_session again, for the run of now",
            )
        members = self._ask(token)
        self._proven = token.digest()
        return Held(
            members["AccessKeyId"],
            Secret(members["SecretAccessKey"]),
            session_token=Secret(members["Token"]),
            account_id=members.get("AccountId"),
            expiration=_instant(members["Expiration"]),
            drawn_at=now,
        )

    def _ask(self, token: Secret) -> dict[str, str]:
        """Return the members of the broker's answer; ask again where it asks for that."""
        tries = _TRIES
        while True:
            tries -= 1
            status, body = self._broker.draw(self.grant.name, token)
            if status == 200:
                return parse_credentials(body)
            error: ValetkeyError = problem_in(status, body)
            if error.code not in _ASK_AGAIN or not tries:
                raise error


def prove(broker: RunBroker, token: RunToken, *, shown: Secret, grant: str) -> RunAccess:
    """Return the access that `shown`, the present text of `token`, opens.

    Raises the broker's error where it does not take the token, `grant-unknown`, or `run-changed`
    where the token is not of the run that it claims.
    """
    view = broker.describe_run(shown)
    run = claimed_run(shown)
    if not run.startswith("sha256:") and run != view.id:
        raise RunChangedError(
            "run-changed",
            "the broker says that the run token is another run's than the token says",
            hint="is this address a broker?",
        )
    chosen = choose_grant(view, grant)
    return RunAccess(broker, token, run=run, grant=chosen, proven=shown.digest())


def _instant(text: str) -> float:
    """Return the Unix seconds of an RFC 3339 instant. Raises `broker-answer-unreadable`."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise BrokerUnavailableError(
            "broker-answer-unreadable",
            "the credentials' expiration is not an instant",
            hint="is this address a broker?",
        )
    return instant.timestamp()
