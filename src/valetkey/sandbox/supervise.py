"""`valetkey run`, the use case: a run, its sidecar, a child that knows no secret of it, the end."""

import os
import secrets
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from valetkey.sandbox.child import await_child, hide_memory, start_child
from valetkey.sandbox.environment import Delivery, WebIdentity, child_environment
from valetkey.sandbox.gateway_door import GatewayDoor
from valetkey.sandbox.hand_outs import HandOuts
from valetkey.sandbox.mcp_config import mcp_config
from valetkey.sandbox.process_signals import has_terminal, signals_held
from valetkey.sandbox.program import program_words
from valetkey.sandbox.run_grant import RunGrant, RunView
from valetkey.sandbox.run_source import RunSource
from valetkey.sandbox.sdk_files import config_text, process_command
from valetkey.sandbox.sidecar import Sidecar
from valetkey.sandbox.web_identity import kept_token, web_identity
from valetkey.secret import Secret


@dataclass(frozen=True, slots=True)
class Errand:
    """A command and the run that it works in.

    `grant` is the default one, None in a run without an AWS role. `is_web_identity`: the command's
    SDKs call STS for it themselves. `door` leads to the broker's gateway, None without a broker.
    """

    run: RunView
    grant: RunGrant | None
    source: RunSource
    command: tuple[str, ...]
    is_web_identity: bool = False
    door: GatewayDoor | None = None


def supervise(errand: Errand, environ: Mapping[str, str]) -> int:
    """Run the errand's command with its run's credentials in reach; return its exit code.

    Afterwards nothing of it is left: no listener, no file. The run is still open.
    Raises `command-not-found`, `command-not-executable`, `path-illegal`, `grant-name-reserved`,
    `web-identity-not-granted`, what the door's `check` or the source raises; then the command does
    not go on. An agent whose tools are not there would go on without them.
    """
    if errand.door is not None and errand.run.mcp_url is not None:
        errand.door.check()
    sidecar_token = Secret(secrets.token_urlsafe(32))
    hand_outs = HandOuts(errand.source.draw)
    with_terminal = has_terminal()
    hide_memory()
    with (
        _folder() as folder,
        _token_for_sts(folder, errand) as keep_token,
        signals_held(with_terminal=with_terminal) as mask,
    ):
        run = _with_default_first(errand)
        sidecar = Sidecar(
            hand_outs.hand_out,
            run,
            token=sidecar_token,
            exchange=errand.source.exchange_token,
            door=errand.door,
        )
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
                keep_token()
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


@contextmanager
def _token_for_sts(folder: Path, errand: Errand) -> Iterator[Callable[[], None]]:
    """Give the file with the token for STS, if the errand wants one; it is gone afterwards.

    What is given keeps the file renewed from then on, in a thread.
    """
    wanted = _web_identity(folder, errand)
    if wanted is None or errand.grant is None:
        yield lambda: None
        return
    kept = kept_token(errand.source, errand.grant.name, Path(wanted.token_file))
    kept.write()
    over = threading.Event()
    try:
        yield threading.Thread(target=kept.keep, args=(over,), daemon=True).start
    finally:
        over.set()
        kept.remove()


def _web_identity(folder: Path, errand: Errand) -> WebIdentity | None:
    if not errand.is_web_identity:
        return None
    token_file = str(folder / "web-identity-token")
    return web_identity(errand.run, errand.grant, token_file=token_file)


def _with_default_first(errand: Errand) -> RunView:
    """Return the run as its command sees it: whoever names no grant there takes the first."""
    if errand.grant is None:
        return errand.run
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
    has_tools = errand.run.mcp_url is not None
    grant, config = errand.grant, ""
    if grant is not None:
        config = config_text(errand.run.grants, grant, commands=commands)
    return Delivery(
        credentials_url=None if grant is None else sidecar.url_of(grant.name),
        token_file=token_file,
        config_file=_write(folder / "config", config),
        credentials_file=_write(folder / "credentials", ""),
        region=_region_of_all(errand.run.grants),
        broker_url=sidecar.url,
        web_identity=_web_identity(folder, errand),
        mcp_url=sidecar.mcp_url if has_tools else None,
        mcp_config=_write(folder / "mcp.json", mcp_config(sidecar.mcp_url, token))
        if has_tools
        else None,
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
