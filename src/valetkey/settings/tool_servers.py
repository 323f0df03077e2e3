"""What a `[[tools.servers]]` table means: how a server is reached, and what it gets from us."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from valetkey.credentials import Grant, TokenGrant
from valetkey.settings.checks import is_plain
from valetkey.settings.references import seconds
from valetkey.settings.server_secrets import environment_of, headers_of, wrong
from valetkey.settings.shape import ServerTable
from valetkey.tools import Proof, Reach, Surface, ToolServer
from valetkey.tools.server import MAX_SECONDS

REVISIONS = ("2025-11-25", "2026-07-28")
MAX_CALLS = 256
MIN_ANSWER_BYTES, MAX_ANSWER_BYTES = 1024, 64 * 1024 * 1024
_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,31}", re.ASCII)  # as targets of AgentCore have it
_SIGNED = re.compile(r"[a-z0-9-]{1,64}", re.ASCII)  # a service and a region, as SigV4 has them
_AUDIENCE = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)
_OF_HTTP = ("audience", "headers", "service")
_OF_BOTH = ("grant", "region", "revision")
_OF_STDIO = ("environment",)


def tool_server(
    table: ServerTable,
    grants: Iterable[Grant | TokenGrant],
    environ: Mapping[str, str],
    *,
    folder: Path,
) -> ToolServer:
    """Return the server that a table means. Raises SettingsError."""
    if not _NAME.fullmatch(table.name):
        raise wrong(table, "a name is 1 to 32 letters, digits and hyphens, no hyphen first")
    reach = _reach(table)
    signer = _signer(table, tuple(grants))
    if reach is Reach.HTTP:
        _check_url(table)
    return ToolServer(
        name=table.name,
        reach=reach,
        url=table.url,
        command=_command(table, folder),
        environment=environment_of(table, environ, folder),
        proof=_proof(table, reach),
        audience=_audience(table),
        headers=headers_of(table, environ, folder),
        grant=table.grant,
        service=_signed(table, "service", table.service),
        region=_region(table, signer),
        revision=_revision(table),
        opens=_opens(table),
        undeclared_arguments=table.undeclared_arguments,
        seconds=seconds(f"timeout` of `{table.name}", table.timeout, least=1, most=MAX_SECONDS),
        calls=_within(table, "calls", table.calls, 1, MAX_CALLS),
        answer_bytes=_within(
            table, "answer_bytes", table.answer_bytes, MIN_ANSWER_BYTES, MAX_ANSWER_BYTES
        ),
    )


def _reach(table: ServerTable) -> Reach:
    """Return how it is reached, and refuse what has no meaning then: who wrote it relies on it."""
    if table.url is not None and table.command:
        raise wrong(table, "it has a `url` and a `command`", hint="one server is one of them")
    reach = Reach.NONE
    foreign: tuple[str, ...] = (*_OF_HTTP, *_OF_BOTH, *_OF_STDIO, "opens")
    if table.url is not None:
        foreign, reach = _OF_STDIO, Reach.HTTP
    elif table.command:
        foreign, reach = _OF_HTTP, Reach.STDIO
    for name in foreign:
        if getattr(table, name):
            where = {Reach.HTTP: "a `url`", Reach.STDIO: "a `command`"}.get(reach)
            of = f"with {where}" if where else "without a `url` or a `command`"
            raise wrong(table, f"{of}, `{name}` has no meaning")
    return reach


def _check_url(table: ServerTable) -> None:
    try:
        url = urlsplit(table.url or "")
        good = url.scheme in {"http", "https"} and url.hostname and url.port != 0
    except ValueError:
        good = None
    if not good or url.fragment or "@" in url.netloc:
        raise wrong(
            table,
            "its `url` is not an http(s) URL without credentials and fragment",
            hint="what the server asks for goes into `audience`, `headers` or `grant`",
        )
    if is_plain(table.url or ""):
        raise wrong(
            table,
            f"`{shown_url(table.url or '')}` would show calls and credentials to the network",
            hint="use https; plain http is for this machine's loopback address",
        )


def shown_url(url: str) -> str:
    """Return a server's address for people: a query may hold a secret, and is left out."""
    address, mark, _ = url.partition("?")
    return f"{address}{mark and '?…'}"


