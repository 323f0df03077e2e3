"""What the page of one person's machine plays against: an AWS, roles of every kind, `~/.aws`.

Nothing on that page is staged: who is refused is refused by the local AWS, a session that is over
is over by its clock, and what does not answer is a socket that nobody reads.
"""

import hashlib
import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from valetkey.localaws import LocalAws

SEED = Path(__file__).with_name("laptop.toml")
START_URL = "https://example.awsapps.com/start"
SESSION_SECONDS = 900
"""The shortest session that AWS gives."""

_LOGIN = (
    f"sso_start_url = {START_URL}",
    "sso_region = eu-west-1",
    "sso_account_id = 111122223333",
    "sso_role_name = Developer",
)


class _Clock:
    """The local AWS's time: ours, moved."""

    moved = 0.0

    def __call__(self) -> float:
        return time.time() + self.moved


@contextmanager
def persons_machine(home: Path) -> Iterator[None]:
    """Start an AWS and write `~/.aws` below `home`, with a profile for each way to fail.

    `work` has keys, `pasted` a session that AWS calls expired, `portal` an SSO login that is over,
    `empty` nothing, and `away` keys for an AWS that never answers. `new-keys` is what the person
    may paste in place of the expired session.
    """
    clock = _Clock()
    with ExitStack() as open_now:
        aws = open_now.enter_context(LocalAws(clock=clock))
        aws.seed(SEED)
        silent = open_now.enter_context(socket.create_server(("127.0.0.1", 0)))
        clock.moved = -2.0 * SESSION_SECONDS
        over = _keys(aws.session("Developer", DurationSeconds=SESSION_SECONDS))
        clock.moved = 0.0
        keys = _keys(aws.session(user="alex"))
        renewed = _keys(aws.session("Developer"))
        _write(home / ".aws" / "credentials", _profiles(work=keys, away=keys, pasted=over))
        _write(home / "new-keys", _profiles(work=keys, away=keys, pasted=renewed))
        _write(home / ".aws" / "config", _config(aws, silent.getsockname()[1]))
        _write(home / ".aws" / "sso" / "cache" / _login_file(), _login(until=time.time() - 60))
        yield


def _keys(session: Any) -> dict[str, str]:
    """Return a session's credentials as the lines of a profile."""
    found = session.get_credentials().get_frozen_credentials()
    lines = {"aws_access_key_id": found.access_key, "aws_secret_access_key": found.secret_key}
    return lines | ({"aws_session_token": found.token} if found.token else {})


def _profiles(**profiles: dict[str, str]) -> str:
    """Return the credentials file with these profiles."""
    sections = []
    for name, lines in profiles.items():
        sections += [f"[{name}]", *(f"{key} = {value}" for key, value in lines.items())]
    return "\n".join(sections) + "\n"


def _config(aws: LocalAws, silent_port: int) -> str:
    def profile(name: str, url: str, *more: str) -> str:
        lines = [f"[profile {name}]", f"region = {aws.region}", f"endpoint_url = {url}", *more]
        return "\n".join(lines) + "\n\n"

    return (
        "".join(profile(name, aws.endpoint) for name in ("work", "pasted", "empty"))
        + profile("portal", aws.endpoint, *_LOGIN)
        + profile("away", f"http://127.0.0.1:{silent_port}")
    )


def _login_file() -> str:
    """Return the name under which the AWS CLI leaves a login's token."""
    return f"{hashlib.sha1(START_URL.encode(), usedforsecurity=False).hexdigest()}.json"


def _login(*, until: float) -> str:
    expires = datetime.fromtimestamp(until, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return json.dumps({"startUrl": START_URL, "accessToken": "over", "expiresAt": expires})


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
