"""The issuer's documents over HTTP: where they are, what caches are told, when there are none."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from tests.fakes.own_issuer import OWN_URL, key_ring, own_issuer
from tests.fakes.platform import Platform, platform
from tests.web.calling import Api, api
from valetkey.broker.own_issuer import OwnIssuer
from valetkey.credentials import Algorithm, KeySchedule
from valetkey.identity import IssuerUrl, KeySet

DISCOVERY = "/.well-known/openid-configuration"
KEYS = "/.well-known/jwks.json"


def serving(made: Platform, own: OwnIssuer | None) -> Api:
    made.broker = replace(made.broker, own=own)
    return api(made)


@asynccontextmanager
async def an_issuer(folder: Path, url: str = OWN_URL) -> AsyncIterator[tuple[Api, OwnIssuer]]:
    async with platform(folder) as made:
        own = await own_issuer(made.store, now=made.clock(), url=url)
        yield serving(made, own), own


async def test_the_documents_lead_to_the_key_that_signs(tmp_path: Path) -> None:
    async with an_issuer(tmp_path) as (here, own):
        discovery = (await here.call("GET", DISCOVERY)).json
        assert discovery["issuer"] == OWN_URL
        assert discovery["jwks_uri"] == OWN_URL + KEYS
        assert discovery["token_endpoint"] == "http://127.0.0.1:8700/oauth/token"
        keys = KeySet.from_jwks((await here.call("GET", KEYS)).body, ("ES256",))
        signing = await own.ring.signing(Algorithm.ES256, now=here.platform.clock())
        assert [key.kid for key in keys.keys] == [signing.kid]


async def test_oauth_clients_find_the_same_document(tmp_path: Path) -> None:
    """RFC 8414 §3: the same metadata, its well-known name before the issuer's path."""
    async with an_issuer(tmp_path, "https://id.example.com/tenant1") as (here, _):
        oauth = await here.call("GET", "/.well-known/oauth-authorization-server/tenant1")
        openid = await here.call("GET", "/tenant1" + DISCOVERY)
        assert oauth.status == openid.status == 200
        assert oauth.body == openid.body
        assert (await here.call("GET", "/tenant1" + KEYS)).status == 200
        assert (await here.call("GET", DISCOVERY)).status == 404


async def test_caches_are_told_how_long_and_by_which_tag(tmp_path: Path) -> None:
    async with platform(tmp_path) as made:
        schedule = KeySchedule(key_lifetime=100_000, cache_time=1_234)
        own = await own_issuer(made.store, now=made.clock(), schedule=schedule)
        here = serving(made, own)
        first = await here.call("GET", KEYS)
        assert first.headers["cache-control"] == "public, max-age=1234"
        assert first.headers["content-type"] == "application/json"
        tag = first.headers["etag"].encode()
        again = await here.call("GET", KEYS, headers=((b"if-none-match", b'"x", W/' + tag),))
        assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag.decode())
        other = await here.call("GET", KEYS, headers=((b"if-none-match", b'"x"'),))
        assert (other.status, other.body) == (200, first.body)


async def test_head_answers_as_get_does(tmp_path: Path) -> None:
    async with an_issuer(tmp_path) as (here, _):
        got, head = await here.call("GET", KEYS), await here.call("HEAD", KEYS)
        assert (head.status, head.headers) == (got.status, got.headers)
        assert (await here.call("POST", KEYS)).status == 405


async def test_a_rotation_is_seen_and_a_retired_key_is_gone(tmp_path: Path) -> None:
    async with an_issuer(tmp_path) as (here, own):
        before = await here.call("GET", KEYS)
        now = here.platform.clock()
        await own.ring.rotate(now=now, by="test")
        both = await here.call("GET", KEYS)
        assert len(both.json["keys"]) == 2
        assert both.headers["etag"] != before.headers["etag"]
        gone = before.json["keys"][0]["kid"]
        await own.ring.retire(gone, now=now, by="test", because="leaked")
        assert gone not in (await here.call("GET", KEYS)).body.decode()


async def test_a_restart_leaves_every_byte_as_it_was(tmp_path: Path) -> None:
    """SPIRE #4699: a key set that changes with each restart grows until AWS refuses it."""
    bodies = set()
    for _ in range(3):
        async with platform(tmp_path) as made:
            own = await own_issuer(made.store, now=made.clock())
            bodies.add((await serving(made, own).call("GET", KEYS)).body)
    assert len(bodies) == 1


async def test_where_documents_are_published_elsewhere_none_are_served(tmp_path: Path) -> None:
    async with platform(tmp_path) as made:
        ring = key_ring(made.store, is_static=True)
        await ring.keep_up(now=made.clock())
        static = OwnIssuer(IssuerUrl(OWN_URL), Algorithm.ES256, False, ring)
        for own in (None, static):
            here = serving(made, own)
            for path in (DISCOVERY, KEYS, "/.well-known/oauth-authorization-server"):
                answer = await here.call("GET", path)
                assert (answer.status, answer.code) == (404, "not-found")
