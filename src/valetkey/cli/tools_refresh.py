"""`valetkey tools refresh`: what servers say of their tools, compared with the lock, and pinned."""

import asyncio
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import typer

from valetkey.cli.output import DENIED, DONE, FAILED, print_error, print_lines, printable, tell
from valetkey.cli.tools_difference import difference_document, difference_lines
from valetkey.cli.tools_pages import read_page
from valetkey.cli.tools_sources import read_tools
from valetkey.errors import ValetkeyError
from valetkey.sandbox.token_file import read_identity_token
from valetkey.secret import Secret
from valetkey.settings.values import ToolsSettings
from valetkey.settings.whole_file import put_whole
from valetkey.tools import Reach, ToolDefinition, ToolsError, ToolServer
from valetkey.tools.bundle import make_bundle
from valetkey.tools.lock import write_lock
from valetkey.tools.lock_diff import LockDiff, compare
from valetkey.wiring.tools import Fetched, fetch_all


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which servers (none: all), how some are asked, and whether nobody is asked for a yes.

    `bearers` and `pages` are `SERVER=FILE`: a token for the server, and a `tools/list` answer that
    is read in place of asking it.
    """

    servers: tuple[str, ...] = ()
    bearers: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    accept: bool = False


def refresh_tools(config: Path, wanted: Wanted, *, as_json: bool) -> int:
    """Fetch, compare, show and pin; return the exit code.

    2 where there are changes that were not accepted, else 1 where a server did not answer. Raises
    ValetkeyError for servers that are not configured, and a lock that can't be written.
    """
    _, tools = read_tools(config)
    found = _fetched(tools, wanted)
    lock = _next_lock(tools, found)
    difference = compare(tools.source.tools, lock)
    drops = tools.strays if not wanted.servers else ()
    failed = [each for each in found.values() if isinstance(each, ValetkeyError)]
    is_new = bool(difference) or bool(drops) or not (tools.is_pinned or failed)
    if not as_json:
        _show(difference, drops)
    accepted = is_new and (wanted.accept or (not as_json and _is_accepted(difference, drops)))
    if accepted:
        _write(tools, lock)
    if as_json:
        print(json.dumps(_document(difference, drops, found, accepted=accepted), indent=2))
    elif is_new:
        _tell_outcome(tools, lock, accepted=accepted)
    elif len(failed) < len(found) or not found:
        print("nothing has changed" + " at those that answered" * bool(failed))
    for error in failed:
        _tell_error(error)
    if (difference or drops) and not accepted:
        return DENIED
    return FAILED if failed else DONE


def _fetched(tools: ToolsSettings, wanted: Wanted) -> dict[str, Fetched]:
    """Return what each server said, or why it said nothing."""
    known = {server.name: server for server in tools.servers}
    pages = _by_server(wanted.pages, "--from", known)
    bearers = _by_server(wanted.bearers, "--bearer", known)
    for name in wanted.servers:
        _known(name, known)
    chosen = [known[name] for name in wanted.servers] if wanted.servers else list(tools.servers)
    found: dict[str, Fetched] = {
        server.name: read_page(server.name, pages[server.name])
        for server in chosen
        if server.name in pages
    }
    ask = [each for each in chosen if each.name not in found and each.reach is not Reach.NONE]
    for server in chosen:
        if server.reach is Reach.NONE and server.name not in found and wanted.servers:
            raise _unreached(server)
    tokens = {name: Secret(read_identity_token(str(path))) for name, path in bearers.items()}
    return found | asyncio.run(fetch_all(ask, tokens))


def _unreached(server: ToolServer) -> ValetkeyError:
    return ValetkeyError(
        "server-unreached",
        f"server `{server.name}` has neither a `url` nor a `command`: it can't be asked",
        hint=f"`--from {server.name}=FILE` reads what it answers to `tools/list`",
    )


def _by_server(
    texts: tuple[str, ...], option: str, known: Mapping[str, ToolServer]
) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for text in texts:
        name, mark, path = text.partition("=")
        if not mark or not path or name in found:
            raise ValetkeyError("usage", f"{option}: `{text}` is not SERVER=FILE, once a server")
        _known(name, known)
        found[name] = Path(path)
    return found


def _known(name: str, known: Mapping[str, ToolServer]) -> None:
    if name not in known:
        raise ValetkeyError(
            "server-unknown",
            f"there is no server `{name}`",
            hint=f"configured are {', '.join(known)}",
        )


def _next_lock(tools: ToolsSettings, found: Mapping[str, Fetched]) -> tuple[ToolDefinition, ...]:
    """Return the tools that would be pinned: a server that said nothing keeps its own."""
    fresh = {name: each for name, each in found.items() if not isinstance(each, ValetkeyError)}
    kept = [tool for tool in tools.source.tools if tool.server not in fresh]
    return (*kept, *(tool for each in fresh.values() for tool in each))


def _show(difference: LockDiff, drops: tuple[str, ...]) -> None:
    print_lines(difference_lines(difference))
    for name in drops:
        print(f"{printable(name)}: the server is not configured, and leaves the lock")


def _is_accepted(difference: LockDiff, drops: tuple[str, ...]) -> bool:
    """Ask the person at the terminal; nobody there is a no, and nothing to accept a yes."""
    if not (difference or drops):
        return True
    if not (sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()):
        return False
    return typer.confirm("Pin these tools?", default=False)


def _write(tools: ToolsSettings, lock: tuple[ToolDefinition, ...]) -> None:
    try:
        put_whole(tools.lock, write_lock(lock), mode=0o644)
    except OSError as error:
        raise ValetkeyError(
            "file-unwritable", f"`{tools.lock}` can't be written: {error.strerror}"
        ) from None


def _tell_outcome(
    tools: ToolsSettings, lock: tuple[ToolDefinition, ...], *, accepted: bool
) -> None:
    name = printable(str(tools.lock))
    if accepted:
        print(f"wrote {name}: {len(lock)} tool{'s' * (len(lock) != 1)}")
        _tell_policies(tools, lock)
        tell("valetkey: a broker that runs takes it up by `valetkey policy activate` or a restart")
    else:
        tell(f"valetkey: {name} stays as it is: `--accept` pins what is shown")


def _tell_error(error: ValetkeyError) -> None:
    """Say what went wrong with a server, and what it said itself: nobody else logs that here."""
    print_error(error)
    for line in (error.detail or "").splitlines():
        tell(f"  | {printable(line)}")


def _tell_policies(tools: ToolsSettings, lock: tuple[ToolDefinition, ...]) -> None:
    """Say at once where a policy does not fit the tools any more: a broker would not start."""
    try:
        make_bundle(replace(tools.source, tools=lock))
    except ToolsError as error:
        print_error(error)


def _document(
    difference: LockDiff, drops: tuple[str, ...], found: Mapping[str, Fetched], *, accepted: bool
) -> dict[str, object]:
    return {
        "servers": {
            name: {"error": each.code if isinstance(each, ValetkeyError) else None}
            for name, each in found.items()
        },
        **difference_document(difference),
        "dropped": list(drops),
        "accepted": accepted,
    }
