"""`valetkey serve`: the broker as a process."""

import asyncio
import contextlib
import gc
import json
import logging
import os
import resource
import signal
import socket
from typing import TYPE_CHECKING, Annotated

import typer

from valetkey.cli.options import DEFAULT_CONFIG, AsJson, Config

if TYPE_CHECKING:
    from valetkey.settings import Settings

MAX_CONNECTIONS = 4_096
"""What the gateway may have under way leaves a quarter of them (gateway/limits.py)."""


def serve(
    config: Config = DEFAULT_CONFIG,
    as_json: AsJson = False,
    log_level: Annotated[
        str, typer.Option(help="How much the operator's log says: debug, info, warning or error.")
    ] = "info",
) -> None:
    """Run the broker: open runs, hand out credentials, keep the audit log.

    The first line on standard output says where it listens; the operator's log goes to standard
    error. SIGTERM and Ctrl-C end it after the requests under way, in ten seconds at most.
    """
    import uvloop

    from valetkey.settings import read_settings

    _log_to_stderr(log_level)
    settings = read_settings(config)
    _raise_open_files()
    _warn(settings)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, as_json=as_json))


async def _serve(settings: "Settings", *, as_json: bool) -> None:
    import uvicorn

    from valetkey.web.bounded import BoundedProtocol
    from valetkey.wiring.serving import running

    listener = _listen(settings)
    host, port = listener.getsockname()[:2]
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    stopping = asyncio.Event()
    async with running(settings, url=url, stopping=stopping) as app:
        _spare_what_stays()
        config = uvicorn.Config(
            app,
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,  # nobody's word for who calls is taken, and nothing here asks
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=10,
            http=BoundedProtocol,
            limit_concurrency=MAX_CONNECTIONS,
        )
        server = uvicorn.Server(config)
        # uvicorn would raise the signal again after its own end, and the store would not be closed.
        server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]

        def stop() -> None:
            server.should_exit = True
            stopping.set()  # streams would last as long as uvicorn waits

        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop)
        if as_json:
            print(json.dumps({"url": url, "pid": os.getpid()}), flush=True)
        else:
            print(f"valetkey listens at {url}", flush=True)
        await server.serve(sockets=[listener])


def _spare_what_stays() -> None:
    """Leave out of collections what lives as long as the server: 1,000 policies take 0.1 s each."""
    gc.freeze()
    gc.set_threshold(10_000)


def _listen(settings: "Settings") -> socket.socket:
    from valetkey.settings import SettingsError

    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(2_048)
    except OSError as error:
        listener.close()
        raise SettingsError(
            "listen",
            f"can't listen at {settings.host}:{settings.port}: {error.strerror or error}",
            hint="another process may listen there; choose another `listen`",
        ) from None
    return listener


def _raise_open_files() -> None:
    """Take what the system allows: 1024, a common soft limit, is fewer than a day's agents."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _warn(settings: "Settings") -> None:
    from valetkey.credentials import GrantSource
    from valetkey.settings.checks import is_plain

    loopback = settings.host in {"localhost", "::1"} or settings.host.startswith("127.")
    if not loopback and not (settings.public_url or "").startswith("https:"):
        logging.getLogger("valetkey").warning(
            "run tokens will cross the network in the clear: put TLS in front and set public_url",
            extra={"listen": settings.host},
        )
    by_keys = [each for each in settings.grants if each.source is GrantSource.ASSUME_ROLE]
    asked_at = {settings.aws.endpoint_url, *(each.endpoint_url for each in by_keys)} - {None}
    if by_keys and any(is_plain(str(address)) for address in asked_at):
        logging.getLogger("valetkey").warning(
            "credentials will cross the network in the clear: `endpoint_url` is plain http"
        )


def _log_to_stderr(level: str) -> None:
    from valetkey.cli.logs import OperatorFormatter
    from valetkey.settings import SettingsError

    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise SettingsError("log-level", f"`{level}` is not debug, info, warning or error")
    stream = logging.StreamHandler()
    stream.setFormatter(OperatorFormatter())
    # Only our own lines get the chosen level: botocore's debug lines hold whole STS answers.
    logging.basicConfig(level=logging.WARNING, handlers=[stream])
    logging.getLogger("valetkey").setLevel(number)
