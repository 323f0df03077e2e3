"""Issuers are asked when it is time, not when a token says so."""

import threading

import pytest

from tests.fakes.issuer import FakeIssuer, signing_key
from valetkey.localaws.faults import AwsError
from valetkey.localaws.web_identity_cache import (
    FRESH_SECONDS,
    MAX_ISSUERS,
    PAUSE_SECONDS,
    KeyCache,
)

URL = "https://issuer.example"


class Publisher:
    """An issuer that counts, fails when told to, and whose clock stands until it is moved."""

    def __init__(self) -> None:
        self.issuer = FakeIssuer()
        self.asked = 0
        self.fails = False
        self.takes = 0.0
        self.now = 0.0
        self.cache = KeyCache(self.fetch, lambda: self.now)

    def fetch(self, _: str) -> bytes:
        self.asked += 1
        self.now += self.takes
        if self.fails:
            raise AwsError("IDPCommunicationError", "gone", status=400)
        return self.issuer.jwks()

    def knows(self, kid: str) -> bool:
        """Tell whether the cache finds a key."""
        return kid in self.cache.keys(URL, kid).by_kid


def test_known_keys_are_asked_for_once_while_they_are_fresh() -> None:
    publisher = Publisher()
    for now in (0.0, 0.1, FRESH_SECONDS - 0.1):
        publisher.now = now
        assert publisher.knows("key-1")
    assert publisher.asked == 1
    publisher.now = FRESH_SECONDS
    assert publisher.knows("key-1")
    assert publisher.asked == 2


def test_unknown_keys_do_not_make_it_ask_at_every_token() -> None:
    publisher = Publisher()
    for _ in range(9):
        assert not publisher.knows("made-up")
    assert publisher.asked == 1
    publisher.now = PAUSE_SECONDS
    for _ in range(9):
        assert not publisher.knows("made-up")
        assert publisher.knows("key-1")
    assert publisher.asked == 2


def test_who_brings_a_known_key_does_not_wait_for_who_brings_an_unknown_one() -> None:
    publisher, asked, goes_on = Publisher(), threading.Event(), threading.Event()

    def slow(_: str) -> bytes:
        asked.set()
        goes_on.wait(10)
        return publisher.issuer.jwks()

    assert publisher.knows("key-1")
    publisher.cache.fetch = slow
    other = threading.Thread(target=publisher.knows, args=("made-up",))
    other.start()
    try:
        assert asked.wait(10)
        assert publisher.knows("key-1")
        assert other.is_alive()
    finally:
        goes_on.set()
        other.join()


def test_a_new_key_is_found_at_once_but_for_the_pause() -> None:
    publisher = Publisher()
    assert publisher.knows("key-1")
    publisher.issuer.keys = [signing_key("key-2")]
    assert publisher.knows("key-2")
    assert not publisher.knows("key-1")
    publisher.issuer.keys = [signing_key("key-3")]
    assert not publisher.knows("key-3")
    publisher.now = PAUSE_SECONDS
    assert publisher.knows("key-3")
    assert publisher.asked == 4


def test_fresh_keys_outlive_a_failure_and_old_ones_do_not() -> None:
    publisher = Publisher()
    assert publisher.knows("key-1")
    publisher.fails = True
    publisher.now = PAUSE_SECONDS
    assert not publisher.knows("made-up")
    assert publisher.knows("key-1")
    publisher.now = FRESH_SECONDS
    for _ in range(3):
        with pytest.raises(AwsError) as caught:
            publisher.knows("key-1")
        assert caught.value.code == "IDPCommunicationError"
    assert publisher.asked == 3
    publisher.fails = False
    publisher.now += PAUSE_SECONDS
    assert publisher.knows("key-1")


def test_issuers_have_keys_of_their_own_and_are_not_remembered_without_end() -> None:
    publisher = Publisher()
    for index in range(MAX_ISSUERS + 1):
        publisher.cache.keys(f"{URL}/{index}", "key-1")
    assert publisher.asked == MAX_ISSUERS + 1
    assert len(publisher.cache._entries) == 1


def test_those_who_waited_for_a_failure_do_not_wait_for_it_again() -> None:
    publisher = Publisher()
    publisher.fails, publisher.takes = True, 5.0
    for _ in range(3):
        with pytest.raises(AwsError):
            publisher.knows("key-1")
    assert publisher.asked == 1
