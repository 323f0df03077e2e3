"""One grant of one run at one broker, and the token that opens it now.

A run token says which run it is of, so a token that rotates stays the same run's. Any other token
(the sidecar's of `valetkey run`) is its own run. That a token says so proves nothing: `prove` asks
the broker.
"""

from collections.abc import Iterator
from datetime import datetime
from hmac import compare_digest
from typing import Protocol

from valetkey.errors import ValetkeyError
from valetkey.sandbox.document import parse_usable_credentials, problem_in
from valetkey.sandbox.errors import (
    BrokerUnavailableError,
    RunChangedError,
    SandboxError,
    TokenRefusedError,
)
from valetkey.sandbox.flights import guard
from valetkey.sandbox.run_credentials import Held
from valetkey.sandbox.run_grant import RunGrant, RunView, choose_grant
from valetkey.sandbox.run_token import HeldRunToken, RunToken
from valetkey.secret import Secret

_TOKEN_PREFIX = "vkr"  # noqa: S105 - the published form: vkr_<run id>_<secret>
_ASK_AGAIN = frozenset({"broker-slow", "aws-slow"})  # the answer comes, and it is not for waiting
_TRIES = 3  # as many as the SDKs' container provider makes
MAX_TOKENS = 8
"""A worker with a folder for each job names one run's token by many paths; most are soon gone."""


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
    """A grant's credentials at the broker, as long as a token is of the run that it began with.

    Whoever asked for them named a file or a token; one that goes away does not take the others
    along. Make it by `prove`.
    """

    def __init__(
        self, broker: RunBroker, token: RunToken, *, run: str, grant: RunGrant, proven: bytes
    ) -> None:
        self._broker = broker
        self._tokens: tuple[RunToken, ...] = (token,)  # the last that was named is the first
        self._run = run
        self.grant = grant
        self._proven = proven

    def knows(self, token: Secret) -> bool:
        """Say in constant time whether the broker took just this token at its last answer."""
        return compare_digest(self._proven, token.digest())

    def add(self, token: RunToken) -> bool:
        """Try `token` first from now on, which is proven; say whether it was not known before."""
        others = tuple(each for each in self._tokens if not each.is_same(token))
        is_new = len(others) == len(self._tokens)
        self._tokens = (token, *others)[:MAX_TOKENS]
        return is_new

    def adopt(self, other: "RunAccess") -> bool:
        """Go on with the token of `other`, too, as `add` does; it is proven and of this run."""
        self._proven = other._proven
        return self.add(other._tokens[0])

    def draw(self, now: float) -> Held:
        """Draw credentials at the instant `now`, with the first token that the broker takes.

        Where it takes none, raises its 401, else what is wrong with the last one that was named:
        its file, or `run-changed` where it is another run's by now. Any other error of the broker
        is raised at once.
        """
        wrong: list[SandboxError] = []
        refused: list[RunToken] = []
        for each, token in self._candidates(wrong):
            try:
                members = self._ask(token)
            except TokenRefusedError as error:
                wrong.append(error)
                refused.append(each)
            else:
                self._proven = token.digest()
                self._forget(refused)
                return _held(members, now)
        raise next((each for each in wrong if isinstance(each, TokenRefusedError)), wrong[0])

    def _forget(self, refused: list[RunToken]) -> None:
        """Drop those that will never be good again: the broker records each refusal."""
        stale = [each for each in refused if isinstance(each, HeldRunToken)]  # a file may change
        with guard.lock:
            self._tokens = tuple(each for each in self._tokens if each not in stale)

    def _candidates(self, wrong: list[SandboxError]) -> Iterator[tuple[RunToken, Secret]]:
        """Yield the run's tokens, each text once; add to `wrong` why one is not there."""
        seen: list[Secret] = []
        for each in self._tokens:
            try:
                token = each.current()
            except SandboxError as error:
                wrong.append(error)
                continue
            if claimed_run(token) != self._run:
                wrong.append(_changed())
            elif token not in seen:
                seen.append(token)
                yield each, token

    def _ask(self, token: Secret) -> dict[str, str]:
        """Return the members of the broker's answer; ask again where it asks for that."""
        tries = _TRIES
        while True:
            tries -= 1
            status, body = self._broker.draw(self.grant.name, token)
            if status == 200:
                return parse_usable_credentials(body)
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


def _held(members: dict[str, str], now: float) -> Held:
    return Held(
        members["AccessKeyId"],
        Secret(members["SecretAccessKey"]),
        session_token=Secret(members["Token"]),
        account_id=members.get("AccountId"),
        expiration=_instant(members["Expiration"]),
        drawn_at=now,
    )


def _changed() -> RunChangedError:
    return RunChangedError(
        "run-changed",
        "the run token is another run's than the one that this session was made for",
        hint="call aws_session again, for the run of now",
    )


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
