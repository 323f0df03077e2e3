"""The issuer's documents as files, for a bucket or a web server: written whole or not at all."""

import asyncio
import json
import shlex
from collections.abc import Iterable
from pathlib import Path

from valetkey.broker.key_proof import unable
from valetkey.broker.own_issuer import OwnIssuer
from valetkey.credentials import SigningKey
from valetkey.credentials.issuer_documents import (
    DISCOVERY,
    KEY_SET,
    MEDIA_TYPE,
    discovery_document,
    key_set_document,
    path_of,
)
from valetkey.errors import ValetkeyError
from valetkey.settings import Settings
from valetkey.settings.values import OwnIssuerSettings
from valetkey.settings.whole_file import put_whole
from valetkey.wiring.keys import issuer_settings, this_account
from valetkey.wiring.own_issuer import UPLOAD_SECONDS

_READABLE = 0o644
"""The documents are public, and who serves them is another account."""


async def publish_keys(
    own: OwnIssuer, settings: Settings, folder: Path, *, now: float
) -> list[str]:
    """Write the documents, note it in the store, and return what to do with them, a line each.

    Raises `issuer-published-by-broker` where nobody would wait for the files, what keeps a key in
    them from signing, and what `write_documents` and the store raise. What could not be noted lets
    no new key sign.
    """
    ring, chosen = own.ring, issuer_settings(settings)
    if not ring.is_static:
        raise ValetkeyError(
            "issuer-published-by-broker",
            "the broker itself publishes the keys, and does not wait for files",
            hint='write `publish = "static"` into `[issuer]` and restart it',
        )
    await ring.keep_up(now=now)
    await ring.prove(now=now)
    for error in await unable(ring.signer, await ring.waiting(now=now)):
        raise error  # it would be published, and take over
    keys = await ring.published(now=now)
    known = [key.kid for key, _ in await ring.keys(now=now)]
    files = await asyncio.to_thread(
        write_documents, folder, settings, chosen, keys=keys, known=known
    )
    await ring.note_published(now=now, by=this_account(), keys=keys)
    return [
        *(f"wrote {file}" for file in files),
        f"copy them to {chosen.url} within {UPLOAD_SECONDS // 60} minutes, the keys first:",
        *upload_lines(files, issuer=chosen.url, cache_time=chosen.schedule.cache_time),
    ]


def write_documents(
    folder: Path,
    settings: Settings,
    own: OwnIssuerSettings,
    *,
    keys: tuple[SigningKey, ...],
    known: Iterable[str],
) -> tuple[Path, Path]:
    """Write key set and discovery document below `folder`, the root of the issuer's host.

    Return where they are. `known` are the ids of all keys of the issuer, withdrawn ones too.
    Raises `key-set-differs` for a folder with another issuer's or another store's documents,
    `keys-none` without a key to publish, and `file-unwritable`.
    """
    if not keys:
        raise ValetkeyError(
            "keys-none",
            "there is no key to publish",
            hint="`valetkey keys list` shows what there is",
        )
    key_set, discovery = (folder / (path_of(own.url) + each)[1:] for each in (KEY_SET, DISCOVERY))
    _check_same_issuer(key_set, discovery, issuer=own.url, known=set(known))
    endpoint = None if settings.public_url is None else f"{settings.public_url}/oauth/token"
    algorithms = [*own.algorithms, *(key.algorithm for key in keys)]
    # The keys first: whoever finds a discovery document finds what it leads to.
    _put(key_set, key_set_document(keys))
    _put(
        discovery,
        discovery_document(own.url, algorithms=algorithms, token_endpoint=endpoint),
    )
    return key_set, discovery


def upload_lines(files: Iterable[Path], *, issuer: str, cache_time: int) -> list[str]:
    """Return the commands that copy the documents to a bucket of AWS S3, the keys first."""
    below = path_of(issuer) + "/.well-known/"
    return [
        f"aws s3 cp {_quoted(file)} s3://BUCKET{below}{file.name} --content-type {MEDIA_TYPE} "
        f'--cache-control "public, max-age={cache_time}"'
        for file in files
    ]


def _quoted(file: Path) -> str:
    """Return a file's name for a shell, and for a program that knows options."""
    name = str(file)
    return shlex.quote(f"./{name}" if name.startswith("-") else name)


def _check_same_issuer(key_set: Path, discovery: Path, *, issuer: str, known: set[str]) -> None:
    """See that what is replaced is older, not somebody else's: tokens that live need its keys."""
    there = _read(discovery)
    if there is not None and there.get("issuer") != issuer:
        raise _differs(f"`{discovery}` is not of the issuer `{issuer}`")
    there = _read(key_set)
    if there is None:
        return
    listed = there.get("keys")
    kids = [k.get("kid") for k in listed if isinstance(k, dict)] if isinstance(listed, list) else []
    if kids and not any(kid in known for kid in kids if isinstance(kid, str)):
        raise _differs(f"`{key_set}` has keys, and this store knows none of them")


def _read(path: Path) -> dict[str, object] | None:
    try:
        if not (path.is_file() or path.is_dir()) and path.exists():
            raise _differs(f"`{path}` is no file")  # to read a FIFO would never end
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ValetkeyError(
            "file-unreadable", f"`{path}` can't be read: {error.strerror}"
        ) from None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise _differs(f"`{path}` is no document of an issuer")
    return found


def _differs(message: str) -> ValetkeyError:
    return ValetkeyError(
        "key-set-differs",
        message,
        hint="name another folder; or, if nobody takes tokens by those keys, move it away",
    )


def _put(path: Path, document: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        put_whole(path, document.decode(), mode=_READABLE)
    except OSError as error:
        raise ValetkeyError(
            "file-unwritable", f"`{path}` can't be written: {error.strerror}"
        ) from None
