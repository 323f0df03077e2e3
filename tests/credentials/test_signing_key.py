"""What a key is for at an instant: every boundary of the schedule, to the second."""

from dataclasses import replace

import pytest

from valetkey.credentials import Algorithm, KeyPhase, KeySchedule, SigningKey, phase
from valetkey.credentials.key_phases import (
    forgettable,
    heirs,
    is_due,
    over,
    published,
    signer,
    signs_until,
    waiting,
)

NOW = 1_800_000_000
SCHEDULE = KeySchedule(key_lifetime=100_000, cache_time=600)
LEAD = 600 + 60
AFTERLIFE = 3600 + 300 + 600 + 60
ES256 = Algorithm.ES256


def a_key(kid: str, signs_from: int | None = NOW, **changes: object) -> SigningKey:
    at = None if signs_from is None else NOW - 10_000
    key = SigningKey(
        kid, "https://id.example.com", ES256, {"kid": kid}, NOW, at, signs_from, sealed=b"s"
    )
    return replace(key, **changes)  # type: ignore[arg-type]


OLD, NEW = a_key("old", NOW - 5_000), a_key("new", NOW)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (-1, KeyPhase.SIGNING),
        (0, KeyPhase.LAST),
        (AFTERLIFE - 1, KeyPhase.LAST),
        (AFTERLIFE, KeyPhase.GONE),
    ],
)
def test_a_key_is_the_last_until_no_token_of_it_is_taken(after: int, expected: KeyPhase) -> None:
    assert phase(OLD, [OLD, NEW], SCHEDULE, now=NOW + after) is expected


@pytest.mark.parametrize(("after", "expected"), [(-1, KeyPhase.NEXT), (0, KeyPhase.SIGNING)])
def test_the_next_key_signs_from_its_time(after: int, expected: KeyPhase) -> None:
    assert phase(NEW, [OLD, NEW], SCHEDULE, now=NOW + after) is expected


def test_an_unpublished_key_is_for_nothing_and_replaces_nothing() -> None:
    pending = a_key("pending", None)
    assert phase(pending, [OLD, pending], SCHEDULE, now=NOW) is KeyPhase.PENDING
    assert phase(OLD, [OLD, pending], SCHEDULE, now=NOW + 10**8) is KeyPhase.SIGNING
    assert signer([pending], algorithm=ES256, now=NOW) is None


def test_where_what_signed_was_retired_the_next_signs_before_its_time() -> None:
    retired = replace(OLD, retired_at=NOW - 100, sealed=None)
    keys = [retired, NEW]
    assert phase(NEW, keys, SCHEDULE, now=NOW - 99) is KeyPhase.SIGNING
    assert signer(keys, algorithm=ES256, now=NOW - 99) is NEW
    assert phase(retired, keys, SCHEDULE, now=NOW) is KeyPhase.RETIRED


def test_a_key_that_was_followed_never_signs_again() -> None:
    retired = replace(NEW, retired_at=NOW + 10, sealed=None)
    assert signer([OLD, retired], algorithm=ES256, now=NOW + 20) is None
    assert phase(OLD, [OLD, retired], SCHEDULE, now=NOW + AFTERLIFE - 1) is KeyPhase.LAST
    assert phase(OLD, [OLD, retired], SCHEDULE, now=NOW + AFTERLIFE) is KeyPhase.GONE


def test_a_next_key_that_was_retired_before_its_time_followed_nobody() -> None:
    retired = replace(NEW, retired_at=NOW - 10, sealed=None)
    assert phase(OLD, [OLD, retired], SCHEDULE, now=NOW + 10**6) is KeyPhase.SIGNING
    assert signer([OLD, retired], algorithm=ES256, now=NOW + 10**6) is OLD


def test_a_first_key_that_waits_for_the_caches_stands_in_for_nobody() -> None:
    keys = [a_key("rsa", NOW - 1, algorithm=Algorithm.RS256), NEW]
    assert phase(NEW, keys, SCHEDULE, now=NOW - 1) is KeyPhase.NEXT
    assert signer(keys, algorithm=ES256, now=NOW - 1) is None
    assert not is_due(keys, algorithm=ES256, schedule=SCHEDULE, now=NOW - 1)


AHEAD = a_key("ahead", NOW, published_at=NOW)
RSA = a_key("rsa", NOW - 90_000, algorithm=Algorithm.RS256)


