"""`valetkey audit`: read the log and check that nobody changed it."""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from valetkey.cli.asking import AskBroker, TokenFile
from valetkey.cli.options import DEFAULT_CONFIG, AsJson, Config
from valetkey.cli.output import DENIED, printable
from valetkey.errors import ValetkeyError

if TYPE_CHECKING:
    from valetkey.audit import Broken, Leaf, Verified
    from valetkey.cli.audit_remote import RemoteLog

app = typer.Typer(
    help="Read the audit log, and check that nobody changed it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

StorePath = Annotated[
    Path | None,
    typer.Option("--store", help="The store's file, instead of the configuration's."),
]
OfRun = Annotated[str | None, typer.Option("--run", help="Only what concerns this run.")]


@dataclass(frozen=True, slots=True)
class _Where:
    """Which log: a broker's over HTTP, or the file of the store."""

    config: Path
    store: Path | None
    broker: str | None
    token_file: str | None


FOLLOW_SECONDS = 0.5


@app.command()
def verify(
    config: Config = DEFAULT_CONFIG,
    store: StorePath = None,
    as_json: AsJson = False,
    broker: AskBroker = None,
    token_file: TokenFile = None,
) -> None:
    """Check every leaf of the log against the Merkle root; name the first broken one.

    Exit code 2 when the log is broken. Somebody who can rewrite the whole store can write another
    log that verifies: keep a root outside to know.
    """
    from valetkey.audit import WITHOUT_CHECKPOINT, Verified

    outcome = _verify(_Where(config, store, broker, token_file))
    if isinstance(outcome, Verified):
        size, root = outcome.head.size, outcome.head.root.hex()
        if as_json:
            print(json.dumps({"answer": "verified", "leaves": size, "root": root}))
        else:
            print(f"verified: {size} leaves, root {root}\n{WITHOUT_CHECKPOINT}")
        return
    first, last, fault = outcome.first, outcome.last, outcome.fault.value
    if as_json:
        print(json.dumps({"answer": "broken", "first": first, "last": last, "fault": fault}))
    else:
        where = f"leaf {first}" if first == last else f"a leaf from {first} to {last}"
        print(f"broken: {where}: {fault}")
    raise typer.Exit(DENIED)


@app.command()
def show(
    config: Config = DEFAULT_CONFIG,
    store: StorePath = None,
    *,
    run: OfRun = None,
    as_json: AsJson = False,
    broker: AskBroker = None,
    token_file: TokenFile = None,
) -> None:
    """Print the log from the beginning, a line a record."""
    where = _Where(config, store, broker, token_file)
    _print(_leaves(where, run=run, follow=False), as_json=as_json)


@app.command()
def tail(
    config: Config = DEFAULT_CONFIG,
    store: StorePath = None,
    *,
    run: OfRun = None,
    as_json: AsJson = False,
    broker: AskBroker = None,
    token_file: TokenFile = None,
) -> None:
    """Print the log, and go on as it grows until Ctrl-C."""
    where = _Where(config, store, broker, token_file)
    _print(_leaves(where, run=run, follow=True), as_json=as_json)


def _path(where: _Where) -> Path:
    if where.store is not None:
        return where.store
    from valetkey.settings import read_settings

    return read_settings(where.config).store


def _remote(where: _Where) -> "RemoteLog | None":
    if where.broker is None:
        return None
    if where.store is not None:
        raise ValetkeyError(
            "usage", "a log is a broker's or a file's", hint="drop --broker or --store"
        )
    from valetkey.cli.audit_remote import RemoteLog

    return RemoteLog.at(where.broker, where.token_file)


def _verify(where: _Where) -> "Verified | Broken":
    remote = _remote(where)
    if remote is not None:
        return remote.verify()
    from valetkey.store import LogReader

    with LogReader(_path(where)) as log:
        return log.verify()


def _leaves(where: _Where, *, run: str | None, follow: bool) -> "Iterator[tuple[int, Leaf]]":
    from valetkey.audit import read_leaf

    remote = _remote(where)
    if remote is not None:
        for stored in remote.leaves(run=run, follow=follow):
            yield stored.index, read_leaf(stored.leaf)
        return
    from valetkey.store import LogReader

    with LogReader(_path(where)) as log:
        last = -1
        while True:
            for stored in log.leaves(after=last):
                last = stored.index
                leaf = read_leaf(stored.leaf)
                if run is None or leaf.members.get("run") == run:
                    yield stored.index, leaf
            if not follow:
                return
            time.sleep(FOLLOW_SECONDS)


def _print(leaves: "Iterator[tuple[int, Leaf]]", *, as_json: bool) -> None:
    for index, leaf in leaves:
        if as_json:
            print(json.dumps({"index": index, **leaf.members}, ensure_ascii=True), flush=True)
        else:
            print(line(index, leaf), flush=True)


def line(index: int, leaf: "Leaf") -> str:
    """Return one record as a line for people."""
    instant = datetime.fromtimestamp(leaf.at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    members = "  ".join(
        f"{name}={_shown(value)}"
        for name, value in leaf.members.items()
        if name not in {"at", "kind", "v"}
    )
    return printable(f"{index:>6}  {instant}  {leaf.kind:<24}  {members}")


def _shown(value: object) -> str:
    """Return a value that can't pass for two: what is not one plain word is quoted."""
    if isinstance(value, str) and re.fullmatch(r"[!-<>-~]+", value):
        return value
    return json.dumps(value)
