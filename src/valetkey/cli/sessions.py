"""Who is signed in where: one file a broker in valetkey's home folder, for its owner alone."""

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from valetkey.errors import ValetkeyError
from valetkey.identity import StrictJsonError, parse_object
from valetkey.sandbox.address import parse_address
from valetkey.secret import Secret
from valetkey.settings import valetkey_home
from valetkey.settings.whole_file import put_whole, remove_whole

FOLDER: Final = "sessions"
_MAX_BYTES: Final = 65_536
_LOGIN: Final = "`valetkey login` signs in again"


@dataclass(frozen=True, slots=True)
class Session:
    """A person's token at one broker; `expires_at` is Unix seconds."""

    broker: str
    issuer: str
    subject: str
    expires_at: int
    token: Secret = field(repr=False)

    @property
    def until(self) -> str:
        """`expires_at` for people."""
        return datetime.fromtimestamp(self.expires_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def canonical(broker: str) -> str:
    """Return the one spelling of a broker's URL. Raises as `parse_address` does."""
    address = parse_address(broker)
    scheme = "https" if address.is_tls else "http"
    return f"{scheme}://{address.authority.lower()}{address.path}"


def store_session(session: Session, environ: Mapping[str, str]) -> Path:
    """Write the session (0600, in a folder of 0700); return its file.

    Raises `session-unwritable` or `session-open-to-others`.
    """
    path = _path(session.broker, environ)
    text = json.dumps(
        {
            "broker": session.broker,
            "issuer": session.issuer,
            "subject": session.subject,
            "expires_at": session.expires_at,
            "token": session.token.reveal(),
        }
    )
    try:
        path.parent.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        _check_closed(path.parent, path.parent.lstat())
        put_whole(path, text)
    except OSError as error:
        raise ValetkeyError(
            "session-unwritable", f"`{path}` can't be written: {error.strerror}"
        ) from None
    return path


def read_session(broker: str, environ: Mapping[str, str], *, now: float) -> Session:
    """Return the live session at a broker.

    Raises `session-missing`, `session-expired`, `session-open-to-others` or `session-malformed`,
    each with what to do.
    """
    url = canonical(broker)
    path = _path(url, environ)
    try:
        session = _session(_read(path), url)
    except FileNotFoundError:
        raise ValetkeyError(
            "session-missing",
            f"you are not signed in at `{url}`",
            hint=f"`valetkey login --broker {url}`, or name a token's file by --token-file",
        ) from None
    except (OSError, StrictJsonError):
        raise ValetkeyError(
            "session-malformed", f"`{path}` holds no session", hint=_LOGIN
        ) from None
    if session.expires_at <= now:
        raise ValetkeyError(
            "session-expired", f"your session at `{url}` ended at {session.until}", hint=_LOGIN
        )
    return session


def drop_session(broker: str, environ: Mapping[str, str]) -> bool:
    """Forget the session at a broker, whatever is in its file; say whether there was one."""
    path = _path(canonical(broker), environ)
    try:
        return remove_whole(path)
    except OSError as error:
        raise ValetkeyError(
            "session-unwritable", f"`{path}` can't be removed: {error.strerror}"
        ) from None


def _path(url: str, environ: Mapping[str, str]) -> Path:
    digest = hashlib.sha256(url.encode()).hexdigest()[:32]
    return valetkey_home(environ) / FOLDER / f"{digest}.json"


def _read(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        _check_closed(path, status)
        if not stat.S_ISREG(status.st_mode):
            raise OSError
        return file.read(_MAX_BYTES)


def _check_closed(path: Path, status: os.stat_result) -> None:
    """Others could read the token, or put theirs in its place: their deeds would be ours."""
    if status.st_uid != os.geteuid() or status.st_mode & 0o077:
        raise ValetkeyError(
            "session-open-to-others",
            f"`{path}` is not this account's alone",
            hint=f"chmod go= {path}, or remove it",
        )


def _session(data: bytes, url: str) -> Session:
    members = parse_object(data)
    issuer, subject, token = (members.get(name) for name in ("issuer", "subject", "token"))
    expires_at = members.get("expires_at")
    if (
        members.get("broker") != url
        or not isinstance(issuer, str)
        or not isinstance(subject, str)
        or not (isinstance(token, str) and token)
        or type(expires_at) is not int
    ):
        raise StrictJsonError("json-malformed", "it is no session")
    return Session(url, issuer, subject, expires_at, Secret(token))