@pytest.mark.parametrize("others", [[], [RSA]])
def test_a_key_of_a_clock_that_was_ahead_signs_once_the_clock_is_right(
    others: list[SigningKey],
) -> None:
    keys = [*others, AHEAD]
    assert signer(keys, algorithm=ES256, now=NOW - 80_000) is AHEAD
    assert phase(AHEAD, keys, SCHEDULE, now=NOW - 80_000) is KeyPhase.SIGNING
    assert not is_due(keys, algorithm=ES256, schedule=SCHEDULE, now=NOW - 80_000)


def test_two_brokers_whose_clocks_differ_a_little_let_no_key_sign_early() -> None:
    ahead = replace(AHEAD, signs_from=NOW + LEAD)
    assert signer([RSA, ahead], algorithm=ES256, now=NOW - 59) is None
    assert signer([RSA, ahead], algorithm=ES256, now=NOW - 61) is ahead


def test_where_a_key_of_a_clock_that_was_ahead_is_retired_the_next_signs_at_once() -> None:
    right = NOW - 80_000
    retired = replace(AHEAD, retired_at=right, sealed=None)
    (made,) = published([a_key("n", None)], among=[RSA, retired], schedule=SCHEDULE, now=right)
    assert made.signs_from == right
    assert signer([RSA, retired, made], algorithm=ES256, now=NOW + 1) is made


@pytest.mark.parametrize(
    ("keys", "kid", "expected"),
    [
        ([OLD, NEW], "old", {"new": NOW - 100}),  # the next takes over before its time
        ([OLD, NEW], "new", {}),
        ([OLD], "old", {}),
        ([a_key("m", NOW - 100), NEW], "m", {"new": NOW - 99}),  # never two in one second
        ([AHEAD, a_key("n", NOW + 5)], "ahead", {"n": NOW - 100}),
    ],
)
def test_a_next_key_signs_from_when_what_signed_is_retired(
    keys: list[SigningKey], kid: str, expected: dict[str, int]
) -> None:
    assert heirs(kid, keys, now=NOW - 100) == expected


@pytest.mark.parametrize(
    "changes", [{"algorithm": Algorithm.RS256}, {"issuer": "https://other.example.com"}]
)
def test_keys_of_another_kind_or_issuer_follow_nobody(changes: dict[str, object]) -> None:
    other = a_key("other", NOW, **changes)
    assert phase(OLD, [OLD, other], SCHEDULE, now=NOW + 10**6) is KeyPhase.SIGNING


def test_a_wiped_key_signs_at_no_time_even_where_the_clock_is_set_back() -> None:
    wiped = replace(OLD, sealed=None)
    assert signer([wiped, NEW], algorithm=ES256, now=NOW - 50) is NEW
    of_kms = replace(wiped, kms_key="arn:aws:kms:eu-west-1:111122223333:key/1")
    assert signer([of_kms], algorithm=ES256, now=NOW) is of_kms


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ([], 0),  # nobody can have cached another key set
        ([a_key("pending", None)], 0),
        ([OLD], LEAD),
        ([replace(OLD, retired_at=NOW - 10)], 0),  # nothing else could sign
        ([replace(a_key("next", NOW + 500), retired_at=NOW - 10)], LEAD),  # it never signed
        ([OLD, a_key("next", NOW + 5_000)], 5_001),
        ([a_key("rsa", algorithm=Algorithm.RS256)], LEAD),
    ],
)
def test_a_key_signs_when_every_cache_has_it(keys: list[SigningKey], expected: int) -> None:
    made = a_key("made", None)
    (ready,) = published([made], among=keys, schedule=SCHEDULE, now=NOW + 0.9)
    assert (ready.published_at, ready.signs_from) == (NOW, NOW + expected)


@pytest.mark.parametrize("kid", ["a", "z"])
def test_a_key_that_is_retired_in_its_first_second_is_followed_at_once(kid: str) -> None:
    retired = replace(a_key("m"), retired_at=NOW, sealed=None)
    made = published([a_key(kid, None)], among=[retired], schedule=SCHEDULE, now=NOW)
    assert signer([retired, *made], algorithm=ES256, now=NOW) is made[0]
    assert signer([retired, *made], algorithm=ES256, now=NOW + 10) is made[0]


def test_publishing_again_changes_nothing() -> None:
    assert published([OLD], among=[OLD], schedule=SCHEDULE, now=NOW + 7) == [OLD]


