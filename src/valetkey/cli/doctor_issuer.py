"""The doctor's first links: the key that signs, and the documents that AWS reads it from.

OpenID Connect Discovery 1.0 sections 3 and 4; IAM user guide, "Create an OpenID Connect identity
provider", on what AWS wants of both documents.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from valetkey.cli.doctor_step import Outcome, Step, of_error
from valetkey.cli.fetching import fetch
from valetkey.credentials.issuer_documents import DISCOVERY, below
from valetkey.errors import ValetkeyError
from valetkey.identity import StrictJsonError, parse_object
from valetkey.sandbox.address import is_loopback
from valetkey.wiring.doctor import Examination

KEY, DOCUMENTS = "signing key", "issuer's documents"
MOST_KEYS = 100  # of RSA and of EC keys, each
_SERVE = (
    "start the broker where this URL leads, or upload what `valetkey keys publish DIR` writes there"
)
_PUBLISH = "publish the key set anew: `valetkey keys publish DIR`, or restart the broker"


async def issuer_steps(examination: Examination) -> AsyncIterator[Step]:
    """Give what holds of the key and of its issuer's documents."""
    own = examination.own
    if own is None:
        return
    try:
        key = await examination.signing_key()
    except ValetkeyError as error:
        yield of_error(KEY, error)
        kid = None
    else:
        kid = key.kid
        yield Step(KEY, Outcome.HOLDS, f"{key.algorithm.value} key {kid} signs")
    yield _url(own.url)
    try:
        discovery = await _json(below(own.url, DISCOVERY))
        wrong = _wrong_discovery(discovery, own.url)
        if wrong is None:
            key_set = await _json(str(discovery["jwks_uri"]))
    except ValetkeyError as error:
        yield Step(DOCUMENTS, Outcome.BROKEN, f"{error.message} [{error.code}]", _SERVE)
        return
    if wrong is not None:
        yield wrong
        return
    for step in key_set_steps(key_set, kid):
        yield step


def _url(url: str) -> Step:
    parts = urlsplit(url)
    if is_loopback(parts.hostname or ""):
        said = f"`{url}` is this machine's own: only a local AWS reads documents there"
        return Step(DOCUMENTS, Outcome.NOTE, said)
    if parts.scheme != "https" or parts.port is not None or parts.netloc != parts.netloc.lower():
        said = f"`{url}`: AWS wants https, without a port, and the host in lower case"
        return Step(DOCUMENTS, Outcome.BROKEN, said, "choose another `url` in `[issuer]`")
    said = "whether AWS reaches them can't be seen from here; it must, from the public internet"
    return Step(DOCUMENTS, Outcome.NOTE, said)


def _wrong_discovery(discovery: Mapping[str, Any], url: str) -> Step | None:
    if discovery.get("issuer") != url:
        said = f"the discovery document at `{url}` names another issuer: {discovery.get('issuer')}"
        return Step(DOCUMENTS, Outcome.BROKEN, said, _SERVE)
    where = discovery.get("jwks_uri")
    parts = urlsplit(where) if isinstance(where, str) else None
    if parts is None or not (parts.scheme == "https" or is_loopback(parts.hostname or "")):
        said = "the discovery document's `jwks_uri` is no https URL"
        return Step(DOCUMENTS, Outcome.BROKEN, said, _SERVE)
    return None


def key_set_steps(key_set: Mapping[str, Any], kid: str | None) -> list[Step]:
    """Return what AWS would find wrong with a key set; `kid` None: nothing signs."""
    keys = key_set.get("keys")
    if not isinstance(keys, list | tuple) or not all(isinstance(key, Mapping) for key in keys):
        return [Step(DOCUMENTS, Outcome.BROKEN, "the key set has no `keys`", _PUBLISH)]
    wrong = []
    if any(not isinstance(key.get("kid"), str) for key in keys):
        wrong.append("a key has no `kid`")
    if any("key_ops" in key for key in keys):
        wrong.append("a key has `key_ops`, which AWS refuses")
    for kind in ("RSA", "EC"):
        if sum(key.get("kty") == kind for key in keys) > MOST_KEYS:
            wrong.append(f"there are more than {MOST_KEYS} {kind} keys")
    if kid is not None and kid not in [key.get("kid") for key in keys]:
        wrong.append(f"the key that signs, {kid}, is not in it")
    if wrong:
        said = f"the key set: {'; '.join(wrong)}"
        return [Step(DOCUMENTS, Outcome.BROKEN, said, _PUBLISH)]
    said = f"discovery and key set are there, with {len(keys)} key{'s' * (len(keys) != 1)}"
    return [Step(DOCUMENTS, Outcome.HOLDS, said)]


async def _json(url: str) -> Mapping[str, Any]:
    answer = await asyncio.to_thread(fetch, url)
    if answer.status != 200:
        raise ValetkeyError("server-refused", f"`{url}` answers {answer.status}")
    try:
        return parse_object(answer.body)
    except StrictJsonError as error:
        raise ValetkeyError("server-answer-unreadable", f"`{url}`: {error.message}") from None
