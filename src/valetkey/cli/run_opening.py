"""Open the run that `valetkey run` was asked for, or join it."""

import os
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from valetkey.cli.options import DEFAULT_BROKER

if TYPE_CHECKING:
    from valetkey.sandbox.broker_client import BrokerClient
    from valetkey.sandbox.run_grant import OpenedRun
    from valetkey.sandbox.supervise import Errand
    from valetkey.secret import Secret

STANDARD_INPUT = "-"


class Deliver(Enum):
    """Which way leads the command's SDKs to credentials."""

    container = "container"
    web_identity = "web-identity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The command line, as it was written. None and empty: not given."""

    broker: str | None
    actor_token_file: str | None
    subject_token_file: str | None
    run_token_file: str | None
    attributes: dict[str, str]
    grants: list[str]
    expires_in: int | None
    deliver: Deliver

    @property
    def is_without_broker(self) -> bool:
        """Say whether a grant of this machine is meant: nothing leads to a broker."""
        return bool(self.grants) and not self.ways_to_a_broker

    @property
    def ways_to_a_broker(self) -> list[str]:
        """Name what was given that leads to a broker."""
        given = {
            "--broker (VALETKEY_BROKER)": self.broker,
            "--actor-token-file (VALETKEY_ACTOR_TOKEN_FILE)": self.actor_token_file,
            "--subject-token-file (VALETKEY_SUBJECT_TOKEN_FILE)": self.subject_token_file,
            "--run-token-file (VALETKEY_RUN_TOKEN_FILE)": self.run_token_file,
            "--attribute": self.attributes,
        }
        return [name for name, value in given.items() if value]


def prepare(asked: Asked, command: tuple[str, ...]) -> "Errand":
    """Open the run that was asked for, or join it; nothing is started yet."""
    from valetkey.sandbox.broker_client import BrokerClient
    from valetkey.sandbox.run_grant import default_grant
    from valetkey.sandbox.run_source import BrokerRun
    from valetkey.sandbox.run_token import FiledRunToken, HeldRunToken, RunToken
    from valetkey.sandbox.supervise import Errand
    from valetkey.sandbox.token_file import read_identity_token
    from valetkey.secret import Secret

    client = BrokerClient(asked.broker or DEFAULT_BROKER)
    known: tuple[Secret, ...] = ()
    token: RunToken
    if asked.run_token_file is not None:
        _refuse_to_open_and_join(asked)
        if asked.run_token_file == STANDARD_INPUT:
            token = HeldRunToken(Secret(read_identity_token(STANDARD_INPUT)))
        else:
            token = FiledRunToken(asked.run_token_file)
        view = client.describe_run(token.current())
    else:
        opened, known = _open(client, asked)
        view, token = opened.view, HeldRunToken(opened.token)
    return Errand(
        view,
        default_grant(view, asked.grants),
        source=BrokerRun(client, token, known_secrets=known),
        command=command,
        is_web_identity=asked.deliver is Deliver.web_identity,
    )


def _open(client: "BrokerClient", asked: Asked) -> "tuple[OpenedRun, tuple[Secret, ...]]":
    from valetkey.sandbox.broker_client import RunRequest
    from valetkey.sandbox.errors import SandboxError
    from valetkey.sandbox.token_file import read_identity_token
    from valetkey.secret import Secret

    if asked.actor_token_file is None or asked.subject_token_file is None:
        missing = "actor" if asked.actor_token_file is None else "subject"
        without = f"name a grant of this machine with --grant{_listed_here()}"
        if asked.grants:
            without = f"drop {' and '.join(asked.ways_to_a_broker)}"
        raise SandboxError(
            f"{missing}-token-missing",
            f"no run can be opened without the {missing}'s token",
            hint=f"name its file with --{missing}-token-file, or join a run by --run-token-file; "
            f"to work without a broker, {without}",
        )
    if asked.actor_token_file == STANDARD_INPUT == asked.subject_token_file:
        raise SandboxError(
            "usage", "only one of the two tokens can come on standard input", hint="use a file"
        )
    actor = Secret(read_identity_token(asked.actor_token_file))
    subject = Secret(read_identity_token(asked.subject_token_file))
    request = RunRequest(
        subject, asked.attributes, grants=asked.grants, expires_in=asked.expires_in
    )
    return client.open_run(request, actor), (actor, subject)


def _listed_here() -> str:
    from valetkey.settings.local import local_grant_names, valetkey_home

    names = local_grant_names(valetkey_home(os.environ))
    return f": it has {', '.join(names)}" if names else ""


def refuse_web_identity_here(asked: Asked) -> None:
    from valetkey.sandbox.errors import SandboxError

    if asked.deliver is Deliver.web_identity:
        raise SandboxError(
            "usage",
            "without a broker there is nobody who signs a token: --deliver web-identity needs one",
            hint="name the broker with --broker, or drop --deliver",
        )


def _refuse_to_open_and_join(asked: Asked) -> None:
    from valetkey.sandbox.errors import SandboxError

    if asked.actor_token_file or asked.subject_token_file or asked.attributes or asked.expires_in:
        raise SandboxError(
            "usage",
            "a run is either opened or joined: a run token and the means to open one were given",
            hint="drop --run-token-file (VALETKEY_RUN_TOKEN_FILE) or the others",
        )