@pytest.mark.parametrize(
    ("keys", "after", "expected"),
    [
        ([], 0, True),
        ([NEW], 100_000 - LEAD - 1, False),
        ([NEW], 100_000 - LEAD, True),
        ([NEW, a_key("next", NOW + 100_000)], 100_000 - LEAD, False),
        ([NEW, a_key("pending", None)], 10**8, False),
        ([NEW, replace(a_key("pending", None), retired_at=NOW)], 100_000, True),
        ([replace(NEW, retired_at=NOW + 1)], 1, True),
        ([a_key("rsa", algorithm=Algorithm.RS256)], 0, True),
    ],
)
def test_the_next_key_is_made_in_time_to_take_over(
    keys: list[SigningKey], after: int, *, expected: bool
) -> None:
    assert is_due(keys, algorithm=ES256, schedule=SCHEDULE, now=NOW + after) is expected


def test_what_takes_over_next_is_a_published_key_before_a_pending_one() -> None:
    coming, pending = a_key("next", NOW + 50), a_key("pending", None)
    assert waiting([NEW, pending, coming], algorithm=ES256, now=NOW) == coming
    assert waiting([NEW, pending], algorithm=ES256, now=NOW) == pending
    assert waiting([NEW], algorithm=ES256, now=NOW) is None


def test_when_a_key_stops_signing_is_known_once_the_next_is_published() -> None:
    retired = replace(a_key("next", NOW - 10), retired_at=NOW - 20)
    assert signs_until(OLD, [OLD, retired, a_key("pending", None), NEW]) == NOW
    assert signs_until(NEW, [OLD, NEW]) is None


@pytest.mark.parametrize(("after", "expected"), [(59, []), (60, [OLD])])
def test_a_private_part_is_wiped_when_no_clock_signs_with_it(
    after: int, expected: list[SigningKey]
) -> None:
    assert over([OLD, NEW], now=NOW + after) == expected
    assert over([replace(OLD, sealed=None), NEW], now=NOW + after) == []


def test_a_key_is_forgotten_when_nothing_of_it_is_taken() -> None:
    assert forgettable([OLD, NEW], SCHEDULE, now=NOW + AFTERLIFE - 1) == []
    assert forgettable([OLD, NEW], SCHEDULE, now=NOW + AFTERLIFE) == [OLD]


def test_a_retired_key_is_remembered_until_those_it_followed_are_gone() -> None:
    retired = replace(NEW, retired_at=NOW + 10, sealed=None)
    assert forgettable([OLD, retired], SCHEDULE, now=NOW + AFTERLIFE) == [OLD]
    assert forgettable([retired], SCHEDULE, now=NOW + 10 + AFTERLIFE) == [retired]


def test_a_retired_key_of_kms_is_never_forgotten() -> None:
    retired = replace(NEW, retired_at=NOW, sealed=None, kms_key="arn:aws:kms:x")
    assert forgettable([retired], SCHEDULE, now=NOW + 10**9) == []


def test_static_documents_get_time_to_be_uploaded() -> None:
    assert KeySchedule(cache_time=600, upload_time=900).lead == LEAD + 900


def test_a_key_prints_without_its_private_part() -> None:
    assert "sealed" not in repr(a_key("k"))


def test_a_wiped_key_whose_time_comes_again_is_waited_for_by_nobody() -> None:
    """The clock was ahead, keys were rotated and the first one wiped; it was set back, and a person
    retired the other one: then one is made at once.
    """
    wiped = replace(a_key("a", NOW + 5_000, published_at=NOW + 5_000), sealed=None)
    retired = a_key("b", NOW + 5_500, published_at=NOW + 5_400, retired_at=NOW)
    keys = [wiped, retired]
    assert waiting(keys, algorithm=ES256, now=NOW) is None
    assert is_due(keys, algorithm=ES256, schedule=SCHEDULE, now=NOW)
    made = a_key("c", None, published_at=None)
    (new,) = published([made], among=keys, schedule=SCHEDULE, now=NOW)
    assert new.signs_from == NOW
    assert signer([*keys, new], algorithm=ES256, now=NOW) == new


def test_a_key_that_a_clock_ahead_withdrew_holds_back_nobody() -> None:
    """Both keys were made by a clock that was ahead, the second when the first was retired; with
    the clock set back the second is retired, too, while another algorithm's key signs.
    """
    withdrawn = a_key("a", NOW + 5_000, published_at=NOW + 5_000, retired_at=NOW + 5_300)
    ahead = a_key("b", NOW + 5_300, published_at=NOW + 5_300, retired_at=NOW)
    other = a_key("c", NOW - 60, algorithm=Algorithm.RS256)
    keys = [withdrawn, ahead, other]
    made = a_key("d", None, published_at=None)
    (new,) = published([made], among=keys, schedule=SCHEDULE, now=NOW)
    assert new.signs_from == NOW
    assert signer([*keys, new], algorithm=ES256, now=NOW) == new
