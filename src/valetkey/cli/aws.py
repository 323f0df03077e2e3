"""`valetkey aws`: a local AWS that enforces IAM, until it is ended."""

import json
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from valetkey.cli.options import AsJson
from valetkey.cli.output import print_table
from valetkey.errors import ValetkeyError

if TYPE_CHECKING:
    from valetkey.localaws import LocalAws, Seed, Seeded


def aws(
    port: Annotated[
        int, typer.Option(help="The port on 127.0.0.1; 0 takes a free one.", min=0, max=65_535)
    ] = 0,
    seed: Annotated[
        Path | None,
        typer.Option(help="A TOML file of what is there at the start: roles, buckets, tables, …"),
    ] = None,
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Make what the seed says, show it, and end.")
    ] = False,
    as_json: AsJson = False,
    account: Annotated[
        str | None, typer.Option(help="The account's 12 digits.  [default: 111122223333]")
    ] = None,
    region: Annotated[
        str | None, typer.Option(help="The one region it has.  [default: eu-west-1]")
    ] = None,
) -> None:
    """Run a local AWS that really enforces IAM, for any SDK.

    It listens on loopback only and prints its address and the root's keys. Everything it stores
    is gone when it ends, by Ctrl-C or SIGTERM. With --seed it listens once all of the file is
    made, or not at all. With --json the first line is one JSON object.
    """
    if check and seed is None:
        raise ValetkeyError("seed-missing", "`--check` is for a seed", hint="add `--seed FILE`")
    ended = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: ended.set())
    local, content = _local_aws(seed, account=account, region=region)
    try:
        local.bind(port)
        seeded = None if content is None else local.seed(content)
        if check and seeded is not None:
            _show(seeded, as_json=as_json)
            return
        local.start()
        _announce(local, seeded, as_json=as_json)
        ended.wait()
    finally:
        local.stop()


def _local_aws(
    path: Path | None, *, account: str | None, region: str | None
) -> "tuple[LocalAws, Seed | None]":
    """Return a local AWS of the account and region that the options say, or else the seed."""
    try:
        from valetkey.localaws import DEFAULT_ACCOUNT, DEFAULT_REGION, LocalAws, read_seed
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] == "valetkey":
            raise
        raise ValetkeyError(
            "extra-missing",
            f"the local AWS needs `{error.name}`, which is not installed",
            hint="pip install 'valetkey[localaws]'",
        ) from error
    seed = None if path is None else read_seed(path)
    return LocalAws(
        account=account or (seed and seed.tables.account) or DEFAULT_ACCOUNT,
        region=region or (seed and seed.tables.region) or DEFAULT_REGION,
    ), seed


def _announce(local: "LocalAws", seeded: "Seeded | None", *, as_json: bool) -> None:
    found: dict[str, Any] = {
        "endpoint": local.endpoint,
        "region": local.region,
        "account": local.account,
        "access_key_id": local.root_access_key_id,
        "secret_access_key": local.root_secret_access_key,
    }
    if as_json:
        made = {} if seeded is None else {"seed": _document(seeded)}
        print(json.dumps(found | made), flush=True)
        return
    print(
        f"A local AWS is at {found['endpoint']}\n\n"
        f"  export AWS_ENDPOINT_URL={found['endpoint']}\n"
        f"  export AWS_REGION={found['region']}\n"
        f"  export AWS_DEFAULT_REGION={found['region']}\n"
        f"  export AWS_ACCESS_KEY_ID={found['access_key_id']}\n"
        f"  export AWS_SECRET_ACCESS_KEY={found['secret_access_key']}\n"
    )
    if seeded is not None:
        _show(seeded, as_json=False)
        print()
    print(
        f"These are the root's keys of account {found['account']}. "
        "Ctrl-C ends it; nothing is kept.",
        flush=True,
    )


def _show(seeded: "Seeded", *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(_document(seeded)))
        return
    rows = [
        (kind, name, identifier)
        for kind, things in seeded.made.items()
        for name, identifier in things.items()
    ]
    for key in seeded.keys:
        secret = "(the seed's own secret)" if key.given else key.secret.reveal()
        rows.append(("access key", key.user, f"{key.id} {secret}"))
    print_table(("made", "name", "known as"), rows)


def _document(seeded: "Seeded") -> dict[str, Any]:
    """Return what was made, for programs. A secret that the seed gave is not told."""
    keys = [
        {"user": key.user, "access_key_id": key.id}
        | ({} if key.given else {"secret_access_key": key.secret.reveal()})
        for key in seeded.keys
    ]
    return {**{kind: dict(names) for kind, names in seeded.made.items()}, "access_keys": keys}
