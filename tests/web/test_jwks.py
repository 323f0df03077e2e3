"""Issuers' keys over real loopback HTTP: asked for rarely, bounded always, kept in an outage."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from tests.fakes.issuer import NOW, FakeIssuer, IssuerServer, serving, signing_key
from valetkey.identity import Issuer, KeySourceError, parse_unverified, verify
from valetkey.web.jwks import MAX_AGE, REFETCH_PAUSE, TTL, JwksSource


class Clock:
    def __init__(self) -> None:
        self.now = float(NOW)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def server() -> AsyncIterator[IssuerServer]:
    async with serving(FakeIssuer(keys=[signing_key()])) as running:
        yield running


@pytest.fixture
async def source(clock: Clock) -> AsyncIterator[JwksSource]:
    async with JwksSource(clock, time_limit=0.5) as made:
        yield made


@pytest.fixture
def issuer(server: IssuerServer) -> Issuer:
    return server.issuer.configured()


async def failure_of(source: JwksSource, issuer: Issuer, kid: str | None = None) -> KeySourceError:
    with pytest.raises(KeySourceError) as error:
        await source.keys(issuer, kid)
    return error.value


async def test_a_token_is_verified_with_the_keys_its_issuer_serves(
    server: IssuerServer, source: JwksSource, issuer: Issuer
) -> None:
    token = parse_unverified(server.issuer.sign(server.issuer.claims()))
    keys = await source.keys(issuer, token.kid)
    assert verify(token, issuer, keys, now=NOW).subject == "alice"
    assert server.asked == ["/.well-known/openid-configuration", "/keys"]


async def test_keys_are_fetched_once_in_their_time_to_live(
    server: IssuerServer, source: JwksSource, issuer: Issuer, clock: Clock
) -> None:
    for _ in range(10):
        await source.keys(issuer, "key-1")
    clock.now += TTL - 1
    await source.keys(issuer, None)
    assert server.asked_for_keys() == 1
    clock.now += 1
    await source.keys(issuer, "key-1")
    assert server.asked_for_keys() == 2


async def test_a_withdrawn_key_is_gone_after_the_time_to_live(
    server: IssuerServer, source: JwksSource, issuer: Issuer, clock: Clock
) -> None:
    await source.keys(issuer, "key-1")
    server.issuer.keys = [signing_key("key-2")]
    clock.now += TTL
    keys = await source.keys(issuer, "key-1")
    assert keys.find("key-1") is None
    server.issuer.keys = []
    clock.now += TTL
    assert (await source.keys(issuer, "key-2")).keys == ()


async def test_a_new_key_is_found_by_one_refetch(
    server: IssuerServer, source: JwksSource, issuer: Issuer, clock: Clock
) -> None:
    await source.keys(issuer, "key-1")
    server.issuer.keys.insert(0, signing_key("key-2"))
    clock.now += REFETCH_PAUSE
    keys = await source.keys(issuer, "key-2")
    assert keys.find("key-2") is not None
    assert keys.find("key-1") is not None
    assert server.asked_for_keys() == 2


async def test_a_flood_of_unknown_kids_makes_one_refetch_in_a_pause(
    server: IssuerServer, source: JwksSource, issuer: Issuer, clock: Clock
) -> None:
    await source.keys(issuer, "key-1")
    clock.now += REFETCH_PAUSE
    await asyncio.gather(*(source.keys(issuer, f"made-up-{number}") for number in range(50)))
    for number in range(50):
        keys = await source.keys(issuer, f"made-up-again-{number}")
        assert keys.find("key-1") is not None
    assert server.asked_for_keys() == 2
    clock.now += REFETCH_PAUSE - 1
    await source.keys(issuer, "made-up")
    assert server.asked_for_keys() == 2
    clock.now += 1
    await source.keys(issuer, "made-up")
    assert server.asked_for_keys() == 3


async def test_a_known_kid_does_not_wait_for_a_flood_of_unknown_ones(
    server: IssuerServer, source: JwksSource, issuer: Issuer, clock: Clock
) -> None:
    await source.keys(issuer, "key-1")
    clock.now += REFETCH_PAUSE
    server.delay = 0.3
    flood = asyncio.create_task(source.keys(issuer, "made-up"))
    await asyncio.sleep(0.05)
    async with asyncio.timeout(0.1):
        await source.keys(issuer, "key-1")
    await flood


async def test_an_ignored_key_is_not_asked_for_again(
    server: IssuerServer, source: JwksSource, issuer: Issuer, clock: Clock
) -> None:
    server.body = json.dumps({"keys": [signing_key().jwk(use="enc")]}).encode()
    await source.keys(issuer, "key-1")
    clock.now += REFETCH_PAUSE
    await source.keys(issuer, "key-1")
    assert server.asked_for_keys() == 1


async def test_concurrent_callers_make_one_fetch(
    server: IssuerServer, source: JwksSource, issuer: Issuer
) -> None:
    server.delay = 0.05
    found = await asyncio.gather(*(source.keys(issuer, "key-1") for _ in range(50)))
    assert all(keys is found[0] for keys in found)
    assert server.asked_for_keys() == 1


async def test_a_fetch_outlives_the_caller_that_began_it(
    server: IssuerServer, source: JwksSource, issuer: Issuer
) -> None:
    server.delay = 0.1
    first = asyncio.create_task(source.keys(issuer, "key-1"))
    await asyncio.sleep(0.02)
    second = asyncio.create_task(source.keys(issuer, "key-1"))
    await asyncio.sleep(0.02)
    first.cancel()
    assert (await second).find("key-1") is not None
    assert server.asked_for_keys() == 1


async def test_an_outage_serves_the_last_keys_until_they_are_a_day_old(
    server: IssuerServer, source: JwksSource, issuer: Issuer, clock: Clock
) -> None:
    await source.keys(issuer, "key-1")
    server.status = 503
    clock.now += MAX_AGE - 1
    assert (await source.keys(issuer, "key-1")).find("key-1") is not None
    clock.now += 1
    assert (await failure_of(source, issuer, "key-1")).code == "issuer-unreachable"


async def test_an_outage_is_not_asked_about_by_every_caller(
    server: IssuerServer, source: JwksSource, issuer: Issuer, clock: Clock
) -> None:
    await source.keys(issuer, "key-1")
    server.status = 503
    clock.now += TTL
    for _ in range(20):
        await source.keys(issuer, "key-1")
    assert server.asked.count("/.well-known/openid-configuration") == 2
    clock.now += REFETCH_PAUSE
    server.status = 200
    await source.keys(issuer, "key-1")
    assert server.asked_for_keys() == 2


async def test_an_issuer_that_was_never_reached_is_not_hammered(
    server: IssuerServer, source: JwksSource, issuer: Issuer, clock: Clock
) -> None:
    server.status = 500
    for _ in range(20):
        assert (await failure_of(source, issuer)).code == "issuer-unreachable"
    assert len(server.asked) == 1
    server.status = 200
    clock.now += 2
    assert (await source.keys(issuer, "key-1")).find("key-1") is not None


async def test_an_issuer_that_does_not_listen_is_unreachable(source: JwksSource) -> None:
    async with serving() as gone:
        issuer = gone.issuer.configured()
    error = await failure_of(source, issuer)
    assert error.code == "issuer-unreachable"
    assert error.hint is not None


async def test_a_slow_issuer_is_given_up(
    server: IssuerServer, source: JwksSource, issuer: Issuer
) -> None:
    server.delay = 0.3  # each document in time, both together not
    async with asyncio.timeout(0.8):
        assert (await failure_of(source, issuer)).code == "issuer-unreachable"


async def test_an_endless_answer_is_given_up(
    server: IssuerServer, source: JwksSource, issuer: Issuer
) -> None:
    server.endless = True
    assert (await failure_of(source, issuer)).code == "issuer-documents-invalid"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"keys":1}',
        b'{"keys":[],"keys":[]}',
        b'{"keys":[]}' + b" " * 262_144,
        json.dumps({"keys": [signing_key().jwk(), signing_key().jwk()]}).encode(),
    ],
    ids=["empty", "html", "list", "number", "duplicate-member", "huge", "duplicate-kid"],
)
async def test_what_is_no_key_set_is_not_believed(
    server: IssuerServer, source: JwksSource, issuer: Issuer, body: bytes
) -> None:
    server.body = body
    assert (await failure_of(source, issuer)).code == "issuer-documents-invalid"


async def test_a_compressed_answer_is_not_unpacked(
    server: IssuerServer, source: JwksSource, issuer: Issuer
) -> None:
    server.encoding = "br"
    assert (await failure_of(source, issuer)).code == "issuer-documents-invalid"
    assert {seen["Accept-Encoding"] for seen in server.headers_seen} == {"identity"}


@pytest.mark.parametrize("suffix", ["/", "/other", ":1"])
async def test_a_discovery_document_of_another_issuer_is_not_believed(
    server: IssuerServer, source: JwksSource, issuer: Issuer, suffix: str
) -> None:
    server.said_issuer = issuer.url + suffix
    assert (await failure_of(source, issuer)).code == "issuer-documents-invalid"
    assert server.asked_for_keys() == 0


@pytest.mark.parametrize(
    "address", ["http://keys.example/keys", "ftp://127.0.0.1/", "file:///etc/keys", "keys", " "]
)
async def test_keys_are_fetched_from_https_or_loopback_only(
    server: IssuerServer, source: JwksSource, issuer: Issuer, address: str
) -> None:
    server.jwks_uri = address
    assert (await failure_of(source, issuer)).code == "issuer-documents-invalid"


async def test_a_redirect_is_not_followed(
    server: IssuerServer, source: JwksSource, issuer: Issuer
) -> None:
    async with serving(FakeIssuer(keys=[signing_key("thief")])) as thief:
        server.redirect_to = f"{thief.issuer.url}/keys"
        assert (await failure_of(source, issuer)).code == "issuer-unreachable"
        direct = replace(issuer, jwks_uri=f"{issuer.url}/keys")
        assert (await failure_of(source, direct)).code == "issuer-unreachable"
        assert thief.asked == []


async def test_a_proxy_in_the_environment_is_not_asked(
    server: IssuerServer,
    source: JwksSource,
    issuer: Issuer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with serving() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.issuer.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        assert (await source.keys(issuer, "key-1")).find("key-1") is not None
        assert proxy.asked == []


async def test_a_configured_jwks_uri_replaces_discovery(
    server: IssuerServer, source: JwksSource, issuer: Issuer
) -> None:
    direct = replace(issuer, jwks_uri=f"{issuer.url}/keys")
    assert (await source.keys(direct, "key-1")).find("key-1") is not None
    assert server.asked == ["/keys"]


async def test_an_issuer_with_a_path_and_a_last_slash_is_discovered_below_it(
    server: IssuerServer, source: JwksSource
) -> None:
    server.issuer.url += "/realms/a/"
    server.jwks_uri = server.issuer.url.replace("/realms/a/", "/keys")
    await source.keys(server.issuer.configured(), None)
    assert server.asked == ["/realms/a/.well-known/openid-configuration", "/keys"]


async def test_keys_for_other_algorithms_are_another_entry(
    server: IssuerServer, source: JwksSource, issuer: Issuer
) -> None:
    assert (await source.keys(issuer, "key-1")).find("key-1") is not None
    stricter = replace(issuer, algorithms=("ES384",))
    assert (await source.keys(stricter, "key-1")).find("key-1") is None


async def test_two_issuers_do_not_share_keys(server: IssuerServer, source: JwksSource) -> None:
    async with serving(FakeIssuer(keys=[signing_key("theirs")])) as other:
        ours = await source.keys(server.issuer.configured(), None)
        theirs = await source.keys(other.issuer.configured(), None)
    assert ours.find("theirs") is None
    assert theirs.find("key-1") is None


async def test_what_an_issuer_says_stays_in_the_log(
    server: IssuerServer, source: JwksSource, issuer: Issuer
) -> None:
    server.said_issuer = "https://account-111122223333.example"
    error = await failure_of(source, issuer)
    assert "111122223333" not in f"{error}{error.hint}"


async def test_closing_ends_a_fetch_under_way(server: IssuerServer, clock: Clock) -> None:
    server.delay = 0.4
    source = JwksSource(clock)
    waiting = asyncio.create_task(source.keys(server.issuer.configured(), None))
    await asyncio.sleep(0.05)
    await source.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
