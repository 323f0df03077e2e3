"""`valetkey run --grant NAME` without a broker: the use cases in this process, for this account."""

import logging
import os
import sys
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING

from valetkey.cli.output import said_when_slow
from valetkey.errors import ValetkeyError

if TYPE_CHECKING:
    from valetkey.sandbox.supervise import Errand
    from valetkey.secret import Secret
    from valetkey.settings.local import LocalGrant
    from valetkey.wiring.in_process import InProcessBroker

_ASKING = "VALETKEY_ASKING"
_APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
LOG = "valetkey.log"
LOG_BYTES = 256 * 1024
"""Some thousand lines, twice: warnings alone go there."""


def prepare_here(names: list[str], command: tuple[str, ...], *, expires_in: int | None) -> "Errand":
    """Open a run of this account for its grants `names`, and see that AWS gives credentials.

    What AWS refuses, of any of them, is told before the command starts, with AWS's own words.
    Nothing is started.
    """
    from valetkey.cli.run import end_run
    from valetkey.sandbox.process_signals import signals_deferred
    from valetkey.sandbox.run_grant import choose_grant
    from valetkey.sandbox.supervise import Errand
    from valetkey.settings.local import valetkey_home
    from valetkey.wiring.in_process import InProcessBroker
    from valetkey.wiring.own_run import InProcessRun

    home = valetkey_home(os.environ)
    grants = own_grants(names, home)
    log_to_file(home)
    broker = InProcessBroker(grants, home=home)
    if sys.stdin is not None and sys.stdin.isatty():
        broker.allow_prompts()
    try:
        broker.find_credentials()
    except ValetkeyError as error:
        raise with_aws_words(error) from None
    opened = None
    try:
        with signals_deferred(are_kept=True):
            opened = broker.open_run(expires_in=expires_in)
        with said_when_slow("waiting for AWS to answer; Ctrl-C gives up"):
            for each in grants:
                _fetch(broker, each.grant.name, opened.token)
    except BaseException:  # a signal, too: the run must not stay open
        if opened is not None:
            end_run(InProcessRun(broker, opened.token), opened.view.id)
        raise
    chosen = choose_grant(opened.view, names[0])
    source = InProcessRun(broker, opened.token)
    return Errand(opened.view, chosen, source=source, command=command)


def _fetch(broker: "InProcessBroker", name: str, token: "Secret") -> None:
    """See that AWS gives a grant's credentials, which the broker holds then."""
    try:
        broker.fetch(name, token)
    except ValetkeyError as error:
        said = with_aws_words(error)
        message = f"grant `{name}`: {said.message}"
        raise ValetkeyError(said.code, message, hint=said.hint) from None


def own_grants(names: list[str], home: Path) -> "list[LocalGrant]":
    """Return this machine's grants of these names, each once. Raises `grant-unknown`."""
    refuse_to_ask_itself()
    from valetkey.settings.local import local_grant_names, read_local_grants

    known = read_local_grants(home, os.environ, names=names)
    for name in names:
        if name not in known:
            listed = ", ".join(local_grant_names(home))
            raise ValetkeyError(
                "grant-unknown",
                f"this machine has no grant `{name}`",
                hint=(f"it has {listed}; " if listed else "")
                + "`valetkey grant aws NAME --role ARN` makes one",
            )
    return [known[name] for name in dict.fromkeys(names)]


def refuse_to_ask_itself() -> None:
    """Refuse where AWS's own configuration asks us for the credentials that we ask it for.

    A profile may name `valetkey credentials` as its credential_process; a grant that is assumed by
    that profile would start process after process. What AWS's libraries start inherits the mark,
    the command of a run does not.
    """
    own = str(os.getpid())
    if os.environ.setdefault(_ASKING, own) != own:
        raise ValetkeyError(
            "credentials-of-itself",
            "the AWS profile that assumes the role gets its credentials from valetkey itself",
            hint="name a profile with credentials of its own: `valetkey grant aws … --profile`",
        )


def log_to_file(home: Path) -> None:
    """Send warnings, AWS's own words among them, to a file: the terminal is the command's."""
    from valetkey.cli.logs import OperatorFormatter
    from valetkey.settings.grant_file import make_home

    path = home / LOG
    make_home(home)
    handler = _OwnersLog(path, maxBytes=LOG_BYTES, backupCount=1, encoding="utf-8")
    handler.setFormatter(OperatorFormatter())
    logging.raiseExceptions = False  # a full disk must not spill tracebacks into the terminal
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


class _OwnersLog(RotatingFileHandler):
    """A log that its owner alone may read, after a rotation, too."""

    def _open(self) -> TextIOWrapper:
        descriptor = os.open(self.baseFilename, _APPEND, 0o600)
        return os.fdopen(descriptor, "a", encoding=self.encoding)


def with_aws_words(error: ValetkeyError) -> ValetkeyError:
    """Return the error with AWS's own words in its hint: here its reader is the operator too."""
    if error.detail is None:
        return error
    from valetkey.cli.grant_advice import is_of_aws

    said = f"{'AWS said' if is_of_aws(error) else 'details'}: {error.detail}"
    hint = f"{error.hint}; {said}" if error.hint else said
    return ValetkeyError(error.code, error.message, hint=hint)