def _proof(table: ServerTable, reach: Reach) -> Proof:
    """Return what goes to the server in place of the caller's token: exactly one thing."""
    if reach is not Reach.HTTP:
        return Proof.NOTHING
    named = {
        Proof.TOKEN: table.audience is not None,
        Proof.HEADERS: bool(table.headers),
        Proof.SIGV4: table.grant is not None or table.service is not None,
    }
    chosen = [proof for proof, is_named in named.items() if is_named]
    if len(chosen) > 1:
        raise wrong(
            table,
            "of `audience`, `headers` and `grant` with `service` there is one at most",
            hint="a token of ours for that audience, fixed headers, or SigV4 by the run's session",
        )
    if (table.grant is None) != (table.service is None):
        raise wrong(
            table,
            "`grant` and `service` belong together: a session of the run, and what it signs for",
            hint='`service = "bedrock-agentcore"`, for one; `execute-api`, `lambda`',
        )
    return chosen[0] if chosen else Proof.NOTHING


def _signer(table: ServerTable, grants: tuple[Grant | TokenGrant, ...]) -> Grant | None:
    named = {grant.name: grant for grant in grants}
    if table.name.lower() in {name.lower() for name in named}:
        raise wrong(
            table,
            "a grant has this name, too",
            hint="a run is given grants and servers by their names in one list",
        )
    if table.grant is None:
        return None
    found = named.get(table.grant)
    if not isinstance(found, Grant):
        raise wrong(
            table,
            f"`{table.grant}` is no grant of a role",
            hint="`grant` names a `[[grants]]` table with a `role`",
        )
    return found


def _region(table: ServerTable, signer: Grant | None) -> str | None:
    if table.region is not None and signer is None:
        raise wrong(table, "`region` is of a session: without `grant` it has no meaning")
    region = table.region or (None if signer is None else signer.region)
    if table.service is not None and region is None:
        raise wrong(
            table,
            "a signature is for one region, and neither this server nor its grant names it",
            hint='`region = "eu-west-1"`',
        )
    return _signed(table, "region", region)


def _signed(table: ServerTable, key: str, text: str | None) -> str | None:
    if text is not None and not _SIGNED.fullmatch(text):
        raise wrong(table, f"`{key}`: `{text}` is no {key} of AWS")
    return text


def _audience(table: ServerTable) -> str | None:
    if table.audience is not None and not _AUDIENCE.fullmatch(table.audience):
        raise wrong(table, "`audience` is 1 to 255 printable ASCII characters without a blank")
    return table.audience


def _command(table: ServerTable, folder: Path) -> tuple[str, ...]:
    """Return the command; a program with a folder in its name is looked for from this file."""
    if not table.command:
        return ()
    if not table.command[0] or any("\0" in part for part in table.command):
        raise wrong(table, "`command` names no program")
    program, *rest = table.command
    if "/" in program:
        program = str((folder / program).absolute())
    return (program, *rest)


def _revision(table: ServerTable) -> str | None:
    if table.revision is not None and table.revision not in REVISIONS:
        known = " or ".join(f"`{revision}`" for revision in REVISIONS)
        raise wrong(
            table,
            f"`revision` is {known}, not `{table.revision}`",
            hint="leave it out, and the server is asked",
        )
    return table.revision


def _opens(table: ServerTable) -> frozenset[Surface]:
    try:
        return frozenset(Surface(each) for each in table.opens)
    except ValueError:
        known = ", ".join(f"`{each.value}`" for each in Surface)
        raise wrong(table, f"`opens` names of {known}, not `{', '.join(table.opens)}`") from None


def _within(table: ServerTable, key: str, value: int, least: int, most: int) -> int:
    if not least <= value <= most:
        raise wrong(table, f"`{key}` is {least} to {most}, not {value}")
    return value
