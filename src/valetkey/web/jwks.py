"""Issuers' public keys over HTTP, with a cache. It decides nothing: `identity.verify` does.

OpenID Connect Discovery 1.0 §4. Whoever sends tokens can make us ask an issuer, so how often, how
long and how much is bounded here and not by the sender.
"""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import aiohttp
from yarl import URL

from valetkey.identity import (
    MAX_DOCUMENT,
    IdentityError,
    Issuer,
    KeySet,
    KeySetError,
    KeySourceError,
    StrictJsonError,
    jwks_url,
    parse_object,
)

TTL = 600.0  # seconds; how long a key that its issuer withdrew may still be believed
MAX_AGE = 86_400.0  # seconds; the same while the issuer cannot be asked
TIME_LIMIT = 5.0  # seconds for discovery and keys together; a caller is waiting
REFETCH_PAUSE = 30.0  # seconds between two attempts that a caller can provoke
FIRST_PAUSE = 2.0  # the same before the first success: nothing works until then

_WELL_KNOWN = "/.well-known/openid-configuration"
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "valetkey"}


@dataclass(slots=True)
class _Entry:
    keys: KeySet | None = None
    fetched_at: float = 0.0
    tried_at: float | None = None
    failure: KeySourceError | None = None
    flight: asyncio.Task[None] | None = None


class JwksSource:
    """The keys of issuers, fetched when needed; owns its connections, `close` ends them.

    `clock` counts seconds; keys are fresh for `ttl` of them. While an issuer cannot be asked its
    last keys are served until they are `MAX_AGE` old. `tls` replaces the default trust store.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        ttl: float = TTL,
        time_limit: float = TIME_LIMIT,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._clock = clock
        self._ttl = ttl
        self._time_limit = time_limit
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None
        self._entries: dict[tuple[object, ...], _Entry] = {}

    async def keys(self, issuer: Issuer, kid: str | None) -> KeySet:
        """Return the issuer's keys; asks again, once in `REFETCH_PAUSE`, if they lack `kid`.

        Concurrent callers share one request, which goes on if they hang up. Raises KeySourceError
        `issuer-unreachable` or `issuer-documents-invalid` if there are no keys that may be served.
        """
        entry = self._entries.setdefault(_cache_key(issuer), _Entry())
        now = self._clock()
        if entry.keys is not None and self._is_fresh(entry, now) and _has(entry.keys, kid):
            return entry.keys
        if entry.flight is None and self._may_ask(entry, now):
            entry.tried_at = now
            entry.flight = asyncio.create_task(self._refresh(entry, issuer))
        if entry.flight is not None:
            await asyncio.shield(entry.flight)
        if entry.keys is not None and abs(self._clock() - entry.fetched_at) < MAX_AGE:
            return entry.keys
        raise entry.failure or _unreachable(issuer, "no attempt was made")

    async def close(self) -> None:
        """End every request and connection; callers that wait are cancelled."""
        flights = [entry.flight for entry in self._entries.values() if entry.flight is not None]
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)
        self._entries.clear()
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()

    def _is_fresh(self, entry: _Entry, now: float) -> bool:
        return 0 <= now - entry.fetched_at < self._ttl

    def _may_ask(self, entry: _Entry, now: float) -> bool:
        if entry.tried_at is None:
            return True
        if entry.failure is None and not self._is_fresh(entry, now):
            return True
        pause = FIRST_PAUSE if entry.keys is None else REFETCH_PAUSE
        return not 0 <= now - entry.tried_at < pause

    async def _refresh(self, entry: _Entry, issuer: Issuer) -> None:
        try:
            async with asyncio.timeout(self._time_limit):
                entry.keys = await self._fetch(issuer)
            entry.fetched_at = self._clock()
            entry.failure = None
        except KeySourceError as error:
            entry.failure = error
        except (KeySetError, StrictJsonError, IdentityError) as error:
            entry.failure = _invalid(issuer, f"{error.code}: {error.message}")
        except (aiohttp.ClientError, OSError, ValueError) as error:  # TimeoutError is an OSError
            entry.failure = _unreachable(issuer, f"{type(error).__name__}: {error}")
        finally:
            entry.flight = None

    async def _fetch(self, issuer: Issuer) -> KeySet:
        address = issuer.jwks_uri
        if address is None:
            found = parse_object(await self._get(issuer, issuer.url.rstrip("/") + _WELL_KNOWN))
            if found.get("issuer") != issuer.url:  # Discovery 1.0 §4.3
                raise _invalid(issuer, "the discovery document is another issuer's")
            address = jwks_url(str(found.get("jwks_uri")), issuer.url)
        return KeySet.from_jwks(await self._get(issuer, address), issuer.algorithms)

    async def _get(self, issuer: Issuer, address: str) -> bytes:
        """Return the body at `address`: status 200 itself, uncompressed, at most MAX_DOCUMENT."""
        session = self._connected()
        async with session.get(URL(address, encoded=True), allow_redirects=False) as answer:
            body = bytearray()
            if answer.status != 200:
                answer.close()
                raise _unreachable(issuer, f"status {answer.status} from {address}")
            if answer.headers.get("Content-Encoding", "identity") != "identity":
                answer.close()
                raise _invalid(issuer, f"compressed answer from {address}")
            async for chunk in answer.content.iter_any():
                body += chunk
                if len(body) > MAX_DOCUMENT:
                    answer.close()
                    raise _invalid(issuer, f"more than {MAX_DOCUMENT} bytes from {address}")
            return bytes(body)

    def _connected(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                headers=_HEADERS,
                connector=aiohttp.TCPConnector(force_close=True, ssl=self._tls or True),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,  # a proxy from the environment would choose our keys
                auto_decompress=False,  # the size limit counts what was sent
            )
        return self._session


def _has(keys: KeySet, kid: str | None) -> bool:
    return kid is None or keys.knows(kid)


def _cache_key(issuer: Issuer) -> tuple[object, ...]:
    """Everything that shapes the keys: where they come from and what they may be used for."""
    return (issuer.url, issuer.jwks_uri, issuer.algorithms)


def _unreachable(issuer: Issuer, detail: str) -> KeySourceError:
    return KeySourceError(
        "issuer-unreachable",
        f"the keys of issuer `{issuer.name}` could not be fetched",
        hint="check that the broker can reach the issuer; the broker's log says what failed",
        detail=f"{issuer.jwks_uri or issuer.url}: {detail}",
    )


def _invalid(issuer: Issuer, detail: str) -> KeySourceError:
    return KeySourceError(
        "issuer-documents-invalid",
        f"issuer `{issuer.name}` publishes no valid discovery document or keys",
        hint="its `issuer` must equal the configured url, to the last slash; the log says more",
        detail=detail,
    )
