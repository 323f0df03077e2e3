"""`valetkey.aws_session`: a `boto3.Session` of this run, inside a Python agent.

boto3 is imported when the first session is made. Nothing is written to the environment, and no
default of boto3 is touched: `boto3.client(...)` beside it stays what it was.
"""

import os
import threading
import time
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from valetkey.errors import ValetkeyError
from valetkey.sandbox.broker_client import BrokerClient
from valetkey.sandbox.errors import SandboxError
from valetkey.sandbox.flights import guard
from valetkey.sandbox.run_credentials import RunCredentials
from valetkey.sandbox.run_grant import RunGrant
from valetkey.sandbox.run_token import FiledRunToken, HeldRunToken, RunToken
from valetkey.sandbox.runs_in_use import RunsInUse, Shared
from valetkey.sandbox.text import is_grant_name, is_header_value, plain
from valetkey.secret import Secret

if TYPE_CHECKING:
    import boto3

_BROKER = "VALETKEY_BROKER"
_TOKEN_FILE = "VALETKEY_RUN_TOKEN_FILE"  # noqa: S105 - where a path is, not a token
_MAX_SESSIONS = 8  # for each thread: another takes 20 ms to make, and each holds its clients


def aws_session(
    grant: str,
    *,
    broker: str | None = None,
    run_token_file: str | bytes | os.PathLike[str] | None = None,
    run_token: str | Secret | None = None,
    region: str | None = None,
) -> "boto3.Session":
    """Return a session for `grant` of this run; its credentials renew themselves.

    The run is that of `run_token` or `run_token_file`, else of VALETKEY_RUN_TOKEN_FILE, at `broker`
    or VALETKEY_BROKER: what `valetkey run -- CMD` sets. Region and endpoint are the grant's;
    `region` wins. Credentials are drawn before it returns; later, once for all threads, a quarter
    of an hour before they end. A thread gets the same session for the same run each time.

    Raises a ValetkeyError where they are not to be had, now or when a request is signed:
    `run-missing`, `boto3-missing`, `grant-name-invalid`, `run-changed`, what is wrong with the
    token's file, or the broker's own code. It never falls back to other credentials.
    """
    make = _session_maker()
    if not is_grant_name(grant):
        raise SandboxError(
            "grant-name-invalid",
            f"`{plain(grant)}` is not the name of a grant",
            hint="name one of the run's grants; `valetkey env` shows the default one",
        )
    token = _run_token(run_token, run_token_file)
    shared = _runs.share(broker if broker is not None else _setting(_BROKER), token, grant=grant)
    shared.credentials.current()
    return _sessions.of(shared, region, make=make)


def _run_token(
    run_token: str | Secret | None, run_token_file: str | bytes | os.PathLike[str] | None
) -> RunToken:
    """Return where the run token is. What was named is never replaced by what was not."""
    if run_token is not None and run_token_file is not None:
        raise SandboxError(
            "run-ambiguous", "a run token and a run token's file were given", hint="name one run"
        )
    if run_token is not None:
        token = run_token if isinstance(run_token, Secret) else Secret(run_token)
        if not is_header_value(token.reveal()):
            raise SandboxError(
                "token-illegal",
                "the run token has characters that no token has",
                hint="give it as it came, without a newline or quotes",
            )
        return HeldRunToken(token)
    path = _setting(_TOKEN_FILE) if run_token_file is None else os.fsdecode(run_token_file)
    return FiledRunToken(_from_anywhere(path))


def _from_anywhere(path: str) -> str:
    """Return `path` so that it names the same file when the program has changed its folder."""
    try:
        return str(Path.cwd() / path) if path else path
    except OSError:
        return path  # the folder is gone, which the reader of the file will find


def _setting(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise SandboxError(
            "run-missing",
            f"there is no run here: {name} is not set",
            hint="start the program with `valetkey run -- …`, or name a broker and a token file",
        )
    return value


def _now() -> float:
    return time.time()


class _Sessions(threading.local):
    """This thread's sessions: boto3's own are not safe in threads, and slow to make."""

    def __init__(self) -> None:
        self._forks = guard.forks
        self._kept: OrderedDict[tuple[Shared, str | None], boto3.Session] = OrderedDict()

    def of(self, shared: Shared, region: str | None, *, make: "_Maker") -> "boto3.Session":
        """Return the session for `shared` and `region`, made if need be."""
        if self._forks != guard.forks:  # a child of a fork makes its own
            self._forks = guard.forks
            self._kept.clear()
        key = (shared, region)
        session = self._kept.pop(key, None)
        if session is None:
            session = make(shared.credentials, shared.access.grant, region=region)
            self._make_room()
        self._kept[key] = session
        return session

    def _make_room(self) -> None:
        for key in [key for key in self._kept if key[0].credentials.is_over()]:
            del self._kept[key]
        while len(self._kept) >= _MAX_SESSIONS:
            self._kept.popitem(last=False)


def _session_maker() -> "_Maker":
    """Return what makes sessions. Raises `boto3-missing`."""
    try:
        from valetkey.sandbox.boto_session import new_session  # noqa: PLC0415 - 0.6 s
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"boto3", "botocore"}:
            raise
        raise ValetkeyError(
            "boto3-missing", "boto3 is not installed", hint="pip install 'valetkey[boto3]'"
        ) from None
    return new_session


class _Maker(Protocol):
    def __call__(
        self, credentials: RunCredentials, grant: RunGrant, *, region: str | None
    ) -> "boto3.Session": ...


_runs = RunsInUse(BrokerClient, clock=_now)
_sessions = _Sessions()
