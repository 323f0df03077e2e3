"""`valetkey run`, the use case: a run, its sidecar, a child that knows no secret of it, the end."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from valetkey.sandbox.child import await_child, hide_memory, start_child
from valetkey.sandbox.environment import Delivery, child_environment
from valetkey.sandbox.hand_outs import HandOuts
from valetkey.sandbox.process_signals import has_terminal, signals_held
from valetkey.sandbox.program import program_words
from valetkey.sandbox.run_grant import RunGrant, RunView
from valetkey.sandbox.run_source import RunSource
from valetkey.sandbox.sdk_files import config_text, process_command
from valetkey.sandbox.sidecar import Sidecar
from valetkey.secret import Secret


@dataclass(frozen=True, slots=True)
class Errand:
    """A command and the run that it works in."""

    run: RunView
    grant: RunGrant
    source: RunSource
    command: tuple[str, ...]


def supervise(errand: Errand, environ: Mapping[str, str]) -> int:
    """Run the errand's command with its run's credentials in reach; return its exit code.

    Afterwards nothing of it is left: no listener, no file. The run is still open.
    Raises `command-not-found`, `command-not-executable`, `path-illegal`, `grant-name-reserved`, or
    what the source's `start` raises; then the command does not go on.
    """
    sidecar_token = Secret(secrets.token_urlsafe(32))
    hand_outs = HandOuts(errand.source.draw)
    with_terminal = has_terminal()
    hide_memory()
    with _folder() as folder, signals_held(with_terminal=with_terminal) as mask:
        run = _with_default_first(errand)
        sidecar = Sidecar(hand_outs.hand_out, run, token=sidecar_token)
        try:
            delivery = _write_files(folder, errand, sidecar, token=sidecar_token)
            known = [sidecar_token, *errand.source.secrets()]
            environment = child_environment(
                environ, delivery, secrets=[secret.reveal() for secret in known]
            )
            # The child first, then the threads: it must not be forked from among them.
            child = start_child(errand.command, environment, mask=mask, with_terminal=with_terminal)
            try:
                errand.source.start()
                sidecar.start()
            except BaseException:
                child.kill()
                child.wait()
                raise
            return await_child(child, with_terminal=with_terminal)
        finally:
            sidecar.close()
            errand.source.close()


def account_files(home: Path) -> list[Path]:
    """Return the account's own AWS files that a child of the same uid could read by itself."""
    names = (".aws/credentials", ".aws/config", ".aws/sso/cache", ".aws/cli/cache", ".boto")
    return [home / name for name in names if os.access(home / name, os.R_OK)]


@contextmanager
def _folder() -> Iterator[Path]:
    """Give a new 0700 folder; it is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="valetkey-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _with_default_first(errand: Errand) -> RunView:
    """Return the run as its command sees it: whoever names no grant there takes the first."""
    others = (grant for grant in errand.run.grants if grant != errand.grant)
    return replace(errand.run, grants=(errand.grant, *others))


def _write_files(folder: Path, errand: Errand, sidecar: Sidecar, *, token: Secret) -> Delivery:
    """Write the sidecar's token and the SDKs' two files, each for the owner alone."""
    token_file = _write(folder / "token", token.reveal())
    program = program_words()
    commands = {
        grant.name: process_command(program, url=sidecar.url_of(grant.name), token_file=token_file)
        for grant in errand.run.grants
    }
    config = config_text(errand.run.grants, errand.grant, commands=commands)
    return Delivery(
        credentials_url=sidecar.url_of(errand.grant.name),
        token_file=token_file,
        config_file=_write(folder / "config", config),
        credentials_file=_write(folder / "credentials", ""),
        region=_region_of_all(errand.run.grants),
        broker_url=sidecar.url,
    )


def _region_of_all(grants: tuple[RunGrant, ...]) -> str | None:
    """Return the one region of all grants; None where they differ.

    The region variables win over every profile's own region, so they are set only where they
    say the same; the default profile names the default grant's region anyway.
    """
    regions = {grant.region for grant in grants}
    return regions.pop() if len(regions) == 1 else None


def _write(path: Path, content: str) -> str:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
    return str(path)
