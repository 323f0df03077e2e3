"""`valetkey keys`: the keys that valetkey as an issuer signs tokens with."""

import asyncio
import json
import os
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from valetkey.cli.asking import AskBroker, TokenFile, ask
from valetkey.cli.options import DEFAULT_CONFIG, AsJson, Config
from valetkey.cli.output import print_table, printable

if TYPE_CHECKING:
    from valetkey.broker.own_issuer import OwnIssuer
    from valetkey.credentials import SigningKey

T = TypeVar("T")
app = typer.Typer(
    help="See, rotate, retire and publish the keys that tokens are signed with.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
_COLUMNS = ("key", "algorithm", "phase", "signs from", "signs until", "published until")
_NEVER = "-"


@app.command()
def secret(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it.")],
) -> None:
    """Write a new secret for `key_encryption`: 32 random bytes, readable by this account alone.

    An existing file is never overwritten. Whoever has it and the store can sign as the issuer.
    """
    import secrets

    from valetkey.credentials.sealing import new_secret
    from valetkey.errors import ValetkeyError

    text = new_secret(secrets.token_bytes).reveal() + "\n"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        raise ValetkeyError(
            "file-exists",
            f"`{path}` exists already",
            hint="keys may be sealed under what is in it; give another path",
        ) from None
    except OSError as error:
        raise ValetkeyError(
            "file-unwritable", f"`{path}` can't be written: {error.strerror}"
        ) from None
    print(f'wrote {printable(str(path))}; in `[issuer]`: key_encryption = "file:{path.name}"')


@app.command(name="list")
def list_keys(
    config: Config = DEFAULT_CONFIG,
    as_json: AsJson = False,
    broker: AskBroker = None,
    token_file: TokenFile = None,
) -> None:
    """List the signing keys, the oldest first, and what each is for now."""
    if broker is not None:
        listed = ask("GET", "/v1/keys", broker=broker, token_file=token_file)["keys"]
    else:
        from valetkey.cli.key_listing import key_rows

        listed = _with_issuer(config, key_rows)
    if as_json:
        print(json.dumps(listed))
        return
    members = ("kid", "algorithm", "phase", "signs_from", "signs_until", "published_until")
    print_table(_COLUMNS, [[row[name] or _NEVER for name in members] for row in listed])


@app.command()
def rotate(
    config: Config = DEFAULT_CONFIG,
    algorithm: Annotated[
        str | None, typer.Option(help="Of the key that is to be followed: ES256 or RS256.")
    ] = None,
    kms_key: Annotated[
        str | None, typer.Option(metavar="ARN", help="Have this key of AWS KMS take over.")
    ] = None,
    broker: AskBroker = None,
    token_file: TokenFile = None,
) -> None:
    """Have another key take over from the one that signs, as soon as every cache has it.

    Nothing is interrupted. A key that waits already is not joined by a second one.
    """
    if broker is not None:
        from valetkey.cli.keys_remote import rotate_there

        rotate_there(broker, token_file, is_plain=algorithm is None and kms_key is None)
        return
    from valetkey.settings.own_issuer import check_kms_key
    from valetkey.wiring.keys import this_account

    if kms_key is not None:
        check_kms_key(kms_key)
    wanted = None if algorithm is None else _algorithm(config, algorithm)

    async def work(own: "OwnIssuer", now: float) -> "SigningKey":
        return await own.ring.rotate(now=now, by=this_account(), algorithm=wanted)

    key = _with_issuer(config, work, kms_key=kms_key)
    if key.signs_from is None:
        print(f"{key.kid} waits to be published: `valetkey keys publish DIR`")
    else:
        from valetkey.web.documents import instant

        print(f"{key.kid} signs from {instant(key.signs_from)}")
    if kms_key is not None:
        print(f'before the broker next starts, write `kms_key = "{kms_key}"` into `[issuer]`')


@app.command()
def retire(
    kid: Annotated[str, typer.Argument(metavar="KEY", help="The key's id.")],
    because: Annotated[str, typer.Option(help="Why; it is recorded.")],
    config: Config = DEFAULT_CONFIG,
    *,
    leave_none: Annotated[
        bool, typer.Option("--leave-none", help="Even if nothing can sign any more.")
    ] = False,
    new_secret: Annotated[
        bool,
        typer.Option(
            "--new-secret",
            help="Every broker is stopped and `key_encryption` a new secret: make no next key.",
        ),
    ] = False,
    broker: AskBroker = None,
    token_file: TokenFile = None,
) -> None:
    """Withdraw a key at once and for good: it is lost, or another has it.

    A second later no broker signs with it. Others believe its tokens until they read the key set
    anew. An id that begins with `-` stands at the end, after `--`.
    """
    if broker is not None:
        from valetkey.cli.keys_remote import retire_there

        is_plain = not (leave_none or new_secret)
        retire_there(broker, token_file, kid, because=because, is_plain=is_plain)
        return
    from valetkey.cli.key_retiring import retire_key, retire_lost_key

    def work(own: "OwnIssuer", now: float) -> Coroutine[Any, Any, list[str]]:
        if new_secret:
            return retire_lost_key(own, kid, because=because, now=now)
        return retire_key(own, kid, because=because, leave_none=leave_none, now=now)

    for line in _with_issuer(config, work):
        print(line)


@app.command()
def publish(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="The root of what the issuer's host serves.")
    ],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Write the issuer's documents, for a bucket or a web server to serve.

    Prints how to copy them to AWS S3. A key that they publish for the first time signs when
    everybody has it.
    """
    from valetkey.cli.key_publishing import publish_keys
    from valetkey.settings import read_settings

    settings = read_settings(config)

    def work(own: "OwnIssuer", now: float) -> Coroutine[Any, Any, list[str]]:
        return publish_keys(own, settings, folder, now=now)

    for line in _with_issuer(config, work):
        print(printable(line))


def _algorithm(config: Path, text: str) -> Any:
    from valetkey.settings import SettingsError, read_settings
    from valetkey.settings.grants import read_algorithm
    from valetkey.wiring.keys import issuer_settings

    wanted = read_algorithm(text, of="--algorithm")
    used = issuer_settings(read_settings(config)).algorithms
    if wanted not in used:
        raise SettingsError(
            "algorithm-unused",
            f"nothing is signed by {text}",
            hint=f"`[issuer]` and its grants name {' and '.join(a.value for a in used)}",
        )
    return wanted


def _with_issuer(
    config: Path,
    work: "Callable[[OwnIssuer, float], Coroutine[Any, Any, T]]",
    *,
    kms_key: str | None = None,
) -> T:
    from valetkey.settings import read_settings
    from valetkey.wiring.keys import issuer_at

    async def run() -> T:
        async with issuer_at(read_settings(config), kms_key=kms_key) as own:
            return await work(own, time.time())

    return asyncio.run(run())
