"""Open the run that `valetkey run` was asked for, or join it."""

import os
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from valetkey.cli.options import DEFAULT_BROKER

if TYPE_CHECKING:
    from valetkey.sandbox.broker_client import BrokerClient
    from valetkey.sandbox.run_grant import OpenedRun, RunView
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
    gateway: bool | None = None

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
    from dataclasses import replace

    from valetkey.sandbox.broker_client import BrokerClient
    from valetkey.sandbox.gateway_door import door_of
    from valetkey.sandbox.run_grant import default_grant
    from valetkey.sandbox.run_source import BrokerRun
    from valetkey.sandbox.run_token import FiledRunToken, HeldRunToken, RunToken
    from valetkey.sandbox.supervise import Errand
    from valetkey.sandbox.token_file import read_identity_token
    from valetkey.secret import Secret

    url = asked.broker or DEFAULT_BROKER
    client = BrokerClient(url)
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
        if view.servers:  # where their gateway is, a run is told alone
            view = describe_or_end(client, opened.token)
    source = BrokerRun(client, token, known_secrets=known)
    grant = default_grant(view, asked.grants)
    if asked.gateway is False:
        view = replace(view, servers=(), mcp_url=None, mcp_resource=None)
    return Errand(
        view,
        grant,
        source=source,
        command=command,
        is_web_identity=asked.deliver is Deliver.web_identity,
        door=door_of(view, url, exchange=source.exchange_token, run_token=token),
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


def describe_or_end(client: "BrokerClient", token: "Secret") -> "RunView":
    """Return the run that was just opened as it sees itself; a run that can't is ended."""
    try:
        return client.describe_run(token)
    except BaseException:
        client.end_run(token)
        raise


def refuse_without_tools(asked: Asked, errand: "Errand") -> None:
    """Refuse to start a command that needs tools in a run that has none."""
    from valetkey.sandbox.errors import SandboxError

    if asked.gateway and errand.run.mcp_url is None:
        raise SandboxError(
            "gateway-not-granted",
            f"run `{errand.run.id}` has no tool servers, and --require-gateway asks for them",
            hint="the broker's configuration names them (`[[tools.servers]]`), and a run has those"
            " that it was opened for: name them with --grant, or name none",
        )


def refuse_what_needs_a_broker(asked: Asked) -> None:
    """Refuse what a run of this account can't have."""
    from valetkey.sandbox.errors import SandboxError

    if asked.gateway:
        raise SandboxError(
            "usage",
            "without a broker there is no tool gateway: --require-gateway needs one",
            hint="name the broker with --broker, or drop --require-gateway",
        )
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
