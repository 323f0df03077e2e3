"""What an issuer publishes, over HTTP: its discovery document, then its keys. Nothing is cached.

OpenID Connect Discovery 1.0 §4. https, and plain http where the issuer is on loopback itself. No
redirect is followed, no proxy asked, nothing is decompressed, and it ends in time.
"""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import SplitResult, urlsplit

from valetkey.localaws.faults import AwsError
from valetkey.localaws.oidc_urls import is_loopback, is_provider_url
from valetkey.localaws.strict_json import read_json
from valetkey.localaws.web_identity_keys import no_verification_key

SECONDS = 5.0  # for one document; STS gives an issuer as long
MAX_DISCOVERY = 64 * 1024  # bytes; real ones have 2 to 6 kB
MAX_KEY_SET = 256 * 1024  # bytes; 200 RSA keys with certificates stay below
_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "Connection": "close",
    "User-Agent": "valetkey-localaws",
}


def fetch_key_set(issuer: str) -> bytes:
    """Return the JWK Set that the issuer's discovery document names.

    `issuer` is the URL of a registered provider. Raises AwsError IDPCommunicationError where it
    can't be reached in time, InvalidIdentityToken where what it publishes is not to be believed.
    """
    if not is_provider_url(issuer):
        raise no_verification_key()
    where = issuer.rstrip("/") + "/.well-known/openid-configuration"
    try:
        found = read_json(fetch(where, limit=MAX_DISCOVERY))
    except AwsError as error:
        raise (no_verification_key() if error.code == "SerializationException" else error) from None
    keys_at = found.get("jwks_uri")
    if found.get("issuer") != issuer or not isinstance(keys_at, str):  # Discovery 1.0 §4.3
        raise no_verification_key()
    if urlsplit(issuer).scheme == "https" and not keys_at.startswith("https://"):
        raise no_verification_key()
    return fetch(keys_at, limit=MAX_KEY_SET)


def fetch(address: str, *, limit: int) -> bytes:
    """Return the body at `address`: of status 200, uncompressed, at most `limit` bytes.

    Raises AwsError as `fetch_key_set` does.
    """
    connection = _connection(address)
    url = urlsplit(address)
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    ends = time.monotonic() + SECONDS
    try:
        connection.connect()
        with _cutting(connection.sock, ends - time.monotonic()):
            connection.request("GET", target, headers=_HEADERS)
            with connection.getresponse() as answer:
                if answer.status >= 500:
                    raise _unreachable()
                encoded = answer.headers.get("Content-Encoding", "identity") != "identity"
                body = b"" if answer.status != 200 or encoded else answer.read(limit + 1)
    except (OSError, http.client.HTTPException, ValueError):
        raise _unreachable() from None
    finally:
        connection.close()
    if not 0 < len(body) <= limit:
        raise no_verification_key()
    return body


def _connection(address: str) -> http.client.HTTPConnection:
    try:
        url: SplitResult = urlsplit(address)
        host, port = url.hostname or "", url.port
    except ValueError:
        raise no_verification_key() from None
    plain = url.scheme == "http" and is_loopback(host)
    if not host or not (plain or url.scheme == "https") or "@" in url.netloc:
        raise no_verification_key()
    if not address.isascii() or not address.isprintable() or " " in address:
        raise no_verification_key()
    if plain:
        return http.client.HTTPConnection(host, port, timeout=SECONDS)
    trusted = ssl.create_default_context()
    return http.client.HTTPSConnection(host, port, timeout=SECONDS, context=trusted)


@contextmanager
def _cutting(made: socket.socket, seconds: float) -> Iterator[None]:
    """End a connection whose peer takes its time: who waits for it gets an error.

    The socket itself is held: http.client forgets it once an answer says that it closes.
    """
    late = threading.Event()

    def cut() -> None:
        late.set()
        with suppress(OSError):
            made.shutdown(socket.SHUT_RDWR)

    watch = threading.Timer(seconds, cut)
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()
    if late.is_set():  # what was read then may be half of it
        raise _unreachable()


def _unreachable() -> AwsError:
    message = "The identity provider could not be reached to verify the token."
    return AwsError("IDPCommunicationError", message, status=400)
